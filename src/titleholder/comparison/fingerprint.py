"""Which rows a panel is made of, whatever its file, its suite or the order of its rows.

Two panels with the same rows and the same targets are one panel: what was asked of the first was
asked of the second. Columns of features are left out, since a column that a new model brought
along makes no fresh rows. A panel that has a part of its rows in common with another one has
another digest; `shared` says how large that part is, from a sketch of each.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from titleholder.arrays import Ids, Panel
from titleholder.types import Record

# Hashes kept of a panel's rows. Of two panels of one size that have a twentieth of their rows in
# common, the sketches meet with a probability above 99.8%.
SKETCH: Final = 256
Mark: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Hashes: TypeAlias = NDArray[np.uint64]
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, as splitmix64 has it


class Fingerprint(Record, frozen=True):
    """A panel by its content: ``digest`` of all rows, and the smallest of their hashes, rising."""

    digest: Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
    rows: Annotated[int, Meta(ge=0)]
    sketch: tuple[Mark, ...]


def fingerprint(panel: Panel) -> Fingerprint:
    """What the rows of a panel are known by: their ids with their targets, in any order.

    Where rows have no target (scored items), all their columns stand in for it. Weights and
    clusters are left out: rows that are weighed anew are the same rows. Each row is a SipHash of
    64 bits, so that two panels of a million rows share one by chance once in 10^7 times.
    """
    return of_sorted([np.sort(row_hashes(panel))])


def of_sorted(parts: Iterable[Hashes]) -> Fingerprint:
    """The fingerprint of rows whose hashes come in rising order, some at a time."""
    digest, count, sketch = hashlib.sha256(), 0, list[str]()
    for part in parts:
        digest.update(part.astype("<u8").tobytes())
        sketch += [f"{row:016x}" for row in part[: max(0, SKETCH - count)].tolist()]
        count += len(part)
    return Fingerprint(f"sha256:{digest.hexdigest()}", count, tuple(sketch))


def shared(one: Fingerprint, other: Fingerprint) -> float:
    """The share of ``other``'s rows that ``one`` has, too, as far as their sketches tell.

    Exact where no panel has more rows than a sketch. Otherwise the Jaccard similarity from the
    smallest hashes of the union (Broder 1997, doi:10.1109/SEQUEN.1997.666900), turned into a
    share of ``other``.
    """
    if not one.sketch or not other.sketch:
        return 0.0
    union = sorted({*one.sketch, *other.sketch})
    cut = [len(f.sketch) for f in (one, other) if len(f.sketch) < f.rows]
    known = set(union[: min(cut, default=len(union))])
    similar = len(known & set(one.sketch) & set(other.sketch)) / len(known)
    return min(1.0, similar * (one.rows + other.rows) / (1 + similar) / other.rows)


def row_hashes(panel: Panel) -> Hashes:
    """A hash for each row (n,), which no other id and target are likely to have."""
    # Ids that were read as numbers are those that stand in another file as text.
    mixed = id_hashes(panel.row_id)
    for column in _targets(panel):
        # Multiplied by an odd number first: what is in which column has to count.
        mixed = (mixed * _ODD) ^ column
    return mixed ^ (mixed >> np.uint64(29))


def id_hashes(ids: Ids) -> Hashes:
    """A hash for each id (n,), the same whether it was read as a number or as text."""
    return _hashed(ids.astype(np.str_))


def _targets(panel: Panel) -> Iterator[Hashes]:
    """Hashes of the truth as it is written: names of classes, or numbers; else every column."""
    if panel.y_true is None:
        yield from (_hashed(values) for _, values in sorted(panel.columns.items()))
    elif panel.classes:
        yield _hashed(np.asarray(panel.classes))[panel.y_true]
    else:
        yield _hashed(np.asarray(panel.y_true, dtype=np.float64))


def _hashed(values: NDArray[Any]) -> Hashes:
    """Hashes of values (n,): numbers by their bits, everything else by its text."""
    from pandas.util import hash_array

    if values.dtype.kind not in "biuf":
        values = values.astype(np.str_).astype(object)
    hashed: Hashes = hash_array(values, categorize=False).astype(np.uint64)
    return hashed
