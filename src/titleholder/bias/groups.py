"""The rows of a panel sorted into protected groups: of one column, or of two crossed."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from titleholder.arrays import Bools, Ints, Panel
from titleholder.comparison.slices import Grouping, grouping
from titleholder.params.schema import Part

MOST_CROSSED = 3  # pairs of columns


def axes(panel: Panel, parts: Sequence[Part]) -> list[tuple[tuple[str, ...], Grouping]]:
    """Each column by itself, then pairs of them, as far as there is room."""
    single = [grouping(panel, part) for part in parts]
    found: list[tuple[tuple[str, ...], Grouping]] = [((one.column,), one) for one in single]
    for one, other in list(combinations(single, 2))[:MOST_CROSSED]:
        found.append(((one.column, other.column), crossed(one, other)))
    return found


def crossed(one: Grouping, other: Grouping) -> Grouping:
    """The groups that two columns make together, as far as they have rows."""
    code = one.code * len(other.labels) + other.code
    used, compact = np.unique(code, return_inverse=True)
    names = [f"{one.labels[c // len(other.labels)]} & {other.labels[c % len(other.labels)]}"
             for c in used.tolist()]  # fmt: skip
    return Grouping(f"{one.column} & {other.column}", compact, tuple(names))


def enough(groups: Grouping, least: int) -> tuple[Grouping, Bools]:
    """The groups of at least so many rows, and which rows (n,) are theirs."""
    kept = sizes(groups) >= least
    mask = kept[groups.code]
    code = np.cumsum(kept) - 1
    labels = tuple(label for label, keep in zip(groups.labels, kept, strict=True) if keep)
    return Grouping(groups.column, code[groups.code[mask]], labels), mask


def sizes(groups: Grouping) -> Ints:
    """Rows of each group, (G,)."""
    return np.bincount(groups.code, minlength=len(groups.labels))
