"""Rates within groups and gaps between them, each with its paired interval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Panel, Predictions
from titleholder.bias import definitions
from titleholder.bias.records import Gap, Group, Rate
from titleholder.comparison.slices import OVERALL, Grouping
from titleholder.metrics import REGISTRY
from titleholder.metrics.base import Metric
from titleholder.stats.estimates import estimated
from titleholder.stats.intervals import Paired
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import take

WITHIN = (
    "recall", "false_positive_rate", "false_negative_rate", "precision", "accuracy",
)  # fmt: skip
BETWEEN = (
    "demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference",
    "equalized_odds_ratio", "equal_opportunity_difference", "predictive_parity_difference",
)  # fmt: skip
FAIRLEARN = "fairlearn"


@dataclass(frozen=True, slots=True)
class Models:
    """Two models' answers on one panel, and how they are to be compared.

    ``favourable_is_positive`` says whether people want the decision that the models look for.
    """

    panel: Panel
    champion: Predictions
    candidate: Predictions
    draw: Draw
    level: float
    favourable_is_positive: bool

    def resampler(self, name: str, mask: Bools) -> Resampler:
        """The rows of ``mask`` (n,), ready to be resampled."""
        return Resampler(take(name, mask, self.panel, self.champion, self.candidate), self.draw)

    @property
    def everything(self) -> Resampler:
        """All rows."""
        return self.resampler(OVERALL, np.ones(len(self.panel), dtype=bool))


def within(models: Models, groups: Grouping, small: int) -> tuple[Group, ...]:
    """The rates of every group, in the order of its labels."""
    positive = np.asarray(models.panel.y_true) == 1
    found = []
    for code, name in enumerate(groups.labels):
        mask = groups.code == code
        resampler = models.resampler(name, mask)
        n = int(mask.sum())
        found.append(
            Group(name, n, int((mask & positive).sum()), n < small, rates(models, resampler))
        )
    return tuple(found)


def rates(models: Models, resampler: Resampler) -> tuple[Rate, ...]:
    """Every rate of one sample."""
    favourable = definitions.favourable_rate(favourable_is_positive=models.favourable_is_positive)
    metrics = [favourable, definitions.SELECTION, *(REGISTRY[name] for name in WITHIN)]
    return tuple(rate(metric, resampler, models.level) for metric in metrics)


def rate(metric: Metric, resampler: Resampler, level: float) -> Rate:
    """One metric on one sample."""
    paired, _ = estimated(metric, resampler, level)
    return Rate(metric.name, paired.champion, paired.candidate, paired.improvement, paired.reason)


def between(models: Models, groups: Grouping, rows: Bools) -> Iterator[Gap]:
    """fairlearn's definitions and the four-fifths ratio, over all groups at once.

    ``groups`` are of the rows of the panel that ``rows`` (n,) picks.
    """
    picked = models.resampler(OVERALL, rows)
    ratio = definitions.four_fifths(favourable_is_positive=models.favourable_is_positive)
    for metric, source in [
        *((REGISTRY[name], FAIRLEARN) for name in BETWEEN),
        (ratio, ratio.source),
    ]:
        found, method = estimated(metric, picked, models.level, groups.code)
        yield _gap(metric.name, source, ("", ""), found, method)


def against(models: Models, groups: Grouping, reference: str) -> Iterator[Gap]:
    """AIF360's signed definitions of every other group against the reference."""
    other = groups.labels.index(reference)
    metrics = definitions.signed(favourable_is_positive=models.favourable_is_positive)
    for code, name in enumerate(groups.labels):
        if code == other:
            continue
        mask = (groups.code == code) | (groups.code == other)
        resampler = models.resampler(f"{name} against {reference}", mask)
        pair = (groups.code[mask] == other).astype(np.int64)
        for metric in metrics:
            found, method = estimated(metric, resampler, models.level, pair)
            yield _gap(metric.name, metric.source, (name, reference), found, method)


def _gap(name: str, source: str, of: Sequence[str], found: Paired, method: str) -> Gap:
    return Gap(
        definition=name,
        source=source,
        group=of[0],
        against=of[1],
        champion=found.champion,
        candidate=found.candidate,
        improvement=found.improvement,
        method=method,
        reason=found.reason,
    )
