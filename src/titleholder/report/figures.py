"""What `dvc metrics` and `dvc plots` show of a run: a few numbers, and tables to be drawn.

Nothing that a clock or a scale measured stands here, and numbers have six digits: the same records
give the same bytes.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from titleholder.arrays import Panel, Predictions
from titleholder.metrics.ladder import Ladder
from titleholder.report import findings as said
from titleholder.report.spreadsheet import cell
from titleholder.report.titles import is_measured
from titleholder.types import OVERALL, Estimate, Finding, Outcome, Task, Verdict

DIGITS = 6
FINDINGS = ("candidate", "finding", "outcome", "judged", "low", "high", "bound")
_GRID = np.linspace(0, 1, 51)


def metrics(verdicts: Iterable[Verdict]) -> dict[str, object]:
    """By candidate: the verdict, findings counted by outcome, and each metric with a rule.

    Of a metric stand the candidate's value on all rows, and its gain: positive is better. DVC
    makes a column of each, so there are no more.
    """
    return {verdict.candidate: _of(verdict) for verdict in verdicts}


def _of(verdict: Verdict) -> dict[str, object]:
    counted = Counter(finding.outcome for finding in verdict.findings)
    whole = [f for f in verdict.findings if f.slice == OVERALL and not is_measured(f.metric)]
    return {
        "verdict": str(verdict.outcome),
        "passed": counted[Outcome.PASS],
        "failed": counted[Outcome.FAIL],
        "open": counted[Outcome.INCONCLUSIVE] + counted[Outcome.ERROR],
        **{
            _name(f): {"value": _short(f.candidate.value), "gain": _short(f.improvement.value)}
            for f in whole
        },
    }


def _name(finding: Finding) -> str:
    return f"{finding.metric} over {finding.over}" if finding.over else finding.metric


def findings_csv(verdicts: Iterable[Verdict]) -> str:
    """Each finding with what was judged, its interval and its bound, worst first."""
    rows = [
        _row(verdict.candidate, finding)
        for verdict in verdicts
        for finding in said.ordered(verdict.findings)
        if not is_measured(finding.metric)
    ]
    return _csv(FINDINGS, rows)


def _row(candidate: str, finding: Finding) -> tuple[object, ...]:
    held = said.judged(finding)
    ends: Estimate = held.estimate
    named = f"{finding.rule}: {finding.metric}, {said.where(finding)}"
    numbers = (ends.value, ends.low, ends.high, held.bound)
    return (candidate, named, finding.outcome, *map(_short, numbers))


def roc_csv(panel: Panel, models: Mapping[str, Predictions]) -> str | None:
    """True positive rate of each model at 51 false positive rates; None where there is none.

    The columns are ``false_positive_rate`` and the keys of ``models``.
    """
    y = None if panel.y_true is None else np.asarray(panel.y_true, dtype=float)
    if panel.task is not Task.BINARY or y is None or not 0 < y.sum() < len(y):
        return None
    weight = np.ones(len(y)) if panel.weight is None else panel.weight
    heights = []
    for model in models.values():
        if model.score is None:
            return None
        steps = Ladder.of(y, model.score).steps(weight)
        alarms = np.append(0.0, steps.negatives_above / steps.all_negatives)
        hits = np.append(0.0, steps.positives_above / steps.all_positives)
        heights.append(np.interp(_GRID, alarms, hits))
    columns = np.column_stack([_GRID, *heights]).tolist()
    rows = [tuple(_short(value) for value in line) for line in columns]
    return _csv(("false_positive_rate", *models), rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([cell(name) for name in head])
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def _short(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.{DIGITS}g}")
