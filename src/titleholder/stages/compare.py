"""compare: champion against each candidate on the same rows, and against its own past."""

import shutil

import msgspec

from titleholder import drift, records
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.comparison import decay
from titleholder.comparison.compare import Comparisons, measure
from titleholder.comparison.explore import Explored, explore
from titleholder.comparison.fingerprint import Fingerprint, fingerprint
from titleholder.comparison.standings import Standings, stand
from titleholder.comparison.standings import metrics_of as standings_metrics
from titleholder.metrics import REGISTRY
from titleholder.stages import STAGES, predict
from titleholder.stages.chats import calibration
from titleholder.stages.many import answers_shift, kept_sums, shards
from titleholder.stages.many import compare as compare_many
from titleholder.stages.panels import Rows
from titleholder.stages.workspace import Workspace
from titleholder.types import Comparison, Record

PAST = "_past.json"
PANEL = "_panel.json"
STANDINGS = "_standings.json"
ROWS = "comparisons.json"
MEASURED = "measured.json"
EXPLORED = "explored.json"


class Past(Record, frozen=True):
    """What became of the models since the reference: the champion's decay, and every model's
    answers on reference rows against those on current rows.
    """

    inputs: dict[str, str]
    decay: decay.Decay
    answers: tuple[drift.ColumnShift, ...]


class Rowed(Record, frozen=True):
    """Which rows the models were compared on, by their content; None where no model was run."""

    inputs: dict[str, str]
    fingerprint: Fingerprint | None


def run(ws: Workspace) -> None:
    """Write ``<candidate>/comparisons.json`` for each candidate, and ``_past.json``.

    ``_panel.json`` says which rows they are of, whatever their file is called, and
    ``_standings.json`` how all models stand to each other.
    ``<candidate>/explored.json`` has slices that nobody declared, where models were run.

    What a clock or a scale gave stands apart, in ``<candidate>/measured.json``: no two runs
    agree on it.
    """
    shutil.rmtree(ws.stage("compare"), ignore_errors=True)
    rows = Rows(ws)
    inputs = dict([ws.digest(ws.stage("predict") / predict.FILE)])
    inputs["params"] = ws.params_digest(STAGES["compare"].params)
    blank = Comparisons(
        inputs=inputs,
        suite=ws.name,
        task=ws.suite.task,
        champion=rows.champion,
        candidate="",
        n=0,
        level=ws.suite.level,
        comparisons=(),
        flips=(),
        skipped=rows.skipped,
        doubted=calibration.doubted(ws),
    )
    if rows.skipped:
        for name in rows.manifest.candidates():
            _write(ws, msgspec.structs.replace(blank, candidate=name))
        past = Past(inputs=inputs, decay=decay.unavailable(ws.suite, rows.skipped), answers=())
        rowed = Rowed(inputs=inputs, fingerprint=None)
        standings = _unranked(blank)
    elif shards.has(ws, "current"):
        past, rowed, standings = _of_many(blank, rows)
    else:
        panel = rows.panel("current")
        champion = rows.predictions(rows.champion, "current", panel)
        models = [champion]
        known: dict[tuple[str, str], tuple[Comparison, ...]] = {}
        for name in rows.manifest.candidates():
            candidate = rows.predictions(name, "current", panel)
            compared = _compared(blank, panel, champion, candidate, rows)
            _write(ws, compared)
            _explore(ws, panel, champion, candidate)
            models.append(candidate)
            known[champion.model, name] = compared.comparisons
        standings = stand(_unranked(blank), panel, models, ws.suite, rows.registry, known)
        past = _past(ws, rows, inputs, (panel, champion))
        rowed = Rowed(inputs=inputs, fingerprint=fingerprint(panel))
    records.write(ws.stage("compare") / STANDINGS, standings)
    records.write(ws.stage("compare") / PANEL, rowed)
    records.write(ws.stage("compare") / PAST, past)


def _of_many(blank: Comparisons, rows: Rows) -> tuple[Past, Rowed, Standings]:
    """The same of data in many files, candidates' comparisons written."""
    ws = rows.ws
    kept_sums.begin(ws, rows.set.files)
    found = compare_many.measured(rows, ws.suite)
    for name in rows.manifest.candidates():
        own = found.measurements[rows.champion, name]
        told = msgspec.structs.replace(
            blank, candidate=name, n=found.rows, comparisons=own.comparisons, flips=own.flips
        )
        _write(ws, told)
    board = standings_metrics(ws.suite, found.models)
    known = {pair: compare_many.with_all(own, board) for pair, own in found.measurements.items()}
    standings = stand(_unranked(blank), found.panel, found.models, ws.suite, rows.registry, known)
    decayed = compare_many.decayed(rows, ws.suite, found.measurements)
    past = Past(
        inputs=blank.inputs, decay=decayed, answers=answers_shift.shifts(rows, found.panel.classes)
    )
    kept_sums.end(ws)
    return past, Rowed(inputs=blank.inputs, fingerprint=found.fingerprint), standings


def _compared(
    blank: Comparisons, panel: Panel, champion: Predictions, candidate: Predictions, rows: Rows
) -> Comparisons:
    found = measure(panel, champion, candidate, rows.ws.suite, registry=rows.registry)
    return msgspec.structs.replace(
        blank,
        candidate=candidate.model,
        n=len(panel),
        comparisons=found.comparisons,
        flips=found.flips,
    )


def _unranked(blank: Comparisons) -> Standings:
    """The standings but for what is measured."""
    return Standings(
        inputs=blank.inputs,
        suite=blank.suite,
        level=blank.level,
        metrics=(),
        models=(),
        pairs=(),
        best=(),
        skipped=blank.skipped,
    )


def _explore(ws: Workspace, panel: Panel, champion: Predictions, candidate: Predictions) -> None:
    """Where the candidate is worse on slices that nobody declared: information, never a rule."""
    columns = ws.suite.columns
    apart = {columns.row_id, columns.cluster, columns.weight, *columns.ignore} - {None}
    found = explore(panel, champion, candidate, [name for name in apart if name])
    records.write(ws.stage("compare") / candidate.model / EXPLORED, found)


def explored(ws: Workspace, candidate: str) -> Explored | None:
    """What the search found; None where no model was run."""
    path = ws.stage("compare") / candidate / EXPLORED
    return records.read(path, Explored) if path.is_file() else None


def read(ws: Workspace, candidate: str) -> Comparisons:
    """All that was compared of one candidate, measured figures last."""
    here = ws.stage("compare") / candidate
    rows = records.read(here / ROWS, Comparisons)
    measured = records.read(here / MEASURED, Comparisons)
    return msgspec.structs.replace(rows, comparisons=rows.comparisons + measured.comparisons)


def _write(ws: Workspace, found: Comparisons) -> None:
    here = ws.stage("compare") / found.candidate
    measured = tuple(c for c in found.comparisons if _measured(c.metric))
    rows = tuple(c for c in found.comparisons if not _measured(c.metric))
    records.write(here / ROWS, msgspec.structs.replace(found, comparisons=rows))
    records.write(here / MEASURED, msgspec.structs.replace(found, comparisons=measured, flips=()))


def _measured(metric: str) -> bool:
    return metric in REGISTRY and REGISTRY[metric].measured


def _past(
    ws: Workspace, rows: Rows, inputs: dict[str, str], now: tuple[Panel, Predictions]
) -> Past:
    """Decay of the champion and shift of every model's answers, where there is a reference."""
    if not rows.has(rows.champion, "reference"):
        reason = "there are no champion's answers on reference rows"
        return Past(inputs=inputs, decay=decay.unavailable(ws.suite, reason), answers=())
    reference = rows.panel("reference")
    then = rows.predictions(rows.champion, "reference", reference)
    answers = [_shift(ws, then, now[1])]
    for name in rows.manifest.candidates():
        if rows.has(name, "reference"):
            before = rows.predictions(name, "reference", reference)
            answers.append(_shift(ws, before, rows.predictions(name, "current", now[0])))
    found = decay.measure(ws.suite, (reference, then), now, rows.registry)
    return Past(inputs=inputs, decay=found, answers=tuple(answers))


def _shift(ws: Workspace, then: Predictions, now: Predictions) -> drift.ColumnShift:
    """Shift of a model's scores, or of its answers where it gives no scores."""
    name = f"prediction of {then.model}"
    thresholds = drift.thresholds_of(ws.suite.drift, name)
    return drift.measure(_answers(then), _answers(now), name, thresholds, drift.Role.PREDICTION)


def _answers(predictions: Predictions) -> Floats:
    """One number a row: the positive's score, the top class's, the answer, or the first item."""
    if predictions.score is not None:
        return predictions.score if predictions.score.ndim == 1 else predictions.score.max(axis=1)
    if predictions.value is not None:
        return predictions.value
    if predictions.label is not None:
        return predictions.label.astype(float)
    return next(iter(predictions.items.values()))
