"""The search for slices that nobody declared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from titleholder.arrays import Panel, Predictions
from titleholder.comparison.explore import LEVEL, explore, losses
from titleholder.stats.multiplicity import benjamini_hochberg, holm
from titleholder.types import Task

N = 6000


def _panel(seed: int = 0, n: int = N) -> Panel:
    rng = np.random.default_rng(seed)
    return Panel(
        row_id=np.arange(n).astype(str), task=Task.BINARY, y_true=rng.integers(0, 2, n),
        classes=("no", "yes"),
        columns={
            "region": rng.choice(["north", "south", "west"], n).astype(object),
            "plan": rng.choice(["free", "paid"], n).astype(object),
            "age": rng.normal(40, 12, n),
            "note": np.array([f"text {i}" for i in range(n)], dtype=object),
            **{f"noise_{i}": rng.integers(0, 5, n) for i in range(8)},
        },
    )  # fmt: skip


def _pair(panel: Panel, seed: int, hurt: Any = None) -> tuple[Predictions, Predictions]:
    """Two models of the same quality, the second hurt on some rows."""
    rng = np.random.default_rng(seed)
    y = np.asarray(panel.y_true)

    def model() -> Any:
        return 1 / (1 + np.exp(-((y - 0.5) * 2 + rng.normal(0, 1, len(y)))))

    first, second = model(), model()
    if hurt is not None:
        second = np.where(hurt, 0.5 + 0.3 * (0.5 - second), second)
    return Predictions("a", score=first), Predictions("b", score=second)


@pytest.mark.parametrize(
    ("hurt", "expected"),
    [
        (lambda c: c["region"] == "west", "region=west"),
        (lambda c: (c["region"] == "west") & (c["plan"] == "paid"), "plan=paid & region=west"),
        (lambda c: c["age"] >= 48, "age>="),
    ],
)
def test_a_damaged_group_is_found_among_many_that_are_not(hurt: Any, expected: str) -> None:
    """By one column, by two, and by a part of a number."""
    panel = _panel()
    found = explore(panel, *_pair(panel, 1, hurt(panel.columns)))
    assert found.suspects
    worst = " & ".join(sorted(found.suspects[0].slice.split(" & ")))
    assert any(worst.startswith(expected) or expected in one.slice for one in found.suspects)
    assert found.looked_at > 100
    assert all(one.loss > 0 and one.q <= LEVEL for one in found.suspects)


def test_equal_models_are_rarely_suspected_anywhere() -> None:
    """Few rows a group, and many columns of which the most telling ones alone are crossed."""
    suspected = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        columns = {f"noise_{i}": rng.integers(0, 4, 1000) for i in range(20)}
        panel = replace(_panel(seed, 1000), columns=columns)
        suspected += bool(explore(panel, *_pair(panel, 500 + seed)).suspects)
    assert suspected <= 3  # 5%


def test_rows_of_one_cluster_are_one_observation() -> None:
    """Rows written ten times over prove nothing more."""
    panel = _panel(3, 400)
    pair = _pair(panel, 4, panel.columns["region"] == "west")
    again = np.repeat(np.arange(400), 10)
    copied = replace(
        panel, row_id=np.arange(4000).astype(str), y_true=panel.y_true[again],
        cluster=again, columns={k: v[again] for k, v in panel.columns.items()},
    )  # fmt: skip
    many = [Predictions(m.model, score=m.score[again]) for m in pair]
    once = {s.slice: s for s in explore(panel, *pair).suspects}
    twice = {s.slice: s for s in explore(copied, *many).suspects}
    for name in once.keys() & twice.keys():
        assert twice[name].std_error == pytest.approx(once[name].std_error, rel=0.02)
    assert once.keys() & twice.keys()


def test_free_text_and_ids_are_no_groups() -> None:
    """A value for each row says nothing of others."""
    panel = _panel()
    pair = _pair(panel, 1, np.ones(N, dtype=bool))
    assert not [s for s in explore(panel, *pair).suspects if "note" in s.slice]


def test_an_improvement_is_never_suspected() -> None:
    """Only what got worse is looked for."""
    panel = _panel()
    first, second = _pair(panel, 1, np.ones(N, dtype=bool))
    assert explore(panel, second, first).suspects == ()


@pytest.mark.parametrize("task", Task)
def test_every_task_has_a_loss(task: Task) -> None:
    """In its own words; positive where the candidate is worse."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 100)
    panel = Panel(np.arange(100).astype(str), task, y.astype(float), ("a", "b"))
    good = Predictions("g", label=y, value=y.astype(float), items={"q": np.ones(100)})
    bad = Predictions("b", label=1 - y, value=y + 1.0, items={"q": np.zeros(100)})
    words, worse = losses(panel, good, bad)
    assert words
    assert (worse == 1).all()


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30))
def test_adjusted_values_are_those_of_scipy_and_of_the_definition(p: list[float]) -> None:
    """Benjamini-Hochberg against SciPy; Holm against the largest k p over smaller ones."""
    values = np.array(p)
    np.testing.assert_allclose(benjamini_hochberg(values), stats.false_discovery_control(values))
    order = np.argsort(values, kind="stable")
    m = len(values)
    steps = [min(1.0, max(values[order[j]] * (m - j) for j in range(i + 1))) for i in range(m)]
    np.testing.assert_allclose(holm(values)[order], steps)


def test_questions_without_an_answer_are_no_part_of_the_family() -> None:
    """They neither cost the others anything nor get a value."""
    p = np.array([0.01, np.nan, 0.02])
    assert np.isnan(holm(p)[1])
    np.testing.assert_allclose(holm(p)[[0, 2]], holm(p[[0, 2]]))
    np.testing.assert_allclose(benjamini_hochberg(p)[[0, 2]], benjamini_hochberg(p[[0, 2]]))


def test_a_column_of_lists_is_passed_over() -> None:
    """Tags or an embedding beside a row are no group, and no fault."""
    panel = _panel(n=400)
    tags = np.empty(400, dtype=object)
    tags[:] = [["a", "b"]] * 400
    with_tags = replace(panel, columns={**panel.columns, "tags": tags})
    assert explore(with_tags, *_pair(panel, 1)) == explore(panel, *_pair(panel, 1))
