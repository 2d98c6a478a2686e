"""Sums over resampled units, drawn to third order: with the skewness that few units leave.

A sum over n units drawn with replacement is normal up to its skewness, which falls by 1 / sqrt(n).
Normal numbers z are given the third cumulants k of the sums by Cornish and Fisher's polynomial
z_i + sum_jk k_ijk (z_j z_k - [j = k]) / 6 (1938, doi:10.2307/1400905; in several dimensions as in
McCullagh 1987, Tensor Methods in Statistics, ch. 5). What it leaves out falls by 1 / n.
"""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats

# Beyond so much skewness, or in so many dimensions, the polynomial is not relied on.
MOST_SKEWNESS = 0.35
_MOST_SUMS = 4
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class SumLaw:
    """Sums (k,) as ``axes`` (k, d) of d uncorrelated ones with third cumulants (d, d, d)."""

    axes: Floats
    cumulants: Floats

    @classmethod
    def of(cls, centred: Floats) -> "SumLaw | None":
        """The law of sums over units of ``centred`` (k, units), which sum to 0; None without one.

        There is none where few units matter so much that the sums are far from normal.
        """
        if len(centred) > _MOST_SUMS or not np.isfinite(centred).all():
            return None
        # Each in units of its own spread, so that a difference of nearly equal models, which is
        # small beside the models themselves, is not taken for rounding.
        spread = np.sqrt((centred**2).sum(axis=1))
        unit = centred / np.where(spread > 0, spread, 1.0)[:, None]
        k, units = unit.shape
        products = (unit[:, None] * unit).reshape(k * k, units)
        return cls._of(spread, unit @ unit.T, (products @ unit.T).reshape(k, k, k))

    @classmethod
    def of_moments(cls, second: Floats, third: Floats) -> "SumLaw | None":
        """The same from sums of products of two and of three, (k, k) and (k, k, k)."""
        spread = np.sqrt(np.diagonal(second))
        scale = np.where(spread > 0, spread, 1.0)
        pairs = scale[:, None] * scale
        return cls._of(spread, second / pairs, third / (pairs[:, :, None] * scale))

    @classmethod
    def _of(cls, spread: Floats, second: Floats, third: Floats) -> "SumLaw | None":
        """The law of sums of this ``spread`` (k,), from the moments of each in units of its own."""
        variances, turns = np.linalg.eigh(second)
        kept = variances > _ROUNDING
        scales = np.sqrt(variances[kept])
        turned = turns[:, kept] / scales
        cumulants = np.einsum("abc,ai,bj,ck->ijk", third, turned, turned, turned)
        if np.sqrt((cumulants**2).sum()) > MOST_SKEWNESS:
            return None
        return cls(spread[:, None] * turns[:, kept] * scales, cumulants)

    def draws(self, resamples: int, rng: np.random.Generator) -> Floats:
        """What resampling adds to the sums, (B, k)."""
        d = len(self.cumulants)
        z = np.ascontiguousarray(rng.standard_normal((resamples, d)).T)
        moved = self.axes @ z
        for j in range(d):
            for k in range(j, d):
                bent = self.axes @ self.cumulants[:, j, k] * ((1 + (j < k)) / 6)
                moved += bent[:, None] * (z[j] * z[k] - (j == k))
        return moved.T
