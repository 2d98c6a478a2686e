"""Metrics of hard calls among many classes: averages over classes, single classes, top k.

Counts are (..., K, K), indexed [truth, call]. A mean over classes counts an undefined score as
0, as scikit-learn does by default; the score of a single class that is undefined is NaN.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import (
    Counts,
    Family,
    Means,
    Metric,
    OfClass,
    Proportion,
    first,
    number,
    ratio,
)
from titleholder.metrics.classification import (
    SKLEARN,
    UNIT_INTERVAL,
    recall_by_class,
    right,
    rows,
)
from titleholder.types import Task

ByClass = Callable[[Floats], Floats]


def precision_by_class(c: Floats) -> Floats:
    """Precision of each class, (..., K)."""
    return ratio(right(c), c.sum(-2))


def f1_by_class(c: Floats) -> Floats:
    """F1 of each class, (..., K)."""
    return ratio(2 * right(c), c.sum(-1) + c.sum(-2))


def f_beta_by_class(beta: float) -> ByClass:
    """The F score of each class, (..., K), that counts recall ``beta`` times as much."""
    b2 = beta * beta

    def value(c: Floats) -> Floats:
        return ratio((1 + b2) * right(c), b2 * c.sum(-1) + c.sum(-2))

    return value


def specificity_by_class(c: Floats) -> Floats:
    """Of the rows that are not of a class, the share that is not called so; (..., K)."""
    # Summed over the other classes, not taken from all: 0 is then 0, whatever the weights.
    unlike = 1.0 - np.eye(c.shape[-1])
    others, called = c.sum(-1) @ unlike, (c * unlike).sum(-2)
    return 1.0 - ratio(called, others)


def missing(share: ByClass) -> ByClass:
    """What a share lacks of 1; of a mean in which an undefined one counts as the worst, too."""

    def value(c: Floats) -> Floats:
        return 1.0 - share(c)

    return value


def jaccard_by_class(c: Floats) -> Floats:
    """Intersection over union of called and true rows of each class, (..., K)."""
    return ratio(right(c), c.sum(-1) + c.sum(-2) - right(c))


def macro(by_class: ByClass) -> Callable[[Floats], Floats]:
    """Plain mean over the classes that occur in truth or calls; undefined ones count as 0.

    A class that is never called has no precision. For the mean it counts as 0, as
    scikit-learn has it by default: leaving it out would reward a model for giving up on it.
    """

    def value(c: Floats) -> Floats:
        present = (c.sum(-1) + c.sum(-2)) > 0
        scores = np.where(present, np.nan_to_num(by_class(c)), 0.0)
        return ratio(scores.sum(-1), present.sum(-1))

    return value


def weighted(by_class: ByClass) -> Callable[[Floats], Floats]:
    """Mean over classes, each weighted by its share of the rows; undefined ones count as 0."""

    def value(c: Floats) -> Floats:
        return ratio((np.nan_to_num(by_class(c)) * c.sum(-1)).sum(-1), rows(c))

    return value


def micro(c: Floats) -> Floats:
    """Precision, recall and F1 of all calls together: with one label a row, the accuracy."""
    return ratio(right(c).sum(-1), rows(c))


def micro_jaccard(c: Floats) -> Floats:
    """Right calls over the union of calls and truths: each wrong call is in it twice."""
    hits = right(c).sum(-1)
    return ratio(hits, 2 * rows(c) - hits)


def micro_specificity(c: Floats) -> Floats:
    """Of all pairs of a row and a class that is not its own, the share that is not called."""
    wrong = (c * (1.0 - np.eye(c.shape[-1]))).sum((-2, -1))
    return 1.0 - ratio(wrong, rows(c) * (c.shape[-1] - 1))


def of_class(by_class: ByClass, code: int) -> Callable[[Floats], Floats]:
    """The score of one class alone; NaN where it is undefined."""

    def value(c: Floats) -> Floats:
        return by_class(c)[..., code]

    return value


@cache
def top_k_columns(k: int) -> Callable[[Panel, Predictions], Floats]:
    """Whether the truth is among the k highest scores, (n, 1).

    Scores that tie across the k-th place count by the share of orders that put the truth in
    (scikit-learn lets the order of the class names decide). NaN unless there are more than k
    classes: any answer at all would be right.
    """

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        score = predictions.score
        if score is None or panel.y_true is None:
            raise ValueError("top-k accuracy was asked of predictions without scores")
        if score.ndim != 2 or score.shape[1] <= k:
            return np.full((len(panel), 1), np.nan)
        of_truth = np.take_along_axis(score, np.asarray(panel.y_true)[:, None], axis=1)
        above = (score > of_truth).sum(axis=1, keepdims=True)
        tied = (score == of_truth).sum(axis=1, keepdims=True)
        hit: Floats = np.clip((k - above) / tied, 0.0, 1.0)
        return hit

    return columns


@dataclass(frozen=True, slots=True)
class _Score:
    """A score of each class, how it is pooled over all, and whether it is one of the usual ones."""

    title: str
    by_class: ByClass
    micro: Callable[[Floats], Floats] = micro
    pooled: str = "hits / n"
    often: bool = False

    @property
    def means(self) -> Iterator[tuple[str, str, Callable[[Floats], Floats], str, bool]]:
        """End of the name, of the title, the value, the formula and whether it is usual."""
        mean = f"mean {self.title.lower()} over classes"
        yield "macro", "macro", macro(self.by_class), mean, self.often
        by_rows = f"{mean}, weighted by their rows"
        yield "weighted", "weighted", weighted(self.by_class), by_rows, self.often
        yield "micro", "micro", self.micro, self.pooled, False


_SCORES: dict[str, _Score] = {
    "precision": _Score("Precision", precision_by_class, often=True),
    "recall": _Score("Recall", recall_by_class, often=True),
    "f1": _Score("F1", f1_by_class, often=True),
    "f2": _Score("F2", f_beta_by_class(2.0)),
    "f0_5": _Score("F0.5", f_beta_by_class(0.5)),
    "jaccard": _Score("Jaccard", jaccard_by_class, micro_jaccard, "hits / (2n - hits)"),
    "specificity": _Score(
        "Specificity", specificity_by_class, micro_specificity, "1 - (n - hits) / (n (K - 1))"
    ),
}
# Rates of error, which are what a share above lacks of 1.
_RATES = {
    "false_positive_rate": ("False positive rate", "specificity"),
    "false_negative_rate": ("False negative rate", "recall"),
}
# The law of these is a plain share of the rows of one class.
_SHARES = {"recall": False, "false_negative_rate": True}


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""

    def entry(
        name: str, title: str, value: Callable[[Floats], Floats], formula: str, *, default: bool
    ) -> Metric:
        return Metric(
            name, title, frozenset({Task.MULTICLASS}), "label", higher(name), UNIT_INTERVAL, "",
            formula, SKLEARN, Counts(value), by_default=default,
        )  # fmt: skip

    for name, score in _SCORES.items():
        for end, words, value, formula, usual in score.means:
            yield entry(f"{name}_{end}", f"{score.title}, {words}", value, formula, default=usual)
    for name, (title, share) in _RATES.items():
        for end, words, value, _, _ in _SCORES[share].means:
            formula = f"1 - {share}_{end}"
            yield entry(
                f"{name}_{end}", f"{title}, {words}", missing(value), formula, default=False
            )


def higher(name: str) -> bool:
    """Whether more is better of a score of this name."""
    return not name.startswith(tuple(_RATES))


def families() -> Iterator[Family]:
    """The families of this topic: a score of one class, and top k."""
    of_one = {name: (score.title, score.by_class) for name, score in _SCORES.items()}
    for name, (title, share) in _RATES.items():
        of_one[name] = title, missing(_SCORES[share].by_class)
    for name, (title, scores) in of_one.items():
        yield Family(
            name, "a class, as the data write it", (f"{name}[cat]",), _of_one(name, title, scores)
        )
    yield Family("top_k", "how many guesses the model has", ("top_k[5]",), _top_k)


def _of_one(name: str, title: str, scores: ByClass) -> Callable[[str], Metric]:
    both = frozenset({Task.BINARY, Task.MULTICLASS})

    def make(label: str) -> Metric:
        def counts(code: int) -> Counts:
            share = Proportion(code, _SHARES[name]) if name in _SHARES else None
            return Counts(of_class(scores, code), share)

        return Metric(
            f"{name}[{label}]", f"{title} of {label}", both, "label", higher(name), UNIT_INTERVAL,
            "", f"{title.lower()} of the class {label}", SKLEARN, OfClass(label, counts),
        )  # fmt: skip

    return make


def _top_k(argument: str) -> Metric | None:
    k = number(argument, 0, 1000)
    if k is None or not k.is_integer():
        return None
    return Metric(
        f"top_k[{argument}]", f"Top-{argument} accuracy", frozenset({Task.MULTICLASS}), "score",
        True, UNIT_INTERVAL, "", f"share of rows with the truth among the {argument} best guesses",
        SKLEARN, Means(top_k_columns(int(k)), first, by_row=True),
    )  # fmt: skip
