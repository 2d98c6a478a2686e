"""What DVC shows of a run: small, stable, and nothing that a clock measured."""

import csv
import io

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.support import cards
from titleholder.report import figures

CARD = cards.failing()


def test_metrics_are_the_verdict_its_counts_and_each_ruled_metric() -> None:
    """One entry a candidate; sizes and times stay out."""
    (said,) = figures.metrics([CARD.verdict]).values()
    assert isinstance(said, dict)
    found = CARD.verdict.findings
    assert said["verdict"] == CARD.verdict.outcome
    assert said["passed"] + said["failed"] + said["open"] == len(found)
    assert "size_mb" not in said
    auc = next(f for f in found if f.metric == "roc_auc")
    assert said["roc_auc"]["gain"] == pytest.approx(auc.improvement.value, rel=1e-5)


def test_findings_are_rows_that_a_plot_can_draw() -> None:
    """Every finding on rows, with what was judged, its interval and its bound."""
    rows = list(csv.DictReader(io.StringIO(figures.findings_csv([CARD.verdict]))))
    assert len(rows) == sum(f.metric != "size_mb" for f in CARD.verdict.findings)
    assert all(float(r["low"]) <= float(r["judged"]) <= float(r["high"]) for r in rows if r["low"])


def test_hostile_names_cannot_become_formulas() -> None:
    """The same care as in the table for spreadsheets."""
    text = figures.findings_csv([cards.hostile().verdict])
    for row in csv.reader(io.StringIO(text)):
        assert not any(value.startswith(("=", "@", "+")) for value in row)


def test_the_roc_curve_has_the_area_of_its_auc() -> None:
    """Trapezoids under the 51 points agree with scikit-learn to the width of the grid."""
    panel, champion, candidate = CARD.panel, CARD.champion, CARD.candidate
    assert panel is not None and champion is not None and candidate is not None
    text = figures.roc_csv(panel, {"champion": champion, "candidate": candidate})
    assert text is not None
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["false_positive_rate", "champion", "candidate"]
    points = np.array(rows, dtype=float)
    for at, model in ((1, champion), (2, candidate)):
        area = np.trapezoid(points[:, at], points[:, 0])
        assert area == pytest.approx(roc_auc_score(panel.y_true, model.score), abs=0.01)


def test_there_is_no_curve_without_scores_or_without_two_classes() -> None:
    """Regressions and answers without scores have none."""
    made = cards.regression()
    assert made.panel is not None and made.champion is not None
    assert figures.roc_csv(made.panel, {"champion": made.champion}) is None
