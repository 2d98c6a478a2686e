"""Rows counted by cell: group, truth, champion's call, candidate's call.

A function of confusion counts needs no more than these few numbers, whatever n is; they add up
over shards.
"""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats, Ints
from titleholder.stats.sample import Sample

# Up to so many possible cells, rows are counted into all of them; above, the ones that occur are
# found by sorting.
_MOST_COUNTED = 1 << 12


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that occur, (C,) each, the weight that they hold and which row is in which.

    ``cell_of_row`` (n,) is left empty where every row is its own unit and nobody asks.
    """

    observed: Floats
    cell_of_row: Ints
    group: Ints
    truth: Ints
    champion: Ints
    candidate: Ints
    groups: int | None
    classes: int

    @classmethod
    def of(cls, sample: Sample, group: Ints | None = None) -> "Cells":
        """Count a sample; ``group`` (n,) codes the groups of a grouped metric."""
        truth, a, b = sample.panel.y_true, sample.champion.label, sample.candidate.label
        if truth is None or a is None or b is None:
            raise ValueError("a metric of calls was asked of predictions without labels")
        k = len(sample.panel.classes)
        groups = None if group is None else int(group.max(initial=-1)) + 1
        code = (truth * k + a) * k + b
        if group is not None:
            code += group * k**3
        distinct, observed, cell_of_row = _counted(code, (groups or 1) * k**3, sample)
        rest, candidate = np.divmod(distinct, k)
        rest, champion = np.divmod(rest, k)
        which, true = np.divmod(rest, k)
        return cls(observed, cell_of_row, which, true, champion, candidate, groups, k)

    @classmethod
    def counted(cls, counts: Ints) -> "Cells":
        """The cells of plain rows counted elsewhere, (K, K, K) by truth and both calls."""
        k, flat = len(counts), counts.ravel()
        distinct = np.flatnonzero(flat)
        truth, champion, candidate = np.unravel_index(distinct, counts.shape)
        nothing, none = np.empty(0, dtype=np.int64), np.zeros(len(distinct), dtype=np.int64)
        observed = flat[distinct].astype(float)
        return cls(observed, nothing, none, truth, champion, candidate, None, k)

    @classmethod
    def counted_by_group(cls, counts: Ints) -> "Cells":
        """The same of groups, (G, K, K, K)."""
        groups, k = counts.shape[:2]
        flat = counts.ravel()
        distinct = np.flatnonzero(flat)
        which, truth, champion, candidate = np.unravel_index(distinct, counts.shape)
        nothing, observed = np.empty(0, dtype=np.int64), flat[distinct].astype(float)
        return cls(observed, nothing, which, truth, champion, candidate, groups, k)

    def champion_counts(self, sums: Floats) -> Floats:
        """Sums per cell (B, C) as the champion's confusion counts (B, [G,] K, K)."""
        return self._counts(sums, self.champion)

    def candidate_counts(self, sums: Floats) -> Floats:
        """The same for the candidate."""
        return self._counts(sums, self.candidate)

    def place(self, call: Ints) -> Ints:
        """Where each cell's rows stand in the raveled confusion counts of one model, (C,)."""
        return (self.group * self.classes + self.truth) * self.classes + call

    def by_unit(self, sample: Sample) -> Floats:
        """Weight that each unit has in each cell, (C, units)."""
        cells = len(self.truth)
        place = self.cell_of_row * sample.units + sample.unit
        spread: Floats = np.bincount(place, sample.weight, sample.units * cells).astype(float)
        return spread.reshape(cells, sample.units)

    def _counts(self, sums: Floats, call: Ints) -> Floats:
        k, g = self.classes, self.groups or 1
        place = self.place(call)
        spread = np.zeros((len(place), g * k * k))
        spread[np.arange(len(place)), place] = 1.0
        shape = (len(sums), k, k) if self.groups is None else (len(sums), g, k, k)
        return (sums @ spread).reshape(shape)


def _counted(code: Ints, possible: int, sample: Sample) -> tuple[Ints, Floats, Ints]:
    """The codes that occur, the weight of each, and which of them each row has."""
    if sample.plain and possible <= _MOST_COUNTED:
        counts = np.bincount(code, minlength=possible)
        distinct = np.flatnonzero(counts)
        return distinct, counts[distinct].astype(float), np.empty(0, dtype=np.int64)
    distinct, cell_of_row = np.unique(code, return_inverse=True)
    weight: Floats = np.bincount(cell_of_row, sample.weight, len(distinct)).astype(float)
    return distinct, weight, cell_of_row
