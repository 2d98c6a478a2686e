"""Slices of a panel: by value, by bins of a number, and crossed.

A slice is named ``column=value``, ``column=[low, high)`` or, crossed, ``a=x & b=y``. Rows whose
column is missing are a slice of their own, ``column=missing``: leaving them out would let a
model fail on exactly the rows that nobody looks at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Ints, Panel, Slice
from titleholder.errors import BadInput
from titleholder.params.schema import Binned, SliceSpec
from titleholder.types import OVERALL as OVERALL

MISSING = "missing"
MOST_VALUES = 100

Part: TypeAlias = str | Binned


@dataclass(frozen=True, slots=True)
class Grouping:
    """The panel's rows sorted into the groups of one column: ``code`` (n,) into ``labels``."""

    column: str
    code: Ints
    labels: tuple[str, ...]


def declared(panel: Panel, specs: Sequence[SliceSpec]) -> tuple[Slice, ...]:
    """Every declared slice that has rows, in the order declared; `OVERALL` comes first."""
    everything = Slice(OVERALL, np.ones(len(panel), dtype=bool))
    return (everything, *(part for spec in specs for part in _slices(panel, spec)))


def grouping(panel: Panel, part: Part) -> Grouping:
    """The rows sorted by one column's values or bins.

    Raises BadInput for a column that the panel lacks, that is not numeric but binned, or that
    has more than `MOST_VALUES` values.
    """
    if isinstance(part, Binned):
        return _binned(panel, part)
    labels, code = np.unique(labels_of(_column(panel, part)), return_inverse=True)
    if len(labels) > MOST_VALUES:
        raise BadInput(
            f"slice column {part!r} has {len(labels)} values",
            cure=f"bin it: {{column: {part}, bins: [...]}}, or slice by a coarser column",
        )
    return Grouping(part, code, tuple(f"{part}={label}" for label in labels))


def labels_of(values: NDArray[Any]) -> NDArray[np.object_]:
    """Values as the words that name them: 1 and 1.0 are ``1``, True is ``true``."""
    return np.array([label_of(value) for value in values.tolist()], dtype=object)


def label_of(value: object) -> str:
    """One value as a word.

    >>> label_of(1.0), label_of(True), label_of("yes"), label_of(float("nan"))
    ('1', 'true', 'yes', 'missing')
    """
    if value is None or value != value:  # NaN and NaT differ from themselves
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _slices(panel: Panel, spec: SliceSpec) -> Iterator[Slice]:
    parts = spec if isinstance(spec, tuple) else (spec,)
    groupings = [grouping(panel, part) for part in parts]
    for codes in product(*(range(len(g.labels)) for g in groupings)):
        mask = _all(g.code == code for g, code in zip(groupings, codes, strict=True))
        if mask.any():
            named = (g.labels[code] for g, code in zip(groupings, codes, strict=True))
            yield Slice(" & ".join(named), mask)


def _all(masks: Iterator[Bools]) -> Bools:
    every: Bools = np.logical_and.reduce(list(masks))
    return every


def _column(panel: Panel, name: str) -> NDArray[Any]:
    if name not in panel.columns:
        raise BadInput(
            f"slice column {name!r} is not in the panel",
            cure=f"columns to slice by: {', '.join(sorted(panel.columns)) or 'none'}",
        )
    return panel.columns[name]


def _binned(panel: Panel, part: Binned) -> Grouping:
    try:
        values = _column(panel, part.column).astype(float)
    except (TypeError, ValueError):
        raise BadInput(
            f"slice column {part.column!r} is binned, but holds values that are not numbers",
            cure="slice by its values, or bin a numeric column",
        ) from None
    edges = np.array(part.bins)
    code = np.searchsorted(edges, values, side="right") - 1
    bins = len(edges) - 1
    code = np.where(np.isnan(values), bins + 2, np.clip(code, -1, bins)) + 1
    names = [f"{part.column}<{edges[0]:g}"]
    names += [f"{part.column}=[{a:g}, {b:g})" for a, b in pairwise(edges)]
    names += [f"{part.column}>={edges[-1]:g}", "", f"{part.column}={MISSING}"]
    used, compact = np.unique(code, return_inverse=True)
    return Grouping(part.column, compact, tuple(names[i] for i in used))
