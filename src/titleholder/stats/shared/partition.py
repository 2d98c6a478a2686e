"""Slices that hold no row in common, packed into one small code a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools

Codes: TypeAlias = NDArray[np.uint8]
_MOST = 255  # slices of one partition, 0 being none of them


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
    whole = [i for i, mask in enumerate(masks) if mask.all()]
    found = [Partition(None, (i,)) for i in whole]
    packs: list[_Pack] = []
    for i, mask in enumerate(masks):
        if i not in whole and not any(pack.takes(i, mask) for pack in packs):
            packs.append(_Pack(len(mask)))
            packs[-1].takes(i, mask)
    return (*found, *(Partition(pack.code, tuple(pack.members)) for pack in packs))


class _Pack:
    """A partition that takes slices while they hold none of its rows."""

    def __init__(self, rows: int) -> None:
        self.code: Codes = np.zeros(rows, dtype=np.uint8)
        self.taken = np.zeros(rows, dtype=bool)
        self.members: list[int] = []

    def takes(self, member: int, mask: Bools) -> bool:
        """Whether the slice was taken in."""
        if len(self.members) == _MOST or (mask & self.taken).any():
            return False
        self.members.append(member)
        self.taken |= mask
        self.code += mask.view(np.uint8) * np.uint8(len(self.members))
        return True
