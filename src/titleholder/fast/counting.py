"""How often each whole number occurs, of very many that are small.

The compiled passes (`titleholder.fast.compiled`) count where numpy first looks for the largest, and
writes down what it counts beside what is counted. Which way was taken, nothing tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Ints
from titleholder.fast.compiled import passes

Bits: TypeAlias = NDArray[np.uint64]
Room: TypeAlias = NDArray[np.uint32]

_AT_ONCE = 1 << 16  # rows
_MOST = (1 << 32) - 1  # rows that four bytes count
_FIRST = 1 << 12  # rows that mostly tell where the others are
_kept = local()


def occurring(bits: Bits, dropped: np.uint64, most: int) -> tuple[Ints, Ints]:
    """The numbers, below ``most``, that ``bits`` (n,) have above their ``dropped`` lowest ones.

    Ascending, with how often each occurs, (k,) both.

    >>> at, rows = occurring(np.array([8, 3, 9], np.uint64), np.uint64(1), 8)
    >>> at.tolist(), rows.tolist()
    ([1, 4], [1, 2])
    """
    if (compiled := passes()) is None or len(bits) > _MOST:
        return _found(np.bincount((bits >> dropped).view(np.int64), minlength=most), bits, dropped)
    with _room(most) as room:
        compiled.count(bits, dropped, room)
        at, rows = _found(room, bits, dropped)
        room[at] = 0
    return at, rows


def merged(one: Ints, two: Ints) -> tuple[Ints, Ints, Ints]:
    """Two ascending runs of numbers as one, (k,), and how many of each come before it, (k + 1,).

    No run holds a number twice, and those that both hold stand once.

    >>> [found.tolist() for found in merged(np.array([2, 5]), np.array([3, 5, 9]))]
    [[2, 3, 5, 9], [0, 1, 1, 2, 2], [0, 0, 1, 2, 3]]
    """
    if (compiled := passes()) is not None:
        room = np.empty((3, len(one) + len(two) + 1), np.int64)
        k = compiled.merged(one, two, *room)
        return room[0, :k], room[1, : k + 1], room[2, : k + 1]
    marked = np.concatenate([2 * one, 2 * two + 1])
    marked.sort(kind="stable")  # two ascending runs: merged in one pass
    last = np.ones(len(marked), bool)  # entry of its number
    np.greater(marked[1:] ^ marked[:-1], 1, out=last[:-1])
    passed = last.nonzero()[0]
    marked = marked[passed]  # those that the second run holds are odd
    of_two = np.zeros(len(marked) + 1, np.int64)
    np.cumsum(marked & 1, out=of_two[1:])
    return marked >> 1, np.append(0, passed + 1) - of_two, of_two


def finer(
    bits: Bits, dropped: np.uint64, more: int, first: Ints, places: int
) -> tuple[Ints, Bits, Bools]:
    """Rows of ``bits`` (n,) by place, one of them, and whether all are it, (places,) each.

    A number above the ``dropped`` lowest bits has its places from ``first`` on: one for each that
    ``more`` of those bits, the highest, may be.

    >>> bits = np.array([8, 9, 11, 8], np.uint64)
    >>> rows, one, alike = finer(bits, np.uint64(2), 1, np.zeros(3, np.int64), 2)
    >>> rows.tolist(), one.tolist(), alike.tolist()
    ([3, 1], [8, 11], [False, True])
    """
    rows, one = np.zeros(places, np.int64), np.zeros(places, np.uint64)
    alike, left = np.ones(places, bool), dropped - np.uint64(more)
    if (compiled := passes()) is not None:
        compiled.finer(bits, left, np.uint64(more), first, rows, one, alike)
        return rows, one, alike
    mask = np.int64((1 << more) - 1)
    for start in range(0, len(bits), _AT_ONCE):
        few = bits[start : start + _AT_ONCE]
        fine = (few >> left).view(np.int64)
        at = first[fine >> more] | (fine & mask)
        _compare(at, few, rows, one, alike)
        rows += np.bincount(at, minlength=places)
    return rows, one, alike


def _compare(at: Ints, few: Bits, rows: Ints, one: Bits, alike: Bools) -> None:
    """Hold these bits (n,), at their places, against those before them."""
    doubtful = alike[at]  # of most columns hardly any after the first rows, or all
    if not doubtful.all():
        at, few = at[doubtful], few[doubtful]
    some = one.copy()
    some[at] = few  # of several, any of them
    np.copyto(one, some, where=rows == 0)
    alike[at[one[at] != few]] = False


@contextmanager
def _room(most: int) -> Iterator[Room]:
    """Zeros (most,), the same ones each time in a thread: whoever counts leaves zeros.

    To ask for new ones takes as long as to count half a million rows. They are not kept where
    counting was broken off. Of four bytes each, twice as many stay next to the processor.
    """
    rooms: dict[Any, Room] = _kept.__dict__
    room = rooms.pop(most, None)
    yield (room := np.zeros(most, np.uint32) if room is None else room)
    rooms[most] = room


def _found(room: Room | Ints, bits: Bits, dropped: np.uint64) -> tuple[Ints, Ints]:
    """The numbers of which there are any in ``room``, and how many, (k,) both.

    The first ones of ``bits`` tell where to look, on either side of zero, since floats have their
    sign first; only where some were not found there, everywhere.
    """
    middle, beside = len(room) // 2, len(room) >> 8
    some = (bits[:_FIRST] >> dropped).view(np.int64) & (middle - 1)
    start = max(0, int(some.min(initial=middle)) - beside)
    stop = max(start, min(middle, int(some.max(initial=0)) + beside))
    above, below = _held(room, start, stop), _held(room, middle + start, middle + stop)
    at, rows = (np.concatenate(both) for both in zip(above, below, strict=True))
    return (at, rows) if rows.sum() == len(bits) else _held(room, 0, len(room))


def _held(room: Room | Ints, start: int, stop: int) -> tuple[Ints, Ints]:
    """The same of one stretch."""
    if (compiled := passes()) is not None:
        at, rows = np.empty((2, stop - start), np.int64)
        k = compiled.occupied(room, start, stop, at, rows)
        return at[:k], rows[:k]
    at = np.flatnonzero(room[start:stop] != 0) + start
    return at, room[at].astype(np.int64)
