"""What the pictures show: forest, heat map, confusion, curves, costs, changed rows, trade-off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from tests.support import cards
from titleholder.arrays import Panel, Predictions
from titleholder.metrics import REGISTRY
from titleholder.metrics.cost import cost_metrics
from titleholder.report import changed, confusion, curves, forest, heatmap, shifts, tradeoff
from titleholder.report import findings as said
from titleholder.report.plot import CANDIDATE, CHAMPION
from titleholder.report.plots import plots
from titleholder.report.running import running
from titleholder.report.thresholds import cost, in_force, thresholds
from titleholder.report.titles import knowing
from titleholder.types import Task

RNG = np.random.default_rng(5)
PASSING, FAILING, LARGE = cards.passing(), cards.failing(), cards.large()


def binary(n: int = 400, **more: object) -> tuple[Panel, Predictions, Predictions]:
    """A panel of two classes and two models with scores, labelled at 0.3."""
    y = (RNG.random(n) < 0.3).astype(int)
    panel = Panel(
        row_id=np.arange(n).astype(str), task=Task.BINARY, y_true=y, classes=("no", "yes"), **more
    )
    scores = [np.clip(0.2 + 0.4 * y + RNG.normal(0, s, n), 0, 1).round(3) for s in (0.25, 0.2)]
    first, second = (Predictions("m", label=(s >= 0.3).astype(int), score=s) for s in scores)
    return panel, first, second


# ------------------------------------------------------------------------------- forest


def test_a_strip_lies_on_the_side_of_its_bound_that_its_outcome_says() -> None:
    """Drawn positions never contradict the judgement: PASS clear of the shade, FAIL inside it."""
    for group in forest.groups(FAILING.verdict.findings + LARGE.verdict.findings):
        for strip in group.strips:
            if strip.low is None or strip.high is None:
                continue
            above = said.judged(strip.finding).above
            near, far = (strip.low, strip.high) if above else (strip.high, strip.low)
            sign = 1 if above else -1
            if strip.finding.outcome == "PASS":
                assert sign * (near - strip.bound) >= 0
            elif strip.finding.outcome == "FAIL":
                assert sign * (strip.bound - far) >= 0


def test_everything_drawn_lies_within_the_picture() -> None:
    """Values, bounds and ticks are per cent of the width."""
    for group in forest.groups(LARGE.verdict.findings):
        places = [tick.at for tick in group.ticks]
        for strip in group.strips:
            places += [
                p for p in (strip.value, strip.low, strip.high, strip.bound) if p is not None
            ]
        assert all(0 <= place <= 100 for place in places)
        assert 2 <= len(group.ticks) <= 7


def test_the_worst_stands_first_in_each_group() -> None:
    """And what does not fit is counted, and is no worse than what is shown."""
    for group in forest.groups(LARGE.verdict.findings):
        keys = [said.badness(strip.finding) for strip in group.strips]
        assert keys == sorted(keys)
        count = sum(f.metric == group.metric for f in LARGE.verdict.findings)
        assert len(group.strips) + group.left_out == count


# ----------------------------------------------------------------------------- heat map


def test_a_cell_is_marked_only_where_its_whole_interval_is_on_one_side() -> None:
    """Marks agree with the intervals, and colour with the direction."""
    comparisons = LARGE.comparisons.comparisons
    heat = heatmap.heatmap(comparisons, LARGE.verdict.rules)
    assert heat is not None
    by_key = {(c.slice, c.metric): c for c in comparisons}
    for row in heat.rows:
        for metric, cell in zip(heat.metrics, row.cells, strict=True):
            value = by_key[row.slice, metric].improvement
            assert value.low is not None and value.high is not None and value.value is not None
            assert cell.sign == (value.low > 0) - (value.high < 0)
            assert cell.step * value.value >= 0


def test_a_metric_without_any_value_has_no_column() -> None:
    """A column of dashes tells nothing."""
    found = [
        *(cards.comparison("recall", s, cards.Moved()) for s in ("overall", "a=1")),
        *(cards.comparison("mape", s) for s in ("overall", "a=1")),
    ]
    heat = heatmap.heatmap(found, ())
    assert heat is not None and heat.metrics == ("recall",)


def test_gaps_name_each_slice_once_and_only_beyond_chance() -> None:
    """Of several metrics on one slice the clearest speaks."""
    for worse in (True, False):
        found = heatmap.gaps(LARGE.comparisons.comparisons, worse=worse)
        slices = [gap.comparison.slice for gap in found]
        assert len(set(slices)) == len(slices) and "overall" not in slices
        for gap in found:
            low, high = gap.comparison.improvement.low, gap.comparison.improvement.high
            assert low is not None and high is not None
            assert high < 0 if worse else low > 0


# ---------------------------------------------------------------------------- confusion


@given(st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_confusion_counts_every_row_once(k: int, seed: int) -> None:
    """Counts add up to the rows, and are scikit-learn's where all classes are shown."""
    rng = np.random.default_rng(seed)
    y, first, second = rng.integers(0, k, (3, 60))
    names = tuple(f"c{i}" for i in range(k))
    panel = Panel(row_id=np.arange(60).astype(str), task=Task.MULTICLASS, y_true=y, classes=names)
    found = confusion.confusion(
        panel, Predictions("a", label=first), Predictions("b", label=second)
    )
    assert found is not None
    assert len(found.classes) <= confusion.MOST_CLASSES
    counts = np.array([[cell.count for cell in line] for line in found.champion.cells])
    assert counts.sum() == 60
    if k <= confusion.MOST_CLASSES:
        assert (counts == confusion_matrix(y, first, labels=range(k))).all()
    change = np.array([[cell.count for cell in line] for line in found.difference.cells])
    assert (change.sum(axis=1) == 0).all()


# ------------------------------------------------------------------------------- curves


@pytest.mark.parametrize("ties", [1, 3])
def test_curves_go_through_the_points_of_scikit_learn(ties: int) -> None:
    """ROC and precision-recall, with tied scores too."""
    panel, model, _ = binary()
    y, score = np.asarray(panel.y_true, float), np.round(model.score, ties)  # type: ignore[arg-type]
    roc, pr = curves.both(panel, y, CHAMPION, score)
    fpr, tpr, _ = roc_curve(y, score, drop_intermediate=False)
    assert np.allclose(roc.x, fpr) and np.allclose(roc.y, tpr)
    precision, recall, _ = precision_recall_curve(y, score)
    assert np.allclose(pr.x[1:], recall[:-1][::-1]) and np.allclose(pr.y[1:], precision[:-1][::-1])


def test_a_band_is_wider_where_fewer_rows_speak() -> None:
    """Four times the rows, about half the width."""
    widths = []
    for n in (400, 1600):
        panel, model, _ = binary(n)
        assert model.score is not None
        curve, _ = curves.both(panel, np.asarray(panel.y_true, float), CANDIDATE, model.score)
        widths.append(float((curve.high - curve.low)[5:45].mean()))
    assert 1.5 < widths[0] / widths[1] < 2.7


def test_a_band_knows_that_rows_of_a_cluster_hang_together() -> None:
    """Each row four times, as clusters of four, has the band of the rows alone."""
    panel, model, _ = binary(300)
    y, score = np.asarray(panel.y_true, float), model.score
    assert score is not None
    four = Panel(
        row_id=np.arange(1200).astype(str), task=Task.BINARY, y_true=np.repeat(panel.y_true, 4),
        classes=panel.classes, cluster=np.repeat(np.arange(300), 4),
    )  # fmt: skip
    once, _ = curves.both(panel, y, CHAMPION, score)
    times, _ = curves.both(four, np.repeat(y, 4), CHAMPION, np.repeat(score, 4))
    assert np.allclose(once.high - once.low, times.high - times.low, atol=0.05)


def test_a_panel_too_large_to_resample_has_no_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be no wider than the line; the caption does not promise any."""
    monkeypatch.setattr(curves, "MOST_RESAMPLED", 100)
    roc, pr, *_ = plots(*binary())
    assert "bands" not in roc.caption + pr.caption
    assert "[" not in roc.rows[0][1]


@pytest.mark.parametrize("only", [0, 1])
def test_a_panel_of_one_class_has_calibration_alone(only: int) -> None:
    """There is nothing to rank."""
    panel, first, second = binary()
    alone = Panel(
        row_id=panel.row_id, task=Task.BINARY, y_true=np.full(400, only), classes=panel.classes
    )
    names = {plot.name for plot in plots(alone, first, second)}
    assert "calibration" in names and not names & {"roc", "pr"}


@pytest.mark.parametrize("make", cards.CARDS)
def test_every_plot_says_what_to_see_and_holds_its_figures(make: object) -> None:
    """Title, caption and a table as wide as its heading."""
    card = make()  # type: ignore[operator]
    if card.panel is None:
        return
    for plot in plots(card.panel, card.champion, card.candidate):
        assert plot.title and len(plot.caption) > 40 and plot.rows
        assert {len(row) for row in plot.rows} == {len(plot.head)}
        assert plot.svg is not None and "<title" in plot.svg and "<text" in plot.svg


# --------------------------------------------------------------------------- thresholds


@given(st.integers(1, 99), st.integers(0, 2**32 - 1))
def test_the_threshold_found_explains_every_label(percent: int, seed: int) -> None:
    """Whatever threshold made the labels, the one that is found would have made the same."""
    score = np.random.default_rng(seed).random(50)
    label = (score >= percent / 100).astype(int)
    found = in_force((Predictions("m", label=label, score=score),))
    assert found is not None
    assert ((score >= found).astype(int) == label).all()


def test_labels_that_no_threshold_explains_have_no_cost_curve() -> None:
    """A model that turns its own scores round is not priced by them."""
    score = np.array([0.2, 0.8])
    assert in_force((Predictions("m", label=np.array([1, 0]), score=score),)) is None


@given(st.floats(0.05, 0.95))
def test_with_calibrated_scores_the_threshold_in_force_is_the_cheapest(at: float) -> None:
    """What makes a threshold name a price (Elkan 2001): no other costs less at that price."""
    score = np.linspace(0.005, 0.995, 100)
    y = np.r_[np.ones(100), np.zeros(100)]
    weight = np.r_[score, 1 - score]  # each score comes true as often as it says
    price = (1 - at) / at
    both = np.r_[score, score]
    costs = np.array([[0.0, 1.0], [price, 0.0]])
    here = cost(y, both, weight, at, costs)
    for other in np.linspace(0.01, 0.99, 25):
        assert here <= cost(y, both, weight, float(other), costs) + 1e-9


def test_costs_that_the_suite_declares_are_what_the_curve_counts() -> None:
    """And not those that its threshold would stand for; the cheapest threshold is the exact one."""
    y, score = np.array([0, 0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    panel = Panel(np.arange(6), Task.BINARY, y, classes=("no", "yes"))
    model = Predictions("m", label=(score >= 0.5).astype(int), score=score)
    never = Predictions("n", label=(score >= 2).astype(int), score=score / 3)
    costs = np.array([[-1.0, 9.0], [20.0, 0.0]])
    with knowing(REGISTRY.with_own(cost_metrics(costs, "EUR"))):
        shown = thresholds(panel, model, model)
        skewed = thresholds(panel, never, never)
    assert shown is not None and skewed is not None
    assert "own costs in EUR" in shown.caption
    assert "the champion costs 4,500" in shown.caption  # a miss, a false alarm, two gains, of six
    assert "cheapest from 0.3 on, at 1,167" in shown.caption  # a false alarm and two gains
    assert "from 0.1 on" in skewed.caption


# ------------------------------------------------------------------------- changed rows


@pytest.mark.parametrize("make", [cards.passing, cards.regression, cards.multiclass, cards.scored])
def test_changed_rows_are_few_and_truly_changed(make: object) -> None:
    """Ids are of the panel, none stands on both sides, and there are no more than six each way."""
    card = make()  # type: ignore[operator]
    found = changed.changed(card.panel, card.champion, card.candidate)
    assert found is not None
    worse, better = ({row.row_id for row in rows} for rows in (found.worse, found.better))
    assert not worse & better
    assert (worse | better) <= set(card.panel.row_id)
    assert 0 < len(found.worse) <= changed.MOST and 0 < len(found.better) <= changed.MOST


def test_the_clearest_loss_of_a_regression_is_the_largest_growth_of_error() -> None:
    """By absolute error, candidate's less champion's."""
    card = cards.regression()
    panel, first, second = card.panel, card.champion, card.candidate
    assert panel and first and second and first.value is not None and second.value is not None
    growth = np.abs(second.value - panel.y_true) - np.abs(first.value - panel.y_true)
    found = changed.changed(panel, first, second)
    assert found is not None
    assert found.worse[0].row_id == panel.row_id[int(np.argmax(growth))]
    assert found.n_worse == int((growth > 0).sum())


def test_a_changed_row_tells_the_score_that_its_answer_rests_on() -> None:
    """Of the positive class for two, of the true class for more."""
    panel, first, second = binary()
    found = changed.changed(panel, first, second)
    assert found is not None and first.score is not None
    row = found.worse[0]
    said_score = float(row.champion.split("score ")[1].rstrip(")"))
    assert abs(said_score - first.score[int(row.row_id)]) < 0.01
    three = Panel(
        row_id=np.array(["a"]), task=Task.MULTICLASS, y_true=np.array([2]), classes=("x", "y", "z")
    )
    models = [
        Predictions("m", label=np.array([label]), score=np.array([[0.1, 0.6, 0.3]]))
        for label in (2, 1)
    ]
    lost = changed.changed(three, models[0], models[1])
    assert lost is not None
    assert lost.worse[0].candidate == "y (30% on the truth)"


def test_models_that_answer_alike_have_no_changed_rows() -> None:
    """Nothing changed, nothing is shown."""
    panel, model, _ = binary()
    assert changed.changed(panel, model, model) is None


# ----------------------------------------------------------------------------- tradeoff


def balance(card: object) -> tradeoff.Tradeoff:
    """Gains and costs of a card, with its confusion matrices where it has them."""
    matrices = None
    if card.panel is not None:  # type: ignore[attr-defined]
        matrices = confusion.confusion(card.panel, card.champion, card.candidate)  # type: ignore[attr-defined]
    verdict = card.verdict  # type: ignore[attr-defined]
    found = tradeoff.tradeoff(
        card.comparisons.comparisons, verdict.rules, verdict.task, matrices  # type: ignore[attr-defined]
    )  # fmt: skip
    assert found is not None
    return found


def test_only_what_lies_beyond_chance_is_called_a_gain_or_a_cost() -> None:
    """An interval that crosses zero is told as no clear change."""
    found = balance(FAILING)
    assert [(line.title, line.where) for line in found.costs[:2]] == [
        ("Recall", "sex=female"), ("Recall", "sex=male"),
    ]  # fmt: skip
    assert "ROC AUC" in {line.title for line in found.unclear}
    assert [line.title for line in found.gains] == ["Log loss"]


def test_size_and_time_count_among_the_costs() -> None:
    """With the factor by which they grew."""
    (size,) = [line for line in balance(PASSING).costs if line.title == "Model size"]
    assert size.from_to == "1.2 → 1.6 MB" and size.change == "1.3 times"


def test_the_balance_in_rows_adds_up_with_the_confusion_matrices() -> None:
    """Positives found and negatives flagged, as the two matrices say."""
    assert PASSING.panel and PASSING.champion and PASSING.candidate
    y, first, second = PASSING.panel.y_true, PASSING.champion.label, PASSING.candidate.label
    assert y is not None and first is not None and second is not None
    more = int(second[y == 1].sum()) - int(first[y == 1].sum())
    text = balance(PASSING).in_rows
    assert (
        f"Of {int(y.sum()):,} positives it finds {abs(more)} {'more' if more > 0 else 'fewer'}"
        in text
    )


@pytest.mark.parametrize(
    ("found", "flagged", "words"),
    [
        (10, 5, "costs more than 0.5 false alarms"),
        (-10, -20, "costs less than 2 false alarms"),
        (10, -5, ""),
        (-10, 5, ""),
        (0, 5, ""),
    ],
)
def test_a_price_is_named_only_where_there_is_a_trade(found: int, flagged: int, words: str) -> None:
    """Better in both, or worse in both, pays or does not at any price."""
    text = tradeoff._break_even(found, flagged)
    assert (words in text) if words else text == ""


def test_nothing_compared_is_no_trade() -> None:
    """Where no model was run, the banner has no gains and no costs."""
    assert tradeoff.tradeoff((), (), Task.BINARY, None) is None


def test_costs_of_single_rows_are_told_side_by_side() -> None:
    """Latency quantiles in milliseconds and means of money, candidate to champion."""
    costs = {"latency_s": np.array([0.1, 0.2, 0.3]), "cost_usd": np.array([1.0, 1.0, 1.0])}
    twice = {name: values * 2 for name, values in costs.items()}
    lines = {
        line.title: line
        for line in running((), Predictions("a", costs=costs), Predictions("b", costs=twice))
    }
    assert lines["Latency by row, 90%"].champion == "280"
    assert lines["Latency by row, 90%"].candidate == "560"
    assert lines["Cost, mean of a row"].times == "2 times"


# -------------------------------------------------------------------------------- drift


def test_shifted_columns_come_first_and_are_drawn() -> None:
    """Then those without a score, then the rest by PSI; never more than six pictures."""
    assert LARGE.drift is not None
    ordered = shifts.ordered(LARGE.drift.columns)
    outcomes = [column.outcome for column in ordered]
    assert outcomes == sorted(outcomes, key=("SHIFTED", "NOT_SCORED", "OK").index)
    pictures = shifts.pictures(LARGE.drift.columns)
    assert shifts.LEAST_PICTURES <= len(pictures) <= shifts.MOST_PICTURES
    assert pictures[0].column is ordered[0]
    widths = [w for p in pictures for b in p.bars for w in (b.reference_width, b.current_width)]
    assert all(0 <= width <= 100 for width in widths)
