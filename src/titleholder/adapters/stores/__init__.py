"""Opening a store from its address; the vendors stand in a file each."""

import re
from pathlib import Path

from titleholder.adapters.stores.local import LocalStore
from titleholder.adapters.stores.s3 import S3Store
from titleholder.errors import UsageError
from titleholder.params.schema import ENV, StoreParams
from titleholder.store import Store, checked_key

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TIMEOUT_S = 10.0


def open_store(
    url: str,
    *,
    root: Path,
    endpoint: str | None = None,
    region: str | None = None,
    credentials: str = ENV,
    timeout: float = _TIMEOUT_S,
) -> Store:
    """The store at ``url``: ``file://directory`` (below ``root`` if relative) or ``s3://bucket``.

    Nothing is touched or imported yet, so this cannot hang. ``endpoint`` and ``region`` belong to
    S3, and ``credentials`` says where those come from (`titleholder.adapters.aws`). ``timeout`` (s)
    bounds each call to the network and the wait for a lock. UsageError when the address is none.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "file" and rest.strip("/"):
        return LocalStore(root / rest, timeout=timeout)
    if separator and scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        _require_bucket(bucket)
        _require_endpoint(endpoint)
        prefix = checked_key(prefix.rstrip("/")) if prefix.strip("/") else ""
        return S3Store(
            bucket, prefix, endpoint=endpoint, region=region, credentials=credentials,
            timeout=timeout,
        )  # fmt: skip
    # The address is not repeated: it may hold a password.
    raise UsageError(
        "the address of the store is neither a directory nor a bucket",
        cure="write file://directory or s3://bucket/prefix",
    )


def store_at(where: StoreParams, root: Path, timeout: float = _TIMEOUT_S) -> Store:
    """The store that parameters name."""
    return open_store(
        where.url, root=root, endpoint=where.endpoint, region=where.region,
        credentials=where.credentials, timeout=timeout,
    )  # fmt: skip


def _require_endpoint(endpoint: str | None) -> None:
    if endpoint is not None and not re.match(r"https?://[^/\s]+", endpoint):
        raise UsageError(
            f"{endpoint!r} is no address of an S3 endpoint", cure="write http://host:port"
        )


def _require_bucket(bucket: str) -> None:
    if "@" in bucket:
        raise UsageError(
            "the address of the store holds credentials",
            cure="write s3://bucket/prefix; keys belong in variables: see --credentials",
        )
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{bucket!r} cannot be the name of a bucket", cure="s3://bucket/prefix")
