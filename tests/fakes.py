"""Hand-written fakes that keep the promises of the real thing: they pass its contract suite."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from titleholder.errors import ObjectNotFound, PreconditionFailed
from titleholder.store import Stored, checked_key

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


class MemoryStore:
    """A store in a dict, with a clock that only moves when it is told to."""

    url = "memory://"

    def __init__(self, now: datetime = NOON) -> None:
        self.clock = now
        self.objects: dict[str, Stored] = {}
        self._writes = 0
        self._history: Counter[str] = Counter()
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Be ready, as always."""

    def get(self, key: str) -> Stored:
        """The object under ``key``."""
        try:
            return self.objects[checked_key(key)]
        except KeyError:
            raise ObjectNotFound(f"memory:// holds no {key}") from None

    def put_new(self, key: str, data: bytes) -> str:
        """Write where nothing is yet."""
        with self._lock:
            if checked_key(key) in self.objects:
                raise PreconditionFailed(f"{key} was already written")
            return self._write(key, data)

    def put_if(self, key: str, data: bytes, tag: str) -> str:
        """Replace the version called ``tag``."""
        with self._lock:
            held = self.objects.get(checked_key(key))
            if held is None or held.tag != tag:
                raise PreconditionFailed(f"{key} has changed")
            return self._write(key, data)

    def remove(self, key: str) -> None:
        """Take it away, if it is there."""
        with self._lock:
            self.objects.pop(checked_key(key), None)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with ``prefix``, as they stand between two writes."""
        with self._lock:
            held = tuple(self.objects)
        yield from sorted(key for key in held if key.startswith(prefix))

    def revisions(self, key: str) -> int:
        """How often it was written; one that was removed behind its back counts as well."""
        return self._history[checked_key(key)]

    def now(self) -> datetime:
        """The time that it was told."""
        return self.clock

    def locate(self, key: str) -> str:
        """An address in no real place."""
        return f"memory://{checked_key(key)}"

    def pass_time(self, time: timedelta) -> None:
        """Let the store's clock go on."""
        self.clock += time

    def _write(self, key: str, data: bytes) -> str:
        self._writes += 1
        self._history[key] += 1
        self.objects[key] = Stored(data, f"{self._writes}")
        return self.objects[key].tag
