"""Steps of a ladder where units that hold several rows, or rows of unequal weight, are drawn."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.stats.sample import Sample


@dataclass(frozen=True, slots=True)
class UnitSteps:
    """Weight of positives, and below it of negatives, that each unit has on each of g steps.

    ``held`` is sparse, (2 g, units): a unit stands on few steps.
    """

    held: Any

    @classmethod
    def of(cls, ladder: Ladder, sample: Sample) -> "UnitSteps":
        """Those of a sample's rows on one model's ladder."""
        from scipy.sparse import csr_array

        g = len(ladder.starts)
        negative = np.asarray(sample.panel.y_true) == 0
        place = ladder.step_of_row + g * negative
        shape = (2 * g, sample.units)
        return cls(csr_array((sample.weight, (place, sample.unit)), shape=shape))

    def steps(self, counts: Floats) -> Steps:
        """The steps where each unit is drawn so often, (b, units)."""
        drawn = self.held @ np.ascontiguousarray(counts.T)
        g = len(drawn) // 2
        ups, downs = np.ascontiguousarray(drawn[:g].T), np.ascontiguousarray(drawn[g:].T)
        return Steps(ups, downs, ups.cumsum(axis=-1), downs.cumsum(axis=-1))
