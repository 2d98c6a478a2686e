"""Data versions through a real DVC: what is read is what git names, or an error that says why."""

import shutil
from pathlib import Path

import pytest

from tests.support.repository import Repository
from titleholder.adapters import dvc, git
from titleholder.errors import DataVersionError, UsageError

FIRST, SECOND = b"row_id,y\n1,0\n", b"row_id,y\n1,1\n2,0\n"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a DVC remote inside and two committed versions of one file."""
    repository = Repository.make(tmp_path_factory.mktemp("origin"))
    repository.version("data/panel.csv", FIRST, "first")
    repository.version("data/panel.csv", SECOND, "second")
    return repository


@pytest.fixture
def clone(origin: Repository, tmp_path: Path) -> Repository:
    """A fresh clone: pointers and the remote, no data."""
    return origin.clone(tmp_path / "clone")


def test_a_fresh_clone_pulls_the_tracked_version(clone: Repository) -> None:
    """Nothing but git and the remote is needed."""
    dvc.pull(clone.root, ["data/panel.csv"])
    assert (clone.root / "data/panel.csv").read_bytes() == SECOND


def test_a_file_that_is_there_costs_no_dvc(
    clone: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right bytes in the workspace are enough: the remote may be gone."""
    dvc.pull(clone.root, ["data/panel.csv"])
    shutil.rmtree(clone.root / "remote")
    shutil.rmtree(clone.root / ".dvc/cache")
    dvc.pull(clone.root, ["data/panel.csv"])


def test_a_missing_object_is_an_error_that_names_the_file(clone: Repository) -> None:
    """A half-pushed version never passes silently."""
    clone.object_of("data/panel.csv").unlink()
    with pytest.raises(DataVersionError, match=r"data/panel\.csv.*\n.*cure"):
        dvc.pull(clone.root, ["data/panel.csv"])


@pytest.mark.parametrize("damage", [b"", b"row_id,y\n1,1\n2,", b"row_id,y\n1,1\n2,1\n"])
def test_a_damaged_object_is_an_error_that_names_the_file(clone: Repository, damage: bytes) -> None:
    """Empty, cut in half or changed: the hash that git holds decides."""
    stored = clone.object_of("data/panel.csv")
    stored.chmod(0o644)
    stored.write_bytes(damage)
    with pytest.raises(DataVersionError, match=r"data/panel\.csv"):
        dvc.pull(clone.root, ["data/panel.csv"])


def test_a_damaged_object_is_seen_even_where_the_remote_is_not_verified(
    clone: Repository,
) -> None:
    """`dvc pull` exits 0 there; the hash is taken again here."""
    clone.dvc("remote", "modify", "inside", "verify", "false")
    stored = clone.object_of("data/panel.csv")
    stored.chmod(0o644)
    stored.write_bytes(b"row_id,y\n1,1\n2,1\n")
    with pytest.raises(DataVersionError, match=r"data/panel\.csv"):
        dvc.pull(clone.root, ["data/panel.csv"])


def test_a_changed_workspace_file_is_never_taken_for_the_tracked_version(
    clone: Repository,
) -> None:
    """Neither overwritten nor believed: the user is told both ways out."""
    (clone.root / "data/panel.csv").write_bytes(b"mine")
    with pytest.raises(DataVersionError, match=r"dvc checkout --force.*dvc add"):
        dvc.pull(clone.root, ["data/panel.csv"])
    assert (clone.root / "data/panel.csv").read_bytes() == b"mine"


def test_a_path_that_nothing_tracks_is_an_error(clone: Repository) -> None:
    """A typing mistake in params.yaml is told as such."""
    with pytest.raises(UsageError) as caught:
        dvc.pull(clone.root, ["data/panle.csv", "data/panel.csv", "nothing.csv"])
    assert "data/panle.csv: no such file (did you mean 'panel.csv'?)" in str(caught.value)
    assert "nothing.csv: no such file" in str(caught.value)


def test_a_plain_file_is_read_as_it_lies(clone: Repository) -> None:
    """DVC is not demanded of those who do not use it."""
    (clone.root / "plain.csv").write_bytes(FIRST)
    dvc.pull(clone.root, ["plain.csv"])
    assert dvc.tracked(clone.root, "plain.csv") is None


@pytest.mark.parametrize("cached", [True, False])
def test_an_earlier_version_is_read_without_checking_it_out(
    clone: Repository, tmp_path: Path, cached: bool
) -> None:
    """From the remote or from the cache: the workspace stays as it is."""
    if cached:
        clone.git("checkout", "-q", "HEAD~1")
        dvc.pull(clone.root, ["data/panel.csv"])
        clone.git("checkout", "-q", "-")
        (clone.root / "data/panel.csv").unlink()
    dvc.pull(clone.root, ["data/panel.csv"])
    said = dvc.read_at(clone.root, "data/panel.csv", "HEAD~1", tmp_path / "then.csv")
    assert (tmp_path / "then.csv").read_bytes() == FIRST
    assert (clone.root / "data/panel.csv").read_bytes() != FIRST
    assert said.md5 != dvc.tracked(clone.root, "data/panel.csv").md5  # type: ignore[union-attr]


def test_an_earlier_version_that_is_damaged_is_refused(clone: Repository, tmp_path: Path) -> None:
    """The reference decides as much as the current data do."""
    stored = clone.object_of("data/panel.csv", "HEAD~1")
    stored.chmod(0o644)
    stored.write_bytes(b"row_id,y\n1,9\n")
    with pytest.raises(DataVersionError, match=r"data/panel\.csv at HEAD~1"):
        dvc.read_at(clone.root, "data/panel.csv", "HEAD~1", tmp_path / "then.csv")
    assert list(tmp_path.glob("then*")) == []


def test_a_revision_before_the_file_existed_is_an_error(clone: Repository, tmp_path: Path) -> None:
    """The message names revision and file."""
    root_commit = clone.git("rev-list", "--max-parents=0", "HEAD")
    with pytest.raises(DataVersionError, match=r"panel\.csv\.dvc does not exist at revision"):
        dvc.read_at(clone.root, "data/panel.csv", root_commit, tmp_path / "then.csv")


def test_the_revision_of_a_file_is_the_commit_that_last_changed_it(clone: Repository) -> None:
    """An unrelated commit does not change what a record says; an uncommitted change does."""
    before = git.revision_of(clone.root, "data/panel.csv.dvc")
    (clone.root / "other.txt").write_text("x")
    clone.git("add", "other.txt")
    clone.git("commit", "-qm", "unrelated")
    assert git.revision_of(clone.root, "data/panel.csv.dvc") == before
    pointer = clone.root / "data/panel.csv.dvc"
    pointer.write_text(pointer.read_text() + "\n")
    assert git.revision_of(clone.root, "data/panel.csv.dvc") == f"{before}-dirty"


def test_a_folder_without_git_has_no_revisions(tmp_path: Path) -> None:
    """Provenance that is not there is null, not an error."""
    (tmp_path / "a").write_text("a")
    assert git.revision_of(tmp_path, "a") is None
    assert git.resolve(tmp_path, "HEAD") is None


def test_what_the_remote_lacks_is_named_without_fetching_anything(clone: Repository) -> None:
    """An object that is gone, one that is there, and a file that DVC does not track."""
    (clone.root / "plain.csv").write_text("x")
    assert dvc.lacking(clone.root, ["data/panel.csv", "plain.csv"]) == []
    clone.object_of("data/panel.csv").unlink()
    assert dvc.lacking(clone.root, ["data/panel.csv", "plain.csv"]) == ["data/panel.csv"]
    assert not (clone.root / "data/panel.csv").exists()


def test_a_tracked_directory_is_pulled_and_held_to_its_list_of_files(tmp_path: Path) -> None:
    """`dvc add data/big/` of files at any depth: a clone gets all of them, and one that is lost,
    added or changed since makes it another version.
    """
    (tmp_path / "origin").mkdir()
    origin = Repository.make(tmp_path / "origin")
    for name in ("part-0.parquet", "day=2/part-1.parquet", "day-1/part-2.parquet"):
        file = origin.root / "data/big" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    origin.dvc("add", "-q", "data/big")
    origin.dvc("push", "-q")
    origin.commit("a directory")
    clone = origin.clone(tmp_path / "clone")
    dvc.pull(clone.root, ["data/big"])
    one = clone.root / "data/big/day=2/part-1.parquet"
    assert one.read_text() == "day=2/part-1.parquet"
    more = clone.root / "data/big/part-3.parquet"
    for change in (lambda: more.write_text("3"), lambda: more.rename(one)):
        change()
        with pytest.raises(DataVersionError, match=r"data/big: is not the version that data/big"):
            dvc.pull(clone.root, ["data/big"])
