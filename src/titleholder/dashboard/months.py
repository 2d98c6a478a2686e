"""A month of runs as one object, so that one more night never reads the whole history."""

from collections.abc import Iterable

import msgspec

from titleholder import records
from titleholder.dashboard.entries import Entry
from titleholder.types import Record


class Month(Record, frozen=True):
    """The runs of one month, in the order of the chain."""

    version: int = 1
    entries: tuple[Entry, ...] = ()

    def joined(self, entries: Iterable[Entry], beyond: int | None = None) -> "Month":
        """With these runs in it; a run of the same number is replaced.

        Where ``beyond`` is given, what was there up to that number is not kept: it is being made
        again from the chain.
        """
        kept = {
            e.run.sequence: e for e in self.entries if beyond is None or e.run.sequence > beyond
        }
        kept |= {entry.run.sequence: entry for entry in entries}
        return Month(entries=tuple(kept[number] for number in sorted(kept)))


def encode(record: Record) -> bytes:
    """A record of the dashboard as one line of JSON, keys sorted."""
    return msgspec.json.encode(record, order="sorted") + b"\n"


def decode_month(data: bytes, key: str) -> Month:
    """A month from its bytes; RecordError if they are none."""
    return records.decode(data, Month, source=key)
