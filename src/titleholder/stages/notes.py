"""What only the ledger knows, added to a verdict when it is published.

Records of stages follow from their inputs alone. How often these rows were asked before, and how
the champion did on other nights, does not: so it is no part of them, and stands in what `publish`
adds. A ledger that cannot be read is an ERROR of the check that needed it, never a PASS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from titleholder import holdout, ledger, records, watch
from titleholder.comparison import decay
from titleholder.comparison.fingerprint import Fingerprint
from titleholder.errors import NoVerdict, RecordError
from titleholder.ledger import nights, questions
from titleholder.stages import compare
from titleholder.stages.workspace import Workspace
from titleholder.store import Store
from titleholder.trust.pins import KeyPair
from titleholder.trust.statement import (
    Digest,
    Exposure,
    Statement,
    Subject,
    Watched,
    run_key,
    subject_of,
)
from titleholder.types import Check, Outcome, Severity, Source, Verdict
from titleholder.verdict import HOLDOUT, NIGHTS, NOTES, with_checks


@dataclass(frozen=True, slots=True)
class Noted:
    """A verdict with the checks of the ledger, and the lines that they rest on."""

    verdict: Verdict
    exposure: Exposure | None
    watched: Watched | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a run's notes are made: its ledger, its day, who signs, and the rows it was about."""

    ws: Workspace
    store: Store
    signer: KeyPair | None
    day: date
    panel: Fingerprint | None


def open_desk(ws: Workspace, store: Store, signer: KeyPair | None) -> Desk:
    """The desk of this run; the store is made ready to be written to."""
    store.prepare()
    rows = records.read(ws.stage("compare") / compare.PANEL, compare.Rowed)
    day = ws.night or store.now().date()
    return Desk(ws, store, signer, day, rows.fingerprint)


def noted(desk: Desk, judged: Verdict, subject: Subject) -> Noted:
    """The verdict with what the ledger adds: the question is put on record, and the night."""
    if desk.panel is None:
        return Noted(judged, None, None)  # no model was run: nothing was asked of any row
    asked, exposure = _asked(desk, desk.panel, judged, subject)
    watching, watched = _watched(desk, desk.panel, judged.inputs)
    return Noted(with_checks(judged, (asked, watching)), exposure, watched)


def decayed(ws: Workspace) -> decay.Decay:
    """Tonight's decay, as the compare stage recorded it."""
    return records.read(ws.stage("compare") / compare.PAST, compare.Past).decay


def stream_of(ws: Workspace, inputs: Sequence[Source], metric: str) -> Digest | None:
    """The stream that the champion is watched in; None without a reference."""
    reference, champion = _named(inputs, "reference"), _named(inputs, "champion")
    if reference is None or champion is None:
        return None
    said = ws.suite
    return nights.stream_of(
        champion.sha256, reference.sha256, metric, said.positive, said.threshold
    )


def question_of(ws: Workspace, verdict: Verdict, candidate: Subject) -> str:
    """The name of the question that a verdict answers; RecordError if it names no champion."""
    champion = _named(verdict.inputs, "champion")
    if champion is None:
        raise RecordError("the verdict names no champion")
    return ledger.question_of(candidate.digest.sha256, champion.sha256, ws.suite, verdict.findings)


def retraced(ws: Workspace, store: Store, said: Statement) -> str:
    """That the ledger leads to the checks that it added to a published verdict.

    NoVerdict or RecordError where it does not.
    """
    rows = records.read(ws.stage("compare") / compare.PANEL, compare.Rowed).fingerprint
    published = {c.kind: c for c in said.predicate.verdict.checks if c.kind in NOTES}
    if rows is None:
        if published:
            raise NoVerdict("no model was run, and the verdict counts a question all the same")
        return "no model was run: nothing was asked of any row"
    if published.keys() != NOTES:
        raise NoVerdict("the verdict lacks a check that the ledger adds")
    again = (_asked_again(ws, store, said, rows), _watched_again(ws, store, said, rows))
    for check in again:
        if check is not None and _decision(check) != _decision(published[check.kind]):
            raise NoVerdict(
                f"the ledger says {check.outcome} of the {check.name}, and the verdict "
                f"{published[check.kind].outcome}"
            )
    silent = [kind for kind, c in published.items() if c.outcome is Outcome.ERROR]
    if silent:
        return f"it could not be read when this was published ({', '.join(sorted(silent))})"
    return "the questions and nights before this one lead to what it says of them"


def _decision(check: Check) -> tuple[str, Severity, Outcome]:
    return check.name, check.severity, check.outcome


def _asked_again(ws: Workspace, store: Store, said: Statement, rows: Fingerprint) -> Check | None:
    """The check of the holdout as it follows from the ledger; None where it was not to be read."""
    exposure, verdict = said.predicate.exposure, said.predicate.verdict
    if exposure is None:
        _require_error(verdict, HOLDOUT)
        return None
    if exposure.panel != rows.digest:
        raise NoVerdict("the question that the verdict names was put to other rows")
    asked = questions.retraced(store, exposure)
    if asked.predicate.question != question_of(ws, verdict, said.subject[0]):
        raise NoVerdict("the verdict names another question than the one it answers")
    return holdout.check(exposure, ws.suite.holdout)


def _watched_again(ws: Workspace, store: Store, said: Statement, rows: Fingerprint) -> Check | None:
    """The check of decay as it follows from the ledger; None where it was not to be read."""
    watched, verdict = said.predicate.watched, said.predicate.verdict
    found, params = decayed(ws), ws.suite.decay
    if watched is None:
        nothing = watch.check(found, params, None)
        if nothing not in verdict.checks:
            _require_error(verdict, NIGHTS)
        return None
    if watched.stream != stream_of(ws, verdict.inputs, found.metric):
        raise NoVerdict("the nights that the verdict names are those of another champion")
    night = nights.retraced(store, watched)
    if watched.fresh and night.panel != rows:
        raise NoVerdict("the night that the verdict names added other rows")
    return watch.check(found, params, night.run)


def _require_error(verdict: Verdict, kind: str) -> None:
    """Without a line of the ledger only a check that failed closed is believed."""
    if not any(c.kind == kind and c.outcome is Outcome.ERROR for c in verdict.checks):
        raise NoVerdict("the verdict names no line of the ledger for what it says of it")


def _asked(
    desk: Desk, panel: Fingerprint, judged: Verdict, subject: Subject
) -> tuple[Check, Exposure | None]:
    try:
        exposure = ledger.ask(desk.store, _question(desk, panel, judged, subject), desk.signer)
    except (RecordError, NoVerdict) as error:
        return holdout.unreadable(error.message), None
    return holdout.check(exposure, desk.ws.suite.holdout), exposure


def _question(desk: Desk, panel: Fingerprint, judged: Verdict, subject: Subject) -> questions.Draft:
    ws, champion = desk.ws, _named(judged.inputs, "champion")
    params = f"sha256:{records.sha256(ws.suite)}"
    day = desk.day.isoformat()
    return questions.Draft(
        panel=panel.digest,
        rows=panel.rows,
        candidate=subject,
        champion="" if champion is None else champion.sha256,
        question=question_of(ws, judged, subject),
        environment=ws.store.environment,
        suite=ws.name,
        logical_date=desk.day,
        run=run_key(ws.store.environment, subject, judged, day, params),
        outcome=judged.outcome,
        level=ws.suite.level,
    )


def _watched(
    desk: Desk, panel: Fingerprint, inputs: Sequence[Source]
) -> tuple[Check, Watched | None]:
    found, params = decayed(desk.ws), desk.ws.suite.decay
    stream = stream_of(desk.ws, inputs, found.metric)
    if stream is None:
        return watch.check(found, params, None), None
    try:
        stands = _counted(desk, panel, inputs, found, stream)
    except (RecordError, NoVerdict) as error:
        return watch.unreadable(params, error.message), None
    if stands is None:
        return watch.check(found, params, None), None
    return watch.check(found, params, stands.run, stands.refusal), stands.watched


def _counted(
    desk: Desk, panel: Fingerprint, inputs: Sequence[Source], found: decay.Decay, stream: Digest
) -> nights.Nights | None:
    """The stream with tonight, or without it where tonight has nothing to add."""
    night, champion = watch.tonight(found), _named(inputs, "champion")
    if night is None or champion is None:
        return nights.standing(desk.store, stream, found.reason or "tonight has no interval")
    draft = nights.Draft(
        stream=stream,
        champion=subject_of(champion.path, champion.sha256),
        environment=desk.ws.store.environment,
        suite=desk.ws.name,
        logical_date=desk.day,
        panel=panel,
        value=night.value,
        std_error=night.std_error,
        unit=night.unit,
    )
    return nights.count(desk.store, draft, desk.signer)


def _named(inputs: Sequence[Source], role: str) -> Source | None:
    return next((source for source in inputs if source.role == role), None)
