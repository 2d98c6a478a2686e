"""Blocks of rows out of the files, with no more of them in memory than one block and one page."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from titleholder.errors import BadInput
from titleholder.shards.blocks import Block, Unit
from titleholder.shards.files import Place, Shards, Stretch

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_BATCH = 1 << 15  # rows that are decoded at a time


def blocks(
    place: Place, shards: Shards, unit: Unit, columns: Sequence[str] | None = None
) -> "Iterator[tuple[Block, pa.Table]]":
    """Each block of a unit with its rows, of these columns or all, in their order.

    RecordError for a file that is not the one that was recorded; BadInput for one that cannot be
    read. A block may come out of several files.
    """
    import pyarrow as pa

    batches = _batches(place, shards, unit.start, unit.stop, columns)
    held: list[pa.RecordBatch] = []
    for block in unit.blocks():
        have = sum(batch.num_rows for batch in held)
        while have < len(block):
            batch = next(batches)
            held.append(batch)
            have += batch.num_rows
        over = have - len(block)
        last = held.pop()
        held.append(last.slice(0, last.num_rows - over))
        yield block, pa.Table.from_batches(held).combine_chunks()
        held = [last.slice(last.num_rows - over)] if over else []


def names(place: Place, shards: Shards) -> list[str]:
    """The columns in the order that the files have them."""
    import pyarrow.parquet as pq

    with place.open(shards.files[0]) as source:
        return [str(name) for name in pq.read_schema(source).names]


def frame(table: "pa.Table") -> "pd.DataFrame":
    """Rows as pandas has them, like those of any file that is read whole."""
    found: pd.DataFrame = table.to_pandas(use_threads=False, ignore_metadata=True)
    return found


def _batches(
    place: Place, shards: Shards, start: int, stop: int, columns: Sequence[str] | None
) -> "Iterator[pa.RecordBatch]":
    for stretch in shards.located(start, stop):
        yield from _of_file(place, stretch, columns)


def _of_file(
    place: Place, stretch: Stretch, columns: Sequence[str] | None
) -> "Iterator[pa.RecordBatch]":
    """The rows of a stretch, from the row groups that hold some of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with place.open(stretch.file) as source:
        try:
            parquet = pq.ParquetFile(source)
            groups, first = _groups(parquet, stretch)
            at = first
            for batch in parquet.iter_batches(
                _BATCH, row_groups=groups, columns=columns, use_threads=False
            ):
                low, high = max(at, stretch.start), min(at + batch.num_rows, stretch.stop)
                if high > low:
                    yield _plain(batch.slice(low - at, high - low))
                at += batch.num_rows
                if at >= stretch.stop:
                    return
        except (pa.ArrowException, OSError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise BadInput(
                f"{place.where(stretch.file.name)}: cannot be read as parquet: {said}",
                cure="it was cut short or damaged: write it anew",
            ) from None
    if at < stretch.stop:
        raise BadInput(f"{place.where(stretch.file.name)}: has fewer rows than its footer says")


def _groups(parquet: "pa.parquet.ParquetFile", stretch: Stretch) -> tuple[list[int], int]:
    """The row groups that hold rows of a stretch, and the number of their first row."""
    groups: list[int] = []
    first, at = 0, 0
    for i in range(parquet.num_row_groups):
        until = at + parquet.metadata.row_group(i).num_rows
        if until > stretch.start and at < stretch.stop:
            if not groups:
                first = at
            groups.append(i)
        at = until
    return groups, first


def _plain(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """A batch without what pandas wrote about its types: values speak for themselves."""
    return batch.replace_schema_metadata(None)
