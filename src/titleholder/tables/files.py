"""Tables as files: read strictly from Parquet, CSV or JSON Lines, and written as Parquet."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from titleholder.errors import BadInput, UsageError
from titleholder.tables import limits
from titleholder.tables.json_lines import read_json_lines
from titleholder.tables.unreadable import csv_trouble, refuse_header

if TYPE_CHECKING:
    import pandas as pd


def read_plain(path: Path) -> "pd.DataFrame":
    """A table as `read_frame` reads it, without columns of bytes: images are for models alone."""
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return read_frame(path)
    return _read(path, _read_parquet_plain)


def read_frame(path: Path) -> "pd.DataFrame":
    """A table from ``.parquet``, ``.csv`` or ``.jsonl``.

    UsageError for a path that is no such file, BadInput for one that does not parse or is empty.
    Ids in text files stay text, so that ``007`` is not 7.
    """
    if not path.is_file():
        raise _missing(path)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise UsageError(
            f"{path}: a table is a .parquet, .csv or .jsonl file, not {path.suffix or 'this'}",
            cure="write it as one of these, and name it so",
        )
    return _read(path, read)


def _read(path: Path, read: Callable[[Path], "pd.DataFrame"]) -> "pd.DataFrame":
    """The table; BadInput for one that does not parse, is empty or has a column twice."""
    limits.require_bearable(path)
    if path.stat().st_size == 0:
        raise BadInput(f"{path}: is empty", cure="look at what should have written it")
    frame = read(path)
    if frame.empty:
        raise BadInput(f"{path}: holds no rows", cure="look at what should have written it")
    _refuse_doubled_columns(path, frame)
    return frame


def names_in(path: Path) -> list[str]:
    """The names of a table's columns, without its rows where the format allows.

    What `read_frame` raises, for a file that it would refuse.
    """
    if path.suffix.lower() == ".parquet" and path.is_file():
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return [str(name) for name in pq.read_schema(path).names]
        except (OSError, pa.ArrowException):
            pass
    return [str(name) for name in read_frame(path).columns]


def write_parquet(path: "Path | BinaryIO", frame: "pd.DataFrame") -> None:
    """The same bytes for the same table: no pandas metadata, one row group order, one codec."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd")


def _missing(path: Path) -> UsageError:
    if path.is_dir():
        return UsageError(f"{path}: is a directory, not a table", cure="name the file in it")
    there = [one.name for one in path.parent.glob("*")] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=1)
    hint = f"did you mean {str(path.parent / near[0])!r}?" if near else "check the name"
    if path.with_name(f"{path.name}.dvc").is_file():
        hint = f"`dvc pull {path}` brings it here"
    return UsageError(f"{path}: no such file", cure=hint)


def _refuse_doubled_columns(path: Path, frame: "pd.DataFrame") -> None:
    doubled = sorted({str(c) for c in frame.columns[frame.columns.duplicated()]})
    if doubled:
        raise BadInput(f"{path}: column {doubled[0]!r} stands more than once")


def _read_parquet(path: Path) -> "pd.DataFrame":
    return _parquet(path, None)


def _read_parquet_plain(path: Path) -> "pd.DataFrame":
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    with _parquet_alone(path):
        schema = pq.read_schema(path)
    plain = [field.name for field in schema if not any(kind(field.type) for kind in kinds)]
    return _parquet(path, None if len({*schema.names}) < len(schema.names) else plain)


def _parquet(path: Path, columns: list[str] | None) -> "pd.DataFrame":
    import pyarrow.parquet as pq

    with _parquet_alone(path):
        # One thread and no memory map: the file may be replaced while it is read.
        table = pq.read_table(path, columns=columns, use_threads=False, memory_map=False)
        frame: pd.DataFrame = table.to_pandas(use_threads=False, ignore_metadata=True)
    return frame


@contextlib.contextmanager
def _parquet_alone(path: Path) -> Iterator[None]:
    """BadInput for what is no Parquet file, or not a whole one."""
    try:
        yield
    except (OSError, ValueError, ArithmeticError, KeyError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise BadInput(
            f"{path}: cannot be read as parquet: {said}",
            cure="it was cut short, damaged, or is of another format: write it anew",
        ) from None


def _read_csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    refuse_header(path)
    try:
        # `row_id` alone is known here by name; a suite with another id column has text ids.
        return pd.read_csv(path, dtype={"row_id": str}, encoding="utf-8", low_memory=False)
    except (ValueError, ArithmeticError, KeyError) as error:
        raise csv_trouble(path, error) from None


_READERS: Mapping[str, Callable[[Path], "pd.DataFrame"]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".jsonl": read_json_lines,
}
