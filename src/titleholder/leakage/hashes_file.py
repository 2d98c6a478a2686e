"""Training data as a file of row hashes, so that the data themselves need not be handed over.

A Parquet file with a row for each row of the data and nothing of their values; what was hashed
(columns and what they hold, target, key) stands in the file's own metadata.
"""

from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from titleholder import records
from titleholder.errors import BadInput, RecordError
from titleholder.leakage.rows import ColumnKind, Hashes, RowHashes
from titleholder.types import Record

SUFFIX: Final = ".parquet"
_METADATA: Final = b"titleholder.row-hashes"
_COLUMNS: Final = ("exact", "normal", "with_target", "key")


class Hashed(Record, frozen=True):
    """What was hashed of the data: columns and target with what they hold, and the key's columns.

    ``version`` counts ways of hashing: hashes of two versions cannot be compared.
    """

    version: Literal[1]
    columns: dict[str, ColumnKind]
    target: str | None
    target_kind: ColumnKind | None
    key: tuple[str, ...]


def write(path: Path, what: Hashed, rows: RowHashes) -> None:
    """Write the hashes in one step, sorted, so that not even the order of the rows is told."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = {name: getattr(rows, name) for name in _COLUMNS}
    order = np.argsort(rows.normal, kind="stable")
    arrays = {name: pa.array(part[order]) for name, part in parts.items() if part is not None}
    table = pa.table(arrays).replace_schema_metadata({_METADATA: records.encode(what)})
    with records.replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read(path: Path) -> tuple[Hashed, RowHashes]:
    """What was hashed, and the hashes; BadInput for a file that is no file of hashes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, use_threads=False, memory_map=False)
        what = _metadata(table.schema.metadata, path.name)
        parts = {name: _hashes(table, name) for name in _COLUMNS}
    except (pa.ArrowException, OSError, RecordError) as error:
        raise _no_hashes(path, str(error).partition("\n")[0]) from None
    exact, normal = parts["exact"], parts["normal"]
    if exact is None or normal is None:
        raise _no_hashes(path, "it lacks exact or normal")
    if bool(what.key) != (parts["key"] is not None):
        raise _no_hashes(path, "its key and its columns disagree")
    return what, RowHashes(exact, normal, parts["with_target"], parts["key"])


def _metadata(metadata: dict[bytes, bytes] | None, name: str) -> Hashed:
    said = (metadata or {}).get(_METADATA)
    if said is None:
        raise RecordError(f"{name}: does not say what was hashed")
    return records.decode(said, Hashed, source=name)


def _hashes(table: Any, name: str) -> Hashes | None:
    import pyarrow as pa

    if name not in table.column_names:
        return None
    column = table.column(name)
    if column.type != pa.uint64() or column.null_count:
        raise RecordError(f"column {name!r} is not of hashes")
    found: Hashes = column.to_numpy()
    return found


def _no_hashes(path: Path, why: str) -> BadInput:
    return BadInput(
        f"{path}: is no file of row hashes: {why}",
        cure="make it with `titleholder hash-rows`",
    )
