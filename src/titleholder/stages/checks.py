"""The conditions beside the rules, read from the records of the stages that looked at them."""

from collections.abc import Iterator

from titleholder import records
from titleholder.comparison import decay
from titleholder.drift import ColumnShift, Drift, ShiftOutcome
from titleholder.stages import compare, drift, leaks, manifest, validate
from titleholder.stages.chats import calibration
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace
from titleholder.types import Check, Outcome, Severity
from titleholder.validation import Validation

# Every judgement owes these; a verdict that lacks one of them, or has another one, is none. What
# the ledger has to say is added when it is published (`titleholder.stages.notes`).
DECLARED = ("data", "comparability", "leakage", "drift", "prediction drift", decay.TONIGHT)
NAMED = 5
# What a verdict on data in many files goes without, and says so.
NOT_OF_MANY = (
    ", shard by shard; of data in many files these were not made: a search of slices that nobody "
    "declared, rows whose answer changed, curves, a bias audit"
)


def checks_of(ws: Workspace) -> tuple[Check, ...]:
    """Every check of a run, in the order of the stages."""
    return tuple(_checks(ws))


def _checks(ws: Workspace) -> Iterator[Check]:
    yield _data(validate.read(ws))
    yield _comparable(ws)
    yield leaks.check(leaks.read(ws), ws.suite)
    shifted = records.read(ws.stage("drift") / drift.FILE, Drift)
    yield _shift(ws, "drift", shifted.outcome, shifted.reason)
    past = records.read(ws.stage("compare") / compare.PAST, compare.Past)
    yield _shift(ws, "prediction drift", *_of_answers(past.answers))
    yield decay.check(past.decay, ws.suite.decay)


def _data(found: Validation) -> Check:
    return Check(
        name="data",
        kind="data",
        severity=Severity.BLOCK,
        outcome=found.outcome,
        reason=found.reason,
    )


def _comparable(ws: Workspace) -> Check:
    """Both models answered the same rows: the readers refuse anything else, and this says so."""
    sha256 = manifest.read(ws).source("current").sha256
    refused = validate.refusal(ws)
    answered = f"all models answered the rows of {sha256[:12]}"
    missing = calibration.failures(ws)
    if missing:
        answered = f"all models were asked the rows of {sha256[:12]}; {'; '.join(missing)}"
    if shards.has(ws, "current"):
        answered += NOT_OF_MANY
    return Check(
        name="comparability",
        kind="comparability",
        severity=Severity.BLOCK,
        outcome=Outcome.INCONCLUSIVE if refused else Outcome.PASS,
        reason="no model was run" if refused else answered,
    )


def _shift(ws: Workspace, name: str, outcome: Outcome, reason: str) -> Check:
    severity = ws.suite.drift.severity
    return Check(name=name, kind="drift", severity=severity, outcome=outcome, reason=reason)


def _of_answers(columns: tuple[ColumnShift, ...]) -> tuple[Outcome, str]:
    """What the shift of the models' answers comes to."""
    if not columns:
        return Outcome.INCONCLUSIVE, "there are no answers on reference rows"
    moved = [c for c in columns if c.outcome is ShiftOutcome.SHIFTED]
    if moved:
        return Outcome.FAIL, "; ".join(f"{c.name}: {c.reason}" for c in moved[:NAMED])
    unscored = [c for c in columns if c.outcome is not ShiftOutcome.OK]
    if unscored:
        return Outcome.INCONCLUSIVE, "; ".join(f"{c.name}: {c.reason}" for c in unscored[:NAMED])
    return Outcome.PASS, f"the answers of {len(columns)} models have not moved"
