"""The self-test: pairs whose answer is known, and what the rules say of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from titleholder import selftest as trials
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.judge import judge
from titleholder.params.schema import Policy
from titleholder.report import trials as shown
from titleholder.selftest import Alarm, Bench, Plant, SelfTest, planted, selftest
from titleholder.types import Kind, Rule, Task

N = 1500


def _panel(task: Task = Task.BINARY, n: int = N) -> Panel:
    rng = np.random.default_rng(0)
    region = rng.choice(["north", "south", "west"], n).astype(object)
    classes: tuple[str, ...] = ()
    y: Any = None
    if task is Task.REGRESSION:
        y = rng.normal(10, 3, n)
    elif task is not Task.SCORED:
        classes = ("a", "b") if task is Task.BINARY else ("a", "b", "c")
        y = rng.integers(0, len(classes), n)
    return Panel(
        row_id=np.arange(n).astype(str), task=task, y_true=y, classes=classes,
        columns={"region": region},
    )  # fmt: skip


def _champion(panel: Panel) -> Predictions:
    rng = np.random.default_rng(1)
    n, y = len(panel), panel.y_true
    if y is None:
        return Predictions("m", items={"quality": rng.random(n)})
    if panel.task is Task.REGRESSION:
        return Predictions("m", value=y + rng.normal(0, 1, n))
    if panel.task is Task.BINARY:
        score = 1 / (1 + np.exp(-((y - 0.5) * 3 + rng.normal(0, 1, n))))
        return Predictions("m", label=(score >= 0.5).astype(np.int64), score=score)
    score = rng.dirichlet(np.ones(3), n) + 1.5 * np.eye(3)[y]
    score /= score.sum(axis=1, keepdims=True)
    return Predictions("m", label=score.argmax(axis=1), score=score)


METRIC = {
    Task.BINARY: "accuracy",
    Task.MULTICLASS: "accuracy",
    Task.REGRESSION: "mae",
    Task.SCORED: "quality",
}


def _policy(task: Task, **changes: Any) -> Policy:
    metric = METRIC[task]
    rules = (
        Rule(id="all", metric=metric, kind=Kind.NON_INFERIOR, margin=0.03),
        Rule(id="each", metric=metric, kind=Kind.NON_INFERIOR, margin=0.03, slice="*"),
    )
    given: dict[str, Any] = {"slices": ("region",), "resamples": 300, **changes}
    return Policy(task=task, rules=rules, **given)


@pytest.mark.parametrize("task", Task)
def test_exchanged_answers_are_as_good_on_every_slice(task: Task) -> None:
    """Over the whole panel the two models have the same metrics, and differ on many rows."""
    panel, policy = _panel(task), _policy(task)
    champion = _champion(panel)
    bench = Bench.of(panel, champion, policy)
    second = trials._exchanged(panel, champion, bench.stratum, np.random.default_rng(3))
    for one in measure(panel, champion, second, policy).comparisons:
        if one.improvement.value is not None and one.metric == METRIC[task]:
            assert one.improvement.value == pytest.approx(0, abs=1e-9), one.slice
    first, other = _answers(champion), _answers(second)
    assert 0.1 < np.mean(first != other) < 0.35


def _answers(model: Predictions) -> Any:
    if model.items:
        return model.items["quality"]
    if model.value is not None:
        return model.value
    return model.score if model.score is None or model.score.ndim == 1 else model.score[:, 0]


@pytest.mark.parametrize("task", Task)
def test_a_planted_loss_is_a_loss_where_it_was_planted_and_nowhere_else(task: Task) -> None:
    """The damaged slice is worse, the others are as they were."""
    panel, policy = _panel(task), _policy(task)
    champion = _champion(panel)
    plant = Plant("x", "", flips=0.3, slice="region=north")
    second = trials._spoiled(panel, champion, plant, policy, np.random.default_rng(4))
    for one in measure(panel, champion, second, policy).comparisons:
        if one.metric != METRIC[task] or one.improvement.value is None:
            continue
        if one.slice in ("overall", "region=north"):
            assert one.improvement.value < 0
        else:
            assert one.improvement.value == 0


def test_flipping_a_share_of_answers_costs_that_share_of_accuracy_times_what_was_right() -> None:
    """The size of the planted loss is known, not only its direction."""
    panel, policy = _panel(n=50_000), _policy(Task.BINARY)
    champion = _champion(panel)
    right = np.mean(champion.label == panel.y_true)
    second = trials._spoiled(
        panel, champion, Plant("x", "", flips=0.1), policy, np.random.default_rng(5)
    )
    lost = right - np.mean(second.label == panel.y_true)
    assert lost == pytest.approx(0.1 * right, abs=0.005)


def test_shrunk_scores_keep_their_order() -> None:
    """AUC is untouched; what suffers is calibration."""
    panel, policy = _panel(), _policy(Task.BINARY)
    champion = _champion(panel)
    second = trials._shrunk(champion, 0.5, policy)
    assert second.score is not None
    assert champion.score is not None
    assert (np.argsort(second.score) == np.argsort(champion.score)).all()
    assert second.score.std() == pytest.approx(champion.score.std() / 2)


@pytest.fixture(scope="module")
def found() -> SelfTest:
    """A self-test of a binary suite."""
    panel = _panel()
    return selftest("s", panel, _champion(panel), _policy(Task.BINARY), trials=20)


def test_equal_pairs_raise_no_alarm_where_bare_numbers_do(found: SelfTest) -> None:
    """The rules call none of them regressed; a comparison of points calls nearly all."""
    equal = found.scenarios[0]
    assert equal.loss == ""
    assert equal.regressed == 0
    assert equal.worse >= 15


def test_alarms_are_told_by_rule_and_slice(found: SelfTest) -> None:
    """Of a loss in one slice the rule is broken there, and on no other slice as often."""
    assert found.scenarios[0].alarms == ()
    damaged = next(s for s in found.scenarios if s.name == "one slice damaged")
    worst = next(a for a in damaged.alarms if a.rule == "each" and a.slice != "overall")
    assert damaged.loss.endswith(f"of the rows of {worst.slice}")
    assert not worst.own
    assert worst.pairs <= damaged.regressed
    assert [a.pairs for a in damaged.alarms] == sorted(a.pairs for a in damaged.alarms)[::-1]


def test_a_floor_that_the_champion_itself_breaks_is_named() -> None:
    """Every pair is then regressed, and the table says which rule it is and why."""
    panel = _panel(n=600)
    floor = Rule(id="high", metric="accuracy", kind=Kind.FLOOR, value=0.999)
    policy = structs.replace(_policy(Task.BINARY), rules=(floor,))
    table = selftest("s", panel, _champion(panel), policy, trials=6)
    equal = table.scenarios[0]
    assert equal.regressed == 6
    assert equal.alarms == (Alarm("high", "overall", own=True, pairs=6),)
    said = shown.plain(table)
    assert "They were raised by high (overall) on 6 of 6." in said
    assert "high (overall) is a bound that the champion itself breaks" in said


def test_a_large_loss_is_always_found_and_never_allowed(found: SelfTest) -> None:
    """Also where it is hidden in one slice."""
    by_name = {scenario.name: scenario for scenario in found.scenarios}
    assert by_name["flipped 10%"].regressed == 20
    assert by_name["one slice damaged"].regressed >= 19
    assert by_name["one slice damaged"].allowed == 0


def test_detection_grows_with_the_loss(found: SelfTest) -> None:
    """More is flipped, more is seen."""
    shares = [s.regressed for s in found.scenarios if s.name.startswith("flipped")]
    assert shares == sorted(shares)


def test_every_trial_is_counted_once(found: SelfTest) -> None:
    """Regressed, open and allowed are all there is."""
    for scenario in found.scenarios:
        assert scenario.regressed + scenario.open + scenario.allowed == scenario.trials


def test_the_same_seed_gives_the_same_table() -> None:
    """And another seed another one."""
    panel = _panel(n=400)
    policy = _policy(Task.BINARY)
    champion = _champion(panel)
    one, two = (selftest("s", panel, champion, policy, trials=4) for _ in range(2))
    assert one == two
    other = selftest("s", panel, champion, _policy(Task.BINARY, seed=7), trials=4)
    assert other.scenarios != one.scenarios


def test_clusters_are_drawn_whole() -> None:
    """A trial holds each drawn cluster with all of its rows, as a cluster of its own."""
    panel = _panel(n=300)
    panel = replace(panel, cluster=np.repeat(np.arange(60), 5))
    bench = Bench.of(panel, _champion(panel), _policy(Task.BINARY))
    rows, cluster = bench._drawn(np.random.default_rng(0))
    assert cluster is not None
    assert (np.bincount(cluster) == 5).all()
    assert len(cluster) == len(rows) == 300
    for one in range(60):
        assert len(set(rows[cluster == one] // 5)) == 1


def test_without_a_slice_that_is_small_none_is_damaged() -> None:
    """There is nothing to hide a loss in."""
    panel = _panel()
    names = [p.name for p in planted(panel, _champion(panel), _policy(Task.BINARY, slices=()))]
    assert "one slice damaged" not in names


def test_what_the_rules_judge_is_measured_alone_and_to_the_same_numbers() -> None:
    """A trial asks for nothing else; findings are those of all that could be measured."""
    panel = _panel(n=600)
    panel = replace(panel, columns={**panel.columns, "half": np.arange(600) % 2})
    champion = _champion(panel)
    second = Bench.of(panel, champion, _policy(Task.BINARY))
    candidate = trials._exchanged(panel, champion, second.stratum, np.random.default_rng(2))
    gap, area = "demographic_parity_difference", "roc_auc"
    rules = (
        Rule(id="all", metric=area, kind=Kind.NON_INFERIOR, margin=0.03),
        Rule(id="each", metric="recall", kind=Kind.NON_INFERIOR, margin=0.03, slice="*"),
        Rule(id="one", metric="f1", kind=Kind.FLOOR, value=0.5, slice="half=1"),
        Rule(id="gap", metric=gap, kind=Kind.CEILING, value=0.2, over="half"),
    )
    asked = Policy(task=Task.BINARY, rules=rules, slices=("region", "half"), resamples=200)
    everything = measure(panel, champion, candidate, asked, ["half"]).comparisons
    alone = measure(panel, champion, candidate, asked, ["half"], judged_by=rules).comparisons
    assert set(alone) < set(everything)
    found = [(one.metric, one.slice, one.over) for one in alone]
    named = [f"region={name}" for name in ("north", "south", "west")]
    slices = [("recall", name, None) for name in (*named, "half=0", "half=1")]
    expected = [(area, "overall", None), *slices, ("f1", "half=1", None), (gap, "overall", "half")]
    assert sorted(found, key=str) == sorted(expected, key=str)
    one, two = (sorted(judge(asked, of), key=str) for of in (everything, alone))
    assert one == two
