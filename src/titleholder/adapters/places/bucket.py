"""Parquet files below a prefix of a bucket, each known by its ETag and read in ranges."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from titleholder.adapters import aws
from titleholder.errors import BadInput, RecordError, StoreError, StoreMissing, StoreUnreachable
from titleholder.params.schema import ENV, StoreParams
from titleholder.params.sharded import BUCKETS
from titleholder.shards.files import SUFFIX, ShardFile

ETAG = "etag:"
_TIMEOUT_S = 20.0
_GONE = ("404", "NoSuchKey", "NoSuchVersion")


@dataclass(frozen=True, slots=True)
class Bucket:
    """See `titleholder.shards.files.Place`. Credentials are had as those of the store."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str | None
    credentials: str = ENV

    @classmethod
    def of(cls, url: str, store: StoreParams) -> "Bucket":
        """The place of ``s3://bucket/prefix``, asked as the store is."""
        bucket, _, prefix = url.removeprefix(BUCKETS).partition("/")
        prefix = prefix.strip("/")
        prefix = f"{prefix}/" if prefix else ""
        return cls(bucket, prefix, store.endpoint, store.region, store.credentials)

    def names(self) -> list[str]:
        """The keys that end in .parquet; what begins with a dot or _ is no data."""
        with _told(self.where("")):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
        names = [key.removeprefix(self.prefix) for key in keys if key.endswith(SUFFIX)]
        names = [name for name in names if not any(p[:1] in "._" for p in name.split("/"))]
        if not names:
            raise BadInput(f"{self.where('')}: holds no {SUFFIX} file", cure="look at the prefix")
        return sorted(names, key=str.encode)

    def marked(self, name: str) -> ShardFile:
        """A file as the bucket has it now."""
        with _told(self.where(name)):
            said = self._client.head_object(Bucket=self.bucket, Key=self.prefix + name)
        version = said.get("VersionId")
        etag = said["ETag"].strip('"')
        kept = version if version not in (None, "null", "") else None
        return ShardFile(name, 0, said["ContentLength"], ETAG + etag, kept)

    def open(self, file: ShardFile) -> Any:
        """The object, fetched in ranges; each answer must bear the ETag that was recorded."""
        import pyarrow as pa

        return pa.PythonFile(io.BufferedReader(_Ranges(self, file), 1 << 20), mode="r")

    def where(self, name: str) -> str:
        """An object as a message names it."""
        return f"{BUCKETS}{self.bucket}/{self.prefix}{name}"

    def fetched(self, file: ShardFile, start: int, stop: int) -> bytes:
        """Some bytes of an object; RecordError unless it still is the one that was recorded."""
        with _told(self.where(file.name)):
            said = self._client.get_object(
                Bucket=self.bucket, Key=self.prefix + file.name, Range=f"bytes={start}-{stop - 1}"
            )
            data: bytes = said["Body"].read()
        if ETAG + said["ETag"].strip('"') != file.mark:
            raise RecordError(
                f"{self.where(file.name)}: is not the object that was recorded (its ETag differs)",
                cure="do not change data during a run; run the suite again",
            )
        return data

    @property
    def _client(self) -> Any:
        return _client(self.endpoint, self.region, self.credentials)


class _Ranges(io.RawIOBase):
    """An object as a file that can be read and sought in."""

    def __init__(self, bucket: Bucket, file: ShardFile) -> None:
        self._bucket, self._file, self._at = bucket, file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.bytes}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        stop = min(self._file.bytes, self._at + len(buffer))
        if stop <= self._at:
            return 0
        data = self._bucket.fetched(self._file, self._at, stop)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What boto3 raises, as our own errors."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            raise RecordError(
                f"{where}: is gone since it was recorded", cure="run the suite again"
            ) from None
        if code == "NoSuchBucket":
            raise StoreMissing(f"{where}: there is no such bucket") from None
        raise StoreError(f"{where}: {error}") from None
    except BotoCoreError as error:
        raise StoreUnreachable(
            f"{where}: {error}", cure="check store.endpoint, network and credentials"
        ) from None


@lru_cache(maxsize=8)
def _client(endpoint: str | None, region: str | None, credentials: str) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=_TIMEOUT_S, read_timeout=_TIMEOUT_S, retries={"total_max_attempts": 4},
        ignore_configured_endpoint_urls=True,
    )  # fmt: skip
    return aws.client(credentials, endpoint=endpoint, region=region, config=config)
