"""Where the files of a sharded panel lie: a directory, or a prefix of a bucket."""

from pathlib import Path

from titleholder.params.schema import StoreParams
from titleholder.params.sharded import BUCKETS
from titleholder.shards.files import Place


def open_place(path: str, root: Path, store: StoreParams) -> Place:
    """The place that a suite's path names; a bucket is asked at the endpoint of the store."""
    if path.startswith(BUCKETS):
        from titleholder.adapters.places.bucket import Bucket

        return Bucket.of(path, store)
    from titleholder.adapters.places.directory import Directory

    return Directory(root / path, path)
