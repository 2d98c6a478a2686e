"""What is told of many slices at once is what is told of each: the same formulas, as arrays."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from titleholder.metrics import REGISTRY
from titleholder.stats.influence import COMBINATIONS, Influence, Movings, Spreads
from titleholder.stats.intervals import widening, widenings
from titleholder.stats.normal import Normal, Normals, summarise_normals
from titleholder.stats.own import own_ends, own_interval
from titleholder.types import Estimate

LEVEL = 0.95
NAMES = st.sampled_from(["log_loss", "roc_auc", "mcc", "demographic_parity_difference", "r2"])
SEEDS = st.integers(0, 2**32 - 1)


def influences(seed: int, slices: int = 4) -> list[Influence]:
    """Of slices of a few to some hundred units, skewed and not, one of which does not differ."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(slices):
        n = int(rng.integers(3, 300))
        one = rng.standard_gamma(rng.uniform(0.1, 3), n) * rng.choice([-1.0, 1.0])
        one = (one - one.mean()) / n * rng.uniform(0.01, 1)
        two = one if i == 0 else one + rng.standard_t(3, n) / n * rng.uniform(0, 0.5)
        found.append(Influence(one, two, None, n, max(2, n // 2)))
    return found


def together(each: list[Influence]) -> Spreads:
    """The same slices as arrays."""
    powers = {k: np.array([of.power_sums.by_power[k] for of in each]) for k in (2, 3, 4)}
    units, fewest = ([float(getattr(of, name)) for of in each] for name in ("units", "fewest"))
    return Spreads(powers, np.array(units), np.array(fewest))


@given(seed=SEEDS)
def test_spreads_of_many_slices_are_those_of_each(seed: int) -> None:
    """Errors, skewness and degrees of freedom of either model and of the change, and widenings."""
    each = influences(seed)
    for models in COMBINATIONS:
        alone = [of.of(*models) for of in each]
        many = together(each).of(*models)
        np.testing.assert_allclose(np.array(many), np.array(alone).T, rtol=1e-12)
        wider = [widening(moving, LEVEL) for moving in alone]
        np.testing.assert_allclose(widenings(many, LEVEL), wider, rtol=1e-12)


@given(seed=SEEDS, name=NAMES)
def test_own_intervals_of_many_slices_are_those_of_each(seed: int, name: str) -> None:
    """In the middle of the domain, near its ends and on them; gaps between groups, too."""
    rng, metric = np.random.default_rng(seed), REGISTRY[name]
    least, most = (max(-3.0, metric.domain[0]), min(3.0, metric.domain[1]))
    values = least + (most - least) * np.array([0.0, rng.random(), rng.random() ** 9, 1.0])
    alone = [of.of(0, 1) for of in influences(seed)]
    moving = Movings(*(np.array(side, dtype=float) for side in zip(*alone, strict=True)))
    wider = widenings(moving, LEVEL)
    low, high = values - 2 * moving.error, values + 1.9 * moving.error
    found = own_ends(metric, values, low, high, LEVEL, wider, moving)
    for i, of in enumerate(alone):
        ends = Estimate(value=float(values[i]), low=float(low[i]), high=float(high[i]))
        own = own_interval(metric, ends, LEVEL, float(wider[i]), of)
        np.testing.assert_allclose([side[i] for side in found], [own.low, own.high], rtol=1e-12)


@given(seed=SEEDS, name=st.sampled_from(["log_loss", "roc_auc", "accuracy"]))
def test_one_slice_is_told_alike_alone_and_among_others(seed: int, name: str) -> None:
    """A law that does not hold, or a value that is not finite, leaves the others as they are."""
    each, metric = influences(seed), REGISTRY[name]
    one, two = np.array([0.5, 0.6, math.nan, 0.7]), np.array([0.5, 0.65, 0.6, 0.6])
    holds = np.array([True, True, True, False])
    found = summarise_normals(metric, Normals(one, two, together(each), holds, "a law"), LEVEL)
    assert found[2] is None
    assert found[3] is None
    for i in (0, 1):
        law = Normals.of(Normal(float(one[i]), float(two[i]), each[i], "a law"))
        assert summarise_normals(metric, law, LEVEL) == (found[i],)
