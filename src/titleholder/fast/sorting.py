"""Very many whole numbers in rising order, in a few passes over them.

A sort by comparison takes time by the logarithm of how many there are, and how long depends much
on the processor: numpy's, which takes several numbers at once, needs 13 nanoseconds a number on
some and 50 on others, whose instructions to put them together are slow. There, numbers are dealt
out by one byte after the other, the leading ones last (Knuth, The Art of Computer Programming,
vol. 3, 5.2.5), by the counting sort that SciPy has in the transposition of a sparse matrix. What
comes of it is the same array as of any other sort.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Ints
from titleholder.fast.compiled import passes

N = TypeVar("N", bound=np.generic)
Numbers = NDArray[np.uint64]

_MANY = 1 << 16  # below, a plain sort takes no longer
_MOST = (1 << 31) - 1  # what the counting sort can count
_TRIED = 1 << 15  # numbers that tell what this processor is quicker at
_TRIES = 3
_MORE = 1.3  # a plain sort of a million takes so much longer a number
_PASSES = 4  # bytes: 32 leading bits that differ tell nearly all numbers apart
_FEW = 1 / 64  # so many neighbours may be left in the wrong order, to be put right one by one
_CHUNK = 1 << 15


def sort(numbers: Numbers) -> Numbers:
    """These numbers (n,) in rising order; what is given is left in any order."""
    if not _MANY <= len(numbers) <= _MOST or (passes() is None and _sorts_quickly()):
        numbers.sort()
        return numbers
    return _dealt(numbers)


def deal(values: NDArray[N], places: NDArray[Any], most: int) -> tuple[NDArray[N], Ints]:
    """Values (n,) put together by their place (n,) in 0 to most - 1, as they stand within each.

    With them, where each place starts, (most + 1,).
    """
    from scipy.sparse import csr_array

    of = values.view(f"i{values.dtype.itemsize}")
    whole = np.array([0, len(values)], dtype=np.int32)
    row = csr_array((of, places.astype(np.int32, copy=False), whole), shape=(1, most))
    column = row.tocsc()
    return column.data.view(values.dtype), column.indptr.astype(np.int64)


@cache
def _sorts_quickly() -> bool:
    """Whether a plain sort is quicker on this processor than to deal out by bytes without `passes`.

    Both are tried once in a process. Whatever else the machine does only ever takes longer: the
    shortest of some tries counts.
    """
    some = np.random.default_rng(0).integers(1 << 62, size=_TRIED, dtype=np.uint64)
    bits = 8 * _PASSES

    def seconds(work: Callable[[Numbers], object]) -> float:
        numbers, start = some.copy(), time.process_time()
        work(numbers)
        return time.process_time() - start

    def deal_out(numbers: Numbers) -> Numbers:
        return _by_byte(numbers, np.uint64(0), 62 - bits, bits)

    deal_out(some[:1024].copy())  # what is imported, once, is nobody's time
    tries = [(seconds(np.sort), seconds(deal_out)) for _ in range(_TRIES)]
    plain, dealt = (min(side) for side in zip(*tries, strict=True))
    return bool(_MORE * plain <= dealt)


def _dealt(numbers: Numbers) -> Numbers:
    least = numbers.min()
    bits = int(numbers.max() - least).bit_length()
    leading = min(bits, 8 * (_PASSES if passes() is None else _compiled_passes(len(numbers))))
    dealt = _by_bytes(numbers, least, bits - leading, leading)
    if bits == leading or _put_right(dealt):
        return dealt
    return _by_bytes(dealt, least, 0, bits)


def _compiled_passes(n: int) -> int:
    """So many bytes leave one row in some tens beside its place, where rows are spread out."""
    return -(-(n.bit_length() + 4) // 8)


def _by_bytes(numbers: Numbers, least: np.uint64, shift: int, bits: int) -> Numbers:
    """Dealt out by what they are above ``least``, so many bits from ``shift`` on.

    Those that stand alike stay in the order given.
    """
    compiled = passes()
    if compiled is not None:
        spare = np.empty_like(numbers)
        found: Numbers = compiled.dealt(numbers, spare, least, np.uint64(shift), -(-bits // 8))
        return found
    return _by_byte(numbers, least, shift, bits)


def _by_byte(numbers: Numbers, least: np.uint64, shift: int, bits: int) -> Numbers:
    """The same without compiled passes."""
    for by in range(shift, shift + bits, 8):
        place = np.empty(len(numbers), dtype=np.int32)
        for start in range(0, len(numbers), _CHUNK):
            byte = numbers[start : start + _CHUNK] - least
            byte >>= np.uint64(by)
            np.bitwise_and(
                byte, np.uint64(255), out=place[start : start + _CHUNK], casting="unsafe"
            )
        numbers = deal(numbers, place, 256)[0]
    return numbers


def _put_right(numbers: Numbers) -> bool:
    """Exchange neighbours that are in the wrong order; False where too many are."""
    compiled = passes()
    if compiled is not None:
        return bool(compiled.put_right(numbers, len(numbers) // 4))
    wrong = np.flatnonzero(numbers[:-1] > numbers[1:])
    if len(wrong) > int(len(numbers) * _FEW):
        return False
    while len(wrong):
        # Of two that overlap, the second is looked at again.
        apart = np.diff(wrong, prepend=-2) > 1
        at = wrong[apart]
        numbers[at], numbers[at + 1] = numbers[at + 1], numbers[at]
        beside = np.unique(np.concatenate([at - 1, at + 1, wrong[~apart]]))
        beside = beside[(beside >= 0) & (beside < len(numbers) - 1)]
        wrong = beside[numbers[beside] > numbers[beside + 1]]
    return True
