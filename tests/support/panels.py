"""Panels and predictions made up on the spot, for tests of the statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints, Panel, Predictions, Slice
from titleholder.params.schema import Policy
from titleholder.stats.sample import Sample, take
from titleholder.types import Comparison, Task

Pair = tuple[Panel, Predictions, Predictions]


def binary(
    y: Sequence[int] | Ints,
    first: Sequence[float] | Floats,
    second: Sequence[float] | Floats,
    *,
    columns: Mapping[str, NDArray[Any]] | None = None,
    weight: Floats | None = None,
    cluster: Ints | None = None,
    threshold: float = 0.5,
) -> Pair:
    """A binary panel with the scores of two models, called positive from ``threshold`` on."""
    truth = np.asarray(y, dtype=np.int64)
    panel = Panel(
        row_id=np.array([f"r{i}" for i in range(len(truth))], dtype=np.str_),
        task=Task.BINARY,
        y_true=truth,
        classes=("no", "yes"),
        weight=weight,
        cluster=cluster,
        columns={} if columns is None else columns,
    )
    models = [
        Predictions(name, label=(scores >= threshold).astype(np.int64), score=scores)
        for name, scores in (
            ("first", np.asarray(first, float)),
            ("second", np.asarray(second, float)),
        )
    ]
    return panel, models[0], models[1]


def grouped(*groups: Ints) -> list[Slice]:
    """The slice of all rows, and those of each group of these codes, (n,) each."""
    found = [Slice.of("overall", np.ones(len(groups[0]), dtype=bool))]
    for name, group in zip("ghijk", groups, strict=False):
        small = group.astype(np.uint8)
        codes = range(int(small.max(initial=0)) + 1)
        found += [
            Slice(f"{name}={code}", small, code, bool((small == code).all())) for code in codes
        ]
    return found


def drawn(
    n: int,
    seed: int = 0,
    *,
    prevalence: float = 0.3,
    skill: tuple[float, float] = (1.2, 1.3),
    shared: float = 0.7,
    ties: int | None = None,
    **said: Any,
) -> Pair:
    """A random binary panel: normal scores whose noise two models share to the part ``shared``.

    Scores are probabilities by the logistic curve; ``ties`` rounds them to so many levels.
    """
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(np.int64)
    common = rng.normal(size=n)
    scores = []
    for gain in skill:
        noise = shared * common + np.sqrt(1 - shared**2) * rng.normal(size=n)
        score = 1 / (1 + np.exp(-(gain * (2 * y - 1) + noise - 0.5)))
        scores.append(score if ties is None else np.round(score * ties) / ties)
    return binary(y, scores[0], scores[1], **said)


def regression(
    y: Floats, first: Floats, second: Floats, *, columns: Mapping[str, NDArray[Any]] | None = None
) -> Pair:
    """A regression panel with the answers of two models."""
    panel = Panel(
        row_id=np.array([f"r{i}" for i in range(len(y))], dtype=np.str_),
        task=Task.REGRESSION,
        y_true=y,
        columns={} if columns is None else columns,
    )
    return panel, Predictions("first", value=first), Predictions("second", value=second)


def permuted(pair: Pair, order: Ints) -> Pair:
    """The same rows in another order."""
    panel, first, second = pair
    moved = replace(
        panel,
        row_id=panel.row_id[order],
        y_true=None if panel.y_true is None else panel.y_true[order],
        weight=None if panel.weight is None else panel.weight[order],
        cluster=None if panel.cluster is None else panel.cluster[order],
        columns={name: column[order] for name, column in panel.columns.items()},
    )

    def answers(model: Predictions) -> Predictions:
        return replace(
            model,
            label=None if model.label is None else model.label[order],
            score=None if model.score is None else model.score[order],
            value=None if model.value is None else model.value[order],
        )

    return moved, answers(first), answers(second)


def sample(pair: Pair, name: str = "overall") -> Sample:
    """All rows as a sample."""
    panel, first, second = pair
    return take(name, np.ones(len(panel), dtype=bool), panel, first, second)


def policy(task: Task = Task.BINARY, **said: Any) -> Policy:
    """A policy without rules: measuring reads none."""
    return Policy(task=task, rules=(), **said)


def found(
    comparisons: Sequence[Comparison],
    metric: str,
    slice_name: str = "overall",
    over: str | None = None,
) -> Comparison:
    """The one comparison of a metric on a slice."""
    (one,) = (c for c in comparisons if (c.metric, c.slice, c.over) == (metric, slice_name, over))
    return one
