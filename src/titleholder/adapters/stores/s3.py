"""A store in an S3 bucket, through boto3, on AWS or any server that honours conditional writes.

The SDK's own retries are off. When a committing write that worked loses its response, a blind
retry is answered PreconditionFailed, and the winner would believe that it lost. So each write
carries a mark of its own; after every answer that leaves a doubt the object is read back and
the mark says whose it is. boto3 is imported at the first call, not before.
"""

import base64
import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from titleholder.adapters import aws
from titleholder.adapters.stores.s3_clock import StoreClock
from titleholder.adapters.stores.s3_errors import Fate, fate_of, translate
from titleholder.errors import (
    CommitUnknown,
    ObjectNotFound,
    PreconditionFailed,
    StoreError,
    StoreUnreachable,
)
from titleholder.params.schema import ENV
from titleholder.store import Stored, checked_key, media_type

T = TypeVar("T")

ATTEMPTS = 3
_MARK = "titleholder-writer"
# Keys never start with a dot, so this one cannot meet one.
_PROBE = ".titleholder-probe"
_LONGEST_CONNECT_S = 5.0
_AGAIN = "run it again: a verdict that did arrive is found and not written twice"


# Where this process has found that a store keeps its promises: endpoint, bucket, prefix.
_FIT: set[tuple[str | None, str, str]] = set()


@dataclass(frozen=True, slots=True)
class _Seen:
    """An object as it was read, with the mark of whoever wrote it."""

    stored: Stored
    mark: str | None


class _Refused(Exception):
    """A call that failed: the error to raise, and what has become of the request."""

    def __init__(self, error: StoreError, fate: Fate) -> None:
        super().__init__(error.message)
        self.error = error
        self.fate = fate


class S3Store:
    """Objects below ``prefix`` in ``bucket``; ``pause`` (s) doubles between attempts.

    ``clock`` is this machine's.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str | None = None,
        credentials: str = ENV,
        timeout: float = 10.0,
        pause: float = 0.2,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._timeout = timeout
        self._pause = pause
        self._clock = StoreClock(clock)
        self._made: Any = None
        self._making = threading.Lock()

    @property
    def url(self) -> str:
        """``s3://``, the bucket and the prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def prepare(self) -> None:
        """Refuse a bucket that cannot keep the store's promises; found out once a process.

        Versioning must be on, so that nothing is lost for good to an overwrite or a deletion, and
        the second conditional write of one key must be refused, so that a number is taken once.
        """
        self._reach()
        here = (self._endpoint, self._bucket, self._prefix)
        if here not in _FIT:
            self._require_versioning()
            self._require_conditions()
            _FIT.add(here)

    def get(self, key: str) -> Stored:
        """The object under ``key``, its checksum verified; the tag is its ETag."""
        return self._seen(key).stored

    def put_new(self, key: str, data: bytes) -> str:
        """One PUT with ``If-None-Match: *``, reconciled by reading back."""
        return self._commit(key, data, {"IfNoneMatch": "*"}, replaced=None)

    def put_if(self, key: str, data: bytes, tag: str) -> str:
        """One PUT with ``If-Match``, reconciled by reading back."""
        return self._commit(key, data, {"IfMatch": tag}, replaced=tag)

    def remove(self, key: str) -> None:
        """One DELETE, which lays a marker over the versions; again, it changes nothing."""
        self._patiently(partial(self._call, "delete_object", Key=self._name(key)))

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with ``prefix``, in order."""
        page: dict[str, str] = {}
        while True:
            listing = self._patiently(partial(self._list, self._prefix + prefix, page))
            for entry in listing.get("Contents", ()):
                key = str(entry["Key"])[len(self._prefix) :]
                if key != _PROBE:
                    yield key
            if not listing.get("IsTruncated"):
                return
            page = {"ContinuationToken": listing["NextContinuationToken"]}

    def revisions(self, key: str) -> int:
        """Versions and delete markers of the key: all there ever were, with versioning on."""
        name, found = self._name(key), 0
        page: dict[str, str] = {}
        while True:
            listing = self._patiently(partial(self._versions, name, page))
            listed = (*listing.get("Versions", ()), *listing.get("DeleteMarkers", ()))
            found += len([entry for entry in listed if entry["Key"] == name])
            if not listing.get("IsTruncated") or any(entry["Key"] > name for entry in listed):
                return found
            page = {
                "KeyMarker": listing["NextKeyMarker"],
                "VersionIdMarker": listing["NextVersionIdMarker"],
            }

    def now(self) -> datetime:
        """The store's time, which this machine's clock has to agree with."""
        if not self._clock.heard:
            self._reach()
        return self._clock.now(self.url)

    def locate(self, key: str) -> str:
        """The object's ``s3://`` address."""
        return f"s3://{self._bucket}/{self._name(key)}"

    def _reach(self) -> None:
        """Ask for one key: whatever is wrong with bucket, credentials or network shows here.

        A HEAD of the bucket would be refused without a word about the reason.
        """
        self._patiently(partial(self._list, self._prefix, {"MaxKeys": 1}))

    def _list(self, prefix: str, page: Mapping[str, Any]) -> Any:
        answer = self._call("list_objects_v2", Prefix=prefix, **page)
        return self._whole(answer, "NextContinuationToken")

    def _versions(self, prefix: str, page: Mapping[str, Any]) -> Any:
        answer = self._call("list_object_versions", Prefix=prefix, **page)
        return self._whole(answer, "NextKeyMarker", "NextVersionIdMarker")

    def _whole(self, listing: Any, *markers: str) -> Any:
        """The listing, if it is one: an empty answer must not pass for an empty store."""
        for name in ("Name", *(markers if listing.get("IsTruncated") else ())):
            self._told(listing, name)
        return listing

    # ---------------------------------------------------------------- preflight

    def _require_versioning(self) -> None:
        said = self._patiently(partial(self._call, "get_bucket_versioning"))
        if said.get("Status") != "Enabled":
            raise StoreError(
                f"the bucket {self._bucket} does not keep versions",
                cure=f"aws s3api put-bucket-versioning --bucket {self._bucket} "
                "--versioning-configuration Status=Enabled",
            )

    def _require_conditions(self) -> None:
        """The first probe may be refused too, by the object that an earlier process left."""
        if self._patiently(self._probe) or self._patiently(self._probe):
            return
        raise StoreError(
            f"{self.url} let a conditional write replace an object: it ignores If-None-Match, "
            "so that two publishers could overwrite each other",
            cure="use a server that honours conditional writes, as Amazon S3 does",
        )

    def _probe(self) -> bool:
        """Write the probe where nothing is yet; whether that was refused."""
        try:
            self._call(
                "put_object", Key=f"{self._prefix}{_PROBE}", Body=b"", IfNoneMatch="*",
                ChecksumSHA256=_checksum(b""),
            )  # fmt: skip
        except _Refused as refused:
            if refused.fate is Fate.CONTESTED:
                return True
            raise
        return False

    # ---------------------------------------------------------------- writing

    def _commit(
        self, key: str, data: bytes, condition: Mapping[str, str], *, replaced: str | None
    ) -> str:
        """Write under a condition, and find out what became of it however the answer got lost."""
        mark = uuid.uuid4().hex
        in_flight = False
        attempt = 1
        while True:
            try:
                return self._put(key, data, mark, condition)
            except _Refused as refused:
                in_flight = in_flight or refused.fate is Fate.UNKNOWN
                if refused.fate is Fate.REFUSED or attempt == ATTEMPTS:
                    return self._last_look(key, mark, replaced, refused, in_flight=in_flight)
                doubtful = in_flight or refused.fate is Fate.CONTESTED
                tag = self._reconciled(key, mark, replaced, refused) if doubtful else None
                if tag is not None:
                    return tag
            self._wait(attempt)
            attempt += 1

    def _put(self, key: str, data: bytes, mark: str, condition: Mapping[str, str]) -> str:
        answer = self._call(
            "put_object",
            Key=self._name(key),
            Body=data,
            ChecksumSHA256=_checksum(data),
            ContentType=media_type(key, data),
            Metadata={_MARK: mark},
            **condition,
        )
        return self._told(answer, "ETag")

    def _last_look(
        self, key: str, mark: str, replaced: str | None, doubt: _Refused, *, in_flight: bool
    ) -> str:
        """The tag if the write is ours after all; else the error that tells what is known."""
        if doubt.fate is Fate.CONTESTED or in_flight:
            tag = self._reconciled(key, mark, replaced, doubt)
            if tag is not None:
                return tag
        if in_flight:
            raise CommitUnknown(
                f"{key} is not in {self.url}, and may yet arrive there: {doubt.error.message}",
                cure=_AGAIN,
            ) from doubt
        if isinstance(doubt.error, ObjectNotFound):  # what S3 says of replacing what is not there
            raise PreconditionFailed(f"{key} in {self.url} is gone") from doubt
        raise doubt.error from doubt.__cause__

    def _reconciled(self, key: str, mark: str, replaced: str | None, doubt: _Refused) -> str | None:
        """The tag if the write is ours, None if it may be tried again; an error otherwise."""
        try:
            seen = self._seen(key)
        except ObjectNotFound:
            if replaced is None:
                return None
            raise PreconditionFailed(f"{key} in {self.url} is gone") from doubt
        except StoreError as error:
            raise CommitUnknown(
                f"whether {key} was written to {self.url} is unknown: {doubt.error.message}; "
                f"reading it back failed too: {error.message}",
                cure=_AGAIN,
            ) from doubt
        if seen.mark == mark:
            return seen.stored.tag
        if seen.stored.tag == replaced:
            return None
        raise PreconditionFailed(f"somebody else wrote {key} to {self.url} first") from doubt

    # ---------------------------------------------------------------- reading

    def _seen(self, key: str) -> _Seen:
        return self._patiently(lambda: self._read(key))

    def _read(self, key: str) -> _Seen:
        answer = self._call("get_object", Key=self._name(key), ChecksumMode="ENABLED")
        data: bytes = self._guarded(answer["Body"].read)
        told = answer.get("ChecksumSHA256")
        if told is not None and told != _checksum(data):
            error = StoreError(
                f"{self.locate(key)} was damaged: its bytes do not have their checksum",
                cure="run it again; if it stays so, restore an earlier version of the object",
            )
            raise _Refused(error, Fate.UNKNOWN)
        tag = self._told(answer, "ETag")
        return _Seen(Stored(data, tag), answer.get("Metadata", {}).get(_MARK))

    def _patiently(self, call: Callable[[], T]) -> T:
        """Repeat what may be repeated, a bounded number of times."""
        attempt = 1
        while True:
            try:
                return call()
            except _Refused as refused:
                if refused.fate is Fate.REFUSED or attempt == ATTEMPTS:
                    raise refused.error from refused.__cause__
            self._wait(attempt)
            attempt += 1

    # ---------------------------------------------------------------- the vendor

    def _call(self, operation: str, **parameters: Any) -> Any:
        client = self._guarded(self._client)
        answer = self._guarded(
            lambda: getattr(client, operation)(Bucket=self._bucket, **parameters)
        )
        self._clock.listen(answer)
        return answer

    def _told(self, answer: Mapping[str, Any], name: str) -> str:
        """A part that no honest answer lacks; without it nobody knows what was done."""
        if name not in answer:
            error = StoreUnreachable(
                f"{self.url} answered without {name}",
                cure="look at what stands between here and the store: it does not speak S3",
            )
            raise _Refused(error, Fate.UNKNOWN)
        return str(answer[name])

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:
            self._clock.listen(getattr(error, "response", None) or {})
            raise _Refused(translate(error, self.url), fate_of(error)) from error

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = self._connected()
            return self._made

    def _connected(self) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=min(self._timeout, _LONGEST_CONNECT_S),
            read_timeout=self._timeout,
            retries={"total_max_attempts": 1},
            # Some compatible servers refuse the SDK's default checksums; ours is sent anyway.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if self._endpoint else "auto"},
            user_agent_extra="titleholder",
            # Where the store is, is said on the command line or in params.yaml, and nowhere else.
            ignore_configured_endpoint_urls=True,
        )
        return aws.client(
            self._credentials, endpoint=self._endpoint, region=self._region, config=config
        )

    def _wait(self, attempt: int) -> None:
        time.sleep(self._pause * 2 ** (attempt - 1))

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key)


def _checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
