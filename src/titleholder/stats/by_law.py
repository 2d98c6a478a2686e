"""Replicates of a slice from what is known of all its rows, without looking at them again.

The laws and the conditions for them are those of `titleholder.stats.replicates`, where they hold
for many plain rows; where they do not, nothing is given, and the rows are resampled there.
"""

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Means, Metric, Ranks, first
from titleholder.stats.influence import PowerSums, Spread, Summed
from titleholder.stats.keys import generator
from titleholder.stats.replicates import Replicates
from titleholder.stats.resampler import EXACT_UNITS, FEW_UNITS, SKEWED_UNITS, Resampler
from titleholder.stats.shared.known import Known, Moments
from titleholder.stats.third_order import SumLaw

# Where single rows matter so much that all others would tell less of the spread than a few hundred
# equal ones, powers are not taken from some of the rows.
_LEAST_FREEDOM = 500
_ROUNDING = 1e-9


def replicates_by_law(metric: Metric, resampler: Resampler) -> Replicates[Spread] | None:
    """Replicates of a metric on a slice; None where its rows have to be looked at."""
    known = resampler.sample.known
    match metric.law:
        case Means() if known is not None and metric.law.value is first:
            return _mean(metric.law, resampler, known)
        case Ranks() if known is not None:
            return _order(metric.name, metric.law, resampler, known)
    return None


def _mean(law: Means, resampler: Resampler, known: Known) -> Replicates[Spread] | None:
    found = known.moments(law)
    if found is None or known.rows <= FEW_UNITS or _are_hits(found):
        return None
    drawn = _moved(found, resampler)
    if drawn is None:
        return None
    moved, method = drawn
    n = float(known.rows)
    own, change = found.totals / n
    champion = own + moved[:, 0] / n
    candidate = champion + change + moved[:, 1] / n
    powers = {k: tuple(x / n**k for x in sums) for k, sums in found.spread.by_power.items()}
    spread = Summed(PowerSums(powers), known.rows, known.rows)
    return Replicates(own, own + change, champion, candidate, method, spread)


def _moved(found: Moments, resampler: Resampler) -> tuple[Floats, str] | None:
    """What resampling adds to both totals, (B, 2), and how that was drawn."""
    aa, ad, dd = found.spread.by_power[2]
    covariance = np.array([[aa, ad], [ad, dd]])
    # Below this, the spread is what rounding left of the squares.
    squares = found.totals**2 / found.rows
    if not (
        np.isfinite(covariance).all()
        and aa > _ROUNDING * squares[0]
        and dd > _ROUNDING * squares[1]
    ):
        return None
    if found.rows > SKEWED_UNITS:
        if not found.exact and _freedom(found) < _LEAST_FREEDOM:
            return None
        return resampler.noise(covariance, "sums"), f"{resampler.method}, normal law"
    aaa, aad, add, ddd = found.spread.by_power[3]
    third = np.array([[[aaa, aad], [aad, add]], [[aad, add], [add, ddd]]])
    law = SumLaw.of_moments(covariance, third)
    if law is None or not found.exact:
        return None
    draw, name = resampler.draw, resampler.sample.name
    moved = law.draws(draw.resamples, generator(draw.seed, "sums", name))
    return moved, f"{resampler.method}, law of sums to third order"


def _freedom(found: Moments) -> float:
    spread = Summed(found.spread, found.rows, found.rows)
    return min(spread.freedom(1, 0), spread.freedom(0, 1), spread.freedom(-1, 1))


def _are_hits(found: Moments) -> bool:
    """Whether all values of both models look like 0 or 1: such means have their own interval."""
    n = found.rows
    own, change = found.totals / n
    aa, ad, dd = (x / n for x in found.spread.by_power[2])
    one, two = aa + own**2, aa + 2 * ad + dd + (own + change) ** 2
    return bool(abs(one - own) <= _ROUNDING and abs(two - own - change) <= _ROUNDING)


def _order(name: str, law: Ranks, resampler: Resampler, known: Known) -> Replicates[Spread] | None:
    rarest = int(resampler.sample.class_counts.min())
    if known.rows <= EXACT_UNITS or rarest < law.rare:
        return None
    found = known.order(law)
    if found is None:
        return None
    aa, ad, dd = found.spread.by_power[2]
    noise = resampler.noise(np.array([[aa, ad], [ad, dd]]), "ranks", name)
    one, two = found.champion + noise[:, 0], found.candidate + noise.sum(axis=1)
    method = f"paired influence function, normal law, B={resampler.draw.resamples}"
    spread = Summed(found.spread, known.rows, rarest)
    return Replicates(found.champion, found.candidate, one, two, method, spread)
