"""Definitions of fairness between two groups, signed, as AIF360 has them.

Counts are (..., 2, K, K): the confusion table of the group, then of the reference group. AIF360
measures with the favourable decision as the positive one; where the suite's positive is the
unfavourable one (a denial), both axes of the counts are turned round first.

Source: Bellamy et al. 2018, AI Fairness 360, arXiv:1810.01943, and its API reference
(`BinaryLabelDatasetMetric.mean_difference`, `disparate_impact`,
`ClassificationMetric.average_odds_difference`, `equal_opportunity_difference`). The four-fifths
rule: 29 CFR 1607.4(D), the rate of a group below 80% of the highest group's.
"""

from collections.abc import Callable
from dataclasses import replace

from titleholder.arrays import Floats
from titleholder.metrics.base import Counts, Metric, ratio
from titleholder.metrics.classification import false_positive_rate, recall, selection_rate
from titleholder.metrics.fairness import quotient
from titleholder.types import Task

AIF360 = "AIF360"
FOUR_FIFTHS = "29 CFR 1607.4(D)"
THRESHOLD = 0.8

Value = Callable[[Floats], Floats]

SELECTION = Metric(
    "selection_rate", "Selection rate", frozenset({Task.BINARY}), "label", True, (0.0, 1.0), "",
    "called positive / rows", "fairlearn", Counts(selection_rate),
)  # fmt: skip


def statistical_parity_difference(counts: Floats) -> Floats:
    """Selection rate of the group less that of the reference."""
    rates = selection_rate(counts)
    return rates[..., 0] - rates[..., 1]


def disparate_impact(counts: Floats) -> Floats:
    """Selection rate of the group over that of the reference; NaN where that is 0."""
    rates = selection_rate(counts)
    return ratio(rates[..., 0], rates[..., 1])


def equal_opportunity_difference(counts: Floats) -> Floats:
    """True positive rate of the group less that of the reference."""
    rates = recall(counts)
    return rates[..., 0] - rates[..., 1]


def average_odds_difference(counts: Floats) -> Floats:
    """Mean of the differences in false and in true positive rate."""
    false, true = false_positive_rate(counts), recall(counts)
    return 0.5 * ((false[..., 0] - false[..., 1]) + (true[..., 0] - true[..., 1]))


def turned(value: Value) -> Value:
    """The same with the other decision as the positive one."""

    def of_other(counts: Floats) -> Floats:
        return value(counts[..., ::-1, ::-1])

    return of_other


def signed(*, favourable_is_positive: bool) -> tuple[Metric, ...]:
    """Definitions of one group against another; 0, or for a ratio 1, is equal treatment."""
    return tuple(
        _turned(metric, favourable_is_positive)
        for metric in (
            _metric("statistical_parity_difference", "Statistical parity difference",
                    statistical_parity_difference, (-1.0, 1.0), 0.0),
            _metric("disparate_impact", "Disparate impact", disparate_impact,
                    (0.0, float("inf")), 1.0),
            _metric("average_odds_difference", "Average odds difference",
                    average_odds_difference, (-1.0, 1.0), 0.0),
            _metric("equal_opportunity_difference", "Equal opportunity difference",
                    equal_opportunity_difference, (-1.0, 1.0), 0.0),
        )
    )  # fmt: skip


def four_fifths(*, favourable_is_positive: bool) -> Metric:
    """The smallest over the largest rate of favourable decisions among all groups."""
    return _turned(
        Metric(
            "four_fifths", "Four-fifths ratio", frozenset({Task.BINARY}), "label", True,
            (0.0, 1.0), "", "min / max favourable rate over groups", FOUR_FIFTHS,
            Counts(quotient(selection_rate)), grouped=True,
        ),
        favourable_is_positive,
    )  # fmt: skip


def favourable_rate(*, favourable_is_positive: bool) -> Metric:
    """The share of rows with the decision that people want."""
    metric = replace(SELECTION, name="favourable_rate", title="Favourable rate")
    return _turned(metric, favourable_is_positive)


def _metric(
    name: str, title: str, value: Value, domain: tuple[float, float], equal: float
) -> Metric:
    return Metric(
        name, title, frozenset({Task.BINARY}), "label", True, domain, "",
        "group against reference", AIF360, Counts(value), grouped=True, target=equal,
    )  # fmt: skip


def _turned(metric: Metric, as_it_is: bool) -> Metric:
    law = metric.law
    if as_it_is or not isinstance(law, Counts):
        return metric
    return replace(metric, law=Counts(turned(law.value)))
