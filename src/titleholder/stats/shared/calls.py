"""The normal law of a function of counts of calls, of all slices of a partition at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Floats, Ints
from titleholder.stats.ends import normal_reach
from titleholder.stats.influence import BINOMIAL, COMBINATIONS, STEP

# An end may be so far from where the normal law has it, in standard errors: a third of what moves
# the ends of 2000 draws from seed to seed.
_BENT = 0.02


@dataclass(frozen=True, slots=True)
class Calls:
    """A function of counts on S slices: both models' values (S,), and how influences of rows vary.

    ``powers`` (S, k + 1) by power k of 2, 3 and 4 are as in `PowerSums`; ``normal`` (S,) says on
    which slices that is all there is to tell.
    """

    champion: Floats
    candidate: Floats
    powers: dict[int, Floats]
    normal: Bools


def calls_of(value: Callable[[Floats], Floats], cells: Ints, level: float) -> Calls:
    """The law of each slice, from ``cells`` (S, K, K, K) by truth and both calls.

    It is not normal where a value is undefined, or where the metric bends within the interval: the
    counts that are to be expected where a combination of the models has moved to an end are those
    moved along the influence on it, and there the metric itself is looked at. Nor may sums of
    influences be skewed.
    """
    held = cells.astype(float)
    sides = np.stack([held.sum(axis=3), held.sum(axis=2)])
    with np.errstate(all="ignore"):
        values = value(sides)
        slopes = _slopes(value, sides)
        one = np.broadcast_to(slopes[0][:, :, :, None], held.shape)
        two = np.broadcast_to(slopes[1][:, :, None, :], held.shape)
        powers = _powers(held, one, two - one)
        straight = _straight(value, held, (one, two), values, powers, level)
    return Calls(values[0], values[1], powers, np.isfinite(values).all(axis=0) & straight)


def _slopes(value: Callable[[Floats], Floats], counts: Floats) -> Floats:
    """The derivative by each count (..., K, K), in its shape; 0 by those that are 0."""
    k = counts.shape[-1]
    steps = STEP * counts.reshape(*counts.shape[:-2], k * k)
    moves = (steps[..., None] * np.eye(k * k)).reshape(*steps.shape, k, k)
    here = counts[..., None, :, :]
    rise = value(here + moves) - value(here - moves)
    slopes: Floats = np.divide(rise, 2 * steps, out=np.zeros_like(steps), where=steps > 0)
    return slopes.reshape(counts.shape)


def _powers(held: Floats, a: Floats, d: Floats) -> dict[int, Floats]:
    """Sums over rows of a^(k-j) d^j, (S, k + 1), by power k of 2, 3 and 4."""
    flat = [x.reshape(len(held), -1) for x in (held, a, d)]
    n, a, d = flat
    return {
        k: np.stack([(n * a ** (k - j) * d**j).sum(axis=1) for j in range(k + 1)], axis=1)
        for k in (2, 3, 4)
    }


def _straight(
    value: Callable[[Floats], Floats],
    held: Floats,
    influences: tuple[Floats, Floats],
    values: Floats,
    powers: dict[int, Floats],
    level: float,
) -> Bools:
    """Whether all ends lie where the influence and a normal law have them, (S,)."""
    z, one_and_two = normal_reach(level), np.stack(influences, axis=-1)
    straight = np.ones(len(held), dtype=bool)
    for p, q in COMBINATIONS:
        # p one + q two is (p + q) a + q d.
        squares, cubes = (
            sum(
                factor * (p + q) ** (k - j) * q**j * powers[k][:, j]
                for j, factor in enumerate(BINOMIAL[k])
            )
            for k in (2, 3)
        )
        error = np.sqrt(np.maximum(squares, 0.0))
        along = (
            one_and_two @ np.array([p, q]) / np.where(error > 0, error, 1.0)[:, None, None, None]
        )
        for end in (-z, z):
            moved = held * (1 + end * along)
            at = value(np.stack([moved.sum(axis=3), moved.sum(axis=2)])) - values
            off = np.abs(p * at[0] + q * at[1] - end * error)
            lean = np.abs(cubes) / np.where(error > 0, error, 1.0) ** 2 * abs(z * z - 1) / 6
            straight &= off + lean <= _BENT * error
    return straight
