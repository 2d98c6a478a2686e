"""Rows that are looked at as evidence, drawn by their number: whoever reads them, the same ones."""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Ints
from titleholder.drift.profile import Columns

REFERENCE, CURRENT = 0, 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Columns, (n,) each, of the rows that were drawn from ``rows``."""

    columns: Columns
    rows: int


def drawn(rows: int, most: int, seed: int, side: int) -> Ints:
    """The numbers of at most ``most`` of the rows of one side, rising."""
    if rows <= most:
        return np.arange(rows)
    stream = np.random.default_rng(seed).spawn(2)[side]
    return np.sort(stream.choice(rows, most, replace=False))


def sampled(columns: Columns, most: int, seed: int, side: int) -> Sample:
    """At most this many rows of columns that are at hand, the same ones of every column."""
    rows = len(next(iter(columns.values()), ()))
    if rows <= most:
        return Sample(columns, rows)
    numbers = drawn(rows, most, seed, side)
    return Sample({name: values[numbers] for name, values in columns.items()}, rows)
