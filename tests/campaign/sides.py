"""How often one end misses where either side is possible: ``python -m tests.campaign.sides``.

A bias is best at 0 and a gap between groups at none: next to that, chance decides which side of it,
or which group ahead, is seen. Nominal is 2.5% beyond each end of the improvement's 95% interval.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.support.panels import Pair, binary, policy, regression
from titleholder.arrays import Floats
from titleholder.comparison.compare import measure
from titleholder.types import Task

PANELS = 400
RESAMPLES = 1000
SHARED = 0.5  # of what moves the one model's answers moves the other's
_ERRORS, _CALLS = 300, 2000  # rows of a panel

Draw = Callable[[np.random.Generator], Pair]


@dataclass(frozen=True, slots=True)
class Case:
    """Panels of a metric whose improvement is known."""

    metric: str
    said: str
    truth: float
    draw: Draw


def biases() -> Iterator[Case]:
    """Mean errors of both models, in standard errors of one."""
    error = 1 / np.sqrt(_ERRORS)
    for one, two in ((0, 0), (0, 1), (0, 3.5), (1, -1), (1.5, 0), (3, 3), (5, -5)):

        def draw(rng: np.random.Generator, one: float = one, two: float = two) -> Pair:
            common, *own = rng.normal(size=(3, _ERRORS))
            first, second = (np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * x for x in own)
            return regression(np.zeros(_ERRORS), first + one * error, second + two * error)

        yield Case("bias", f"{one} and {two}", (abs(one) - abs(two)) * error, draw)


def gaps() -> Iterator[Case]:
    """Selection rates of groups under both models."""
    for kind in ("difference", "ratio"):
        for one, two in (
            ((0.4, 0.4), (0.4, 0.5)),
            ((0.4, 0.42), (0.4, 0.5)),
            ((0.4, 0.4), (0.4, 0.4)),
            ((0.4, 0.5), (0.4, 0.4)),
            ((0.4, 0.4, 0.4, 0.4), (0.4, 0.4, 0.4, 0.5)),
        ):

            def draw(
                rng: np.random.Generator, one: tuple[float, ...] = one, two: tuple[float, ...] = two
            ) -> Pair:
                group, first = rng.integers(0, len(one), _CALLS), rng.random(_CALLS)
                second = np.where(rng.random(_CALLS) < SHARED, first, rng.random(_CALLS))
                called = (first < np.array(one)[group], second < np.array(two)[group])
                scores = [0.1 + 0.8 * calls for calls in called]
                return binary(group % 2, *scores, columns={"g": group.astype(str)})

            said = f"{', '.join(map(str, one))} and {', '.join(map(str, two))}"
            truth = _gap(kind, np.array(one)) - _gap(kind, np.array(two))
            truth = -truth if kind == "ratio" else truth
            yield Case(f"demographic_parity_{kind}", said, truth, draw)


def _gap(kind: str, rates: Floats) -> float:
    low, high = float(rates.min()), float(rates.max())
    return low / high if kind == "ratio" else high - low


def misses(case: Case, panels: int) -> tuple[float, float]:
    """Shares of panels whose lower end lies above the truth, and whose upper end below it."""
    below = above = 0
    task, slices = (Task.REGRESSION, ()) if case.metric == "bias" else (Task.BINARY, ("g",))
    asked = policy(task, metrics=(case.metric,), slices=slices, resamples=RESAMPLES)
    for i in range(panels):
        found = measure(*case.draw(np.random.default_rng(i)), asked).comparisons
        (change,) = (one.improvement for one in found if one.metric == case.metric)
        below += not (change.low or 0.0) <= case.truth
        above += not case.truth <= (change.high or 0.0)
    return below / panels, above / panels


def lines(panels: int) -> Iterator[str]:
    """The table, line by line."""
    yield f"| metric | of champion and candidate | misses below / above, {panels} panels |"
    yield "|---|---|--:|"
    for case in (*biases(), *gaps()):
        below, above = misses(case, panels)
        yield f"| {case.metric} | {case.said} | {below:.1%} / {above:.1%} |"


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else PANELS):
        print(line, flush=True)
