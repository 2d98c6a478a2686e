"""Profiles as a record: a reference is read once, and the nights after read current data alone.

The record names the digest of the data that it was made of; whoever holds other data gets nothing
from it. Its bytes are the same however the data were split when they were read.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.drift.grid import Counts
from titleholder.drift.profile import Categories, Numbers, Opaque, Profile, as_sketch
from titleholder.drift.sketch import Sketch
from titleholder.errors import RecordError
from titleholder.types import Record

VERSION = 1  # of what is kept of a column; another one is not read


class StoredSketch(Record, frozen=True, tag="sketch"):
    """Occupied cells as little-endian int64, their rows as int64, values as float64; see
    `drift.grid`.
    """

    n: int
    missing: int
    infinite: int
    digits: int
    cells: bytes
    rows: bytes
    values: bytes


class StoredCategories(Record, frozen=True, tag="categories"):
    """Labels and how often each occurs."""

    n: int
    missing: int
    counts: dict[str, int]
    boolean: bool


class StoredOpaque(Record, frozen=True, tag="opaque"):
    """A column that holds nothing to measure."""

    n: int
    missing: int
    kind: str


Stored = StoredSketch | StoredCategories | StoredOpaque


class StoredColumn(Record, frozen=True):
    """One column: columns keep the order that the data have."""

    name: str
    profile: Stored


class StoredProfile(Record, frozen=True):
    """The profiles of a data set. ``source`` is its digest."""

    source: str
    columns: tuple[StoredColumn, ...]
    version: int = VERSION

    def profiles(self, source: str) -> dict[str, Profile]:
        """The columns; RecordError when they are of other data or of another version."""
        if self.source != source or self.version != VERSION:
            raise RecordError(
                f"a profile of {self.source} (version {self.version}) is none of {source}",
                cure="delete it; it is made anew from the data",
            )
        return {column.name: _read(column.profile) for column in self.columns}


def stored(profiles: Mapping[str, Profile], source: str) -> StoredProfile:
    """The record of these columns, of data with this digest."""
    return StoredProfile(
        source, tuple(StoredColumn(name, _written(part)) for name, part in profiles.items())
    )


def _written(part: Profile) -> Stored:
    if isinstance(part, Numbers):
        part = as_sketch(part)
    if isinstance(part, Sketch):
        held = part.counts
        return StoredSketch(
            part.n, part.missing, part.infinite, held.digits,
            _bytes(held.cells, "<i8"), _bytes(held.rows, "<i8"), _bytes(held.values, "<f8"),
        )  # fmt: skip
    if isinstance(part, Categories):
        counts = {_clean(name): count for name, count in part.counts.items()}
        return StoredCategories(part.n, part.missing, counts, part.boolean)
    return StoredOpaque(part.n, part.missing, part.kind)


def _read(kept: Stored) -> Profile:
    if isinstance(kept, StoredSketch):
        return _sketch(kept)
    if isinstance(kept, StoredCategories):
        return Categories(kept.n, kept.missing, kept.counts, kept.boolean)
    return Opaque(kept.n, kept.missing, kept.kind)


def _sketch(kept: StoredSketch) -> Sketch:
    if len(kept.cells) % 8 or {len(kept.rows), len(kept.values)} != {len(kept.cells)}:
        raise RecordError("a stored profile is damaged: it was cut short")
    cells = np.frombuffer(kept.cells, "<i8").astype(np.int64)
    rows = np.frombuffer(kept.rows, "<i8").astype(np.int64)
    values = np.frombuffer(kept.values, "<f8").astype(np.float64)
    filled = kept.n - kept.missing - kept.infinite
    if np.any(np.diff(cells) <= 0) or np.any(rows <= 0) or rows.sum() != filled:
        raise RecordError("a stored profile is damaged: its rows do not add up")
    counts = Counts(kept.digits, cells, rows, values)
    return Sketch(kept.n, kept.missing, kept.infinite, counts)


def _bytes(values: NDArray[Any], dtype: str) -> bytes:
    return np.ascontiguousarray(values, dtype).tobytes()


def _clean(label: str) -> str:
    """A label as a record can hold it: halves of surrogate pairs are written out."""
    return label.encode("utf-8", "backslashreplace").decode("utf-8")
