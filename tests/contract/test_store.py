"""What every store promises: the local one, S3 on a real server, and the fake of the tests."""

import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes import MemoryStore
from titleholder.adapters.stores import open_store
from titleholder.errors import ObjectNotFound, PreconditionFailed, UsageError
from titleholder.store import Store

WRITERS = 16


@pytest.fixture(params=["memory", "local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind, but for one object."""
    if request.param == "memory":
        made: Store = MemoryStore(datetime.now(UTC))
    elif request.param == "local":
        made = open_store("file://store", root=tmp_path)
    else:
        server = request.getfixturevalue("aws")
        made = open_store(
            f"s3://{server.bucket}/{uuid.uuid4().hex}", root=tmp_path, endpoint=server.endpoint
        )
    made.prepare()
    made.put_new("a/first", b"one")
    return made


def test_a_store_that_is_prepared_is_empty_and_can_be_read(store: Store, tmp_path: Path) -> None:
    """Preparing twice changes nothing; what is absent is then absent and no longer missing."""
    store.prepare()
    assert list(store.keys("")) == ["a/first"]
    fresh = open_store("file://fresh", root=tmp_path)
    fresh.prepare()
    with pytest.raises(ObjectNotFound):
        fresh.get("a/first")


def test_what_was_written_is_read(store: Store) -> None:
    """The bytes and the tag that come back are those of the write."""
    tag = store.put_new("a/b/c.json", b"\x00\xff" * 40_000)
    stored = store.get("a/b/c.json")
    assert (stored.data, stored.tag) == (b"\x00\xff" * 40_000, tag)


def test_an_empty_object_is_an_object(store: Store) -> None:
    """Nothing written is still something there."""
    store.put_new("a/empty", b"")
    assert store.get("a/empty").data == b""


@pytest.mark.parametrize("key", ["absent", "a", "a/first/below", "a/firs"])
def test_an_absent_key_is_said_to_be_absent(store: Store, key: str) -> None:
    """No prefix of a key and nothing below a key is an object."""
    with pytest.raises(ObjectNotFound):
        store.get(key)


def test_a_second_new_write_is_refused(store: Store) -> None:
    """put_new never overwrites, not even with the same bytes."""
    for data in (b"two", b"one"):
        with pytest.raises(PreconditionFailed):
            store.put_new("a/first", data)
    assert store.get("a/first").data == b"one"


def test_the_version_that_was_read_can_be_replaced_once(store: Store) -> None:
    """put_if takes the present tag, and that tag is then of the past."""
    old = store.get("a/first").tag
    new = store.put_if("a/first", b"two", old)
    assert store.get("a/first").tag == new != old
    with pytest.raises(PreconditionFailed):
        store.put_if("a/first", b"three", old)
    assert store.get("a/first").data == b"two"


def test_nothing_cannot_be_replaced(store: Store) -> None:
    """put_if does not create."""
    with pytest.raises(PreconditionFailed):
        store.put_if("a/absent", b"x", store.get("a/first").tag)
    with pytest.raises(ObjectNotFound):
        store.get("a/absent")


def test_keys_are_listed_in_order_below_their_prefix(store: Store) -> None:
    """A prefix is a beginning of the key, not only a directory."""
    for key in ("b/2", "b/10", "bc", "b/1/x"):
        store.put_new(key, b"x")
    assert list(store.keys("b")) == ["b/1/x", "b/10", "b/2", "bc"]
    assert list(store.keys("b/1")) == ["b/1/x", "b/10"]
    assert list(store.keys("a/")) == ["a/first"]
    assert list(store.keys("z")) == []


def test_of_many_writers_of_a_new_key_one_wins(store: Store) -> None:
    """Exactly one of 16 at once is told that it wrote, and its bytes are there."""

    def write(number: int) -> int | None:
        try:
            store.put_new("race/new", b"%d" % number)
        except PreconditionFailed:
            return None
        return number

    with ThreadPoolExecutor(WRITERS) as pool:
        winners = [n for n in pool.map(write, range(WRITERS)) if n is not None]
    assert [b"%d" % n for n in winners] == [store.get("race/new").data]


def test_of_many_writers_that_replace_one_wins(store: Store) -> None:
    """Exactly one of 16 that read the same version replaces it."""
    tag = store.get("a/first").tag

    def write(number: int) -> int | None:
        try:
            store.put_if("a/first", b"%d" % number, tag)
        except PreconditionFailed:
            return None
        return number

    with ThreadPoolExecutor(WRITERS) as pool:
        winners = [n for n in pool.map(write, range(WRITERS)) if n is not None]
    assert [b"%d" % n for n in winners] == [store.get("a/first").data]


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as they can, so that what lies between two steps is seen."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_a_listing_bears_with_writers(store: Store) -> None:
    """While others write and remove, a listing is in order and holds what was there all along."""
    stays = [f"busy/{n:04}/stays" for n in range(8)]
    for key in stays:
        store.put_new(key, b"here")

    def come_and_go(writer: int) -> None:
        for n in range(20):
            key = f"busy/{n:04}/{writer}"
            store.put_new(key, b"for a while")
            store.remove(key)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(come_and_go, writer) for writer in range(4)]
        while not all(w.done() for w in writing):
            listed = list(store.keys("busy/"))
            assert listed == sorted(set(listed))
            assert set(stays) <= set(listed)
        for w in writing:
            w.result()
    assert list(store.keys("busy/")) == stays


def test_readers_never_see_a_half(store: Store) -> None:
    """While an object is replaced again and again, each read is one whole version."""
    sizes = {b: bytes([b]) * 200_000 for b in range(8)}
    tag = store.put_new("whole", sizes[0])

    def replace() -> None:
        held = tag
        for b in range(1, 8):
            held = store.put_if("whole", sizes[b], held)

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(replace)
        while not writing.done():
            data = store.get("whole").data
            assert data == sizes[data[0]]
        writing.result()


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".lock", "a/.b", "a b", "a\n", "é", "a" * 200]
)
def test_what_cannot_be_a_key_is_refused(store: Store, key: str) -> None:
    """No key leaves the store, hides in it, or needs quoting."""
    for call in (store.get, lambda k: store.put_new(k, b""), lambda k: store.put_if(k, b"", "t")):
        with pytest.raises(UsageError, match="key"):
            call(key)
    with pytest.raises(UsageError, match="key"):
        store.locate(key)


def test_a_key_remembers_whether_it_was_written(store: Store) -> None:
    """0 for what never was, 1 for what lies as first written; more only where it was replaced."""
    tag = store.put_new("history/a", b"1")
    store.put_new("history/ab", b"1")
    assert store.revisions("history/a") == 1
    assert store.revisions("history/b") == store.revisions("history") == 0
    with pytest.raises(PreconditionFailed):
        store.put_new("history/a", b"2")
    assert store.revisions("history/a") == 1
    store.put_if("history/a", b"2", tag)
    assert store.revisions("history/a") == (1 if store.url.startswith("file:") else 2)
    with pytest.raises(UsageError, match="key"):
        store.revisions("../a")


def test_the_clock_is_in_utc_and_about_right(store: Store) -> None:
    """A store on this machine tells this machine's time."""
    assert abs(store.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert store.now().utcoffset() == timedelta(0)


def test_an_object_can_be_located(store: Store) -> None:
    """The address names the object and, as a whole, the store."""
    assert store.locate("a/first").endswith("a/first")
    assert store.url.removeprefix("file://") in store.locate("a/first")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "store",
        "file://",
        "file:///",
        "ftp://x/y",
        "s3://",
        "s3://UPPER/x",
        "s3://b",
        "s3:/bucket",
        "s3://bucket/../x",
        "s3://bucket/a b",
        "s3://bucket?versioning",
    ],
)
def test_what_is_no_address_is_refused(url: str, tmp_path: Path) -> None:
    """An address that cannot work is a mistake of whoever wrote it, told before anything runs."""
    with pytest.raises(UsageError):
        open_store(url, root=tmp_path)


def test_credentials_in_an_address_are_refused_and_not_repeated(tmp_path: Path) -> None:
    """Addresses end up in logs."""
    with pytest.raises(UsageError) as caught:
        open_store("s3://AKIA:hunter2@bucket/x", root=tmp_path)
    assert "hunter2" not in str(caught.value)


def test_a_local_store_lies_below_the_project_or_where_it_is_said(tmp_path: Path) -> None:
    """A relative address is one of the project, an absolute one of the machine."""
    assert open_store("file://a/b", root=tmp_path).url == f"file://{tmp_path}/a/b"
    assert open_store(f"file://{tmp_path}/c", root=Path("elsewhere")).url == f"file://{tmp_path}/c"


def test_what_is_removed_is_absent_and_may_be_written_anew(store: Store) -> None:
    """Evidence lies under its digest: written again, it is the same."""
    store.remove("a/first")
    with pytest.raises(ObjectNotFound):
        store.get("a/first")
    assert list(store.keys("")) == []
    store.put_new("a/first", b"one")
    assert store.get("a/first").data == b"one"


def test_removing_what_is_not_there_changes_nothing(store: Store) -> None:
    """Two that prune at once do each other no harm."""
    store.remove("a/absent")
    assert list(store.keys("")) == ["a/first"]


@pytest.mark.parametrize("endpoint", ["", "host:9000", "ftp://host", "http://", "http:// host"])
def test_what_cannot_be_an_endpoint_is_refused(endpoint: str, tmp_path: Path) -> None:
    """Before anything is asked of it."""
    with pytest.raises(UsageError, match="no address of an S3 endpoint"):
        open_store("s3://bucket/prefix", root=tmp_path, endpoint=endpoint)
