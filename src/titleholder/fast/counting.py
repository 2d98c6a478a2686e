"""How often each whole number occurs, of very many that are small.

``numpy.bincount`` looks for the largest first, and writes down what it counts beside what is
counted. SciPy has the loop alone, which can go on where it stopped: numbers are taken from the
bits some rows at a time, and stay next to the processor. It is not public there, so it is taken
only where `scipy.sparse` is imported already (that takes as long as a hundred million rows) and
where it is seen to count. Which way was taken, nothing tells.
"""

import sys
from collections.abc import Callable
from functools import cache
from threading import local
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Ints
from titleholder.fast.compiled import passes

Bits: TypeAlias = NDArray[np.uint64]
Adding: TypeAlias = Callable[[Ints, Ints], None]  # one more at each of these places

_AT_ONCE = 1 << 16  # rows
_MOST = 1 << 32  # rows that the room of compiled passes has numbers for
_kept = local()


def occurring(bits: Bits, dropped: np.uint64, most: int) -> tuple[Ints, Ints]:
    """The numbers, below ``most``, that ``bits`` (n,) have above their ``dropped`` lowest ones.

    Ascending, with how often each occurs, (k,) both.

    >>> at, rows = occurring(np.array([8, 3, 9], np.uint64), np.uint64(1), 8)
    >>> at.tolist(), rows.tolist()
    ([1, 4], [1, 2])
    """
    if (compiled := passes()) is not None and len(bits) < _MOST:
        at, rows = compiled.counted(bits, dropped, _room(most, np.uint32))
        return at, rows
    tools = sys.modules.get("scipy.sparse._sparsetools")
    if (add := _adding(getattr(tools, "csr_column_index1", None))) is not None:
        return _added(add, bits, dropped, _room(most, np.int64))
    rows = np.bincount((bits >> dropped).view(np.int64), minlength=1)
    at = np.flatnonzero(rows != 0)
    return at, rows[at]


def _room(most: int, dtype: Any) -> Any:
    """Zeros (most,), the same ones each time in a thread: whoever counts leaves zeros.

    To ask for new ones takes as long as to count half a million rows.
    """
    rooms: dict[Any, NDArray[Any]] = _kept.__dict__
    key = f"{np.dtype(dtype)} {most}"
    if key not in rooms:
        rooms[key] = np.zeros(most, dtype)
    return rooms[key]


def _added(add: Adding, bits: Bits, dropped: np.uint64, room: Ints) -> tuple[Ints, Ints]:
    places = np.empty(min(len(bits), _AT_ONCE), np.uint64)
    for start in range(0, len(bits), _AT_ONCE):
        few = bits[start : start + _AT_ONCE]
        np.right_shift(few, dropped, out=places[: len(few)])
        add(places[: len(few)].view(np.int64), room)
    at = np.flatnonzero(room != 0)
    rows = room[at]
    room[at] = 0
    return at, rows


@cache
def _adding(loop: Callable[..., object] | None) -> Adding | None:
    """SciPy's loop, where it is at hand and counts."""
    if loop is None:
        return None
    ends, none = np.zeros(2, np.int64), np.zeros(0, np.int64)

    def add(places: Ints, room: Ints) -> None:
        loop(len(places), places, 0, 0, ends, none, room, ends)

    try:
        add(np.array([1, 3, 1], np.int64), tried := np.array([5, 0, 0, 0], np.int64))
    except (TypeError, ValueError):
        return None
    return add if tried.tolist() == [5, 2, 0, 1] else None
