"""Several models on the same rows: pairs, ranks, and who cannot be told from the best."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support.panels import binary
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.comparison.standings import Standings, metrics_of, stand
from titleholder.metrics import REGISTRY
from titleholder.params.schema import DataParams, LeaderboardParams, Models, Suite
from titleholder.types import Kind, Rule, Task

BLANK = Standings({}, "suite", 0.95, (), (), (), ())


def suite(**said: Any) -> Suite:
    """A binary suite, but for what is said."""
    fields: dict[str, Any] = {
        "task": Task.BINARY,
        "rules": (Rule("auc", "roc_auc", Kind.NON_INFERIOR, margin=0.01),),
        "positive": "yes",
        "resamples": 300,
        "data": DataParams(current="current.csv"),
        "models": Models(champion="champion.csv", candidates=("a.csv", "b.csv")),
        **said,
    }
    return Suite(**fields)


def models(n: int, **skills: float) -> tuple[Panel, list[Predictions]]:
    """A panel and a model for each skill, whose noise they share in part."""
    random = np.random.default_rng(5)
    truth = (random.random(n) < 0.4).astype(np.int64)
    common = random.normal(size=n)
    found = []
    for name, skill in skills.items():
        noise = 0.8 * common + 0.6 * random.normal(size=n)
        score = 1 / (1 + np.exp(-(skill * (truth - 0.4) + noise)))
        panel, one, _ = binary(truth, score, score)
        found.append(replace(one, model=name))
    return panel, found


def standings(n: int, said: Suite, **skills: float) -> Standings:
    """What becomes of models of these skills on n rows."""
    panel, found = models(n, **skills)
    return stand(BLANK, panel, found, said, REGISTRY, {})


def test_models_far_apart_are_ranked_and_told_apart() -> None:
    """Each pair is shown, the best stands alone, and ranks follow skill."""
    found = standings(3000, suite(), champion=1.0, weak=0.3, strong=2.5)
    assert {m.model: m.rank for m in found.models} == {"champion": 2, "weak": 3, "strong": 1}
    assert found.best == ("strong",)
    assert all(pair.shown for pair in found.pairs)
    assert [m.champion for m in found.models] == [True, False, False]


def test_models_alike_are_not_told_apart() -> None:
    """Nobody is shown better, and all are in the set of the best."""
    found = standings(300, suite(), champion=1.0, a=1.02, b=0.98)
    assert set(found.best) == {"champion", "a", "b"}
    assert not any(pair.shown for pair in found.pairs)


def test_each_pair_is_compared_once_by_each_metric() -> None:
    """Four models and two metrics: six pairs, twelve comparisons, in one family."""
    said = suite(leaderboard=LeaderboardParams(metrics=("roc_auc", "log_loss")))
    found = standings(300, said, champion=1.0, a=1.2, b=0.8, c=0.5)
    assert len(found.pairs) == 12
    assert len({(p.metric, p.first, p.second) for p in found.pairs}) == 12
    raw = [p.p_value for p in found.pairs]
    assert all(p.adjusted >= p.p_value for p in found.pairs if p.p_value is not None)  # type: ignore[operator]
    assert None not in raw


def test_ranks_are_averages_over_metrics() -> None:
    """A model that is first by one metric and last by another stands between."""
    said = suite(leaderboard=LeaderboardParams(metrics=("roc_auc", "log_loss")))
    panel, (champion, a, b) = models(2000, champion=1.0, a=2.0, b=1.5)
    assert a.score is not None
    # The best order of rows with scores that are far too sure: first by AUC, last by log loss.
    sure = replace(a, score=1 / (1 + (1 / a.score - 1) ** 9), model="a")
    found = stand(BLANK, panel, [champion, sure, b], said, REGISTRY, {})
    assert {m.model: m.rank for m in found.models}["a"] == 2.0


def test_models_that_are_the_same_share_a_rank() -> None:
    """Two names for one file: neither is shown better, both have the middle of the two ranks."""
    panel, (champion, other) = models(400, champion=1.0, other=2.0)
    twin = replace(champion, model="twin")
    found = stand(BLANK, panel, [champion, twin, other], suite(), REGISTRY, {})
    ranks = {m.model: m.rank for m in found.models}
    assert ranks == {"champion": 2.5, "twin": 2.5, "other": 1.0}
    (pair,) = (p for p in found.pairs if (p.first, p.second) == ("champion", "twin"))
    assert not pair.shown


def test_what_was_compared_already_is_not_measured_again() -> None:
    """The champion's pairs are those of its verdicts, to the last digit."""
    panel, found = models(500, champion=1.0, a=1.2, b=0.8)
    said = suite()
    known = {
        (found[0].model, m.model): measure(panel, found[0], m, said).comparisons for m in found[1:]
    }
    again = stand(BLANK, panel, found, said, REGISTRY, known)
    assert again == stand(BLANK, panel, found, said, REGISTRY, {})
    whole = next(
        c for c in known["champion", "a"] if c.metric == "roc_auc" and c.slice == "overall"
    )
    assert again.pairs[0].improvement == whole.improvement


def test_slices_do_not_count_here() -> None:
    """Pairs are over all rows, whatever the suite cuts them into."""
    panel, found = models(300, champion=1.0, a=1.2, b=0.8)
    panel = replace(panel, columns={"s": np.array(["x", "y"] * 150, dtype=object)})
    sliced = stand(BLANK, panel, found, suite(slices=("s",)), REGISTRY, {})
    assert sliced == stand(BLANK, panel, found, suite(), REGISTRY, {})


def test_a_metric_that_cannot_be_taken_ranks_nobody() -> None:
    """One class only: no rank, no best, and the reason in each pair."""
    panel, found = models(100, champion=1.0, a=1.2, b=0.8)
    panel = replace(panel, y_true=np.zeros(100, dtype=np.int64))
    told = stand(BLANK, panel, found, suite(), REGISTRY, {})
    assert [m.rank for m in told.models] == [None, None, None]
    assert told.best == ()
    assert all(pair.reason and not pair.shown for pair in told.pairs)


@pytest.mark.parametrize("alike", range(3))
def test_of_equal_models_few_families_name_anybody(alike: int) -> None:
    """40 panels of five equally good models: Holm names somebody in hardly any of them."""
    named = 0
    for seed in range(40):
        random = np.random.default_rng(1000 * alike + seed)
        truth = (random.random(400) < 0.5).astype(np.int64)
        found = []
        for k in range(5):
            panel, one, _ = binary(truth, *[truth + random.normal(size=400)] * 2)
            found.append(replace(one, model=f"m{k}", label=(one.score > 0.5).astype(np.int64)))  # type: ignore[operator]
        said = suite(resamples=200, leaderboard=LeaderboardParams(metrics=("accuracy",)))
        told = stand(BLANK, panel, found, said, REGISTRY, {})
        named += any(pair.shown for pair in told.pairs)
    assert named <= 7  # 2 are due at 5%; 8 or more come of 40 in one of 3,000 such tests


def test_scored_items_are_ranked_by_the_first_score_that_all_have() -> None:
    """The suite's own order first, else the alphabet's; a declared metric before both."""
    items = {"helpful": np.ones(3), "brief": np.zeros(3)}
    found = [Predictions("a", items=items), Predictions("b", items={"helpful": np.ones(3)})]
    scored = suite(task=Task.SCORED, positive=None)
    assert metrics_of(scored, found) == ("helpful",)
    assert metrics_of(scored, found[:1]) == ("brief",)
    named = suite(task=Task.SCORED, positive=None, metrics=("helpful", "brief"))
    assert metrics_of(named, found[:1]) == ("helpful",)
    asked = suite(leaderboard=LeaderboardParams(metrics=("f1",)))
    assert metrics_of(asked, found) == ("f1",)
