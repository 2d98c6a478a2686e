"""Slices that hold no row in common, packed into one small code a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Slice

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


def partitions(slices: Sequence[Slice]) -> tuple[Partition, ...]:
    """Each of these slices in just one partition: those of the same groups together.

    >>> group = np.array([0, 1, 1], dtype=np.uint8)
    >>> a, b = Slice("a", group, 0), Slice("b", group, 1)
    >>> whole = Slice.of("whole", np.ones(3, dtype=bool))
    >>> [(p.members, p.code) for p in partitions([whole, a, b])]
    [((0,), None), ((1, 2), array([1, 2, 2], dtype=uint8))]
    """
    found, together = [], dict[int, list[int]]()
    for i, part in enumerate(slices):
        if part.is_whole:
            found.append(Partition(None, (i,)))
        else:
            together.setdefault(id(part.group), []).append(i)
    for members in together.values():
        for start in range(0, len(members), _MOST):
            some = tuple(members[start : start + _MOST])
            found.append(Partition(_coded([slices[i] for i in some]), some))
    return tuple(found)


def _coded(slices: Sequence[Slice]) -> Codes:
    """1 + the place of the slice that has each row, (n,), or 0, of slices of the same groups."""
    group, codes = slices[0].group, [part.code for part in slices]
    most = int(group.max(initial=0))
    if codes == list(range(len(codes))) and most < len(codes):
        return group.astype(np.uint8) + np.uint8(1)
    place_of = np.zeros(max(most, *codes) + 1, dtype=np.uint8)
    place_of[codes] = np.arange(1, len(codes) + 1)
    coded: Codes = place_of[group]
    return coded
