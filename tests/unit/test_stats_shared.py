"""What all slices share: sums that add, exact orders, and the law that comes of them."""

from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.panels import Pair, binary, drawn, found, grouped, policy
from titleholder.arrays import Floats, Ints, Panel, Predictions, Slice
from titleholder.comparison import compare
from titleholder.comparison.slices import declared
from titleholder.fast import sorting
from titleholder.metrics import REGISTRY
from titleholder.metrics.base import Ranks
from titleholder.metrics.calibration import brier_columns, log_loss_columns
from titleholder.metrics.ladder import Ladder
from titleholder.params.schema import Policy
from titleholder.stats.resampler import large_cells
from titleholder.stats.shared import known, summary
from titleholder.stats.shared.bins import FINE, Bins
from titleholder.stats.shared.block import Block
from titleholder.stats.shared.falling import Falling
from titleholder.stats.shared.layout import Layout
from titleholder.stats.shared.partition import Partition, partitions
from titleholder.stats.shared.places import Order
from titleholder.types import Task

ORDERED = ("roc_auc", "gini", "average_precision", "ks", "lift[0.1]")
NAMES = ("precision", "f1", "roc_auc", "gini", "average_precision", "ks", "log_loss", "brier")


def rank_law(name: str) -> Ranks:
    """The law of a metric of order."""
    law = REGISTRY[name].law
    assert isinstance(law, Ranks)
    return law


def ordered(y: Ints, score: Floats, slices: list[Slice]) -> tuple[Order, tuple[Partition, ...]]:
    """The order of these scores, and the partitions that these slices are packed into."""
    packed = partitions(slices)
    layout = Layout.of(packed, float(score.min()))
    assert layout is not None
    marks = layout.marks(y, packed)
    numbers = layout.numbers(score, marks, np.empty(len(score), np.uint64))
    return Order.of(layout, sorting.sort(numbers), score, marks), packed


def fallen(layout: Layout, y: Ints, score: Floats, packed: tuple[Partition, ...]) -> Falling:
    """All rows in falling order of these scores."""
    return Falling.of(layout, score, layout.marks(y, packed), Bins.of(y, score).fine(score))


def sliced(n: int, seed: int = 0, **said: Any) -> Pair:
    """A panel with slices by value in two columns."""
    rng = np.random.default_rng(seed + 50)
    columns = {"g": rng.integers(0, 4, n), "h": rng.choice(list("abc"), n)}
    return drawn(n, seed, columns=columns, **said)


# ---------------------------------------------------------------------------- partitions


@given(st.lists(st.lists(st.integers(0, 5), min_size=6, max_size=6), max_size=4), st.integers(0, 9))
def test_each_slice_is_in_one_partition(rows: list[list[int]], out: int) -> None:
    """The code of a slice's partition is its own on its rows, and never on others."""
    slices = grouped(*map(np.array, rows)) if rows else []
    slices = [part for i, part in enumerate(slices) if i != out]
    seen = []
    for partition in partitions(slices):
        for member in partition.members:
            seen.append(member)
            code = np.zeros(6) if partition.code is None else partition.code
            assert ((code == partition.place(member)) == slices[member].mask).all()
    assert sorted(seen) == list(range(len(slices)))


@pytest.mark.parametrize("groups", [255, 256, 700])
def test_no_code_is_larger_than_a_byte(groups: int) -> None:
    """So many slices of one column as no byte can tell apart are in several partitions."""
    group = np.random.default_rng(0).integers(0, groups, 5000).astype(np.uint16)
    slices = [Slice(str(k), group, k) for k in range(groups)]
    packed = partitions(slices)
    assert [len(p.members) for p in packed] == [255] * (groups // 255) + [groups % 255] * (
        groups % 255 > 0
    )
    for partition in packed:
        assert partition.code is not None
        for member in partition.members:
            mine = partition.code == partition.place(member)
            np.testing.assert_array_equal(mine, slices[member].mask)


# --------------------------------------------------------------------------------- order


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from([None, 3, 40]), st.sampled_from([1.0, 1e-3, 1e-300]))
def test_values_of_order_are_exact(seed: int, ties: int | None, scale: float) -> None:
    """On every slice the value is that of the slice's own ladder, tied scores or not."""
    rng = np.random.default_rng(seed)
    n = 120
    y = (rng.random(n) < 0.4).astype(np.int64)
    score = rng.random(n) if ties is None else rng.integers(0, ties, n) / ties
    score = score * scale
    slices = grouped(rng.integers(0, 3, n), rng.integers(0, 2, n))
    order, packed = ordered(y, score, slices)
    standing = fallen(order.layout, y, score, packed).walk(packed).standings
    assert (standing is None) == (order.step is not None)
    for member, stand in order.slices(packed):
        rows = slices[member].mask
        ladder = Ladder.of(y[rows].astype(float), score[rows])
        if stand.rarest == 0:
            continue
        for name in ORDERED:
            law = rank_law(name)
            expected = float(law.value(ladder.plain_steps()))
            assert float(law.value(stand.steps())) == pytest.approx(expected, abs=1e-12)
            if law.by_standing is not None and standing is not None:
                assert law.by_standing(standing[member]) == pytest.approx(expected, abs=1e-12)


def test_scores_that_differ_in_their_last_bit_are_no_ties() -> None:
    """Where slices take the last bits of the scores, nearly equal ones are not taken for equal."""
    n = 128
    y = np.arange(n) % 2
    score = 0.5 + np.spacing(0.5) * np.arange(n)
    slices = grouped(np.arange(n) % 8)
    for told in (score, np.where(np.arange(n) == 5, score[4], score)):
        order, packed = ordered(y, told, slices)
        steps = dict(order.slices(packed))[0].steps()
        expected = Ladder.of(y.astype(float), told).plain_steps()
        for name in ORDERED:
            assert rank_law(name).value(steps) == rank_law(name).value(expected)
        marks = order.layout.marks(y, packed)
        falling = fallen(order.layout, y, told, packed)
        values, _ = known._of_model(falling, told, marks, packed, [rank_law("roc_auc")])
        in_full = float(rank_law("roc_auc").value(expected))
        assert values[rank_law("roc_auc"), 0] == pytest.approx(in_full, abs=1e-12)


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.sampled_from([2, 300, 1000]),
    st.sampled_from([1, 20, 36, 63]),
    st.sampled_from([None, 3, 100]),
)
def test_numbers_are_sorted_as_by_any_sort(
    seed: int, n: int, bits: int, distinct: int | None
) -> None:
    """Many or few, spread out or alike in all but their last bits: the order is numpy's."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 1 << bits, n, dtype=np.uint64)
    if distinct is not None:
        leading = rng.choice(numbers, distinct) >> np.uint64(9) << np.uint64(9)
        numbers = rng.choice(leading, n) | rng.integers(0, 512, n, dtype=np.uint64)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sorting, "_MANY", 2)
        patched.setattr(sorting, "_sorts_quickly", lambda: False)
        np.testing.assert_array_equal(sorting.sort(numbers.copy()), np.sort(numbers))


# --------------------------------------------------------------------------------- sums


def blocks(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[summary.Summary]]:
    """The summary of a panel, and those of its blocks of 1,000 rows."""
    monkeypatch.setattr(summary, "ROWS", 1000)
    panel, *answers = pair
    packed = partitions(declared(panel, ("g", "h")))
    both = (answers[0], answers[1])
    columns = (log_loss_columns, brier_columns)
    reading = summary.Reading.of(packed, panel, both, columns, binned=True)
    parts = []
    for number, (start, stop) in enumerate(pairwise([*range(0, len(panel), 1000), len(panel)])):
        rows = slice(start, stop)
        codes = [None if p.code is None else p.code[rows] for p in packed]
        of = [model.at(rows) for model in both]
        block = summary.rows_of_panel(panel, rows)
        parts.append(summary.Summary.of_block(number, reading, codes, block, (of[0], of[1])))
    return summary.summarise(Block(reading, [p.code for p in packed], panel, both)), parts


def same(one: summary.Summary, other: summary.Summary) -> bool:
    """Whether two summaries are the same to the last bit."""
    pairs = [
        *((a, b) for name in ("cells", "fine", "joint", "rows", "thinned")
          for a, b in zip(getattr(one, name), getattr(other, name), strict=True)),
        *((one.total(p), other.total(p)) for p in range(len(one.rows))),
    ]  # fmt: skip
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.mark.parametrize("seed", range(3))
def test_summaries_add_in_any_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks put together in any order and any grouping make the same bytes as the whole."""
    whole, parts = blocks(sliced(5300, seed), monkeypatch)
    order = np.random.default_rng(seed).permutation(len(parts))
    one = reduce(add, [parts[i] for i in order])
    grouped = reduce(add, [parts[i] for i in order[:3]]) + reduce(
        add, [parts[i] for i in order[3:]]
    )
    assert same(whole, one)
    assert same(whole, grouped)


def test_a_block_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two summaries that hold the same block are refused."""
    _, parts = blocks(sliced(2000), monkeypatch)
    with pytest.raises(ValueError, match="block 0"):
        (parts[0] + parts[1]) + parts[0]


def test_bins_never_fall() -> None:
    """A higher probability is never in a lower bin, and all lie within the bins."""
    rng = np.random.default_rng(0)
    score = np.sort(np.concatenate([rng.random(2000) ** 9, [0.0, 1.0, 1e-320, 1 - 1e-16]]))
    fine = Bins.of((rng.random(len(score)) < 0.1).astype(np.int64), score).fine(score)
    assert (np.diff(fine.astype(int)) >= 0).all()
    assert fine.max() < FINE


# ---------------------------------------------------------------------------------- laws


def ends(pair: Pair, *, together: bool, monkeypatch: pytest.MonkeyPatch, seed: int = 1) -> Floats:
    """Both ends of each improvement in units of its standard error, (metrics x slices, 2)."""
    monkeypatch.setattr(known, "LEAST_ROWS", 0 if together else 10**9)
    asked = policy(metrics=NAMES, slices=("g", "h"), seed=seed)
    return np.array([
        [e.improvement.low, e.improvement.high, e.std_error, e.candidate.low, e.candidate.high,
         e.improvement.value, e.champion.value]
        for e in compare.measure(*pair, asked).comparisons
    ])  # fmt: skip


def nearly_equal(n: int, share: float) -> Pair:
    """Two models that differ on a small share of the rows."""
    panel, first, _ = sliced(n, 3)
    rng = np.random.default_rng(4)
    score = np.asarray(first.score).copy()
    moved = rng.random(n) < share
    score[moved] = rng.random(int(moved.sum()))
    return binary(np.asarray(panel.y_true), np.asarray(first.score), score, columns=panel.columns)


@pytest.mark.parametrize(
    "pair",
    [
        sliced(30_000),
        sliced(80_000, 6),
        sliced(30_000, 1, ties=100),
        sliced(40_000, 2, prevalence=0.04),
        sliced(30_000, 5, shared=0.99),
        nearly_equal(30_000, 0.02),
    ],
    ids=["plain", "normal laws", "ties", "rare", "alike", "nearly equal"],
)
def test_sharing_changes_nothing_that_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values to the last digits, and ends within twice the noise that two seeds have."""
    apart = ends(pair, together=False, monkeypatch=monkeypatch)
    together = ends(pair, together=True, monkeypatch=monkeypatch)
    other = ends(pair, together=False, monkeypatch=monkeypatch, seed=2)
    np.testing.assert_allclose(together[:, 5:], apart[:, 5:], atol=1e-12)
    error = apart[:, 2:3]
    noise = np.sqrt((((other - apart)[:, :2] / error) ** 2).mean())
    moved = np.abs((together - apart)[:, :2] / error)
    assert np.sqrt((moved**2).mean()) < noise
    assert moved.max() < 4 * noise
    np.testing.assert_allclose(together[:, 2], apart[:, 2], rtol=0.07)


def test_nearly_equal_models_are_looked_at_row_by_row() -> None:
    """Where bins of scores do not tell how two models differ, no law is taken from them."""
    panel, first, _ = sliced(40_000)
    noise = np.random.default_rng(0).normal(size=len(panel)) * 1e-4
    second = replace(first, score=np.clip(np.asarray(first.score) + noise, 0, 1))
    metrics = [REGISTRY[name] for name in ("roc_auc", "average_precision")]
    parts = declared(panel, ())
    common = known.shared(panel, first, second, parts, metrics)
    assert common is not None
    found = [common.order(rank_law(metric.name)) for metric in metrics]
    assert all(ranked is not None and not ranked.known.any() for ranked in found)


def test_rows_with_weights_or_clusters_share_nothing() -> None:
    """Only plain rows are summed so; others are resampled as units."""
    n = known.LEAST_ROWS
    for said in ({"weight": np.ones(n)}, {"cluster": np.arange(n) // 2}):
        panel, first, second = sliced(n, **said)
        metrics = [REGISTRY["roc_auc"]]
        assert known.shared(panel, first, second, declared(panel, ()), metrics) is None


def test_large_cells_have_the_law_of_a_multinomial() -> None:
    """Mean and covariance of the counts are those of rows drawn from the cells."""
    observed = np.array([60_000.0, 30_000, 5000, 40, 3])
    n, share = observed.sum(), observed / observed.sum()
    counts = large_cells(observed, 40_000, np.random.default_rng(0))
    np.testing.assert_allclose(counts.sum(axis=1), n, rtol=1e-12)
    spread = np.sqrt(n * share * (1 - share))
    assert (np.abs(counts.mean(axis=0) - observed) < 5 * spread / 200).all()
    covariance = n * (np.diag(share) - np.outer(share, share))
    scale = np.outer(spread, spread)
    np.testing.assert_allclose(np.cov(counts.T) / scale, covariance / scale, atol=0.04)


def test_the_value_of_a_slice_is_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUC and average precision of rows that were never cut out are scikit-learn's to 1e-12."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    monkeypatch.setattr(known, "LEAST_ROWS", 0)
    pair = sliced(9000, 7, ties=5000)
    panel, first, _ = pair
    asked = policy(metrics=("roc_auc", "average_precision"), slices=("g",), resamples=200)
    out = compare.measure(*pair, asked).comparisons
    here: Ints = np.flatnonzero(panel.columns["g"] == 2)
    y, score = np.asarray(panel.y_true)[here], np.asarray(first.score)[here]
    for name, of in (("roc_auc", roc_auc_score), ("average_precision", average_precision_score)):
        assert found(out, name, "g=2").champion.value == pytest.approx(of(y, score), abs=1e-12)


@pytest.mark.parametrize("name", ["gini", "ks"])
def test_a_champion_that_says_the_same_of_all_rows_is_compared(name: str) -> None:
    """Its value is 0 without any spread: no share of it can be taken, and the rest stands."""
    rng = np.random.default_rng(0)
    n = 25_000
    y = (rng.random(n) < 0.3).astype(np.int64)
    panel = Panel(np.arange(n), Task.BINARY, y, classes=("no", "yes"))
    constant = Predictions("a", label=np.zeros(n, np.int64), score=np.full(n, 0.3))
    score = rng.random(n)
    varied = Predictions("b", label=(score > 0.5).astype(np.int64), score=score)
    rule = {"id": "x", "metric": name, "kind": "non_inferior", "margin": 0.1}
    asked = msgspec.convert(
        {"task": "binary", "positive": "yes", "metrics": [name], "rules": [rule]}, Policy
    )
    made = compare.measure(panel, constant, varied, asked).comparisons
    one = next(c for c in made if c.metric == name)
    assert one.champion.value == 0.0
    assert one.improvement.low < one.improvement.value < one.improvement.high
    assert one.relative is None or one.relative.value is None
