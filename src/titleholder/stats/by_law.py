"""The law of a slice's resamples from what is known of all its rows, without looking at them again.

The laws and the conditions for them are those of `titleholder.stats.replicates`, where they hold
for many plain rows; where they do not, nothing is given, and the rows are resampled there.
"""

import math

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Counts, Means, Metric, Ranks, first
from titleholder.stats.influence import PowerSums, Spread, Summed
from titleholder.stats.keys import generator
from titleholder.stats.normal import Normal
from titleholder.stats.replicates import Replicates
from titleholder.stats.resampler import EXACT_UNITS, FEW_UNITS, SKEWED_UNITS, Resampler
from titleholder.stats.shared.calls import COMBINATIONS
from titleholder.stats.shared.known import Known, Moments
from titleholder.stats.third_order import MOST_SKEWNESS, SumLaw

# Where single rows matter so much that all others would tell less of the spread than a few hundred
# equal ones, powers are not taken from some of the rows.
_LEAST_FREEDOM = 500
_ROUNDING = 1e-9

Law = Normal | Replicates[Spread]


def law_of(metric: Metric, resampler: Resampler, level: float) -> Law | None:
    """How a metric of a slice moves on resamples; None where its rows have to be looked at."""
    known = resampler.sample.known
    if known is None:
        return None
    match metric.law:
        case Means() if metric.law.value is first:
            return _mean(metric.law, resampler, known)
        case Ranks():
            return _order(metric.law, resampler, known)
        case Counts() if known.cells is not None and known.rows > SKEWED_UNITS:
            return _calls(metric.law, known, level)
    return None


def drawn(name: str, law: Normal, resampler: Resampler) -> Replicates[Spread]:
    """Replicates of a normal law, for what is no more normal once it is made of both models."""
    noise = _moves(law.spread.power_sums, resampler, "normal", name)
    if noise is None:
        aa, ad, dd = law.spread.power_sums.by_power[2]
        noise = resampler.noise(np.array([[aa, ad], [ad, dd]]), "normal", name)
    one, two = law.champion + noise[:, 0], law.candidate + noise.sum(axis=1)
    method = f"{law.method}, B={resampler.draw.resamples}"
    return Replicates(law.champion, law.candidate, one, two, method, law.spread)


# ---------------------------------------------------------------------------- means


def _mean(law: Means, resampler: Resampler, known: Known) -> Law | None:
    found = known.moments(law)
    if found is None or known.rows <= FEW_UNITS or _are_hits(found) or not _have_spread(found):
        return None
    n = float(known.rows)
    powers = {k: tuple(x / n**k for x in sums) for k, sums in found.spread.by_power.items()}
    spread = Summed(PowerSums(powers), known.rows, known.rows)
    own, change = (total / n for total in found.totals)
    if found.rows > SKEWED_UNITS:
        if not found.exact and _freedom(spread) < _LEAST_FREEDOM:
            return None
        if not _skewness(spread) <= MOST_SKEWNESS:
            return None
        return Normal(own, own + change, spread, "law of means over rows to third order")
    moved = _moves(found.spread, resampler, "sums") if found.exact else None
    if moved is None:
        return None
    champion = own + moved[:, 0] / n
    candidate = champion + change + moved[:, 1] / n
    method = f"{resampler.method}, law of sums to third order"
    return Replicates(own, own + change, champion, candidate, method, spread)


def _have_spread(found: Moments) -> bool:
    """Whether the spread is more than what rounding left of the squares."""
    aa, _, dd = found.spread.by_power[2]
    own, change = (total**2 / found.rows for total in found.totals)
    finite = all(map(math.isfinite, found.spread.by_power[2]))
    return finite and aa > _ROUNDING * own and dd > _ROUNDING * change


def _moves(sums: PowerSums, resampler: Resampler, *names: str) -> Floats | None:
    """What resampling adds to the champion's sum and to the change, (B, 2), to third order."""
    aa, ad, dd = sums.by_power[2]
    aaa, aad, add, ddd = sums.by_power[3]
    third = np.array([[[aaa, aad], [aad, add]], [[aad, add], [add, ddd]]])
    law = SumLaw.of_moments(np.array([[aa, ad], [ad, dd]]), third)
    draw = resampler.draw
    if law is None:
        return None
    return law.draws(draw.resamples, generator(draw.seed, *names, resampler.sample.name))


def is_sure(spread: Spread) -> bool:
    """Whether the spread is that of many rows, and not of a few that matter."""
    return _freedom(spread) >= _LEAST_FREEDOM


def _freedom(spread: Spread) -> float:
    return min([spread.of(*models).freedom for models in COMBINATIONS])


def _skewness(spread: Spread) -> float:
    return max([abs(spread.of(*models).skewness) for models in COMBINATIONS])


def _are_hits(found: Moments) -> bool:
    """Whether all values of both models look like 0 or 1: such means have their own interval."""
    n = found.rows
    own, change = (total / n for total in found.totals)
    aa, ad, dd = (x / n for x in found.spread.by_power[2])
    one, two = aa + own**2, aa + 2 * ad + dd + (own + change) ** 2
    return bool(abs(one - own) <= _ROUNDING and abs(two - own - change) <= _ROUNDING)


# ---------------------------------------------------------------------------- order


def _order(law: Ranks, resampler: Resampler, known: Known) -> Law | None:
    rarest = resampler.sample.rarest
    if known.rows <= EXACT_UNITS or rarest < law.rare:
        return None
    found = known.order(law)
    if found is None:
        return None
    spread = Summed(found.spread, known.rows, rarest)
    if not _skewness(spread) <= MOST_SKEWNESS:
        return None
    return Normal(
        found.champion, found.candidate, spread, "paired influence function, law to third order"
    )


# ---------------------------------------------------------------------------- counts


def _calls(law: Counts, known: Known, level: float) -> Normal | None:
    found = known.calls(law, level)
    if found is None:
        return None
    spread = Summed(found.spread, known.rows, known.rows)
    if not _freedom(spread) >= _LEAST_FREEDOM:
        return None
    return Normal(found.champion, found.candidate, spread, "law of counts of calls to third order")
