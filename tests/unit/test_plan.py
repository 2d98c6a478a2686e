"""`plan`: what is promised of a rule's power is what happens."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.judge import judge
from titleholder.params.schema import Policy
from titleholder.plan import Basis, Prospect, by_key, plan
from titleholder.report.prospects import plain
from titleholder.types import Kind, OnInconclusive, Outcome, Rule, Task


def _panel(n: int, seed: int = 0, positives: float = 0.4) -> Panel:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < positives).astype(np.int64)
    return Panel(
        row_id=np.arange(n).astype(str),
        task=Task.BINARY,
        y_true=y,
        classes=("0", "1"),
        columns={"group": np.where(np.arange(n) % 10 == 0, "few", "many").astype(object)},
    )


def _model(panel: Panel, seed: int, noise: float = 1.0, name: str = "champion") -> Predictions:
    rng = np.random.default_rng(seed)
    eta = (np.asarray(panel.y_true) - 0.5) * 2 + rng.normal(0, noise, len(panel))
    score = 1 / (1 + np.exp(-eta))
    return Predictions(name, label=(score >= 0.5).astype(np.int64), score=score)


def _policy(*rules: Rule, **changes: Any) -> Policy:
    given = {"task": Task.BINARY, "rules": rules, "resamples": 300, "slices": ("group",)}
    given["metrics"] = tuple(dict.fromkeys(rule.metric for rule in rules))
    return Policy(**{**given, **changes})


def _rule(**changes: Any) -> Rule:
    given = {"id": "r", "metric": "accuracy", "kind": Kind.NON_INFERIOR, "margin": 0.05}
    return Rule(**{**given, **changes})


def _one(rule: Rule, n: int = 1000, **changes: Any) -> Prospect:
    panel = _panel(n)
    (found,) = plan(panel, _model(panel, 1), _policy(rule, **changes))
    return found


def test_a_loss_of_the_size_it_names_fails_as_often_as_it_says() -> None:
    """Checked by making candidates that lose exactly that much, many times."""
    policy = _policy(_rule(margin=0.02), slices=())
    champion, candidate = _pair(0, lost=0.0)
    former = measure(*_asked(0, champion, candidate), policy).comparisons
    (found,) = plan(_truth(0), champion, policy, Basis(former=by_key(former)))
    assert found.measured
    lost = -(found.detects_80 or 0.0)
    assert lost > 0.02
    outcomes = [
        judge(policy, measure(*_asked(t, *_pair(t, lost)), policy).comparisons)[0].outcome
        for t in range(1, 101)
    ]
    assert abs(outcomes.count(Outcome.FAIL) / 100 - 0.8) < 3 * math.sqrt(0.8 * 0.2 / 100)


def _truth(trial: int, n: int = 2000) -> Panel:
    y = np.random.default_rng(trial).integers(0, 2, n)
    return replace(_panel(n), y_true=y, columns={})


def _pair(trial: int, lost: float, disagree: float = 0.15) -> tuple[Predictions, Predictions]:
    """A champion that is right on 80% of rows, and one that differs on a share of them."""
    y = np.asarray(_truth(trial).y_true)
    draw = np.random.default_rng(trial + 1).random((2, len(y)))
    right = draw[0] < 0.8
    worse = right & (draw[1] < (disagree + lost) / 2 / 0.8)
    better = ~right & (draw[1] < (disagree - lost) / 2 / 0.2)
    return _answer(y, right), _answer(y, (right & ~worse) | better)


def _asked(trial: int, *pair: Predictions) -> tuple[Panel, Predictions, Predictions]:
    return _truth(trial), pair[0], pair[1]


def _answer(y: Any, right: Any) -> Predictions:
    label = np.where(right, y, 1 - y)
    return Predictions("m", label=label, score=label.astype(float))


def test_the_chance_of_an_equal_candidate_is_what_equal_candidates_get() -> None:
    """Two models of the same quality, on many panels, against what was foreseen."""
    rule = _rule(margin=0.03)
    policy = _policy(rule, slices=())
    passed, foreseen = [], []
    for trial in range(80):
        panel = replace(_panel(800, trial), columns={})
        pair = _model(panel, trial + 1000), _model(panel, trial + 2000)
        found = measure(panel, *pair, policy).comparisons
        (prospect,) = plan(panel, pair[0], policy, Basis(former=by_key(found)))
        foreseen.append(prospect.equal_passes)
        passed.append(judge(policy, found)[0].outcome is Outcome.PASS)
    assert abs(np.mean(passed) - np.mean(foreseen)) < 3 * math.sqrt(0.25 / len(passed))


@given(st.floats(0.001, 0.3), st.floats(0.0, 0.99))
def test_more_agreement_and_wider_margins_never_make_a_rule_blinder(
    margin: float, agreement: float
) -> None:
    """Both bring an equal candidate nearer to passing."""
    panel = _panel(200)
    champion = _model(panel, 1)

    def chance(margin: float, agreement: float) -> float:
        policy = _policy(_rule(margin=margin), slices=())
        (found,) = plan(panel, champion, policy, Basis(agreement))
        return found.equal_passes or 0.0

    assert chance(margin, agreement) <= chance(margin * 1.1, agreement) + 1e-12
    assert chance(margin, agreement) <= chance(margin, (1 + agreement) / 2) + 1e-12


def test_every_finding_that_will_be_owed_has_a_prospect() -> None:
    """One for each slice of `*`, in order."""
    panel = _panel(500)
    policy = _policy(_rule(slice="*"), _rule(id="all"))
    found = plan(panel, _model(panel, 1), policy)
    assert [(p.rule, p.slice) for p in found] == [
        ("r", "group=few"), ("r", "group=many"), ("all", "overall"),
    ]  # fmt: skip


def test_more_power_needs_a_larger_change() -> None:
    """95% sees less than 80%."""
    found = _one(_rule())
    assert found.detects_95 is not None
    assert found.detects_80 is not None
    assert found.detects_95 < found.detects_80 < -0.05


@pytest.mark.parametrize(
    ("rule", "changes", "why"),
    [
        (_rule(slice="group=few", min_n=500), {}, "100 rows, and the floor is 500"),
        (_rule(slice="group=few", min_n_class=90), {}, "and the floor on each class is 90"),
        (_rule(slice="group=none"), {}, "no such slice"),
        (_rule(kind=Kind.SUPERIOR, margin=0.5), {}, "there is room for"),
        (_rule(kind=Kind.FLOOR, margin=None, value=0.9999), {}, "no value up to 1"),
        (_rule(metric="brier", kind=Kind.CEILING, margin=None, value=0.0001), {}, "down to 0"),
    ],
)
def test_a_rule_that_cannot_pass_says_why(rule: Rule, changes: Any, why: str) -> None:
    """Before anything is spent on a candidate."""
    found = _one(rule, **changes)
    assert why in found.never
    assert not found.equal_passes


def test_a_margin_as_wide_as_what_there_is_to_lose_has_no_teeth() -> None:
    """A candidate that is wrong on every row does not break it; an error is lost upwards."""
    panel = _panel(400)
    champion = _model(panel, 1)
    right = float((np.asarray(champion.label) == panel.y_true).mean())
    worst = Predictions("worst", label=1 - np.asarray(panel.y_true))
    for margin, cannot in ((right + 0.01, True), (right - 0.2, False)):
        policy = _policy(_rule(margin=margin), slices=())
        (found,) = plan(panel, champion, policy)
        assert bool(found.cannot_fail) is cannot
        (judged,) = judge(policy, measure(panel, champion, worst, policy).comparisons)
        assert (judged.outcome is not Outcome.FAIL) is cannot
    assert f"has {right:.3g} to lose" in _one(_rule(margin=0.99), n=400).cannot_fail
    assert "1 finding cannot fail" in plain([_one(_rule(metric="brier", margin=1.9))])


def test_a_share_is_told_in_percent() -> None:
    """Of the champion's value, as on the report card; a record keeps the share."""
    found = _one(_rule(margin=0.05, relative=True))
    assert (found.bound, found.relative) == (-0.05, True)
    assert "> −5%" in plain([found])


def test_an_excuse_is_named() -> None:
    """A rule that may stay open does not stop the candidate."""
    rule = _rule(slice="group=few", min_n=500, on_inconclusive=OnInconclusive.WARN)
    assert "which the rule excuses" in _one(rule).never


def test_a_margin_below_the_noise_is_called_out() -> None:
    """With few rows; with many it is not."""
    assert "smaller than what these rows settle" in _one(_rule(margin=0.01), n=200).remark
    assert _one(_rule(margin=0.1), n=20_000).remark == ""


def test_a_single_class_leaves_nothing_to_rank() -> None:
    """AUC is undefined, and the rule says so."""
    panel = replace(_panel(300), y_true=np.ones(300, dtype=np.int64), columns={})
    (found,) = plan(panel, _model(panel, 1), _policy(_rule(metric="roc_auc"), slices=()))
    assert found.never
    assert found.equal_passes is None


def test_what_is_measured_of_the_model_has_no_noise_of_rows() -> None:
    """Its size is its size."""
    rule = _rule(metric="size_mb", kind=Kind.CEILING, margin=None, value=20)
    assert "of the model itself" in _one(rule).remark
