"""Gaps between the groups of a column, as fairlearn defines them.

Counts are (..., G, K, K): one binary confusion table a group. A difference is the largest
minus the smallest rate over groups, a ratio the smallest over the largest. A group on which a
rate is undefined makes the gap undefined: a group that cannot be measured is not a fair one.
"""

from collections.abc import Callable, Iterator

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Counts, Metric, ratio
from titleholder.metrics.classification import (
    false_positive_rate,
    precision,
    recall,
    selection_rate,
)
from titleholder.types import Task

FAIRLEARN = "fairlearn user guide, Common fairness metrics"

Rate = Callable[[Floats], Floats]


def difference(rate: Rate) -> Rate:
    """Largest minus smallest rate over the groups."""

    def value(counts: Floats) -> Floats:
        rates = rate(counts)
        gap: Floats = rates.max(axis=-1) - rates.min(axis=-1)
        return gap

    return value


def quotient(rate: Rate) -> Rate:
    """Smallest over largest rate; undefined where no group has any."""

    def value(counts: Floats) -> Floats:
        rates = rate(counts)
        return ratio(rates.min(axis=-1), rates.max(axis=-1))

    return value


def equalized_odds_difference(counts: Floats) -> Floats:
    """The larger of the gaps in true and in false positive rate."""
    return np.maximum(difference(recall)(counts), difference(false_positive_rate)(counts))


def equalized_odds_ratio(counts: Floats) -> Floats:
    """The smaller of the quotients of true and of false positive rates."""
    return np.minimum(quotient(recall)(counts), quotient(false_positive_rate)(counts))


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""

    def entry(name: str, title: str, value: Rate, formula: str, higher: bool) -> Metric:
        return Metric(
            name, title, frozenset({Task.BINARY}), "label", higher, (0.0, 1.0), "", formula,
            FAIRLEARN, Counts(value), grouped=True,
        )  # fmt: skip

    gaps = {
        "demographic_parity": ("Demographic parity", selection_rate, "selection rate"),
        "equal_opportunity": ("Equal opportunity", recall, "recall"),
        "predictive_parity": ("Predictive parity", precision, "precision"),
    }
    for name, (title, rate, words) in gaps.items():
        yield entry(
            f"{name}_difference", f"{title} difference", difference(rate),
            f"max - min {words} over groups", False,
        )  # fmt: skip
        yield entry(
            f"{name}_ratio", f"{title} ratio", quotient(rate), f"min / max {words} over groups",
            True,
        )  # fmt: skip
    yield entry(
        "equalized_odds_difference", "Equalised odds difference", equalized_odds_difference,
        "max over TPR and FPR of max - min over groups", False,
    )  # fmt: skip
    yield entry(
        "equalized_odds_ratio", "Equalised odds ratio", equalized_odds_ratio,
        "min over TPR and FPR of min / max over groups", True,
    )  # fmt: skip
