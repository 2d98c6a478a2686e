"""Metrics of hard calls, as functions of the confusion counts.

Counts are (..., K, K), indexed [truth, call]; binary has index 1 for the positive class.
An undefined ratio is NaN (scikit-learn's ``zero_division=nan``), never 0.
"""

from collections.abc import Callable, Iterator

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Counts, Family, Metric, Proportion, number, ratio
from titleholder.types import Task

SKLEARN = "scikit-learn user guide, 3.4.4 Classification metrics"
UNIT_INTERVAL = (0.0, 1.0)


def _tp(c: Floats) -> Floats:
    return c[..., 1, 1]


def _fp(c: Floats) -> Floats:
    return c[..., 0, 1]


def _fn(c: Floats) -> Floats:
    return c[..., 1, 0]


def _tn(c: Floats) -> Floats:
    return c[..., 0, 0]


def rows(c: Floats) -> Floats:
    """Weight of all rows, (...)."""
    total: Floats = c.sum(axis=(-2, -1))
    return total


def right(c: Floats) -> Floats:
    """Correct calls per class, (..., K)."""
    return np.diagonal(c, axis1=-2, axis2=-1)


def accuracy(c: Floats) -> Floats:
    """Share of rows called right."""
    return ratio(right(c).sum(-1), rows(c))


def precision(c: Floats) -> Floats:
    """Share of positive calls that are right."""
    return ratio(_tp(c), _tp(c) + _fp(c))


def recall(c: Floats) -> Floats:
    """Share of positives that are called; the true positive rate."""
    return ratio(_tp(c), _tp(c) + _fn(c))


def specificity(c: Floats) -> Floats:
    """Share of negatives that are let be; the true negative rate."""
    return ratio(_tn(c), _tn(c) + _fp(c))


def false_positive_rate(c: Floats) -> Floats:
    """Share of negatives that are called."""
    return ratio(_fp(c), _tn(c) + _fp(c))


def false_negative_rate(c: Floats) -> Floats:
    """Share of positives that are missed."""
    return ratio(_fn(c), _tp(c) + _fn(c))


def selection_rate(c: Floats) -> Floats:
    """Share of rows called positive."""
    return ratio(_tp(c) + _fp(c), rows(c))


def f_beta(beta: float) -> Callable[[Floats], Floats]:
    """The F score that counts recall ``beta`` times as much as precision."""
    b2 = beta * beta

    def value(c: Floats) -> Floats:
        hits = (1 + b2) * _tp(c)
        return ratio(hits, hits + b2 * _fn(c) + _fp(c))

    return value


def jaccard(c: Floats) -> Floats:
    """Intersection over union of the called and the true positives."""
    return ratio(_tp(c), _tp(c) + _fp(c) + _fn(c))


def recall_by_class(c: Floats) -> Floats:
    """Recall of each class, (..., K)."""
    return ratio(right(c), c.sum(-1))


def balanced_accuracy(c: Floats) -> Floats:
    """Mean recall over the classes that occur (classes without rows are left out)."""
    return _mean_of_defined(recall_by_class(c))


def matthews(c: Floats) -> Floats:
    """Matthews' correlation, in Gorodkin's multiclass form."""
    hits, truth, calls = right(c).sum(-1), c.sum(-1), c.sum(-2)
    covariance = hits * truth.sum(-1) - (truth * calls).sum(-1)
    margins = np.sqrt(_unlike(truth, truth)) * np.sqrt(_unlike(calls, calls))
    return np.clip(ratio(covariance, margins), -1.0, 1.0)  # two roots may lack a last digit


def kappa(c: Floats) -> Floats:
    """Cohen's kappa: agreement beyond what the margins alone would give."""
    hits, truth, calls = right(c).sum(-1), c.sum(-1), c.sum(-2)
    return ratio(hits * truth.sum(-1) - (truth * calls).sum(-1), _unlike(truth, calls))


def _unlike(one: Floats, other: Floats) -> Floats:
    """Weight of pairs of unlike classes, (..., K) and (..., K) to (...).

    A sum of products, and not a difference of squares: it is exactly 0 where both hold the same
    single class, whatever the weights, so that what is undefined is not rounding noise.
    """
    pairs: Floats = (one @ (1 - np.eye(one.shape[-1])) * other).sum(-1)
    return pairs


def _mean_of_defined(scores: Floats) -> Floats:
    defined = np.isfinite(scores)
    return ratio(np.where(defined, scores, 0.0).sum(-1), defined.sum(-1))


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    binary, both = frozenset({Task.BINARY}), frozenset({Task.BINARY, Task.MULTICLASS})

    def entry(
        name: str,
        title: str,
        value: Callable[[Floats], Floats],
        formula: str,
        *,
        tasks: frozenset[Task] = binary,
        higher: bool = True,
        domain: tuple[float, float] = UNIT_INTERVAL,
        source: str = SKLEARN,
        share: Proportion | None = None,
        default: bool = True,
    ) -> Metric:
        return Metric(
            name, title, tasks, "label", higher, domain, "", formula, source, Counts(value, share),
            by_default=default,
        )  # fmt: skip

    yield entry("accuracy", "Accuracy", accuracy, "hits / n", tasks=both, share=Proportion(None))
    yield entry(
        "balanced_accuracy", "Balanced accuracy", balanced_accuracy, "mean of recalls", tasks=both
    )
    yield entry("precision", "Precision", precision, "TP / (TP + FP)")
    yield entry("recall", "Recall", recall, "TP / (TP + FN)", share=Proportion(1))
    yield entry("specificity", "Specificity", specificity, "TN / (TN + FP)", share=Proportion(0))
    yield entry(
        "false_positive_rate", "False positive rate", false_positive_rate, "FP / (TN + FP)",
        higher=False, share=Proportion(0, misses=True),
    )  # fmt: skip
    yield entry(
        "false_negative_rate", "False negative rate", false_negative_rate, "FN / (TP + FN)",
        higher=False, share=Proportion(1, misses=True),
    )  # fmt: skip
    # No rate is the best one: rules on it are floors and ceilings.
    yield entry(
        "selection_rate", "Selection rate", selection_rate, "(TP + FP) / n",
        source="fairlearn user guide, Common fairness metrics", default=False,
    )  # fmt: skip
    yield entry("f1", "F1", f_beta(1.0), "2 TP / (2 TP + FP + FN)")
    yield entry("f2", "F2", f_beta(2.0), "5 TP / (5 TP + 4 FN + FP)")
    yield entry("f0_5", "F0.5", f_beta(0.5), "1.25 TP / (1.25 TP + 0.25 FN + FP)")
    yield entry("jaccard", "Jaccard", jaccard, "TP / (TP + FP + FN)")
    yield entry(
        "mcc", "Matthews correlation", matthews, "(TP TN - FP FN) / sqrt(margins' product)",
        tasks=both, domain=(-1.0, 1.0), source="doi:10.1016/j.compbiolchem.2004.09.006",
    )  # fmt: skip
    yield entry(
        "kappa", "Cohen's kappa", kappa, "(p_o - p_e) / (1 - p_e)",
        tasks=both, domain=(-1.0, 1.0), source="doi:10.1177/001316446002000104",
    )  # fmt: skip


def families() -> Iterator[Family]:
    """The families of this topic."""

    def make(argument: str) -> Metric | None:
        beta = number(argument, 0.0, 100.0)
        if beta is None:
            return None
        formula = f"(1 + b²) TP / ((1 + b²) TP + b² FN + FP), b = {argument}"
        return Metric(
            f"f_beta[{argument}]", f"F{argument}", frozenset({Task.BINARY}), "label", True,
            UNIT_INTERVAL, "", formula, SKLEARN, Counts(f_beta(beta)),
        )  # fmt: skip

    yield Family(
        "f_beta", "how many times as much recall counts as precision", ("f_beta[1.5]",), make
    )
