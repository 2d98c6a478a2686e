"""KS is a maximum that noise pushes up, and it is known by how much."""

from statistics import NormalDist

import numpy as np
import pytest

from titleholder.arrays import Floats
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.metrics.widest import ks, ks_pushed

APART = 1.5  # standard deviations between the scores of both classes


def steps_of(rng: np.random.Generator, n: int, sign: float = 1.0) -> Steps:
    """Two normal populations of scores, three rows in ten from the higher one."""
    y = (rng.random(n) < 0.3).astype(float)
    return Ladder.of(y, sign * (rng.normal(size=n) + APART * y)).plain_steps()


def error_of(steps: Steps) -> float:
    """The standard error of the gap between two independent shares where it is widest."""
    true = steps.positives_above / steps.all_positives
    false = steps.negatives_above / steps.all_negatives
    top = int(np.abs(true - false).argmax())
    shares = ((true[top], steps.all_positives), (false[top], steps.all_negatives))
    return float(np.sqrt(sum(share * (1 - share) / n for share, n in shares)))


@pytest.mark.parametrize("n", [2000, 8000])
def test_the_push_is_what_the_mean_of_many_panels_lies_above_the_truth(n: int) -> None:
    """Two normal laws d apart have a KS of 2 F(d / 2) - 1, which estimates exceed on average."""
    truth = 2 * NormalDist().cdf(APART / 2) - 1
    panels = [steps_of(np.random.default_rng([n, i]), n) for i in range(400)]
    above = np.array([float(ks(steps)) - truth for steps in panels])
    pushed = np.array([ks_pushed(steps, error_of(steps)) for steps in panels])
    noise = float(above.std()) / 20
    assert above.mean() > 3 * noise
    assert pushed.mean() == pytest.approx(above.mean(), abs=3.5 * noise)


def test_more_noise_pushes_further() -> None:
    """A peak has s^(2/3) of all noise: what is seen already, and four times of it besides."""
    panels = [steps_of(np.random.default_rng(i), 20_000) for i in range(40)]
    once = np.mean([ks_pushed(steps, error_of(steps)) for steps in panels])
    twice = np.mean([ks_pushed(steps, 2 * error_of(steps)) for steps in panels])
    assert twice / once == pytest.approx((5 ** (2 / 3) - 1) / (2 ** (2 / 3) - 1), rel=0.1)


def test_a_model_the_wrong_way_round_is_pushed_as_far() -> None:
    """The gap counts without its sign."""
    right, wrong = (
        np.mean([ks_pushed(s, error_of(s)) for s in map(of_sign, range(40))])
        for of_sign in (
            lambda i: steps_of(np.random.default_rng(i), 5000),
            lambda i: steps_of(np.random.default_rng(i), 5000, -1.0),
        )
    )
    assert wrong == pytest.approx(right, rel=0.1)


def test_weights_that_are_all_alike_change_nothing() -> None:
    """The unit that rows are counted in is no evidence."""
    steps = steps_of(np.random.default_rng(1), 3000)
    sevenfold: tuple[Floats, ...] = tuple(
        7 * part
        for part in (
            steps.positives,
            steps.negatives,
            steps.positives_above,
            steps.negatives_above,
        )
    )
    error = error_of(steps)
    assert ks_pushed(Steps(*sevenfold), error) == pytest.approx(ks_pushed(steps, error))


@pytest.mark.parametrize("scores", [[0.9, 0.8, 0.2, 0.1], [0.5, 0.5, 0.5, 0.5]])
def test_a_gap_that_leaves_nothing_to_chance_is_not_pushed(scores: list[float]) -> None:
    """Classes wholly apart, and a single step."""
    steps = Ladder.of(np.array([1.0, 1.0, 0.0, 0.0]), np.array(scores)).plain_steps()
    assert ks_pushed(steps, 0.0) == 0.0
