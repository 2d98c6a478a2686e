"""The law of a slice's resamples from what is known of all its rows, without looking at them again.

The laws and the conditions for them are those of `titleholder.stats.replicates`, where they hold
for many plain rows; where they do not, nothing is given, and the rows are resampled there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from titleholder.arrays import Bools, Floats
from titleholder.metrics.base import Counts, Means, Metric, Ranks
from titleholder.stats.influence import COMBINATIONS, PowerSums, Spread, Spreads
from titleholder.stats.intervals import Paired
from titleholder.stats.keys import generator
from titleholder.stats.normal import Normal, Normals, summarise_normals
from titleholder.stats.replicates import Replicates
from titleholder.stats.resampler import EXACT_UNITS, FEW_UNITS, SKEWED_UNITS, Resampler
from titleholder.stats.shared.known import Known, Moments, Shared
from titleholder.stats.third_order import MOST_SKEWNESS, SumLaw

# Where single rows matter so much that all others would tell less of the spread than a few hundred
# equal ones, powers are not taken from some of the rows.
_LEAST_FREEDOM = 500
_ROUNDING = 1e-9

Law = Normal | Replicates[Spread]


def undrawn(metric: Metric, resampler: Resampler, level: float) -> tuple[Paired, str] | None:
    """Intervals of a metric of a slice and their method's name, where nothing has to be drawn.

    They are made of all slices at once, and kept.
    """
    known = resampler.sample.known
    if known is None:
        return None
    make = partial(_undrawn, metric, known.shared, level)
    return known.shared.kept((metric.name, level, "undrawn"), make)[known.place]


def _undrawn(metric: Metric, shared: Shared, level: float) -> Sequence[tuple[Paired, str] | None]:
    laws = _laws(metric, shared, level)
    if laws is None:
        return (None,) * len(shared.rows)
    found = summarise_normals(metric, laws, level)
    return tuple(None if paired is None else (paired, laws.method) for paired in found)


def law_of(metric: Metric, resampler: Resampler, level: float) -> Law | None:
    """How a metric of a slice moves on resamples; None where its rows have to be looked at."""
    known = resampler.sample.known
    if known is None:
        return None
    laws = _laws(metric, known.shared, level)
    law = None if laws is None else laws.at(known.place)
    if law is None and isinstance(metric.law, Means):
        return _skewed_mean(metric.law, resampler, known)
    return law


def _laws(metric: Metric, shared: Shared, level: float) -> Normals | None:
    """The normal laws of a metric on all slices, where they hold; None where they hold nowhere."""
    return shared.kept((metric.name, level), partial(_new_laws, metric, shared, level))


def _new_laws(metric: Metric, shared: Shared, level: float) -> Normals | None:
    match metric.law:
        case Means():
            return _means(metric.law, shared)
        case Ranks():
            return _orders(metric.law, shared)
        case Counts():
            return _calls(metric.law, shared, level)
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


@dataclass(frozen=True, slots=True)
class _Averaged:
    """Means over rows of S slices: their sums, how rows move them, and both models' values (S,).

    ``spread`` (S,) says where they have more spread than rounding leaves.
    """

    sums: Moments
    spreads: Spreads
    champion: Floats
    candidate: Floats
    spread: Bools

    @classmethod
    def of(cls, sums: Moments) -> "_Averaged":
        n = np.maximum(1.0, sums.rows)
        by_power = {2: n * n, 3: n * n * n, 4: n * n * n * n}
        powers = {k: of / by_power[k][:, None] for k, of in sums.powers.items()}
        own, change = sums.totals / n
        return cls(sums, Spreads(powers, n, n), own, own + change, _are_spread(sums))


def _averaged(law: Means, shared: Shared) -> _Averaged | None:
    """Those of a law's only column, made once; None where its sums are not known."""

    def make() -> _Averaged | None:
        sums = shared.moments(law)
        return None if sums is None else _Averaged.of(sums)

    return shared.kept(law, make)


def _means(law: Means, shared: Shared) -> Normals | None:
    found = _averaged(law, shared)
    if found is None:
        return None
    freedom, skewness = _combined(found.spreads)
    holds = (found.sums.rows > SKEWED_UNITS) & found.spread & (skewness <= MOST_SKEWNESS)
    holds &= found.sums.exact | (freedom >= _LEAST_FREEDOM)
    method = "law of means over rows to third order"
    return Normals(found.champion, found.candidate, found.spreads, holds, method)


def _skewed_mean(law: Means, resampler: Resampler, known: Known) -> Law | None:
    """That of hundreds or thousands of rows, whose skewness shows in what is drawn."""
    found, at = _averaged(law, known.shared), known.place
    if found is None or not FEW_UNITS < known.rows <= SKEWED_UNITS:
        return None
    if not (found.sums.exact[at] and found.spread[at]):
        return None
    moved = _moves(PowerSums.at(found.sums.powers, at), resampler, "sums")
    if moved is None:
        return None
    own, change = (found.sums.totals[:, at] / known.rows).tolist()
    champion = own + moved[:, 0] / known.rows
    candidate = champion + change + moved[:, 1] / known.rows
    method = f"{resampler.method}, law of sums to third order"
    return Replicates(own, own + change, champion, candidate, method, found.spreads.at(at))


def _are_spread(found: Moments) -> Bools:
    """Where the spread is more than what rounding left of the squares, (S,).

    Nor may all values of both models look like 0 or 1: such means have their own interval.
    """
    n = np.maximum(1, found.rows)
    finite = np.isfinite(found.powers[2]).all(axis=1)
    with np.errstate(invalid="ignore"):
        own, change = found.totals**2 / n
        aa, _, dd = found.powers[2].T
        wide = (aa > _ROUNDING * own) & (dd > _ROUNDING * change)
    return np.asarray(finite & wide & ~_are_hits(found))


def _are_hits(found: Moments) -> Bools:
    n = np.maximum(1, found.rows)
    own, change = found.totals / n
    aa, ad, dd = found.powers[2].T / n
    with np.errstate(invalid="ignore"):
        one, two = aa + own**2, aa + 2 * ad + dd + (own + change) ** 2
        hits = (np.abs(one - own) <= _ROUNDING) & (np.abs(two - own - change) <= _ROUNDING)
    return np.asarray(hits)


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
    return min([spread.of(*models).freedom for models in COMBINATIONS]) >= _LEAST_FREEDOM


def _combined(spreads: Spreads) -> tuple[Floats, Floats]:
    """What is told least surely of each slice, (S,): its degrees of freedom; and what is most
    skewed: its skewness.
    """
    told = [spreads.of(*models) for models in COMBINATIONS]
    freedom = np.stack([moving.freedom for moving in told]).min(axis=0)
    return freedom, np.stack([np.abs(moving.skewness) for moving in told]).max(axis=0)


# ---------------------------------------------------------------------------- order


def _orders(law: Ranks, shared: Shared) -> Normals | None:
    found = shared.order(law)
    if found is None:
        return None
    spreads = Spreads(found.powers, shared.rows.astype(float), found.rarest)
    holds = found.known & (shared.rows > EXACT_UNITS) & (found.rarest >= law.rare)
    holds &= _combined(spreads)[1] <= MOST_SKEWNESS
    method = "paired influence function, law to third order"
    return Normals(found.champion, found.candidate, spreads, holds, method)


# ---------------------------------------------------------------------------- counts


def _calls(law: Counts, shared: Shared, level: float) -> Normals | None:
    found = shared.calls(law, level)
    if found is None:
        return None
    rows = shared.rows.astype(float)
    spreads = Spreads(found.powers, rows, rows)
    holds = found.normal & (shared.rows > SKEWED_UNITS)
    holds &= _combined(spreads)[0] >= _LEAST_FREEDOM
    method = "law of counts of calls to third order"
    return Normals(found.champion, found.candidate, spreads, holds, method)
