"""What a metric does on resamples beyond the sum of its influences, learnt from few explicit draws.

A smooth metric on a resample is its value, plus a sum of influences, plus a small remainder. The
sum's law is known at no cost (`third_order`); the remainder is fitted to the sums by a quadratic
on a few explicit draws, whose residuals are drawn along (control methods for the bootstrap:
Efron 1990, doi:10.1080/01621459.1990.10475309; Davison & Hinkley 1997, Bootstrap Methods, 9.2).
"""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats

DRAWS = 128
MANY_UNITS_DRAWS = 48  # of so many units that each draw takes long
# A remainder that varies more than so, as a share of the sum's spread, is no small remainder.
MOST_LEFT = 0.35


@dataclass(frozen=True, slots=True)
class Remainder:
    """The remainders of ``sums`` (B, 2): a quadratic's ``slopes`` (6, 2), ``residuals`` (b, 2)."""

    scale: Floats
    slopes: Floats
    residuals: Floats

    @classmethod
    def of(cls, sums: Floats, moves: Floats, most: float = MOST_LEFT) -> "Remainder | None":
        """Fitted to explicit draws: sums of influences and what the metric moved by, (b, 2) each.

        Columns are the champion and the candidate's difference to it. None where the sums do not
        explain the moves: where what they leave varies by more than the share ``most``.
        """
        scale = np.sqrt((sums**2).mean(axis=0))
        rest = moves - sums
        if not np.isfinite(rest).all() or (rest.std(axis=0) > most * scale).any():
            return None
        basis = _quadratic(sums, scale)
        slopes = np.asarray(np.linalg.lstsq(basis, rest, rcond=None)[0], dtype=float)
        # A fit takes as many degrees of freedom as it has slopes.
        short = np.sqrt(len(rest) / (len(rest) - basis.shape[1]))
        return cls(scale, slopes, (rest - basis @ slopes) * short)

    def added(self, sums: Floats, rng: np.random.Generator) -> Floats:
        """These sums (B, 2) with the remainders that go with them."""
        picked = rng.integers(len(self.residuals), size=len(sums))
        total: Floats = sums + _quadratic(sums, self.scale) @ self.slopes + self.residuals[picked]
        return total


def _quadratic(sums: Floats, scale: Floats) -> Floats:
    """1, both sums in units of their spread, their squares and product, (B, 6)."""
    a, b = (sums / np.where(scale > 0, scale, 1.0)).T
    return np.column_stack([np.ones_like(a), a, b, a * a, a * b, b * b])
