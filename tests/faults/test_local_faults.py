"""What becomes of the local store on a disk that is full, read-only, odd or shared."""

import errno
import fcntl
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from titleholder.adapters.stores.local import LocalStore
from titleholder.errors import (
    ObjectNotFound,
    StoreDenied,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)


def test_a_store_that_nobody_wrote_to_is_missing(tmp_path: Path) -> None:
    """A gate that is pointed at the wrong directory is told so; reading creates nothing."""
    store = LocalStore(tmp_path / "nowhere")
    for call in (lambda: store.get("k"), lambda: list(store.keys(""))):
        with pytest.raises(StoreMissing, match="nowhere"):
            call()
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_place_of_the_store_is_told(tmp_path: Path) -> None:
    """A path through a file cannot be a store."""
    (tmp_path / "file").write_text("x")
    store = LocalStore(tmp_path / "file" / "store")
    with pytest.raises(StoreMissing, match="file"):
        store.put_new("k", b"")
    with pytest.raises(StoreMissing):
        store.get("k")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A write that did not fit is an error with a cure, and no half of it is to be seen."""
    store = LocalStore(tmp_path / "store")
    store.put_new("before", b"x")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match="full") as caught:
            store.put_new("big", b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "free some space" in caught.value.cure
    with pytest.raises(ObjectNotFound):
        store.get("big")
    assert list(store.keys("")) == ["before"]
    assert not list((tmp_path / "store" / ".scratch").iterdir())


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A directory with an object in it that cannot be written to, even by root."""
    LocalStore(tmp_path).put_new("before", b"x")
    if os.geteuid() == 0:
        yield from _mounted_read_only(tmp_path)
        return
    modes = {path: path.stat().st_mode for path in (tmp_path, tmp_path / ".scratch")}
    for path in modes:
        path.chmod(0o555)
    yield tmp_path
    for path, mode in modes.items():
        path.chmod(mode)


def _mounted_read_only(path: Path) -> Iterator[Path]:
    """Permissions do not bind root; a read-only mount does, where mounting is allowed."""
    for command in (["--bind", path, path], ["-o", "remount,ro,bind", path]):
        if subprocess.run(["mount", *command], capture_output=True, check=False).returncode:
            subprocess.run(["umount", path], capture_output=True, check=False)
            pytest.skip("root, and not allowed to mount: nothing here can be read-only")
    yield path
    subprocess.run(["umount", path], check=True)


def test_a_read_only_directory_is_told_and_can_be_read(read_only: Path) -> None:
    """A gate may run where nothing may be written."""
    store = LocalStore(read_only)
    assert store.get("before").data == b"x"
    for call in (
        lambda: store.put_new("after", b""),
        lambda: store.put_if("before", b"", store.get("before").tag),
    ):
        with pytest.raises(StoreDenied) as caught:
            call()
        assert "writable" in caught.value.cure


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.EROFS, StoreDenied), (errno.EIO, StoreError), (errno.ENOSPC, StoreError)],
)
def test_each_failure_of_the_disk_is_one_of_our_errors(
    number: int, kind: type[StoreError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with the path and a cure, and with no temporary file left behind."""

    def failing(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    (tmp_path / ".scratch").mkdir()
    with pytest.raises(kind, match=r"a/b") as caught:
        LocalStore(tmp_path).put_new("a/b", b"x")
    assert caught.value.cure
    assert not list((tmp_path / ".scratch").iterdir())


def test_a_lock_that_is_held_is_waited_for_and_then_told(tmp_path: Path) -> None:
    """A writer that hangs does not hang the others."""
    store = LocalStore(tmp_path, timeout=0.05)
    tag = store.put_new("k", b"old")
    with (tmp_path / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreUnreachable, match="lock"):
            store.put_if("k", b"new", tag)
    assert store.put_if("k", b"new", tag)


def test_a_write_is_synced_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, its name and every directory that was made for it are on the disk by then."""
    synced: list[str] = []
    honest = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        honest(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    LocalStore(tmp_path / "store").put_new("a/b/c", b"x")
    assert {str(tmp_path / made) for made in ("store", "store/a", "store/a/b")} <= {*synced}
    assert any("/.scratch/" in path for path in synced)
    assert synced[-1] == str(tmp_path / "store/a/b")
