"""What somebody began to publish is said before, and told where no verdict came of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import MemoryStore
from tests.support import verdicts
from titleholder.cli import main
from titleholder.errors import StoreUnreachable
from titleholder.trust import intents
from titleholder.trust.chain import LONGEST_WALK, Chain
from titleholder.trust.chain import verdicts as verdicts_of
from titleholder.trust.publication import publish
from titleholder.trust.statement import Statement
from titleholder.types import Outcome

WEEK = timedelta(days=7)


def _publish(store: MemoryStore, model: str = verdicts.MODEL) -> None:
    publish(
        store, "dev", verdicts.verdict(Outcome.PASS), verdicts.subject(model), {},
        valid_for=WEEK, provenance=verdicts.provenance(),
    )  # fmt: skip


def _chain(store: MemoryStore) -> Chain[Statement]:
    return verdicts_of(store, "dev", "credit")


class Silent(MemoryStore):
    """A store that falls silent at the decisive write."""

    silent = True

    def put_new(self, key: str, data: bytes) -> str:
        """Everything but the verdict."""
        if self.silent and key.startswith("verdicts/"):
            raise StoreUnreachable("no answer")
        return super().put_new(key, data)


def test_what_was_published_leaves_nothing_unfinished() -> None:
    """Nor does publishing it again."""
    store = MemoryStore()
    _publish(store)
    _publish(store)
    assert intents.unfinished(_chain(store)) == ()
    assert len(list(store.keys("intents/"))) == 1


def test_what_got_no_verdict_is_told_until_it_has_one() -> None:
    """By its model, its night and when it began."""
    store = Silent()
    with pytest.raises(StoreUnreachable):
        _publish(store)
    (found,) = intents.unfinished(_chain(store))
    assert (found.subject, found.logical_date) == (verdicts.subject(), "2026-03-02")
    assert found.begun_at == "2026-03-02T12:00:00Z"
    store.silent = False
    _publish(store, verdicts.OTHER_MODEL)
    assert len(intents.unfinished(_chain(store))) == 1
    _publish(store)
    assert intents.unfinished(_chain(store)) == ()


def test_what_lies_there_and_is_no_intent_is_passed_over() -> None:
    """Whoever may write to the store cannot stop anybody by it."""
    store = MemoryStore()
    for number, data in enumerate((b"", b"{}", b'{"schema_version": 2}')):
        store.put_new(f"intents/dev/credit/{number}.json", data)
    assert intents.unfinished(_chain(store)) == ()
    _publish(store)


def test_what_began_before_anybody_looks_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain is walked so far and no further: older verdicts cannot be told from lost ones."""
    assert LONGEST_WALK > 2
    monkeypatch.setattr("titleholder.trust.chain.LONGEST_WALK", 2)
    store = MemoryStore()
    for night in range(4):
        _publish(store)
        store.pass_time(timedelta(days=1))
        assert night >= 0
    assert len(list(store.keys("intents/"))) == 4
    assert intents.unfinished(_chain(store)) == ()


def test_the_doctor_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its cure."""
    from titleholder.adapters.stores.local import LocalStore

    (tmp_path / "params.yaml").write_text(
        'store: {url: "file://store", environment: dev}\n'
        "suites:\n  credit:\n    data: {current: panel.csv}\n"
        "    models: {champion: a.csv, candidates: [b.csv]}\n    task: regression\n"
        "    rules: [{id: error, metric: mae, kind: non_inferior, margin: 1}]\n"
    )
    monkeypatch.chdir(tmp_path)
    silent = Silent()
    with pytest.raises(StoreUnreachable):
        _publish(silent)
    (key,) = silent.keys("intents/")
    LocalStore(tmp_path / "store").put_new(key, silent.get(key).data)
    main(["doctor", "--timeout", "2"])
    said = capsys.readouterr().out
    assert "1 began and have no verdict: candidate.skops at 2026-03-02T12:00:00Z" in said
