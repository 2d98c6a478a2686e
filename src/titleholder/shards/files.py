"""Which files a sharded panel is made of, how many rows each has, and which bytes they must be."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any, Protocol

from msgspec import Meta

from titleholder import records
from titleholder.errors import BadInput
from titleholder.types import Record

SUFFIX = ".parquet"


class ShardFile(Record, frozen=True):
    """One Parquet file: its name below the place, its size, and what its bytes must be.

    ``mark`` is ``sha256:`` and the hex digest of a file on disk, or ``etag:`` and the ETag that a
    bucket gave for it, ``version`` the version that the bucket keeps it as.
    """

    name: str
    rows: Annotated[int, Meta(ge=0)]
    bytes: Annotated[int, Meta(ge=0)]
    mark: str
    version: str | None = None


class Shards(Record, frozen=True):
    """A panel as files in the order of their names; ``columns`` are names and Arrow types."""

    place: str
    columns: dict[str, str]
    files: tuple[ShardFile, ...]

    @property
    def rows(self) -> int:
        """How many rows all files have."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """How many bytes all files have."""
        return sum(file.bytes for file in self.files)

    def digest(self) -> str:
        """The hex SHA-256 of which files these are and which bytes they have."""
        return records.sha256([[file.name, file.bytes, file.mark] for file in self.files])

    def located(self, start: int, stop: int) -> Iterator["Stretch"]:
        """Where rows ``start`` to ``stop`` lie, in their order."""
        ends = list(accumulate(file.rows for file in self.files))
        at = start
        for i in range(bisect_right(ends, start), len(ends)):
            if at >= stop:
                return
            before = ends[i] - self.files[i].rows
            until = min(stop, ends[i])
            if until > at:
                yield Stretch(self.files[i], at - before, until - before)
            at = until


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows ``start`` to ``stop`` of one file."""

    file: ShardFile
    start: int
    stop: int


class Place(Protocol):
    """Where the files lie: `adapters.places`. It can be pickled."""

    def names(self) -> list[str]:
        """The names of all Parquet files, in order; BadInput where there are none."""

    def marked(self, name: str) -> ShardFile:
        """A file as it is now, without its rows counted (0)."""

    def open(self, file: ShardFile) -> Any:
        """A file for `pyarrow.parquet`; RecordError unless it still is what was recorded."""

    def where(self, name: str) -> str:
        """A file as a message names it."""


def counted(place: Place, name: str) -> tuple[ShardFile, dict[str, str]]:
    """A file with its rows counted, and its columns, from its footer; BadInput for no Parquet."""
    import msgspec
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = place.marked(name)
    with place.open(file) as source:
        try:
            parquet = pq.ParquetFile(source)
        except (pa.ArrowException, OSError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise BadInput(
                f"{place.where(name)}: cannot be read as parquet: {said}",
                cure="it was cut short, damaged, or is of another format: write it anew",
            ) from None
        rows = parquet.metadata.num_rows
        columns = [(field.name, str(field.type)) for field in parquet.schema_arrow]
    if len({name for name, _ in columns}) < len(columns):
        raise BadInput(f"{place.where(name)}: a column stands more than once")
    return msgspec.structs.replace(file, rows=rows), dict(columns)


def gathered(place: Place, named: str, found: Iterable[tuple[ShardFile, dict[str, str]]]) -> Shards:
    """One panel of many files; BadInput unless all have the same columns and some have rows."""
    ordered = sorted(found, key=lambda one: one[0].name.encode())
    first, columns = ordered[0]
    for file, others in ordered[1:]:
        if others != columns:
            raise BadInput(
                f"{place.where(file.name)}: {_difference(columns, others)} in {first.name}",
                cure="write all files of a panel with the same columns of the same types",
            )
    shards = Shards(named, columns, tuple(file for file, _ in ordered))
    if not shards.rows:
        raise BadInput(f"{named}: its {len(ordered)} files hold no rows")
    return shards


def _difference(one: dict[str, str], other: dict[str, str]) -> str:
    for name in {**one, **other}:
        if one.get(name) != other.get(name):
            kinds = [f"of type {kind}" if kind else "absent" for kind in
                     (other.get(name), one.get(name))]  # fmt: skip
            return f"column {name!r} is {kinds[0]}, and {kinds[1]}"
    return "its columns stand in another order than"
