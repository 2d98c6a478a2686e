"""Evidence that has had its time may go; verdicts stay, and say so where it is missing."""

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.fakes import MemoryStore
from tests.support import verdicts
from titleholder.adapters.stores.local import LocalStore
from titleholder.cli import main
from titleholder.errors import Exit, NoVerdict, ObjectNotFound
from titleholder.stages.workspace import open_workspace
from titleholder.store import Store
from titleholder.trust import removals
from titleholder.trust.chain import verdicts as chain_of
from titleholder.trust.pins import Trust
from titleholder.trust.promotion import Book, bootstrap
from titleholder.trust.prune import Rule, carry_out, plan
from titleholder.trust.publication import evidence_key, publish
from titleholder.types import Outcome
from titleholder.verification import Found, Place, verify

FIRST = date(2026, 3, 2)


def _night(store: Store, number: int, words: str, **said: object) -> None:
    """Publish a verdict of one night with one piece of evidence, which holds these words."""
    file = Path(str(said.pop("directory"))) / "report.html"
    file.write_text(words)
    publish(
        store, "dev", verdicts.verdict(Outcome.PASS, suite=str(said.pop("suite", "credit"))),
        verdicts.subject(str(said.pop("model", verdicts.MODEL))), {"report.html": file},
        provenance=verdicts.provenance(), valid_for=timedelta(hours=48),
        logical_date=FIRST + timedelta(days=number),
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """Ten nights of a suite, each with evidence of its own, and a year gone by."""
    store = MemoryStore()
    for number in range(10):
        _night(store, number, f"night {number}", directory=tmp_path)
        store.pass_time(timedelta(days=1))
    store.pass_time(timedelta(days=365))
    return store


def _evidence(store: Store) -> set[str]:
    return {store.get(key).data.decode() for key in store.keys("evidence/")}


def _nights(*numbers: int) -> set[str]:
    return {f"night {number}" for number in numbers}


def test_the_newest_of_each_suite_stay(store: MemoryStore, tmp_path: Path) -> None:
    """However old they are, and though another suite is busier."""
    _night(store, 0, "of another suite", directory=tmp_path, suite="churn", model="ef" * 32)
    store.pass_time(timedelta(days=365))
    before = {key: store.objects[key] for key in store.keys("") if not key.startswith("evidence")}
    planned = plan(store, Rule(days=90, runs=3))
    assert (len(planned.removed), planned.bare, planned.verdicts) == (7, 7, 11)
    assert sum(planned.removed.values()) == 7 * len("night 0")
    carry_out(store, planned)
    assert _evidence(store) == _nights(7, 8, 9) | {"of another suite"}
    after = {key: store.objects[key] for key in before}
    assert after == before


def test_planning_removes_nothing(store: MemoryStore) -> None:
    """It is what one looks at first."""
    before = dict(store.objects)
    plan(store, Rule(days=0, runs=1))
    assert store.objects == before


def test_what_is_young_or_still_holds_stays(store: MemoryStore, tmp_path: Path) -> None:
    """Days count from publication; an unexpired verdict may be asked for tonight."""
    for number in (400, 401, 402):
        _night(store, number, f"night {number}", directory=tmp_path)
        store.pass_time(timedelta(hours=20))
    carry_out(store, plan(store, Rule(days=0, runs=1)))
    assert _evidence(store) == _nights(401, 402)
    assert plan(store, Rule(days=90, runs=1)).removed == {}


def test_the_champions_evidence_stays(store: MemoryStore, tmp_path: Path) -> None:
    """Whoever asks why it holds the title is shown."""
    model = tmp_path / "model.skops"
    model.write_bytes(b"champion")
    digest = hashlib.sha256(b"champion").hexdigest()
    _night(store, 20, "of the champion", directory=tmp_path, model=digest)
    book = Book(store, "dev", "credit", Trust(), None)
    bootstrap(book, model, "the first")
    store.pass_time(timedelta(days=30))
    for number in range(60, 63):
        _night(store, number, f"night {number}", directory=tmp_path)
    store.pass_time(timedelta(days=365))
    carry_out(store, plan(store, Rule(days=0, runs=1)))
    assert _evidence(store) == {"of the champion", "night 62"}


def test_evidence_that_another_verdict_names_stays(store: MemoryStore, tmp_path: Path) -> None:
    """Equal bytes lie there once."""
    _night(store, 400, "night 3", directory=tmp_path)
    carry_out(store, plan(store, Rule(days=0, runs=1)))
    assert _evidence(store) == _nights(3)


def test_what_no_verdict_names_is_left_to_its_publisher(store: MemoryStore) -> None:
    """Its verdict may be on the way; only who says so removes it."""
    store.put_new(evidence_key("12" * 32), b"on the way")
    planned = plan(store, Rule(days=0, runs=1))
    assert planned.orphans == [evidence_key("12" * 32)]
    carry_out(store, planned)
    assert "on the way" in _evidence(store)
    carry_out(store, plan(store, Rule(days=0, runs=1)), orphans=True)
    assert _evidence(store) == _nights(9)


def test_nothing_goes_where_a_chain_cannot_be_read(store: MemoryStore) -> None:
    """What the missing verdict named is not known."""
    del store.objects["verdicts/dev/credit/00000004.json"]
    with pytest.raises(NoVerdict):
        plan(store, Rule(days=0, runs=1))


def test_verify_says_that_evidence_was_pruned(store: MemoryStore) -> None:
    """With the day and the rule; and it does not pass for verified."""
    carry_out(store, plan(store, Rule(days=90, runs=3)))
    report = verify(Place("dev", "credit", 2), store, Trust())
    (step,) = [step for step in report.steps if step.name == "pruned"]
    assert step.found is Found.NOT_AT_HAND
    assert "evidence was pruned on 2027-03-12" in step.told and "90 days" in step.told
    assert report.exit is Exit.UNDECIDED


def test_verify_calls_evidence_missing_that_nobody_pruned(store: MemoryStore) -> None:
    """A note on other evidence is no excuse."""
    carry_out(store, plan(store, Rule(days=90, runs=3)))
    (key,) = [k for k in store.keys("evidence/") if store.get(k).data == b"night 8"]
    store.remove(key)
    report = verify(Place("dev", "credit", 9), store, Trust())
    assert report.exit is Exit.NO_VERDICT
    assert any("missing" in step.told for step in report.steps)


class Interrupted(MemoryStore):
    """A store on which somebody else does something before the n-th request."""

    def before(self, number: int, deed: Callable[[], None]) -> None:
        """Do it then, once."""
        self.left, self.deed = number, deed

    def __getattribute__(self, name: str) -> object:
        if name in {"get", "put_new", "put_if", "keys", "remove", "revisions"}:
            self._count()
        return super().__getattribute__(name)

    def _count(self) -> None:
        waiting: dict[str, object] = super().__getattribute__("__dict__")
        left = int(str(waiting.get("left", 0)))
        if left:
            waiting["left"] = left - 1
            if left == 1:
                self.deed()


def _old_store(tmp_path: Path) -> Interrupted:
    store = Interrupted()
    for number in range(3):
        _night(store, number, f"night {number}", directory=tmp_path)
        store.pass_time(timedelta(days=1))
    store.pass_time(timedelta(days=365))
    return store


def _whole(store: Store) -> bool:
    """Whether the newest verdict has all of its evidence."""
    tip = chain_of(store, "dev", "credit", Trust()).tip()
    assert tip is not None and tip.sequence == 4
    try:
        return all(store.get(evidence_key(e.sha256)) for e in tip.statement.predicate.evidence)
    except ObjectNotFound:
        return False


@pytest.mark.parametrize("who", ["publisher", "pruner"])
def test_a_verdict_that_comes_meanwhile_keeps_its_evidence(tmp_path: Path, who: str) -> None:
    """Its bytes are those of an old verdict; the other one does all its work before any request."""
    number, interrupted = 0, True
    while interrupted:
        number += 1
        store = _old_store(tmp_path)

        def publishes(store: Store = store) -> None:
            _night(store, 400, "night 0", directory=tmp_path)

        def prunes(store: Store = store) -> None:
            carry_out(store, plan(store, Rule(days=0, runs=1)))

        first, second = (publishes, prunes) if who == "publisher" else (prunes, publishes)
        store.before(number, second)
        first()
        interrupted = store.left == 0
        if not interrupted:
            second()
        assert _whole(store), f"{who} interrupted at request {number}"
    assert number > 10


def test_publishers_look_again_while_a_note_has_no_end() -> None:
    """One that was killed may have removed anything of what it noted."""
    store = MemoryStore()
    none = removals.notes(store)
    assert not removals.disturbed(none, removals.notes(store))
    name = removals.begin(store, "all", [], store.now())
    begun = removals.notes(store)
    assert removals.disturbed(none, begun) and removals.disturbed(begun, begun)
    removals.end(store, name, [], store.now())
    ended = removals.notes(store)
    assert removals.disturbed(begun, ended) and not removals.disturbed(ended, ended)


def test_the_command_tells_first_and_removes_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files, bytes and verdicts; and directories of runs of suites that are no more."""
    monkeypatch.chdir(tmp_path)
    store = LocalStore(tmp_path / "store")
    for number in range(4):
        _night(store, number, f"night {number}", directory=tmp_path)
    words = ["prune", "--store", store.url, "--days", "0", "--runs", "1", "--json"]
    assert main(words) == Exit.ALLOW
    told = json.loads(capsys.readouterr().out)
    # All still hold: they were published a moment ago.
    assert (told["files"], told["files_kept"], told["removed"]) == (0, 4, False)
    assert main([*words[:3], "--runs", "0"]) == Exit.USAGE


def test_runs_of_suites_that_are_no_more_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only when asked, and not those of the suites that there are."""
    from tests.support import tiny

    monkeypatch.chdir(tiny.make(tmp_path))
    LocalStore(tmp_path / "store").prepare()
    for name in (tiny.SUITE, "gone"):
        (tmp_path / ".titleholder/runs" / name / "pull").mkdir(parents=True)
        (tmp_path / ".titleholder/runs" / name / "pull/manifest.json").write_text("{}")
    left = tmp_path / ".titleholder/runs"
    assert main(["prune"]) == Exit.ALLOW
    assert ".titleholder/runs/gone" in capsys.readouterr().out
    assert {path.name for path in left.iterdir()} == {tiny.SUITE, "gone"}
    assert main(["prune", "--remove"]) == Exit.ALLOW
    assert {path.name for path in left.iterdir()} == {tiny.SUITE}


def test_the_copies_of_a_run_that_was_cut_short_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only when asked, and never those of a run that is at work; all else of the run stays."""
    from tests.support import tiny

    monkeypatch.chdir(tiny.make(tmp_path))
    LocalStore(tmp_path / "store").prepare()
    ws = open_workspace(tmp_path, tiny.SUITE)
    copy = ws.stage(".snapshot") / "0123" / "data.csv"
    copy.parent.mkdir(parents=True)
    copy.write_text("a,b\n")
    (ws.stage("pull")).mkdir()
    with ws.exclusive():
        assert main(["prune", "--remove"]) == Exit.ALLOW
    assert copy.exists()
    capsys.readouterr()
    assert main(["prune", "--json"]) == Exit.ALLOW
    told = json.loads(capsys.readouterr().out)
    assert told["copies"] == [f".titleholder/runs/{tiny.SUITE}/.snapshot"]
    assert told["copies_bytes"] == 4 and copy.exists()
    assert main(["prune", "--remove"]) == Exit.ALLOW
    assert "of runs that were cut short" in capsys.readouterr().out
    assert not ws.stage(".snapshot").exists() and ws.stage("pull").exists()
