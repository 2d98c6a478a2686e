"""The slices of a panel that nobody sees as a whole: found block by block, then coded alike.

`Present` says which groups occur, and adds up over blocks. `Layout` makes of it the slices that
`comparison.slices.declared` would find, and packs them into partitions: one code a row for each
declared spec, as `titleholder.stats.shared.partition` has them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from titleholder.arrays import Ints, Panel
from titleholder.comparison.slices import (
    MOST_VALUES,
    OVERALL,
    Part,
    crossed,
    groups_of,
    names_of_bins,
)
from titleholder.errors import BadInput
from titleholder.params.schema import Binned, SliceSpec
from titleholder.params.slicing import column_of, parts_of
from titleholder.stats.shared.partition import Codes, Partition

Combination = tuple[str, ...]
_MOST = 255  # slices of one partition, 0 being none of them


@dataclass(frozen=True, slots=True)
class Present:
    """For each spec the combinations of its parts' groups that have rows, by their names."""

    specs: tuple[frozenset[Combination], ...]

    @classmethod
    def of(cls, panel: Panel, specs: Sequence[SliceSpec]) -> "Present":
        """Those of some rows."""
        return cls(tuple(frozenset(crossed(panel, parts_of(spec))[1].values()) for spec in specs))

    def __add__(self, other: "Present") -> "Present":
        pairs = zip(self.specs, other.specs, strict=True)
        return Present(tuple(one | another for one, another in pairs))


@dataclass(frozen=True, slots=True)
class _Packed:
    """A partition: slices number ``first`` and on of one spec, as many as ``members`` are."""

    spec: int
    first: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """``names`` of all slices, overall first; ``axes`` of each spec name its parts' groups.

    ``within`` has for each spec the place of each combination among the spec's slices, or -1.
    """

    specs: tuple[SliceSpec, ...]
    names: tuple[str, ...]
    axes: tuple[tuple[tuple[str, ...], ...], ...]
    within: tuple[Ints, ...]
    packed: tuple[_Packed, ...]

    @classmethod
    def of(cls, specs: Sequence[SliceSpec], present: Present) -> "Layout":
        """The slices of a whole panel.

        BadInput where a column has too many values, or two slices go by one name.
        """
        names, axes, within = [OVERALL], [], []
        packed: list[_Packed] = []
        for i, (spec, found) in enumerate(zip(specs, present.specs, strict=True)):
            parts = parts_of(spec)
            named = tuple(_axis(part, {one[k] for one in found}) for k, part in enumerate(parts))
            place = np.full([len(axis) for axis in named], -1, dtype=np.int64)
            count = 0
            for at in product(*(range(len(axis)) for axis in named)):
                combination = tuple(axis[k] for axis, k in zip(named, at, strict=True))
                if combination in found or _is_owed(spec, at[0]):
                    place[at] = count
                    count += 1
                    names.append(" & ".join(combination))
            axes.append(named)
            within.append(place.ravel())
            packed += _packs(i, len(names) - count, count)
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise BadInput(f"two slices are named {doubled[0]!r}", cure="declare each slice once")
        return cls(tuple(specs), tuple(names), tuple(axes), tuple(within), tuple(packed))

    def partitions(self) -> tuple[Partition, ...]:
        """All slices in partitions, without codes: those are of blocks."""
        coded = (Partition(np.empty(0, dtype=np.uint8), pack.members) for pack in self.packed)
        return (Partition(None, (0,)), *coded)

    def codes(self, panel: Panel) -> list[Codes | None]:
        """The code of each row (n,) of a block in each partition; None for all rows."""
        places = [
            self._places(panel, i) if any(p.spec == i for p in self.packed) else None
            for i in range(len(self.specs))
        ]
        found: list[Codes | None] = [None]
        for pack in self.packed:
            place = places[pack.spec]
            if place is None:
                raise ValueError("a partition is of no spec")
            own = place - pack.first
            inside = (own >= 0) & (own < len(pack.members))
            found.append(np.where(inside, own + 1, 0).astype(np.uint8))
        return found

    def groups(self, panel: Panel, part: Part) -> Ints:
        """The group of each row (n,) among those that a part has on the whole panel."""
        for spec, axes in zip(self.specs, self.axes, strict=True):
            for one, axis in zip(parts_of(spec), axes, strict=True):
                if one == part:
                    return _recoded(panel, part, axis)
        raise ValueError(f"no slice is made of {part}")

    def groupings(self) -> Iterator[tuple[Part, tuple[str, ...]]]:
        """Each column that slices are made of, once, with its groups."""
        seen: set[str] = set()
        for spec, axes in zip(self.specs, self.axes, strict=True):
            for part, axis in zip(parts_of(spec), axes, strict=True):
                column = column_of(part)
                if column not in seen:
                    seen.add(column)
                    yield part, axis

    def _places(self, panel: Panel, i: int) -> Ints:
        """Where each row's slice stands among those of a spec, (n,), or -1."""
        code = np.zeros(len(panel), dtype=np.int64)
        for part, axis in zip(parts_of(self.specs[i]), self.axes[i], strict=True):
            code = code * len(axis) + _recoded(panel, part, axis)
        return self.within[i][code]


def _axis(part: Part, found: set[str]) -> tuple[str, ...]:
    """The names of a part's groups in their order: bins as they are declared, words sorted."""
    if isinstance(part, Binned):
        return tuple(names_of_bins(part))
    if len(found) > MOST_VALUES:
        raise BadInput(
            f"slice column {part!r} has more than {MOST_VALUES} values",
            cure=f"bin it: {{column: {part}, bins: [...]}}, or slice by a coarser column",
        )
    return tuple(sorted(found))


def _is_owed(spec: SliceSpec, bin_number: int) -> bool:
    """Whether a slice is declared whether or not it has rows: a bin between two edges."""
    return isinstance(spec, Binned) and 1 <= bin_number < len(spec.bins)


def _packs(spec: int, first: int, count: int) -> Iterator[_Packed]:
    for start in range(0, count, _MOST):
        members = tuple(range(first + start, first + min(count, start + _MOST)))
        yield _Packed(spec, start, members)


def _recoded(panel: Panel, part: Part, axis: Sequence[str]) -> Ints:
    """Each row's group (n,), by its place among the groups of the whole panel."""
    code, names = groups_of(panel, part)
    place = {name: i for i, name in enumerate(axis)}
    table = np.array([place[name] for name in names], dtype=np.int64)
    recoded: Ints = table[code]
    return recoded
