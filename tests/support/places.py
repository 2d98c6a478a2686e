"""Stores for processes of their own: a directory each, or a prefix each of a real S3 server."""

from dataclasses import dataclass
from pathlib import Path

from tests.support import seaweed
from tests.support.scenarios import Writes
from titleholder.adapters.stores.local import LocalStore
from titleholder.adapters.stores.s3 import S3Store
from titleholder.store import Store


@dataclass(frozen=True)
class Place:
    """Where stores are made: below a directory or, with an endpoint, in the server's bucket."""

    directory: Path
    endpoint: str | None = None

    def store(self, name: str) -> Store:
        """The store of this name."""
        if self.endpoint is None:
            return LocalStore(self.directory / name / "store")
        return S3Store(seaweed.BUCKET, self.prefix(name), endpoint=self.endpoint)

    def prefix(self, name: str) -> str:
        """The prefix of a store in the bucket: no other directory has one like it."""
        return f"{self.directory.name}-{self.directory.parent.name}/{name}"

    def filled(self, name: str, writes: Writes) -> Store:
        """The store with what was written to it before."""
        (self.directory / name).mkdir(parents=True)
        store = self.store(name)
        for key, data in writes:
            try:
                tag = store.get(key).tag
            except Exception:
                store.put_new(key, data)
            else:
                store.put_if(key, data, tag)
        return store
