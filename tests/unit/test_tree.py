"""What a model is made of: files and directories under one digest."""

import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import MemoryStore
from tests.support import verdicts as made
from titleholder import records, tree
from titleholder.errors import Exit, NoVerdict, UsageError
from titleholder.trust import gate, publication
from titleholder.trust.statement import Statement, parse, subjects_of
from titleholder.types import Outcome

HOUR = timedelta(hours=1)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A directory with files on two levels."""
    root = tmp_path / "release"
    (root / "words").mkdir(parents=True)
    for name in ("model.skops", "words/b.txt", "words/a.txt", ".hidden", "words a"):
        (root / name).write_text(name)
    return root


def published(store: MemoryStore, model: Path) -> publication.Receipt:
    """A PASS on a model."""
    verdict = made.verdict(Outcome.PASS)
    subjects = subjects_of("models/release", tree.of(model))
    return publication.publish(
        store, "dev", verdict, subjects, {}, provenance=made.provenance(), valid_for=HOUR
    )


def test_the_digest_of_a_file_is_that_of_its_bytes(model: Path) -> None:
    """One file is called by its SHA-256, as ever."""
    assert tree.sha256(model / "model.skops") == records.sha256_file(model / "model.skops")


def test_the_digest_of_a_directory_is_what_common_tools_print(model: Path) -> None:
    """Anyone can repeat it with find, sort and sha256sum."""
    command = r"find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    done = subprocess.run(command, shell=True, cwd=model, capture_output=True, check=True)
    assert done.stdout.decode().split()[0] == tree.sha256(model)


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=4), st.text("01", min_size=1)))
def test_the_order_of_files_does_not_count(parts: dict[str, str]) -> None:
    """A directory is a set of names with their digests."""
    listed = list(parts.items())
    assert tree.digest_of(listed) == tree.digest_of(reversed(listed))


def linked(model: Path) -> None:
    """A link to a file beside it."""
    (model / "l").symlink_to(model / "model.skops")


def linked_away(model: Path) -> None:
    """A link out of the directory."""
    (model / "words/l").symlink_to("/etc")


def piped(model: Path) -> None:
    """A pipe."""
    os.mkfifo(model / "pipe")


def empty_within(model: Path) -> None:
    """A directory without files."""
    (model / "empty").mkdir()


def line_break(model: Path) -> None:
    """A name over two lines."""
    (model / "a\nb").write_text("")


def no_text(model: Path) -> None:
    """A name that is no text."""
    Path(os.fsdecode(os.fsencode(model) + b"/\xff")).write_text("")


@pytest.mark.parametrize("spoil", [linked, linked_away, piped, empty_within, line_break, no_text])
def test_what_a_digest_would_not_cover_is_refused(
    model: Path, spoil: Callable[[Path], None]
) -> None:
    """Links, pipes, empty directories and names that no listing holds are no part of a model."""
    spoil(model)
    with pytest.raises(UsageError, match="release"):
        tree.of(model)


@pytest.mark.parametrize("change", ["bytes", "name", "more", "less"])
def test_any_change_of_a_directory_closes_the_gate(model: Path, change: str) -> None:
    """The gate hashes the whole of what is to be deployed."""
    store = MemoryStore()
    published(store, model)
    assert gate.ask(store, "dev", "credit", model).exit is Exit.ALLOW
    file = model / "words/a.txt"
    match change:
        case "bytes":
            file.write_text("other")
        case "name":
            file.rename(model / "words/c.txt")
        case "more":
            (model / "new").write_text("")
        case "less":
            file.unlink()
    assert gate.ask(store, "dev", "credit", model).exit is Exit.NO_VERDICT


def test_the_listing_of_a_directory_is_not_that_directory(model: Path, tmp_path: Path) -> None:
    """A file that has a directory's digest, since it holds its listing, is not let out for it."""
    store = MemoryStore()
    published(store, model)
    parts = tree.of(model).parts
    listing = tmp_path / "listing"
    listing.write_text("".join(f"{part.sha256}  {part.name}\n" for part in parts))
    assert tree.sha256(listing) == tree.sha256(model)
    answer = gate.ask(store, "dev", "credit", listing)
    assert answer.exit is Exit.NO_VERDICT
    assert "directory" in answer.reason


def test_a_verdict_on_a_directory_names_its_files(model: Path) -> None:
    """First the directory, then each file; one that does not fit is no verdict."""
    store = MemoryStore()
    receipt = published(store, model)
    said = parse(store.get("verdicts/dev/credit/00000001.json").data, source="it")
    assert [one.name for one in said.subject[:2]] == ["models/release/", "models/release/.hidden"]
    assert len(said.subject) == 6
    assert receipt.subject.digest.sha256 == tree.sha256(model)
    whole = records.decode(store.get("verdicts/dev/credit/00000001.json").data, dict)
    for spoiled in (
        whole["subject"][:-1],
        [*whole["subject"], whole["subject"][-1]],
        [whole["subject"][0], *(one | {"name": "x"} for one in whole["subject"][1:])],
        [whole["subject"][1], whole["subject"][2]],
    ):
        data = records.encode({**whole, "subject": spoiled})
        with pytest.raises(NoVerdict):
            parse(data, source="it")
    assert isinstance(said, Statement)
