"""What becomes of a write or a read on S3 when the network or the server fails at it."""

import http.client
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import faultproxy, seaweed
from tests.support.faultproxy import Fault, Proxy
from titleholder.adapters.stores import open_store, s3_errors
from titleholder.adapters.stores.s3 import S3Store
from titleholder.errors import (
    CommitUnknown,
    ObjectNotFound,
    PreconditionFailed,
    StoreDenied,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)

LOST_RESPONSE = Fault("PUT", forward=True)
CUT_UPLOAD = Fault("PUT")
ERROR_AFTER_COMMIT = Fault("PUT", forward=True, status=500, code="InternalError")
SLOW_DOWN = Fault("PUT", status=503, code="SlowDown")
CONFLICT = Fault("PUT", status=409, code="ConditionalRequestConflict")
SPEECHLESS = Fault("PUT", forward=True, status=200)
ECHO = Fault("PUT", forward=True, status=412, code="PreconditionFailed")
DENIED = Fault("PUT", status=403, code="AccessDenied")
BLIND = Fault("GET")


@dataclass
class Wire:
    """A store that is reached through a proxy, and the same store reached directly."""

    proxy: Proxy
    store: S3Store
    direct: S3Store


@pytest.fixture
def wire(aws: seaweed.Server) -> Iterator[Wire]:
    """A wire that does what it is told to."""
    prefix = uuid.uuid4().hex
    with faultproxy.in_front_of(aws.endpoint) as proxy:
        through = S3Store(aws.bucket, prefix, endpoint=proxy.endpoint, timeout=2, pause=0.01)
        yield Wire(proxy, through, S3Store(aws.bucket, prefix, endpoint=aws.endpoint))


@pytest.mark.parametrize(
    "faults",
    [
        [LOST_RESPONSE],
        [CUT_UPLOAD],
        [CUT_UPLOAD, CUT_UPLOAD],
        [CUT_UPLOAD, LOST_RESPONSE],
        [CUT_UPLOAD, CUT_UPLOAD, LOST_RESPONSE],
        [ERROR_AFTER_COMMIT],
        [SLOW_DOWN, CONFLICT],
        [SLOW_DOWN, LOST_RESPONSE],
        [ECHO],
        [SPEECHLESS],
        [Fault("PUT", status=200)],
        [Fault("PUT", forward=True, without=frozenset({"etag"}))],
        [LOST_RESPONSE, BLIND],
        [LOST_RESPONSE, BLIND, BLIND],
    ],
    ids=lambda faults: "-".join(f"{f.method}{f.status or ''}{'+' * f.forward}" for f in faults),
)
def test_a_write_that_worked_is_known_to_have_worked(wire: Wire, faults: list[Fault]) -> None:
    """Whatever happened to the answer, the writer that won is told so, and wrote once."""
    wire.proxy.faults.extend(faults)
    tag = wire.store.put_new("commit", b"mine")
    assert wire.direct.get("commit") == wire.store.get("commit")
    assert wire.direct.get("commit").tag == tag


@pytest.mark.parametrize("fault", [LOST_RESPONSE, ERROR_AFTER_COMMIT, CUT_UPLOAD, ECHO])
def test_a_replacement_that_worked_is_known_to_have_worked(wire: Wire, fault: Fault) -> None:
    """The pointer moves once, and its mover knows."""
    tag = wire.direct.put_new("pointer", b"old")
    wire.proxy.faults.append(fault)
    assert wire.store.put_if("pointer", b"new", tag) == wire.direct.get("pointer").tag


@pytest.mark.parametrize("fault", [CUT_UPLOAD, SLOW_DOWN, LOST_RESPONSE, ECHO])
def test_a_write_that_lost_is_known_to_have_lost(wire: Wire, fault: Fault) -> None:
    """Another's object is never taken for one's own, even if its bytes are the same."""
    wire.direct.put_new("commit", b"same")
    wire.proxy.faults.append(fault)
    with pytest.raises(PreconditionFailed):
        wire.store.put_new("commit", b"same")


@pytest.mark.parametrize("fault", [CUT_UPLOAD, Fault("PUT", status=404, code="NoSuchKey")])
def test_a_replacement_of_something_gone_has_lost(wire: Wire, fault: Fault) -> None:
    """A pointer that is no longer there is not the one that was read; AWS answers that with 404."""
    wire.proxy.faults.append(fault)
    with pytest.raises(PreconditionFailed, match="gone"):
        wire.store.put_if("pointer", b"new", '"tag"')


def test_an_answer_that_cannot_be_had_is_unknown(wire: Wire) -> None:
    """When the write's answer and every reading back are lost, nobody claims to know."""
    wire.proxy.faults.extend([LOST_RESPONSE, BLIND, BLIND, BLIND])
    with pytest.raises(CommitUnknown) as caught:
        wire.store.put_new("commit", b"mine")
    assert "run it again" in caught.value.cure
    assert wire.direct.get("commit").data == b"mine"


def test_a_write_that_may_yet_arrive_is_unknown(wire: Wire) -> None:
    """A request that went out and is not there may still be on its way."""
    wire.proxy.faults.extend([CUT_UPLOAD] * 3)
    with pytest.raises(CommitUnknown, match="may yet arrive"):
        wire.store.put_new("commit", b"mine")


def test_a_refusal_after_a_lost_request_is_unknown(wire: Wire) -> None:
    """A later refusal says nothing of the request that went before it."""
    wire.proxy.faults.extend([CUT_UPLOAD, DENIED])
    with pytest.raises(CommitUnknown):
        wire.store.put_new("commit", b"mine")


def test_a_lost_request_may_land_while_a_later_one_is_refused(wire: Wire) -> None:
    """The last look finds a write that arrived late, as one's own."""
    wire.proxy.faults.extend([LOST_RESPONSE, Fault("GET", status=404, code="NoSuchKey"), DENIED])
    assert wire.store.put_new("commit", b"mine") == wire.direct.get("commit").tag


def test_a_store_that_stays_busy_has_not_written(wire: Wire) -> None:
    """A request that was answered and refused each time is not in flight."""
    wire.proxy.faults.extend([SLOW_DOWN] * 3)
    with pytest.raises(StoreUnreachable, match="SlowDown"):
        wire.store.put_new("commit", b"mine")
    assert wire.proxy.seen.count("PUT") == 3


def test_a_refusal_is_not_repeated(wire: Wire) -> None:
    """Asking again does not change a right that is missing."""
    wire.proxy.faults.append(DENIED)
    with pytest.raises(StoreDenied, match="AccessDenied"):
        wire.store.put_new("commit", b"mine")
    assert wire.proxy.seen == ["PUT"]


@pytest.mark.parametrize("fault", [BLIND, Fault("GET", status=503, code="SlowDown")])
def test_reads_are_repeated_a_few_times(wire: Wire, fault: Fault) -> None:
    """Two failures are survived, three are an error."""
    wire.direct.put_new("read", b"x")
    wire.proxy.faults.extend([fault] * 2)
    assert wire.store.get("read").data == b"x"
    wire.proxy.faults.extend([fault] * 3)
    with pytest.raises(StoreUnreachable):
        wire.store.get("read")


@pytest.mark.parametrize("without", [frozenset(), frozenset({"x-amz-checksum-type"})])
def test_flipped_bytes_are_noticed(wire: Wire, without: frozenset[str]) -> None:
    """Bytes that do not have their checksum are not believed; another reading may help."""
    wire.direct.put_new("read", b"verdict")
    flip = Fault("GET", forward=True, flip=True, without=without)
    wire.proxy.faults.append(flip)
    assert wire.store.get("read").data == b"verdict"
    wire.proxy.faults.extend([flip] * 3)
    with pytest.raises(StoreError, match="damaged"):
        wire.store.get("read")


def test_our_own_look_at_the_checksum_does_not_rest_on_the_sdk(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that the SDK let pass is held against its checksum once more."""
    wire.direct.put_new("read", b"verdict")
    honest = wire.store._client().get_object

    def passing(**parameters: Any) -> Any:
        answer = honest(**parameters)
        return {**answer, "ChecksumSHA256": "AAAA"}

    monkeypatch.setattr(wire.store._client(), "get_object", passing)
    with pytest.raises(StoreError, match="checksum"):
        wire.store.get("read")


def test_a_store_without_checksums_is_read_all_the_same(wire: Wire) -> None:
    """Older servers send none; the chain of digests stands behind it."""
    wire.direct.put_new("read", b"x")
    wire.proxy.faults.append(Fault("GET", True, without=frozenset({"x-amz-checksum-sha256"})))
    assert wire.store.get("read").data == b"x"


def test_a_store_without_a_clock_is_refused(wire: Wire) -> None:
    """Where no answer has a date, nothing can be said to have expired."""
    wire.proxy.faults.append(Fault("GET", forward=True, without=frozenset({"date"})))
    with pytest.raises(StoreError, match="date"):
        wire.store.now()


def test_a_date_that_is_none_is_no_date(wire: Wire) -> None:
    """A clock that talks nonsense is a clock that says nothing."""
    wire.store._clock.listen({"ResponseMetadata": {"HTTPHeaders": {"date": "yesterday"}}})
    assert not wire.store._clock.heard


def test_a_listing_of_several_pages_is_whole(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys go on over the end of a page."""
    for name in ("a", "b", "c"):
        wire.direct.put_new(f"page/{name}", b"")
    honest = wire.store._client().list_objects_v2
    monkeypatch.setattr(
        wire.store._client(), "list_objects_v2", lambda **given: honest(**{**given, "MaxKeys": 1})
    )
    assert list(wire.store.keys("page/")) == ["page/a", "page/b", "page/c"]


def test_a_history_of_several_pages_is_whole(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions go on over the end of a page."""
    tag = wire.direct.put_new("page", b"0")
    for number in b"12":
        tag = wire.direct.put_if("page", bytes([number]), tag)
    wire.direct.put_new("page-of-another", b"")
    honest = wire.store._client().list_object_versions
    monkeypatch.setattr(
        wire.store._client(),
        "list_object_versions",
        lambda **given: honest(**{**given, "MaxKeys": 1}),
    )
    assert wire.store.revisions("page") == 3


def test_an_empty_answer_is_no_empty_store(wire: Wire) -> None:
    """Something on the way says yes and nothing else: nothing follows from that."""
    wire.direct.put_new("gone", b"1")
    for call in (lambda: list(wire.store.keys("")), lambda: wire.store.revisions("gone")):
        wire.proxy.faults.extend([Fault("GET", status=200)] * 3)
        with pytest.raises(StoreUnreachable, match="without Name"):
            call()
        assert call() in (["gone"], 1)


def test_a_removal_is_remembered(wire: Wire) -> None:
    """With versioning on a deleted object leaves a marker, and one written after it a version."""
    wire.direct.put_new("gone", b"1")
    client = wire.direct._client()
    client.delete_object(Bucket=wire.direct._bucket, Key=wire.direct._name("gone"))
    assert wire.direct.revisions("gone") == 2
    wire.direct.put_new("gone", b"2")
    assert wire.direct.revisions("gone") == 3


# ------------------------------------------------------------------------- preflight


def test_a_sound_bucket_is_probed_once_a_process(wire: Wire) -> None:
    """Another store of the same place in the same process asks no more; the probe is no key."""
    wire.store.prepare()
    assert wire.proxy.seen.count("PUT") == 2
    wire.store.prepare()
    S3Store(
        wire.store._bucket, wire.store._prefix.rstrip("/"), endpoint=wire.proxy.endpoint
    ).prepare()
    assert wire.proxy.seen.count("PUT") == 2
    assert list(wire.direct.keys("")) == []


def test_the_probe_of_another_day_is_found_in_place(wire: Wire) -> None:
    """A single write that is refused shows as much."""
    wire.direct.prepare()
    wire.store.prepare()
    assert wire.proxy.seen.count("PUT") == 1


def test_a_bucket_without_versions_is_refused(aws: seaweed.Server) -> None:
    """What is overwritten there is lost for good."""
    name = f"plain-{uuid.uuid4().hex[:8]}"
    S3Store(aws.bucket, endpoint=aws.endpoint)._client().create_bucket(Bucket=name)
    with pytest.raises(StoreError, match="does not keep versions") as caught:
        S3Store(name, endpoint=aws.endpoint).prepare()
    assert "put-bucket-versioning" in caught.value.cure


def test_a_server_that_ignores_conditions_is_refused(wire: Wire) -> None:
    """It said yes to both writes of one key; and it is asked again the next time."""
    for _ in range(2):
        wire.proxy.faults.extend([Fault("PUT", status=200)] * 2)
        with pytest.raises(StoreError, match="ignores If-None-Match"):
            wire.store.prepare()
    wire.store.prepare()


@pytest.mark.parametrize("fault", [SLOW_DOWN, LOST_RESPONSE, CUT_UPLOAD])
def test_a_probe_that_failed_is_repeated(wire: Wire, fault: Fault) -> None:
    """What the network does says nothing of the server."""
    wire.proxy.faults.append(fault)
    wire.store.prepare()


def test_a_probe_that_may_not_be_written_is_told(wire: Wire) -> None:
    """Before anything is published."""
    wire.proxy.faults.append(DENIED)
    with pytest.raises(StoreDenied, match="AccessDenied"):
        wire.store.prepare()


def test_a_missing_bucket_is_said_to_be_missing(aws: seaweed.Server, tmp_path: Path) -> None:
    """For reading, writing and asking the time."""
    store = open_store("s3://no-such-bucket/x", root=tmp_path, endpoint=aws.endpoint)
    whole = open_store("s3://no-such-bucket", root=tmp_path, endpoint=aws.endpoint)
    calls = (lambda: store.get("k"), lambda: store.put_new("k", b""), lambda: next(store.keys("")))
    for call in (*calls, store.prepare, whole.now):
        with pytest.raises(StoreMissing, match="no such bucket") as caught:
            call()
        assert caught.value.cure


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_said_to_be_wrong(
    aws: seaweed.Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown key and a wrong secret are both met with what to check."""
    monkeypatch.setenv(name, "wrong")
    with pytest.raises(StoreDenied, match="credentials are wrong") as caught:
        S3Store(aws.bucket, endpoint=aws.endpoint).put_new("k", b"")
    assert "--credentials" in caught.value.cure


def test_no_credentials_are_said_to_be_none(no_aws: None) -> None:
    """Nothing is sent without credentials."""
    with pytest.raises(StoreDenied, match="no credentials"):
        S3Store("bucket", endpoint=faultproxy.closed_port()).get("k")


def test_an_unknown_profile_is_named(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that the AWS configuration lacks is a matter of credentials."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    for told in ("profile:nobody", "chain"):
        with pytest.raises(StoreDenied, match="nobody"):
            S3Store("bucket", credentials=told).get("k")


def test_a_closed_port_is_unreachable(aws: seaweed.Server) -> None:
    """Nobody listens: nothing was written, and that is certain."""
    store = S3Store("bucket", endpoint=faultproxy.closed_port(), pause=0.01)
    for call in (lambda: store.get("k"), store.now):
        with pytest.raises(StoreUnreachable, match="cannot be reached") as caught:
            call()
        assert "endpoint" in caught.value.cure
    with pytest.raises(StoreUnreachable):
        store.put_new("k", b"")


def test_a_black_hole_is_unreachable(aws: seaweed.Server) -> None:
    """A server that accepts and never answers is given up on."""
    with faultproxy.black_hole() as endpoint:
        store = S3Store("bucket", endpoint=endpoint, timeout=0.1, pause=0.01)
        with pytest.raises(StoreUnreachable):
            store.get("k")
        with pytest.raises(CommitUnknown):
            store.put_new("k", b"")


def test_an_endpoint_that_is_no_address_is_a_clear_error(aws: seaweed.Server) -> None:
    """What boto3 refuses with a ValueError is told like the rest."""
    with pytest.raises(StoreError, match="not-a-url"):
        S3Store("bucket", endpoint="not-a-url").get("k")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ExpiredToken", 400, StoreDenied),
        ("RequestTimeTooSkewed", 403, StoreDenied),
        ("PermanentRedirect", 301, StoreMissing),
        ("AuthorizationHeaderMalformed", 400, StoreMissing),
        ("SlowDown", 503, StoreUnreachable),
        ("NotImplemented", 501, StoreError),
        ("QuotaExceeded", 403, StoreError),
        ("XMinioStorageFull", 507, StoreError),
        ("BadDigest", 400, StoreError),
        ("NoSuchKey", 404, ObjectNotFound),
        ("403", 403, StoreDenied),
        ("NeverHeardOf", 418, StoreError),
        ("NeverHeardOf", 599, StoreUnreachable),
        ("", 0, StoreError),
    ],
)
def test_each_answer_of_s3_is_one_of_our_errors(
    code: str, status: int, kind: type[StoreError]
) -> None:
    """By its code, else by its status; with the code, the store and a cure."""
    from botocore.exceptions import ClientError

    response: Any = {
        "Error": {"Code": code},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
    }
    error = s3_errors.translate(ClientError(response, "PutObject"), "s3://here")
    assert type(error) is kind
    assert "s3://here" in error.message and code in error.message
    assert error.cure or kind is ObjectNotFound


def test_every_exception_of_the_vendor_is_one_of_our_errors() -> None:
    """No release of botocore brings an exception that would reach a user as it is."""
    from botocore import exceptions, parsers

    def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    found = [
        *below(exceptions.BotoCoreError),
        parsers.ResponseParserError,
        http.client.HTTPException,
    ]
    assert len(found) > 50
    for kind in found:
        raised = kind.__new__(kind)  # their constructors differ
        error = s3_errors.translate(raised, "s3://here")
        assert isinstance(error, StoreError) and error.cure, kind
        assert isinstance(s3_errors.fate_of(raised), s3_errors.Fate)


def test_each_lost_answer_leaves_a_doubt() -> None:
    """Only what was surely not sent, or surely refused, leaves none."""
    from botocore import exceptions as b
    from botocore.parsers import ResponseParserError

    lost = (b.ReadTimeoutError, b.ConnectionClosedError, b.SSLError, b.ResponseStreamingError)
    for kind in (*lost, b.HTTPClientError, b.IncompleteReadError, ResponseParserError):
        assert s3_errors.fate_of(kind.__new__(kind)) is s3_errors.Fate.UNKNOWN
    for kind in (b.EndpointConnectionError, b.ConnectTimeoutError, b.ProxyConnectionError):
        assert s3_errors.fate_of(kind.__new__(kind)) is s3_errors.Fate.BUSY
    for kind in (b.NoCredentialsError, b.ParamValidationError):
        assert s3_errors.fate_of(kind.__new__(kind)) is s3_errors.Fate.REFUSED
