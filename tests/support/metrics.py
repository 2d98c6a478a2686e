"""Metrics evaluated as the engine does it: a law on counts, on means of rows, or on a ladder."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.metrics import REGISTRY, Counts, Means, Metric, Ranks
from titleholder.metrics.ladder import Ladder
from titleholder.types import Task

AGREE = {"rel": 1e-12, "abs": 1e-12}
CLASSES = ("ant", "bee", "cat")

weights = st.floats(0.25, 4.0)
# A coarse grid makes ties, the ends are probabilities that a model should never give.
probabilities = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.6, 1.0]))


def panel_of(
    y: NDArray[Any],
    classes: tuple[str, ...] = (),
    weight: Floats | None = None,
    task: Task | None = None,
) -> Panel:
    """A panel of truth y (n,): class codes if there are classes, else numbers."""
    kind = task or {0: Task.REGRESSION, 2: Task.BINARY}.get(len(classes), Task.MULTICLASS)
    ids = np.array([f"r{i}" for i in range(len(y))])
    return Panel(row_id=ids, task=kind, y_true=y, classes=classes, weight=weight)


def confusion(panel: Panel, predictions: Predictions, group: Ints | None = None) -> Floats:
    """Weighted counts (K, K), or (G, K, K) with groups, indexed [truth, call]."""
    k = len(panel.classes)
    of_row = np.zeros(len(panel), dtype=np.int64) if group is None else group
    counts = np.zeros((int(of_row.max()) + 1, k, k))
    np.add.at(counts, (of_row, panel.y_true, predictions.label), weight_of(panel))
    return counts[0] if group is None else counts


def weight_of(panel: Panel) -> Floats:
    """Row weights (n,), ones where the panel has none."""
    return np.ones(len(panel)) if panel.weight is None else panel.weight


def evaluate(
    metric: Metric | str, panel: Panel, predictions: Predictions, group: Ints | None = None
) -> float:
    """The metric's value, NaN where it is undefined."""
    entry = REGISTRY[metric] if isinstance(metric, str) else metric
    weight = weight_of(panel)
    match entry.law:
        case Counts(value):
            return float(value(confusion(panel, predictions, group)))
        case Means(columns, value):
            rows = columns(panel, predictions)
            return float(value((weight @ rows) / weight.sum()))
        case Ranks() as law:
            assert predictions.score is not None
            ladder = Ladder.of(np.asarray(panel.y_true, dtype=float), predictions.score)
            return float(law.value(ladder.steps(weight)))
    raise TypeError(f"{entry.name} has no rows")


@st.composite
def binary(
    draw: st.DrawFn, *, weighted: bool = True, both: bool = False, most: int = 40
) -> tuple[Panel, Predictions]:
    """A binary panel of up to ``most`` rows, calls and scores; ``both`` classes if asked for."""
    n = draw(st.integers(2 if both else 1, most))
    rare = draw(st.sampled_from([0.5, 0.5, 0.05, 0.95]))
    shares = draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))
    y = (np.array(shares) < rare).astype(np.int64)
    if both:
        y[:2] = (0, 1)
    label = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    score = np.array(draw(st.lists(probabilities, min_size=n, max_size=n)))
    weight = draw(_weights(n)) if weighted else None
    return panel_of(y, ("no", "yes"), weight), Predictions("m", label=label, score=score)


@st.composite
def multiclass(draw: st.DrawFn, *, weighted: bool = True) -> tuple[Panel, Predictions]:
    """A panel of three classes, not all of which need to occur, with calls and scores."""
    n = draw(st.integers(1, 40))
    y, label = (np.array(draw(_codes(n, draw(st.integers(1, 3))))) for _ in range(2))
    raw = np.array(draw(st.lists(st.tuples(*[probabilities] * 3), min_size=n, max_size=n)))
    raw = np.where(raw.sum(axis=1, keepdims=True) > 1e-3, raw, 1.0)
    score = raw / raw.sum(axis=1, keepdims=True)
    weight = draw(_weights(n)) if weighted else None
    return panel_of(y, CLASSES, weight), Predictions("m", label=label, score=score)


@st.composite
def regression(draw: st.DrawFn, *, weighted: bool = True) -> tuple[Panel, Predictions]:
    """Numbers and answers of ordinary size, in tenths, so that ties and exact zeros occur."""
    n = draw(st.integers(1, 40))
    numbers = st.lists(st.integers(-500, 500), min_size=n, max_size=n)
    y, value = np.array(draw(numbers)) / 10, np.array(draw(numbers)) / 10
    weight = draw(_weights(n)) if weighted else None
    return panel_of(y, (), weight), Predictions("m", value=value)


def _codes(n: int, classes: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(3 - classes, 2), min_size=n, max_size=n)


def _weights(n: int) -> st.SearchStrategy[Floats | None]:
    some: Callable[[list[float]], Floats] = np.array
    return st.one_of(st.none(), st.lists(weights, min_size=n, max_size=n).map(some))
