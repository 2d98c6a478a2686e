"""Units that hold the same, taken together: a resample cannot tell them apart.

How often units are drawn is a multinomial, and so is how often the units of each kind are drawn.
Clusters of a few rows in a few cells are of a few hundred kinds, however many clusters there are.
"""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats

_LOOKED_AT = 1000  # units that tell whether there are kinds at all
_MOST_APART = 0.5  # a share of kinds above which they save nothing


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a unit of each kind holds, (k, m), and how many ``copies`` (m,) there are of it."""

    held: Floats
    copies: Floats

    @classmethod
    def of(cls, by_unit: Floats) -> "Kinds":
        """The kinds of units that hold ``by_unit`` (k, units); each is its own where few coincide.

        >>> kinds = Kinds.of(np.array([[1.0, 0.0, 1.0, 1.0], [2.0, 0.0, 2.0, 2.0]]))
        >>> sorted(kinds.copies.tolist())
        [1.0, 3.0]
        """
        units = by_unit.shape[1]
        marks = _marks(by_unit)
        seen = marks[:: max(1, units // _LOOKED_AT)]
        if len(np.unique(seen)) > _MOST_APART * len(seen):
            return cls(by_unit, np.ones(units))
        _, first, kind, copies = np.unique(
            marks, return_index=True, return_inverse=True, return_counts=True
        )
        held = np.ascontiguousarray(by_unit[:, first])
        # Two kinds may have one mark by chance, and what is no number is not equal to itself.
        if not np.array_equal(held[:, kind], by_unit):
            return cls(by_unit, np.ones(units))
        return cls(held, copies.astype(float))

    @property
    def units(self) -> int:
        """How many units there are."""
        return int(self.copies.sum())

    @property
    def totals(self) -> Floats:
        """Sums over all units, (k,)."""
        found: Floats = self.held @ self.copies
        return found

    @property
    def centred(self) -> Floats:
        """What each kind holds beyond the mean of all units, (k, m)."""
        found: Floats = self.held - (self.totals / self.units)[:, None]
        return found


def _marks(by_unit: Floats) -> Floats:
    """A number for each unit, (units,), that is the same for the same units only, but for chance.

    Added up row by row, since a product of matrices may round equal columns differently.
    """
    factors = np.random.default_rng(0).uniform(1.0, 2.0, len(by_unit))
    marks = np.zeros(by_unit.shape[1])
    for factor, row in zip(factors, by_unit, strict=True):
        marks += factor * row
    return marks
