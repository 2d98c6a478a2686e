"""The passes themselves, for numba to compile; see `titleholder.fast.compiled`.

Each does, row after row, what stands in numpy beside the place that calls it.
"""

from typing import Any

import numpy as np
from numba import njit

from titleholder.arrays import Floats

_BYTE = np.uint64(255)
_ONE = np.uint64(1)
_EIGHT = np.uint64(8)
_ZERO = np.uint64(0)
_MINUS_ZERO = np.uint64(1 << 63)
_BITS_OF_ONE = np.uint64(0x3FF0000000000000)
_TO_CODE = np.uint32(15)
_CHUNK = 4096  # rows whose bins stay next to the processor
_ONE_MORE = np.uint32(1)
_TOGETHER = 128  # numbers of a block, by which empty stretches are passed over


@njit(cache=True, nogil=True)
def dealt(numbers: Any, spare: Any, least: Any, shift: Any, passes: int) -> Any:
    """Numbers (n,) dealt out by ``passes`` bytes of what they are above ``least``, from bit
    ``shift`` on; ``spare`` (n,) is room.
    """
    counts = np.zeros((passes, 256), np.int64)
    for number in numbers:
        rest = (number - least) >> shift
        for p in range(passes):
            counts[p, rest & _BYTE] += 1
            rest >>= _EIGHT
    here, there = numbers, spare
    for p in range(passes):
        at, start = np.empty(256, np.int64), 0
        for byte in range(256):
            at[byte] = start
            start += counts[p, byte]
        by = shift + np.uint64(8 * p)
        for number in here:
            byte_of = ((number - least) >> by) & _BYTE
            there[at[byte_of]] = number
            at[byte_of] += 1
        here, there = there, here
    return here


@njit(cache=True, nogil=True)
def numbered(bits: Any, marks: Any, spare: Any, kept: Any, numbers: Any) -> None:
    """Scores in [0, 1] by their ``bits`` (n,), turned to fall, with their marks behind them."""
    for i in range(len(bits)):
        score = bits[i]
        if score == _MINUS_ZERO:
            score = _ZERO
        numbers[i] = (((_BITS_OF_ONE - score) << spare) & kept) | np.uint64(marks[i])


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
def standings(
    numbers: Any, mask: Any, shifts: Any, masks: Any, table: Floats
) -> tuple[bool, int, int, int, float]:
    """Add up how positives stand by partition and code, and of all; False first at a tie.

    ``table`` (P, width, 4) takes rows, positives, the sum of their places and of precision: whole
    numbers that doubles hold, of fewer than 2^27 rows. What is returned is the same of all rows.
    """
    partitions, width = table.shape[:2]
    flat = table.reshape(-1)
    before = ~numbers[0]
    rows, found, places, precision = 0, 0, 0, 0.0
    for number in numbers:
        if number ^ before <= mask:
            return False, 0, 0, 0, 0.0
        before = number
        positive: Any = np.int64(number & _ONE)
        once = np.float64(positive)
        rows += 1
        found += positive
        places += positive * rows
        precision += once * (found / rows)
        for p in range(partitions):
            at = (p * width + np.intp((number >> shifts[p]) & masks[p])) * 4
            row = flat[at] + 1.0
            count = flat[at + 1] + once
            flat[at] = row
            flat[at + 1] = count
            flat[at + 2] += once * row
            flat[at + 3] += once * (count / row)
    return True, rows, found, places, precision


@njit(cache=True, nogil=True)
def cells(codes: Any, truth: Any, first: Any, second: Any, table: Any) -> None:
    """Count rows by partition, code, truth and both calls into ``table`` (P, width, K, K, K).

    ``codes`` are (P, n).
    """
    width, classes = table.shape[1:3]
    flat = table.reshape(-1)
    for p in range(len(codes)):
        for i in range(len(truth)):
            at = (p * width + np.intp(codes[p, i])) * classes + truth[i]
            flat[(at * classes + first[i]) * classes + second[i]] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def bins(
    codes: Any, truth: Any, scores: Any, bin_of: Any, coarser: int, fine: Any, joint: Any
) -> None:
    """Count rows by bins into ``fine`` (P, 2, width, 2, F) and ``joint`` (P, width, 2, C, C).

    A coarse bin is a fine one without its last ``coarser`` bits.
    """
    width, finest, coarse = fine.shape[2], fine.shape[4], joint.shape[4]
    flat_fine, flat_joint = fine.reshape(-1), joint.reshape(-1)
    found = np.empty((2, _CHUNK), np.int64)
    for start in range(0, len(truth), _CHUNK):
        rows = min(_CHUNK, len(truth) - start)
        _binned(scores[0][start : start + rows], bin_of, found[0])
        _binned(scores[1][start : start + rows], bin_of, found[1])
        for p in range(len(codes)):
            for i in range(rows):
                code, y = np.intp(codes[p, start + i]), truth[start + i]
                one, two = found[0, i], found[1, i]
                at = ((p * width + code) * 2 + y) * coarse + (one >> coarser)
                flat_joint[at * coarse + (two >> coarser)] += 1
                at = (p * 2 * width + code) * 2 + y
                flat_fine[at * finest + one] += 1
                flat_fine[(at + 2 * width) * finest + two] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _binned(score: Floats, bin_of: Any, found: Any) -> None:
    """The fine bin of each probability (n,), as `titleholder.stats.shared.bins` has it."""
    odds = (score / (1.0 - score)).astype(np.float32)
    codes = odds.view(np.uint32)
    for i in range(len(score)):
        found[i] = bin_of[codes[i] >> _TO_CODE]


@njit(cache=True, nogil=True)
def add_second(code: Any, a: Floats, d: Floats, total: Floats) -> None:
    """Add a, d, a^2, a d and d^2 (n,) to ``total`` (5, width)."""
    some = np.zeros((total.shape[1], 5))
    for i in range(len(code)):
        row, x, y = some[code[i]], a[i], d[i]
        row[0] += x
        row[1] += y
        row[2] += x * x
        row[3] += x * y
        row[4] += y * y
    for c in range(len(some)):
        for order in range(5):
            total[order, c] += some[c, order]


@njit(cache=True, nogil=True)
def add_all(code: Any, a: Floats, d: Floats, ones: Any, others: Any, total: Floats) -> None:
    """Add a, d and further orders (n,) to ``total`` (orders, width).

    Each further one is the product of two before it, by their places in ``ones`` and ``others``.
    """
    some, product = np.zeros((total.shape[1], len(total))), np.empty(len(total))
    for i in range(len(code)):
        product[0], product[1] = a[i], d[i]
        for order in range(2, len(total)):
            product[order] = product[ones[order - 2]] * product[others[order - 2]]
        row = some[code[i]]
        for order in range(len(total)):
            row[order] += product[order]
    for c in range(len(some)):
        for order in range(len(total)):
            total[order, c] += some[c, order]


@njit(cache=True, nogil=True)
def counted(bits: Any, dropped: Any, room: Any) -> Any:
    """The numbers that ``bits`` (n,) have above their low bits, ascending, and how often each.

    ``room`` has a zero for each that there may be, uint32, and is left as it was.
    """
    for number in bits:
        room[number >> dropped] += _ONE_MORE
    held = np.empty(len(room) // _TOGETHER, np.bool_)
    for block in range(len(held)):  # most are empty, and several are looked at in one go
        rows = np.uint32(0)
        for number in range(block * _TOGETHER, (block + 1) * _TOGETHER):
            rows |= room[number]
        held[block] = rows != 0
    most = np.count_nonzero(held) * _TOGETHER
    at, counts = np.empty(most, np.int64), np.empty(most, np.int64)
    k = 0
    for block in range(len(held)):
        if not held[block]:
            continue
        for number in range(block * _TOGETHER, (block + 1) * _TOGETHER):
            if room[number] > 0:
                at[k], counts[k] = number, room[number]
                room[number] = 0
                k += 1
    return at[:k], counts[:k]


READY = True
