"""How large a table may be: found out before it is read, from its size and its own directory.

Parquet can promise billions of rows in a few bytes. What a file says of itself is believed only as
far as it limits what is read of it.
"""

from pathlib import Path
from typing import Final

from titleholder.errors import BadInput

MOST_BYTES: Final = 8 << 30
# Ten million rows by two hundred columns.
MOST_CELLS: Final = 2_000_000_000
MOST_COLUMNS: Final = 20_000
# Rows that take less than a thousandth of a byte are repeated values beyond any use, or a trap.
FEWEST_BYTES_A_ROW: Final = 0.001
_CURE: Final = "give the rows that are meant, in a file of their own"


def require_bearable(path: Path) -> None:
    """BadInput for a table that would not fit, however small its file is."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise BadInput(
            f"{path}: {size / 1e9:,.1f} GB, and at most {MOST_BYTES / 1e9:,.1f} are read",
            cure=_CURE,
        )
    if path.suffix.lower() == ".parquet" and size:
        _require_bearable_parquet(path, size)


def _require_bearable_parquet(path: Path, size: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        said = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return  # what is no Parquet is told where it is read
    rows, columns = said.num_rows, said.num_columns
    if columns > MOST_COLUMNS:
        raise BadInput(
            f"{path}: {columns:,} columns, and at most {MOST_COLUMNS:,} are read", cure=_CURE
        )
    groups = [said.row_group(i) for i in range(said.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if rows * columns > MOST_CELLS or rows < 0 or unpacked > MOST_BYTES:
        raise BadInput(
            f"{path}: unpacks into {rows:,} rows of {columns:,} columns, {unpacked / 1e9:,.1f} GB",
            cure=_CURE,
        )
    if size < FEWEST_BYTES_A_ROW * rows:
        raise BadInput(f"{path}: claims {rows:,} rows in {size:,} bytes", cure=_CURE)
    if sum(group.num_rows for group in groups) != rows:
        raise BadInput(f"{path}: its row groups do not add up to its {rows:,} rows", cure=_CURE)
