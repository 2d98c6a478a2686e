"""The passes themselves, for numba to compile; see `titleholder.fast.compiled`.

Each does, row after row, what stands in numpy beside the place that calls it. Places are unsigned
wherever they hang on what was read: a signed one is first asked whether it counts from the end,
which takes as long again.
"""

from typing import Any

import numpy as np
from numba import njit

from titleholder.arrays import Floats
from titleholder.fast.ahead import will_write

_BYTE = np.uint64(255)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_THREE = np.uint64(3)
_EIGHT = np.uint64(8)
_WITHOUT_SIGN = np.uint64((1 << 63) - 1)
_SIGN = np.int64(np.iinfo(np.int64).min)  # the bit alone
_BITS_OF_ONE = np.uint64(0x3FF0000000000000)
_TO_CODE = np.uint32(15)
_LAST_CODE = np.uint32(0xFFFF)
_ONE_MORE = np.uint32(1)
_CHUNK = 4096  # rows that stay next to the processor


@njit(cache=True, nogil=True)
def dealt(numbers: Any, spare: Any, least: Any, shift: Any, passes: int) -> Any:
    """Numbers (n,) dealt out by ``passes`` bytes of what they are above ``least``, from bit
    ``shift`` on; ``spare`` (n,) is room.
    """
    counts = np.zeros((passes, 256), np.uint64)
    for number in numbers:
        rest = (number - least) >> shift
        for p in range(passes):
            counts[p, rest & _BYTE] += _ONE
            rest >>= _EIGHT
    here, there = numbers, spare
    for p in range(passes):
        at, start = counts[p], _ZERO
        for byte in range(256):
            held = at[byte]
            at[byte] = start
            start += held
        by = shift + np.uint64(8 * p)
        for number in here:
            byte_of = ((number - least) >> by) & _BYTE
            to = at[byte_of]
            there[to] = number
            at[byte_of] = to + _ONE
        here, there = there, here
    return here


@njit(cache=True, nogil=True)
def put_right(numbers: Any, most: int) -> bool:
    """Sort what is nearly sorted, in place; False, and nearer to it, after ``most`` moves."""
    left = most
    for i in range(1, len(numbers)):
        number = numbers[i]
        j = i
        while j > 0 and numbers[j - 1] > number:
            numbers[j] = numbers[j - 1]
            j -= 1
        numbers[j] = number
        left -= i - j
        if left < 0:
            return False
    return True


@njit(cache=True, nogil=True)
def sorted_apart(numbers: Any, ends: Any, left: Any) -> None:
    """Sort each stretch of numbers, in place; ``ends`` (S,) says where they end.

    Rows are dealt out by the leading bytes of where they lie between the least and the most of
    their stretch, and put right after. ``left`` (S,) takes which are left in any order: those whose
    numbers lie so close together for their spread that it would take long.
    """
    longest, start = 0, 0
    for end in ends:
        longest = max(longest, end - start)
        start = end
    spare, start = np.empty(longest, np.uint64), 0
    for k in range(len(ends)):
        some = numbers[start : ends[k]]
        start = ends[k]
        left[k] = False
        if len(some) > 1:
            least, most = some.min(), some.max()
            bits = 0
            while most - least >> np.uint64(bits) > _ZERO:
                bits += 1
            shift = np.uint64(max(0, bits - 16))
            dealt(some, spare[: len(some)], least, shift, 2)
            left[k] = not put_right(some, 4 * len(some))


@njit(cache=True, nogil=True)
def put(marks: Any, code: Any, shift: Any) -> None:
    """Put codes (n,) into marks (n,), from bit ``shift`` on."""
    for i in range(len(marks)):
        marks[i] |= np.uint16(code[i]) << shift


@njit(cache=True, nogil=True)
def ends(bins: Any, most: int) -> Any:
    """Where each bin in 0 to ``most`` - 1 ends when rows stand by falling bins, (most,)."""
    rows, found, total = np.zeros(most, np.int64), np.empty(most, np.int64), 0
    for b in bins:
        rows[b] += 1
    for k in range(most):
        total += rows[most - 1 - k]
        found[k] = total
    return found


@njit(cache=True, nogil=True)
def dealt_by_bins(
    bits: Any, marks: Any, bins: Any, ends: Any, together: int, spare: Any, kept: Any, numbers: Any
) -> None:
    """Scores in [0, 1] by their ``bits`` (n,), turned to fall, with their marks behind them.

    They are put into ``numbers`` (n,) by their bins, the highest first, those of 2^``together``
    bins as they come; ``ends`` says where each bin ends.
    """
    at = np.zeros(len(ends) >> together, np.uint64)
    for k in range(1, len(at)):
        at[k] = ends[(k << together) - 1]
    last, to_stretch = np.uint16(len(ends) - 1), np.uint16(together)
    for i in range(len(bits)):
        stretch = (last - bins[i]) >> to_stretch
        to = at[stretch]
        will_write(numbers, to + _EIGHT)
        falling = ((_BITS_OF_ONE - (bits[i] & _WITHOUT_SIGN)) << spare) & kept
        numbers[to] = falling | np.uint64(marks[i])
        at[stretch] = to + _ONE


@njit(cache=True, nogil=True)
def walk(
    numbers: Any, ends: Any, mask: Any, shifts: Any, masks: Any,
    whole: Floats, table: Floats, above: Floats, each: Floats,
) -> bool:  # fmt: skip
    """Add up how positives stand, of all rows and by partition and code; False if any are tied.

    ``whole`` (4,) and ``table`` (P, width, 4) take rows, positives, the sum of their places and of
    precision: whole numbers that doubles hold, of fewer than 2^27 rows. ``above`` (B, 2) and
    ``each`` (B, P, width, 2) take the rows and positives that there are down to each end.
    """
    untied, before, begin = True, ~numbers[0], 0
    for k in range(len(ends)):
        for start in range(begin, ends[k], _CHUNK):
            some = numbers[start : min(ends[k], start + _CHUNK)]
            untied &= _walk_all(some, before, mask, whole)
            before = some[-1]
            for p in range(len(shifts)):
                _walk_codes(some, shifts[p], masks[p], table[p])
        begin = ends[k]
        above[k] = whole[:2]
        for p in range(len(shifts)):
            for code in range(table.shape[1]):
                each[k, p, code, 0], each[k, p, code, 1] = table[p, code, 0], table[p, code, 1]
    return untied


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_all(numbers: Any, before: Any, mask: Any, whole: Floats) -> bool:
    """Go on with sums of all rows; whether each has another score than the one before."""
    untied = True
    row, count, places, precision = whole
    for number in numbers:
        untied &= number ^ before > mask
        before = number
        once = np.float64(np.int64(number & _ONE))
        row += 1.0
        count += once
        places += once * row
        precision += once * (count / row)
    whole[0], whole[1], whole[2], whole[3] = row, count, places, precision
    return untied


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_codes(numbers: Any, shift: Any, mask: Any, table: Floats) -> None:
    """Go on with the same sums (width, 4) by the code that stands in a number."""
    flat = table.reshape(-1)
    for number in numbers:
        at = ((number >> shift) & mask) << _TWO
        once = np.float64(np.int64(number & _ONE))
        row = flat[at] + 1.0
        count = flat[at | _ONE] + once
        flat[at] = row
        flat[at | _ONE] = count
        flat[at | _TWO] += once * row
        flat[at | _THREE] += once * (count / row)


@njit(cache=True, nogil=True)
def cells(code: Any, truth: Any, first: Any, second: Any, classes: int, counts: Any) -> None:
    """Count rows by code, truth and both calls into ``counts`` (width x K x K x K,)."""
    k = np.uint64(classes)
    for i in range(len(truth)):
        at = np.uint64(code[i]) * k + np.uint64(truth[i])
        at = (at * k + np.uint64(first[i])) * k + np.uint64(second[i])
        counts[at] += 1


@njit(cache=True, nogil=True)
def joint(
    code: Any, truth: Any, first: Any, second: Any, coarser: int, coarse: int, counts: Any
) -> None:
    """Count rows by code, truth and both fine bins into ``counts`` (width x 2 x C x C,).

    A coarse bin, of ``coarse`` ones, is a fine one without its last ``coarser`` bits.
    """
    bins, by = np.uint64(coarse), np.uint64(coarser)
    for i in range(len(truth)):
        at = (np.uint64(code[i]) * _TWO + np.uint64(truth[i])) * bins
        at = (at + (np.uint64(first[i]) >> by)) * bins + (np.uint64(second[i]) >> by)
        counts[at] += _ONE_MORE


@njit(cache=True, nogil=True, error_model="numpy")
def binned(score: Floats, bin_of: Any, found: Any) -> None:
    """The fine bin of each probability (n,), as `titleholder.stats.shared.bins` has it."""
    for start in range(0, len(score), _CHUNK):
        some = score[start : start + _CHUNK]
        odds = (some / (1.0 - some)).astype(np.float32)
        codes = odds.view(np.uint32)
        for i in range(len(some)):
            found[start + i] = bin_of[(codes[i] >> _TO_CODE) & _LAST_CODE]


@njit(cache=True, nogil=True)
def of_truth(score: Floats, truth: Any, least: float, found: Floats) -> None:
    """The probability given to what came true, (n,), kept ``least`` from 0 and 1."""
    most = 1.0 - least
    for i in range(len(score)):
        given = abs(score[i] - (1.0 if truth[i] == 0 else 0.0))
        given = least if given < least else given
        found[i] = most if given > most else given


@njit(cache=True, nogil=True)
def squared(score: Floats, truth: Any, found: Floats) -> None:
    """The squared distance of probability and truth, (n,)."""
    for i in range(len(score)):
        distance = score[i] - np.float64(truth[i])
        found[i] = distance * distance


@njit(cache=True, nogil=True)
def within(score: Floats, least: float, most: float) -> float:
    """The lowest score (n,), or ``most``; NaN if any is not between ``least`` and ``most``."""
    lowest, inside = most, True
    for value in score:
        inside &= (value >= least) & (value <= most)
        lowest = value if value < lowest else lowest
    return lowest if inside else np.nan


@njit(cache=True, nogil=True)
def add_second(code: Any, one: Floats, two: Floats, total: Floats) -> None:
    """Add a, d, a^2, a d and d^2 to ``total`` (5, width): ``one`` (n,) is a, and ``two`` a + d."""
    some = np.zeros((total.shape[1], 5))
    for i in range(len(code)):
        row, a, d = some[code[i]], one[i], two[i] - one[i]
        row[0] += a
        row[1] += d
        row[2] += a * a
        row[3] += a * d
        row[4] += d * d
    total += some.T


@njit(cache=True, nogil=True)
def add_all(code: Any, one: Floats, two: Floats, total: Floats) -> None:
    """Add these and third and fourth order to ``total`` (14, width), as `summing` has them."""
    some = np.zeros((total.shape[1], 14))
    for i in range(len(code)):
        row, a, d = some[code[i]], one[i], two[i] - one[i]
        aa, ad, dd = a * a, a * d, d * d
        row[0] += a
        row[1] += d
        row[2] += aa
        row[3] += ad
        row[4] += dd
        row[5] += aa * a
        row[6] += aa * d
        row[7] += dd * a
        row[8] += dd * d
        row[9] += aa * aa
        row[10] += aa * ad
        row[11] += aa * dd
        row[12] += dd * ad
        row[13] += dd * dd
    total += some.T


@njit(cache=True, nogil=True)
def count(bits: Any, dropped: Any, room: Any) -> None:
    """Add to ``room`` how often ``bits`` (n,) have each number above their low bits."""
    quarter = len(bits) // 4
    for i in range(quarter):  # memory is read at four places at once: it is waited for by turns
        room[bits[i] >> dropped] += _ONE_MORE
        room[bits[quarter + i] >> dropped] += _ONE_MORE
        room[bits[2 * quarter + i] >> dropped] += _ONE_MORE
        room[bits[3 * quarter + i] >> dropped] += _ONE_MORE
    for number in bits[4 * quarter :]:
        room[number >> dropped] += _ONE_MORE


@njit(cache=True, nogil=True)
def finer(bits: Any, dropped: Any, more: Any, first: Any, rows: Any, one: Any, alike: Any) -> None:
    """Count ``bits`` (n,) by place, with one of them, and whether all are it, (k,) each.

    Places are those of `titleholder.fast.counting.finer`.
    """
    mask = (_ONE << more) - _ONE
    for number in bits:
        fine = number >> dropped
        at = first[fine >> more] | np.int64(fine & mask)
        if rows[at] == 0:
            one[at] = number
        elif one[at] != number:
            alike[at] = False
        rows[at] += 1


@njit(cache=True, nogil=True)
def merged(one: Any, two: Any, cells: Any, of_one: Any, of_two: Any) -> int:
    """Two ascending runs as one, as `titleholder.fast.counting.merged` has them; how many cells.

    ``cells`` (k,) and both counts (k + 1,) have room for those of both runs.
    """
    i, j, k = 0, 0, 0
    while i < len(one) and j < len(two):
        here, there = one[i], two[j]
        cells[k], of_one[k], of_two[k] = min(here, there), i, j
        i += here <= there
        j += there <= here
        k += 1
    while i < len(one):
        cells[k], of_one[k], of_two[k] = one[i], i, j
        i += 1
        k += 1
    while j < len(two):
        cells[k], of_one[k], of_two[k] = two[j], i, j
        j += 1
        k += 1
    of_one[k], of_two[k] = i, j
    return k


@njit(cache=True, nogil=True)
def occupied(room: Any, start: int, stop: int, at: Any, rows: Any) -> Any:
    """The places from ``start`` up to ``stop`` that hold any rows, and how many; how many places.

    ``at`` and ``rows`` have room for all of them, (stop - start,).
    """
    k = _ZERO
    for i in range(np.uint64(start), np.uint64(stop)):
        at[k], rows[k] = i, room[i]
        k += np.uint64(room[i] != 0)
    return k


@njit(cache=True, nogil=True)
def cell_ends(cells: Any, middle: int, dropped: int, low: Any, high: Any) -> None:
    """The bits of the smallest and the largest number of each cell, (k,), as `drift.grid` has them.

    ``middle`` is the cell of zero.
    """
    within = (np.int64(1) << dropped) - 1
    for i in range(len(cells)):
        step = cells[i] - middle
        if step >= 0:
            low[i] = step << dropped
            high[i] = low[i] | within
        else:
            high[i] = (~step << dropped) | _SIGN
            low[i] = high[i] | within
            high[i] += high[i] == _SIGN  # zero itself lies above


READY = True
