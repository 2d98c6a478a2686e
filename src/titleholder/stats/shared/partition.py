"""Slices that hold no row in common, packed into one small code a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools

Codes: TypeAlias = NDArray[np.uint8]
_MOST = 255  # slices of one partition, 0 being none of them
_SOME = 1 << 12


@dataclass(frozen=True, slots=True)
class Partition:
    """``code`` (n,) is 1 + the place in ``members`` of the slice that has the row, or 0.

    ``members`` are the places of the slices among all. Without a code there is one slice, which
    has every row.
    """

    code: Codes | None
    members: tuple[int, ...]

    @property
    def width(self) -> int:
        """How many codes there may be."""
        return 1 if self.code is None else len(self.members) + 1

    def place(self, member: int) -> int:
        """The code of one of the members."""
        return 0 if self.code is None else self.members.index(member) + 1


def partitions(masks: Sequence[Bools]) -> tuple[Partition, ...]:
    """Each of these slices (n,) in just one partition, in as few as are found in one go.

    >>> a, b = np.array([True, False]), np.array([False, True])
    >>> [p.members for p in partitions([a | b, a, b])]
    [(0,), (1, 2)]
    """
    rows = [int(np.count_nonzero(mask)) for mask in masks]
    whole = [i for i, mask in enumerate(masks) if rows[i] == len(mask)]
    found = [Partition(None, (i,)) for i in whole]
    packs: list[_Pack] = []
    for i, mask in enumerate(masks):
        if i not in whole and not any(pack.takes(i, mask, rows[i]) for pack in packs):
            packs.append(_Pack(len(mask)))
            packs[-1].takes(i, mask, rows[i])
    return (*found, *(Partition(pack.code, tuple(pack.members)) for pack in packs))


class _Pack:
    """A partition that takes slices while they hold none of its rows."""

    def __init__(self, rows: int) -> None:
        self.code: Codes = np.zeros(rows, dtype=np.uint8)
        self.members: list[int] = []
        self.left = rows

    def takes(self, member: int, mask: Bools, rows: int) -> bool:
        """Whether the slice, of so many rows, was taken in."""
        # A slice that fits nowhere is mostly told by its number of rows, or by some of them.
        if len(self.members) == _MOST or rows > self.left:
            return False
        some = slice(0, _SOME)
        if (self.code[some] * mask[some].view(np.uint8)).any():
            return False
        own = mask.view(np.uint8) * np.uint8(len(self.members) + 1)
        self.code += own
        # Rows that were taken already are counted once, or not at all.
        if np.count_nonzero(self.code) != len(mask) - self.left + rows:
            self.code -= own
            return False
        self.members.append(member)
        self.left -= rows
        return True
