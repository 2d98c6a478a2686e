"""What publishing adds from the ledger: the question's number, and the champion's nights."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from tests.support import verdicts
from titleholder import ledger, records
from titleholder.adapters.stores.local import LocalStore
from titleholder.comparison.decay import Decay, unavailable
from titleholder.comparison.fingerprint import Fingerprint
from titleholder.params.schema import (
    DataParams,
    DecayParams,
    HoldoutParams,
    Models,
    StoreParams,
    Suite,
)
from titleholder.stages import compare, notes
from titleholder.stages.workspace import Workspace
from titleholder.types import Check, Estimate, Outcome, Severity, Source, Task, Verdict

PASS, OPEN, ERROR = Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.ERROR
SOURCES = (
    Source("current", "data/current.parquet", "ef" * 32, 10),
    Source("reference", "data/reference.parquet", "fe" * 32, 10),
    Source("champion", "models/champion.skops", "cc" * 32, 10),
)
BAD = DecayParams(margin=0.02, severity=Severity.BLOCK)


def tonight(value: float = 0.8) -> Decay:
    """An accuracy of 0.8 on the reference, and this one tonight."""
    then, now = Estimate(0.8, 0.795, 0.805), Estimate(value, value - 0.02, value + 0.02)
    change = Estimate(value - 0.8, value - 0.82, value - 0.78)
    return Decay("accuracy", 9000, 1000, 0.95, then, now, change, "", then, now)


class Night:
    """A run on one night's rows, as far as the judgement, in a store of its own."""

    def __init__(self, root: Path, name: str = "credit", **said: Any) -> None:
        models = Models("models/champion.skops", ("models/a.skops",))
        suite = Suite(
            task=Task.BINARY, rules=(verdicts.rule(id="r0"),), positive="yes",
            data=DataParams(current="data/current.parquet"), models=models, **said,
        )  # fmt: skip
        self.ws = Workspace(root.resolve(), name, suite, StoreParams(), night=date(2026, 3, 2))
        self.store = LocalStore(root / "store")
        self.rows(0)

    def rows(self, number: int | None, decay: Decay | None = None) -> None:
        """Compared on the rows of this number; None where no model was run."""
        here = self.ws.stage("compare")
        digest = f"sha256:{records.sha256({'rows': number})}"
        sketch = tuple(f"{number or 0:04x}{i:012x}" for i in range(50))
        rows = None if number is None else Fingerprint(digest, 1000, sketch)
        records.write(here / compare.PANEL, compare.Rowed({}, rows))
        past = compare.Past({}, decay or tonight(), ())
        records.write(here / compare.PAST, past)

    def noted(self, model: int = 1, outcome: Outcome = PASS) -> notes.Noted:
        """The verdict on a model, with what the ledger adds."""
        desk = notes.open_desk(self.ws, self.store, None)
        judged = verdicts.verdict(outcome, suite=self.ws.name, inputs=SOURCES)
        return notes.noted(desk, judged, verdicts.subject(f"{model:064x}"))


def check(verdict: Verdict, name: str) -> Check:
    """The check of this name."""
    (found,) = (c for c in verdict.checks if c.name == name)
    return found


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """A suite with a budget of two candidates."""
    return Night(tmp_path, holdout=HoldoutParams(budget=2, warn_at=1.0))


def test_the_third_candidate_on_the_same_rows_is_inconclusive(night: Night) -> None:
    """However well it was judged; the second is warned, and a failure counted like any other."""
    first, second, third = (night.noted(n, o) for n, o in ((1, Outcome.FAIL), (2, PASS), (3, PASS)))
    assert [n.exposure.number for n in (first, second, third) if n.exposure] == [1, 2, 3]
    assert [n.verdict.outcome for n in (first, second, third)] == [Outcome.FAIL, PASS, OPEN]
    assert check(second.verdict, "holdout").severity is Severity.WARN
    assert "fresh rows" in third.verdict.reason


def test_what_was_asked_before_keeps_its_answer(night: Night) -> None:
    """The first candidate may be judged again, after the budget was spent by others."""
    first = night.noted(1)
    assert [night.noted(n).verdict.outcome for n in (2, 3, 4)] == [PASS, OPEN, OPEN]
    again = night.noted(1)
    assert again.exposure == first.exposure
    assert check(again.verdict, "holdout") == check(first.verdict, "holdout")
    assert again.verdict.outcome is PASS


def test_fresh_rows_have_a_budget_of_their_own(night: Night) -> None:
    """The cure that the message names is one."""
    for model in (1, 2, 3):
        last = night.noted(model)
    night.rows(1)
    assert last.verdict.outcome is OPEN
    assert night.noted(3).verdict.outcome is PASS


def test_another_name_is_no_fresh_rows(night: Night, tmp_path: Path) -> None:
    """A suite or an environment that was renamed asks the same rows."""
    for model in (1, 2):
        night.noted(model)
    other = Night(tmp_path, name="renamed", holdout=HoldoutParams(budget=2))
    other.ws = replace(other.ws, store=StoreParams(environment="prod"))
    assert other.noted(3).verdict.outcome is OPEN


def test_a_ledger_that_cannot_be_read_is_no_pass(night: Night) -> None:
    """ERROR in both checks, which withholds, and no line is named."""
    night.noted(1)
    for line in (night.store._directory / "ledger").rglob("*.json"):
        line.write_bytes(b"{}")
    noted = night.noted(1)
    assert noted.verdict.outcome is OPEN
    assert [check(noted.verdict, name).outcome for name in ("holdout", "decay")] == [ERROR, ERROR]
    assert (noted.exposure, noted.watched) == (None, None)


def test_where_no_model_was_run_nothing_was_asked(night: Night) -> None:
    """No line, no check: the verdict is open for other reasons."""
    night.rows(None)
    noted = night.noted(1, OPEN)
    assert noted.verdict == verdicts.verdict(OPEN, inputs=SOURCES)
    assert ledger.panels(night.store) == ()


def test_a_champion_without_a_reference_is_not_watched(night: Night) -> None:
    """The check says so, as the suite's severity has it, and no night is counted."""
    reason = "there are no champion's answers on reference rows"
    night.rows(0, unavailable(night.ws.suite, reason))
    said = check(night.noted(1).verdict, "decay")
    assert (said.outcome, said.reason) == (OPEN, reason)
    assert ledger.streams(night.store) == ()


def test_a_loss_that_stays_withholds_a_pass(tmp_path: Path) -> None:
    """Night after night of fresh rows: not on the first, and then for good."""
    night = Night(tmp_path, decay=BAD)
    outcomes = []
    for number in range(16):
        night.rows(number, tonight(0.75))
        outcomes.append(check(night.noted(1).verdict, "decay").outcome)
    assert outcomes[0] is OPEN
    assert outcomes[-1] is Outcome.FAIL
    assert night.noted(1).verdict.outcome is OPEN


def test_the_same_rows_scored_every_night_prove_nothing(tmp_path: Path) -> None:
    """One bad night, scored twelve times, is one bad night."""
    night = Night(tmp_path, decay=BAD)
    for number in range(12):
        night.rows(0, tonight(0.74))
        night.ws = replace(night.ws, night=date(2026, 3, 2 + number))
        said = check(night.noted(1).verdict, "decay")
    assert said.outcome is OPEN
    assert "add nothing" in said.reason
    (stream,) = ledger.streams(night.store)
    assert len(ledger.nights_of(night.store, stream)) == 1


def test_several_candidates_of_a_night_count_it_once(night: Night) -> None:
    """Each is a question; the champion's night is the same."""
    one, other = night.noted(1), night.noted(2)
    assert one.watched == other.watched
    assert one.exposure != other.exposure
    (stream,) = ledger.streams(night.store)
    assert len(ledger.nights_of(night.store, stream)) == 1


def test_another_champion_is_watched_from_the_start(night: Night) -> None:
    """Its nights are its own."""
    night.noted(1)
    judged = verdicts.verdict(
        PASS,
        inputs=(*SOURCES[:2], changed(SOURCES[2], sha256="dd" * 32)),
    )
    desk = notes.open_desk(night.ws, night.store, None)
    noted = notes.noted(desk, judged, verdicts.subject(f"{1:064x}"))
    assert noted.watched is not None and noted.watched.number == 1
    assert len(ledger.streams(night.store)) == 2
