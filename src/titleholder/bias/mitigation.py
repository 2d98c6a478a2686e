"""What a mitigation would do to a model, on rows that it was not fitted on.

Half of the units fits, the other half measures: fitted and measured on the same rows, every
mitigation looks better than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from titleholder.arrays import Bools, Ints, Panel, Predictions
from titleholder.bias import rates
from titleholder.bias.groups import enough
from titleholder.bias.rates import Models
from titleholder.bias.records import Gap, Option, Rate
from titleholder.comparison.slices import Grouping
from titleholder.metrics.base import Metric
from titleholder.stats.keys import generator

# The gaps that an option is to close.
GAPS = frozenset({"demographic_parity_difference", "equalized_odds_difference", "four_fifths"})
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Halves:
    """The rows that fit and those that measure, each as places in the panel."""

    fit: Ints
    measure: Ints


def halves(panel: Panel, seed: int) -> Halves:
    """Units in two halves at random, rows of a cluster together; at most `MOST_ROWS` rows."""
    rng = generator(seed, "halves", "mitigation")
    unit = np.arange(len(panel)) if panel.cluster is None else panel.cluster
    distinct, place = np.unique(unit, return_inverse=True)
    drawn = rng.permutation(len(distinct))[place]
    share = min(1.0, MOST_ROWS / max(len(panel), 1))
    cut = round(len(distinct) * share / 2)
    return Halves(np.flatnonzero(drawn < cut), np.flatnonzero((drawn >= cut) & (drawn < 2 * cut)))


def option(
    kind: str,
    constraint: str,
    models: Models,
    groups: Grouping,
    rows: Ints,
    label: Ints,
    price: Sequence[Metric],
    small: int,
) -> Option:
    """The figures of an option: ``label`` (m,) is what it answers on ``rows`` (m,) of the panel.

    The candidate as it is takes the champion's place. Gaps are of groups with half as many rows
    as are not ``small``, as half of the rows are here.
    """
    as_is, changed = _part(models, rows, label)
    here = replace(models, panel=as_is[0], champion=as_is[1], candidate=changed)
    code = groups.code[rows]
    whole = here.everything
    by_group = []
    for at, name in enumerate(groups.labels):
        mask: Bools = code == at
        if mask.any():
            found = rates.rates(here, here.resampler(name, mask))
            by_group.append(_named(found[0], name))
    return Option(
        kind=kind,
        constraint=constraint,
        changed=float(np.mean(as_is[1].label != label)),
        rates=tuple(rates.rate(metric, whole, models.level) for metric in price),
        gaps=_gaps(here, Grouping(groups.column, code, groups.labels), small // 2),
        by_group=tuple(by_group),
    )


def _gaps(models: Models, groups: Grouping, small: int) -> tuple[Gap, ...]:
    large, rows = enough(groups, small)
    if len(large.labels) < 2:
        return ()
    return tuple(gap for gap in rates.between(models, large, rows) if gap.definition in GAPS)


def _named(rate: Rate, group: str) -> Rate:
    return Rate(group, rate.champion, rate.candidate, rate.improvement, rate.reason)


def _part(models: Models, rows: Ints, label: Ints) -> tuple[tuple[Panel, Predictions], Predictions]:
    """The panel's ``rows`` with the candidate's own answers, and with the option's."""
    panel = models.panel
    whole = replace(
        panel,
        row_id=panel.row_id[rows],
        y_true=np.asarray(panel.y_true)[rows],
        weight=None if panel.weight is None else panel.weight[rows],
        cluster=None if panel.cluster is None else panel.cluster[rows],
        columns={},
    )
    own = Predictions(models.candidate.model, label=np.asarray(models.candidate.label)[rows])
    return (whole, own), Predictions("mitigated", label=label)
