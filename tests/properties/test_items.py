"""Scores that are not about every row, and machines' scores corrected by people's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder import tables
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.errors import BadInput, NotComparable
from titleholder.params.schema import Policy
from titleholder.types import Comparison, Kind, Rule, Task

POLICY = Policy(
    task=Task.SCORED,
    rules=(Rule(id="r", metric="m", kind=Kind.NON_INFERIOR, margin=0.1),),
    resamples=400,
)


def panel(n: int) -> Panel:
    """Rows without anything but their ids."""
    return Panel(row_id=np.array([str(i) for i in range(n)]), task=Task.SCORED, y_true=None)


def compared(one: Predictions, two: Predictions, n: int) -> Comparison:
    """The comparison of the metric m over all rows."""
    found = measure(panel(n), one, two, POLICY).comparisons
    return next(c for c in found if c.metric == "m")


def scored(values: np.ndarray, rated: np.ndarray | None = None, name: str = "a") -> Predictions:
    """A model with scores m, and what people gave."""
    return Predictions(name, items={"m": values}, rated={} if rated is None else {"m": rated})


@given(st.integers(0, 10_000), st.integers(30, 60))
def test_rows_that_a_score_is_not_about_might_as_well_not_be_there(seed: int, n: int) -> None:
    """The comparison is that of the other rows alone, and n says how many those are."""
    rng = np.random.default_rng(seed)
    one, two, about = rng.random(n), rng.random(n), rng.random(n) < 0.7
    about[:5] = True
    whole = compared(scored(np.where(about, one, np.nan)),
                     scored(np.where(about, two, np.nan), name="b"), n)  # fmt: skip
    alone = compared(scored(one[about]), scored(two[about], name="b"), int(about.sum()))
    assert whole.n == about.sum()
    assert whole.improvement.value == pytest.approx(alone.improvement.value)
    assert whole.improvement.low == pytest.approx(alone.improvement.low, abs=1e-9)


def test_models_that_were_scored_on_different_rows_are_not_compared() -> None:
    """A mean over other rows is another question."""
    one, two = np.full(30, 0.5), np.full(30, 0.5)
    two[3] = np.nan
    with pytest.raises(NotComparable, match="different rows"):
        compared(scored(one), scored(two, name="b"), 30)


def test_shares_of_some_rows_have_score_intervals() -> None:
    """None in 40 is not surely none at all: the interval has a width."""
    one = np.where(np.arange(100) < 40, 0.0, np.nan)
    found = compared(scored(one), scored(one.copy(), name="b"), 100)
    assert "Newcombe" in found.method
    assert found.candidate.high is not None
    assert found.candidate.high > 0.05


def test_a_corrected_mean_is_the_judges_mean_and_its_mean_error() -> None:
    """Angelopoulos et al. 2023, equation (1) for a mean."""
    rng = np.random.default_rng(7)
    score, truth = rng.random(200), rng.random(200)
    rated = np.where(np.arange(200) % 4 == 0, truth, np.nan)
    seen = np.isfinite(rated)
    expected = score.mean() + (truth - score)[seen].mean()
    found = compared(scored(score, rated), scored(score, rated, name="b"), 200)
    assert found.candidate.value == pytest.approx(expected)


def test_corrected_intervals_hold_the_truth_though_the_judge_is_biased() -> None:
    """Of 200 panels with a judge that is 0.2 too lenient, about 95% hold the true mean."""
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        truth = (rng.random(300) < 0.6).astype(float)
        score = np.clip(0.8 * truth + 0.2 + rng.normal(0, 0.1, 300), 0, 1.2)
        rated = np.where(rng.random(300) < 0.4, truth, np.nan)
        two = scored(score, rated, name="b")
        own = compared(scored(score, rated), two, 300).candidate
        assert own.low is not None
        assert own.high is not None
        held += own.low <= 0.6 <= own.high
    assert 181 <= held <= 198


def test_a_model_that_nobody_rated_has_no_corrected_mean() -> None:
    """One side corrected and the other not would compare two measures."""
    score = np.linspace(0, 1, 50)
    found = compared(scored(score, score), scored(score, name="b"), 50)
    assert found.improvement.value is None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"score_m": [0.5, None], "about_m": [1, 1]}, "blank"),
        ({"score_m": [0.5, None]}, "blank or not finite"),
        ({"score_m": [0.5, 1.0], "about_m": [1, 2]}, "neither 0 nor 1"),
        ({"score_m": [0.5, float("inf")], "about_m": [1, 0]}, "not finite"),
        ({"score_m": [0.5, 0.5], "rated_m": [None, float("inf")]}, "not finite"),
        ({"score_m": [0.5, 0.5], "rated_m": ["good", None]}, "is no number"),
    ],
)
def test_a_blank_score_needs_to_say_that_it_is_not_about_the_row(
    columns: dict[str, list[object]], said: str
) -> None:
    """A gap is a fault unless ``about_<metric>`` says that it is none."""
    import pandas as pd

    frame = pd.DataFrame({"row_id": ["0", "1"], **columns})
    with pytest.raises(BadInput, match=said):
        tables.predictions_of(frame, panel(2), POLICY, "b", "b.csv")
