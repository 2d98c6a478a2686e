"""How often intervals hold the truth: ``python -m tests.campaign.coverage [PANELS [FROM TO]]``.

Prints a table in Markdown: one row a metric, population and size. Nominal is 95%. Metrics that are
named behind these are looked at alone: ``python -m tests.campaign.coverage 1500 27 28 rmse``.
"""

import math
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from tests.campaign.scenarios import POPULATION, Scenario, scenarios
from tests.support.panels import Pair, policy
from titleholder.comparison.compare import measure
from titleholder.metrics import REGISTRY
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import take
from titleholder.types import Estimate, Task

LEVEL = 0.95
RESAMPLES = 600
PANELS = 400
_SIDE = 4.0  # standard errors: a thousand ends are looked at


@dataclass(slots=True)
class Tally:
    """What became of one metric's intervals of the improvement and of the candidate.

    ``low`` and ``high``: improvements whose interval lies above, and below, the truth.
    """

    method: str = ""
    panels: int = 0
    undefined: int = 0
    low: int = 0
    high: int = 0
    own_low: int = 0
    own_high: int = 0

    @property
    def estimated(self) -> int:
        """Panels that had an interval."""
        return self.panels - self.undefined

    @property
    def coverage(self) -> float:
        """Share of intervals of the improvement that held the truth."""
        return 1 - (self.low + self.high) / self.estimated if self.estimated else math.nan

    @property
    def own(self) -> float:
        """Share of the candidate's own intervals that held its true value."""
        missed = self.own_low + self.own_high
        return 1 - missed / self.estimated if self.estimated else math.nan

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of the coverage where it is nominal."""
        return math.sqrt(LEVEL * (1 - LEVEL) / max(1, self.estimated))

    @property
    def worst_side(self) -> float:
        """The largest share of panels whose truth lay beyond one of the four ends."""
        sides = (self.low, self.high, self.own_low, self.own_high)
        return max(sides) / self.estimated if self.estimated else math.nan

    @property
    def side_error(self) -> float:
        """Monte-Carlo standard error of the misses beyond one end where they are nominal."""
        side = (1 - LEVEL) / 2
        return math.sqrt(side * (1 - side) / max(1, self.estimated))

    def add(self, method: str, improvement: Estimate, own: Estimate, truth: Estimate) -> None:
        """Count one panel; ``truth`` has the improvement as value, the candidate's own as high."""
        self.panels += 1
        self.method = method
        if improvement.low is None or improvement.high is None:
            self.undefined += 1
            return
        change, value = truth.value or 0.0, truth.high or 0.0
        self.low += not improvement.low <= change
        self.high += not change <= improvement.high
        self.own_low += not (own.low or 0.0) <= value
        self.own_high += not value <= (own.high or 0.0)


def truths(scenario: Scenario) -> dict[str, Estimate]:
    """The population's improvement (value) and the candidate's own value (high), by metric."""
    return _truths(replace(scenario, name="population", n=POPULATION))


@cache
def _truths(population: Scenario) -> dict[str, Estimate]:
    pair = population.draw(np.random.default_rng(0))
    return {name: _points(name, pair) for name in population.metrics}


def _points(name: str, pair: Pair) -> Estimate:
    panel, first, second = pair
    whole = take("population", np.ones(len(panel), dtype=bool), panel, first, second)
    metric = REGISTRY[name]
    one = replicate(metric, Resampler(whole, Draw(resamples=1, seed=0)))
    change = float(metric.improvement(one.champion_value, one.candidate_value))
    return Estimate(change, None, one.candidate_value)


def simulate(
    scenario: Scenario, panels: int, seed: int = 1, names: tuple[str, ...] = ()
) -> dict[str, Tally]:
    """Intervals of many panels of one population against its truth; of these metrics, or all."""
    truth, names = truths(scenario), names or scenario.metrics
    tallies: dict[str, Tally] = defaultdict(Tally)
    task = Task.REGRESSION if scenario.numeric else Task.BINARY
    for i in range(panels):
        pair = scenario.draw(np.random.default_rng([seed, i, zlib.crc32(f"{scenario}".encode())]))
        asked = policy(task, metrics=names, resamples=RESAMPLES, seed=i, level=LEVEL)
        for one in measure(*pair, asked).comparisons:
            tallies[one.metric].add(one.method, one.improvement, one.candidate, truth[one.metric])
    return dict(tallies)


def verdict(tally: Tally) -> str:
    """What the table says of one coverage: sound, within noise of nominal, short or lopsided.

    A rule rests on one end alone, which may miss twice as often as it says while both together
    miss as often as they should.
    """
    if tally.estimated < tally.panels / 10:
        return "withheld"
    least = min(tally.coverage, tally.own)
    if least < LEVEL - 3 * tally.error:
        return "**short**" if least < 0.93 else "low"
    return "lopsided" if tally.worst_side > (1 - LEVEL) / 2 + _SIDE * tally.side_error else ""


def lines(found: Iterable[tuple[Scenario, dict[str, Tally]]]) -> Iterator[str]:
    """The table, line by line."""
    yield (
        "| population | n | panels | metric | coverage | misses below / above | candidate's own "
        "| misses below / above | no interval | method | |"
    )
    yield "|---|--:|--:|---|--:|--:|--:|--:|--:|---|---|"
    for scenario, tallies in found:
        for name, tally in tallies.items():
            done = max(1, tally.estimated)
            what = f"{scenario.name} | {scenario.n} | {tally.panels} | {name}"
            if verdict(tally) == "withheld":
                withheld = f"{tally.undefined / tally.panels:.0%} | none | withheld |"
                yield f"| {what} | - | - | - | - | {withheld}"
                continue
            yield (
                f"| {what} | {tally.coverage:.1%} "
                f"| {tally.low / done:.1%} / {tally.high / done:.1%} | {tally.own:.1%} "
                f"| {tally.own_low / done:.1%} / {tally.own_high / done:.1%} "
                f"| {tally.undefined / tally.panels:.0%} | {tally.method} | {verdict(tally)} |"
            )


def main(panels: int, some: slice, names: tuple[str, ...]) -> None:
    """Print the table as it grows, for all populations or some of them, and all metrics or some."""
    for line in lines((s, simulate(s, panels, names=names)) for s in list(scenarios())[some]):
        print(line, flush=True)


if __name__ == "__main__":
    ends = [int(text) for text in sys.argv[2:4]] or [None]
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PANELS, slice(*ends), tuple(sys.argv[4:]))
