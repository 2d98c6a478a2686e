"""Several models on the same rows: every pair compared, ranks, and who cannot be told apart.

Each pair is measured by the engine that judges candidates (`compare.measure`), on the rows and
with the seed of the suite, over all rows. Pairs grow with the square of the models, so only the
metrics of the leaderboard are measured between them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np

from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.metrics import HEADLINE, Registry
from titleholder.params.schema import Suite
from titleholder.stats.multiplicity import holm
from titleholder.stats.power import p_value
from titleholder.types import OVERALL, Comparison, Estimate, Record


class Pair(Record, frozen=True):
    """``second`` against ``first`` by one metric; a positive improvement is ``second``'s.

    ``p_value`` is two-sided, of no difference; ``adjusted`` is Holm's, over all pairs and metrics.
    ``shown`` says that one of them is better: the adjusted p-value is at most 1 - level, and the
    interval does not hold 0.
    """

    metric: str
    first: str
    second: str
    n: int
    improvement: Estimate
    p_value: float | None
    adjusted: float | None
    shown: bool
    reason: str = ""


class Standing(Record, frozen=True):
    """One model: its average rank (1 is best; None where nothing could be ranked) and values."""

    model: str
    champion: bool
    rank: float | None
    values: tuple[Estimate, ...]


class Standings(Record, frozen=True):
    """All models of a suite by the metrics of its leaderboard, in the order they are declared.

    ``best`` has the model with the lowest rank first, then all that cannot be told from it.
    ``values`` of each model are in the order of ``metrics``. ``skipped`` says why there are none.
    """

    inputs: dict[str, str]
    suite: str
    level: float
    metrics: tuple[str, ...]
    models: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    best: tuple[str, ...]
    skipped: str = ""

    def better(self, one: str, other: str) -> tuple[Pair, ...]:
        """The pairs that show ``one`` to be better than ``other``, a metric each."""
        return tuple(
            pair
            for pair in self.pairs
            if pair.shown and (winner_of(pair), loser_of(pair)) == (one, other)
        )

    def behind(self, one: str, other: str) -> bool:
        """Whether ``one`` is shown worse than ``other`` by some metric, and better by none."""
        return bool(self.better(other, one)) and not self.better(one, other)


def metrics_of(suite: Suite, models: Sequence[Predictions]) -> tuple[str, ...]:
    """The metrics of the leaderboard: those declared, else the headline of the task.

    Of scored items, which have no headline, it is the first that every model was scored by.
    """
    if suite.leaderboard.metrics is not None:
        return suite.leaderboard.metrics
    if suite.task in HEADLINE:
        return (HEADLINE[suite.task],)
    shared = sorted(set.intersection(*({*model.items} for model in models)))
    named = [name for name in suite.metrics or () if name in shared]
    return tuple((named or shared)[:1])


def stand(
    blank: Standings,
    panel: Panel,
    models: Sequence[Predictions],
    suite: Suite,
    registry: Registry,
    known: Mapping[tuple[str, str], Sequence[Comparison]],
) -> Standings:
    """Measure all pairs of ``models``, the champion first, and rank them.

    ``blank`` is the record but for what is measured; ``known`` has what was compared of some
    pairs already.
    """
    names = metrics_of(suite, models)
    apart = msgspec.structs.replace(suite, metrics=names, slices=(), segments={})
    found = []
    for first, second in combinations(models, 2):
        seen = known.get((first.model, second.model), ())
        by = _overall(seen, names)
        if by.keys() != set(names):
            again = measure(panel, first, second, apart, registry=registry)
            by = _overall(again.comparisons, names)
        found.append((first.model, second.model, by))
    pairs = tuple(_judged(found, names, suite.level))
    own = _values(found, names)
    ranks = {model.model: _rank(model.model, pairs, names, len(models)) for model in models}
    standings = tuple(
        Standing(model.model, model is models[0], ranks[model.model], own.get(model.model, ()))
        for model in models
    )
    told = msgspec.structs.replace(blank, metrics=names, models=standings, pairs=pairs)
    return msgspec.structs.replace(told, best=_best(told))


Found = tuple[str, str, Mapping[str, Comparison]]


def winner_of(pair: Pair) -> str:
    """The one with the better value; ``first`` where they are alike."""
    return pair.second if (pair.improvement.value or 0.0) > 0 else pair.first


def loser_of(pair: Pair) -> str:
    """The other one."""
    return pair.first if winner_of(pair) == pair.second else pair.second


def _overall(found: Iterable[Comparison], names: Sequence[str]) -> dict[str, Comparison]:
    """Comparisons over all rows, by metric."""
    return {
        c.metric: c for c in found if c.slice == OVERALL and c.over is None and c.metric in names
    }


def _judged(found: Iterable[Found], names: Sequence[str], level: float) -> Iterator[Pair]:
    """Every pair by every metric, with Holm's correction over all of them."""
    plain = [_pair(first, second, by.get(name), name) for first, second, by in found
             for name in names]  # fmt: skip
    p = np.array([math.nan if pair.p_value is None else pair.p_value for pair in plain])
    for pair, adjusted in zip(plain, holm(p).tolist(), strict=True):
        known = math.isfinite(adjusted)
        low, high = pair.improvement.low, pair.improvement.high
        apart = low is not None and high is not None and (low > 0 or high < 0)
        yield msgspec.structs.replace(
            pair,
            adjusted=adjusted if known else None,
            shown=known and apart and adjusted <= 1 - level,
        )


def _pair(first: str, second: str, comparison: Comparison | None, metric: str) -> Pair:
    if comparison is None:
        reason = "it was not measured"
        return Pair(metric, first, second, 0, Estimate(), None, None, shown=False, reason=reason)
    value, error = comparison.improvement.value, comparison.std_error
    p = None
    if value is not None and error is not None:
        one_sided = p_value(abs(value), 0.0, error)
        # Two models without any difference have no error either: that is no proof of one.
        p = None if one_sided is None else min(1.0, 2 * one_sided)
    return Pair(
        metric=metric,
        first=first,
        second=second,
        n=comparison.n,
        improvement=comparison.improvement,
        p_value=p,
        adjusted=None,
        shown=False,
        reason=comparison.reason,
    )


def _values(found: Iterable[Found], names: Sequence[str]) -> dict[str, tuple[Estimate, ...]]:
    """Each model's own values, of the first pair that it is in."""
    own: dict[str, tuple[Estimate, ...]] = {}
    for first, second, by in found:
        blank = Estimate()
        own.setdefault(first, tuple(by[n].champion if n in by else blank for n in names))
        own.setdefault(second, tuple(by[n].candidate if n in by else blank for n in names))
    return own


def _rank(model: str, pairs: Iterable[Pair], names: Sequence[str], models: int) -> float | None:
    """The average over metrics of a model's rank, ties shared; None where a metric has none."""
    ranks = []
    for name in names:
        mine = [p for p in pairs if p.metric == name and model in (p.first, p.second)]
        if len(mine) != models - 1 or any(p.improvement.value is None for p in mine):
            return None
        lost = sum(0.5 if p.improvement.value == 0 else float(loser_of(p) == model) for p in mine)
        ranks.append(1.0 + lost)
    return sum(ranks) / len(ranks) if ranks else None


def _best(told: Standings) -> tuple[str, ...]:
    """The model of the lowest rank, and all that are not shown to be behind it."""
    ranked = [m for m in told.models if m.rank is not None]
    if not ranked:
        return ()
    first = min(ranked, key=lambda m: m.rank if m.rank is not None else math.inf).model
    others = (m.model for m in ranked if m.model != first and not told.behind(m.model, first))
    return (first, *others)
