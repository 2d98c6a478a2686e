"""Populations with known truth, from which panels of any size are drawn."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.support.panels import Pair, binary, regression
from titleholder.arrays import Floats, Ints

# Rows from which the true values are taken: their error is a tenth of what the largest panel has.
POPULATION = 2_000_000
CLASSIFIED = ("accuracy", "recall", "precision", "f1", "mcc", "roc_auc", "average_precision", "ks",
              "log_loss", "brier", "ece")  # fmt: skip
NUMERIC = ("mae", "rmse", "r2", "bias", "smape")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A population and a panel size.

    ``shared`` is the part of the noise that both models have in common; ``close`` makes the
    candidate the champion but for noise on so large a share of the rows. ``cluster`` rows share
    a unit, and ``icc`` of their variance with it. ``threshold`` calls positives.
    """

    name: str
    n: int
    prevalence: float = 0.3
    shared: float = 0.7
    close: float | None = None
    cluster: int = 1
    icc: float = 0.0
    numeric: bool = False
    weighted: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is measured of such panels."""
        return NUMERIC if self.numeric else CLASSIFIED

    def draw(self, rng: np.random.Generator) -> Pair:
        """A panel of this population."""
        if self.numeric:
            return self._numeric(rng, self.n)
        return self._binary(rng, np.arange(self.n) // self.cluster)

    def _binary(self, rng: np.random.Generator, unit: Ints) -> Pair:
        rows = len(unit)
        y = self._mixed(rng, unit) > _quantile(1 - self.prevalence)
        common = self._mixed(rng, unit)
        offset = np.log(self.prevalence / (1 - self.prevalence))
        first = _probability(1.5 * y + self._own(rng, common), offset)
        if self.close is None:
            second = _probability(1.65 * y + self._own(rng, common), offset)
        else:
            moved = rng.random(rows) < self.close
            second = np.where(moved, _probability(1.65 * y + rng.normal(size=rows), offset), first)
        weight = rng.choice([0.5, 1.0, 4.0], rows) if self.weighted else None
        clusters = unit if self.cluster > 1 else None
        called = min(0.5, 2 * self.prevalence)
        return binary(
            y.astype(np.int64), first, second, threshold=called, weight=weight, cluster=clusters
        )

    def _own(self, rng: np.random.Generator, common: Floats) -> Floats:
        """Noise of one model: partly common, of variance 1."""
        own = rng.normal(size=len(common))
        return np.asarray(self.shared * common + np.sqrt(1 - self.shared**2) * own)

    def _mixed(self, rng: np.random.Generator, unit: Ints) -> Floats:
        """Normal noise of variance 1, of which each unit shares ``icc``."""
        units = rng.normal(size=unit[-1] + 1)[unit]
        own = rng.normal(size=len(unit))
        return np.asarray(np.sqrt(self.icc) * units + np.sqrt(1 - self.icc) * own)

    def _numeric(self, rng: np.random.Generator, rows: int) -> Pair:
        """Skewed truth and skewed errors, as of delays or amounts."""
        y = rng.lognormal(1.0, 0.6, rows)
        common = rng.standard_exponential(rows) - 1
        first = y + self._own(rng, common)
        second = y + 0.9 * self._own(rng, common) + 0.05
        return regression(y, first, second)


def _probability(evidence: Floats, offset: float) -> Floats:
    """A probability whose logit is 1.5 times the evidence, less what a positive adds."""
    return np.asarray(1 / (1 + np.exp(-(1.5 * evidence - 1.125 + offset))))


def _quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def scenarios() -> Iterator[Scenario]:
    """The populations of the campaign."""
    for n in (50, 200, 1000, 5000, 20_000):
        yield Scenario("balanced", n, prevalence=0.5)
    for n in (200, 1000, 5000, 20_000):
        yield Scenario("one in ten", n, prevalence=0.1)
    for n in (1000, 5000, 20_000):
        yield Scenario("one in a hundred", n, prevalence=0.01)
    for n in (200, 5000):
        yield Scenario("independent models", n, shared=0.0)
        yield Scenario("near-identical models", n, close=0.02)
    for clusters in (10, 20, 30, 60, 200):
        yield Scenario(f"{clusters} clusters of 20", 20 * clusters, cluster=20, icc=0.3)
    yield Scenario("2500 clusters of 4", 10_000, cluster=4, icc=0.3)
    for n in (200, 5000):
        yield Scenario("weighted", n, weighted=True)
    for n in (50, 200, 1000, 5000):
        yield Scenario("skewed errors", n, numeric=True)
