"""Which rows a panel is made of, whatever its file, its suite or the order of its rows.

Two panels with the same rows and the same targets are one panel: what was asked of the first was
asked of the second. Columns of features are left out, since a column that a new model brought
along makes no fresh rows. A panel that has a part of its rows in common with another one has
another digest; `shared` says how large that part is, from a sketch of each.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

from msgspec import Meta

from titleholder.arrays import Panel
from titleholder.types import Record

# Hashes kept of a panel's rows. Of two panels of one size that have a twentieth of their rows in
# common, the sketches meet with a probability above 99.8%.
SKETCH: Final = 256
Mark: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]


class Fingerprint(Record, frozen=True):
    """A panel by its content: ``digest`` of all rows, and the smallest of their hashes, rising."""

    digest: Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
    rows: Annotated[int, Meta(ge=0)]
    sketch: tuple[Mark, ...]


def fingerprint(panel: Panel) -> Fingerprint:
    """What the rows of a panel are known by: their ids with their targets, in any order.

    Where rows have no target (scored items), all their columns stand in for it. Weights and
    clusters are left out: rows that are weighed anew are the same rows.
    """
    rows = sorted(hashlib.sha256(row).digest() for row in _rows(panel))
    digest = hashlib.sha256(b"".join(rows)).hexdigest()
    return Fingerprint(f"sha256:{digest}", len(rows), tuple(row[:8].hex() for row in rows[:SKETCH]))


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


def _rows(panel: Panel) -> Iterator[bytes]:
    """Each row as bytes that no other id and target have."""
    for name, target in zip(map(str, panel.row_id.tolist()), _targets(panel), strict=True):
        yield f"{len(name)}:{name}:{target}".encode()


def _targets(panel: Panel) -> Iterator[str]:
    """The truth as it is written: names of classes, or numbers; every column without one."""
    if panel.y_true is None:
        columns = [values.tolist() for _, values in sorted(panel.columns.items())]
        yield from (repr(row) for row in zip(*columns, strict=True))
    elif panel.classes:
        yield from (panel.classes[code] for code in panel.y_true.tolist())
    else:
        yield from (repr(float(value)) for value in panel.y_true.tolist())
