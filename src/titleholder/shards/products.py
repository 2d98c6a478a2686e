"""How two nearly equal models' influences vary together, summed over shards in a pass of its own.

Where joint bins of both scores do not tell it well enough (`titleholder.stats.shared.known`), and a
slice has too many rows to be looked at together, each row is given its influence on both models'
metric, by the fine bin of each score, and the products are summed. What then is left unknown is how
influences vary within a fine bin. It is bounded: they lie between those of the bins on both sides,
so that their variance is at most a quarter of that range's square (Popoviciu), and both models'
covary by at most the root of the product (Cauchy-Schwarz). The bound widens the interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Ranks
from titleholder.stats.influence import PowerSums
from titleholder.stats.shared.bins import FINE
from titleholder.stats.shared.known import Shared, influence_by_bin, moments_of
from titleholder.stats.shared.partition import Codes
from titleholder.stats.shared.summary import Reading, Summary

# Above this share of the variance of the improvement, what was unknown is named in the method.
TOLD = 0.02


@dataclass(frozen=True, slots=True)
class Influences:
    """Influence on a metric in the slices of one partition, by model, code, truth and fine bin.

    ``tables`` (2, width, 2, FINE) are 0 for codes that nobody asked about; ``unknown`` (width,) is
    what may be missing of the variance of the improvement.
    """

    metric: str
    partition: int
    tables: Floats
    unknown: Floats

    @classmethod
    def of(
        cls, shared: Shared, metric: str, law: Ranks, partition: int, places: Sequence[int]
    ) -> "Influences":
        """Those of a law on these codes of a partition."""
        fine = shared.summary.fine[partition].astype(float)
        tables = np.zeros(fine.shape)
        unknown = np.zeros(fine.shape[1])
        for place in places:
            within = []
            for model, counts in enumerate(fine[:, place]):
                table = influence_by_bin(law, counts)
                tables[model, place] = table
                within.append(float((counts * _reach(table, counts) ** 2).sum()) / 4)
            unknown[place] = 2 * math.sqrt(within[0] * within[1])
        return cls(metric, partition, tables, unknown)

    def summed(
        self,
        number: int,
        code: Codes | None,
        panel: Panel,
        both: tuple[Predictions, Predictions],
        reading: Reading,
    ) -> Summary:
        """The products of one block, whose rows have these codes (n,)."""
        bins = reading.bins
        if bins is None:
            raise ValueError("influences were asked of models without scores")
        truth = np.asarray(panel.y_true)
        at = truth * FINE if code is None else (code * np.int64(2) + truth) * FINE
        one, two = (
            Predictions(model.model, value=table.ravel()[at + bins.fine(np.asarray(model.score))])
            for model, table in zip(both, self.tables, strict=True)
        )
        return products_of(number, self.tables.shape[1], code, panel, (one, two), reading.thinned)

    def spread(self, counts: Summary, totals: Floats, place: int) -> tuple[PowerSums, bool]:
        """How influences vary over the rows of a code, and whether much of it is the bound."""
        found = spread_of(counts, totals, place).by_power
        aa, ad, dd = found[2]
        missing = float(self.unknown[place])
        second = (aa, ad - missing / 2, dd + missing)
        return PowerSums({**found, 2: second}), not missing <= TOLD * dd


def products_of(
    number: int,
    width: int,
    code: Codes | None,
    panel: Panel,
    influences: tuple[Predictions, Predictions],
    thinned: int,
) -> Summary:
    """The products of one block; ``influences`` are both models', (n,) each, as their values."""
    own = Reading((width,), 0, (_values_of,), None, thinned)
    return Summary.of_block(number, own, (code,), replace(panel, columns={}), influences)


def spread_of(counts: Summary, totals: Floats, place: int) -> PowerSums:
    """How influences vary over the rows of a code, by the products that were summed."""
    found = moments_of(totals[0], counts.rows[0], counts.thinned[0])
    return PowerSums.at(found.powers, place)


def _values_of(_: Panel, predictions: Predictions) -> Floats:
    """A row's influence, (n, 1)."""
    return np.asarray(predictions.value)[:, None]


def _reach(table: Floats, counts: Floats) -> Floats:
    """How far apart the influences within each bin may be, (2, FINE): what its neighbours span.

    Bins without rows stand for nothing, and are stepped over.
    """
    reach = np.zeros(table.shape)
    for of_truth, held, to in zip(table, counts > 0, reach, strict=True):
        own = of_truth[held]
        steps = np.abs(np.diff(own))
        if len(steps):
            to[held] = np.append(steps[:1], steps) + np.append(steps, steps[-1:])
    return reach
