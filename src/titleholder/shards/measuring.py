"""Two models compared by what was summed of all shards; rows are asked for where sums do not tell.

The same functions measure here that measure a panel in memory (`comparison.compare`). They are
given samples that know their sums and have no rows. Whatever then asks for rows is noted, and
comes again with just the rows of its slice, where those are few enough. Where they are not, a
metric of order is summed once more (`titleholder.shards.products`), and all else says why it has no
estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.comparison.compare import (
    Flips,
    Groups,
    Measurement,
    flips_of,
    of_groups,
    of_models,
    of_rows,
    told,
)
from titleholder.metrics import Metric
from titleholder.metrics.base import Ranks
from titleholder.params.schema import Policy
from titleholder.shards.linear import Linear, Slopes
from titleholder.shards.products import Influences, spread_of
from titleholder.stats.by_law import drawn, is_sure
from titleholder.stats.extremes import guarded
from titleholder.stats.influence import Summed
from titleholder.stats.intervals import summarise, undefined
from titleholder.stats.normal import Normal, summarise_normal
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import Sample
from titleholder.stats.shared.known import LEAST_ROWS, Shared
from titleholder.stats.shared.summary import Summary
from titleholder.types import Comparison, Task

MOST_ROWS = 250_000  # of a slice that are looked at together
BY_BIN = "paired influence function by bins of scores, law to third order"
WIDENED = f"{BY_BIN}, as wide as they allow"
BY_MEANS = "paired influence function of means over rows, normal law"

Rows = tuple[Panel, Predictions, Predictions]
Key = tuple[int, int]  # of a slice and a metric, by number


class RowsWantedError(Exception):
    """Sums do not tell: the rows of the slice have to be looked at."""


class _Summed(Sample):
    """A slice of which sums are known and no row."""

    @property
    def panel(self) -> NoReturn:
        raise RowsWantedError(self.name)

    champion = candidate = panel


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on all shards: what was summed, and what there is to be told of it.

    ``panel``, ``champion`` and ``candidate`` have no rows, but all else: classes, figures, and
    arrays of nothing where there are answers. ``groups`` are by column, (G, K, K, K) counts of
    truth and both calls, with the names of the groups. ``turned`` are by partition, (2, width):
    rows of numeric answers that got better, and worse. ``linears`` are metrics by name that are
    functions of means.
    """

    names: tuple[str, ...]
    shared: Shared
    panel: Panel
    champion: Predictions
    candidate: Predictions
    groups: Mapping[str, tuple[Ints, tuple[str, ...]]]
    turned: tuple[Ints, ...]
    linears: Mapping[str, Linear]


class Measuring:
    """Comparisons of two models, first by sums alone, then with the rows that were wanted."""

    def __init__(self, compared: Compared, metrics: Sequence[Metric], policy: Policy) -> None:
        self._of, self._policy = compared, policy
        self._metrics = tuple(metrics)
        self._plain = [m for m in metrics if not m.grouped and not m.measured]
        self._draw = Draw(resamples=policy.resamples, seed=policy.seed)
        self._known = compared.shared.known()
        self._found: dict[Key, Comparison] = {}
        self._flips: dict[int, Flips] = {}
        self._laws: dict[tuple[int, str], Normal] = {}
        panel = compared.panel
        self._weighted = panel.weight is not None
        # A panel in memory makes no sums of so few rows, or of such (`stats.shared.known.shared`):
        # where rows can be looked at together, they are.
        few = self._known[0].rows < LEAST_ROWS
        self._alone = few or self._weighted or panel.task is not Task.BINARY
        for i in range(len(compared.names)):
            large = self._known[i].rows > MOST_ROWS
            if not self._weighted and (large or not self._alone):
                self._measure(i, Resampler(self._summed(i), self._draw))

    def wanted(self) -> dict[int, int]:
        """Slices of which rows are to be brought, by number, and how many rows they have."""
        lacking = {i for i in range(len(self._of.names)) if self._lacking(i)}
        return {i: self._known[i].rows for i in lacking if self._known[i].rows <= MOST_ROWS}

    def influences(self) -> list[Influences | Slopes]:
        """What has to be summed once more, on slices of too many rows: of metrics of order, and of
        functions of means.
        """
        found: list[Influences | Slopes] = []
        for metric in self._plain:
            for p, partition in enumerate(self._of.shared.partitions):
                is_open = [i for i in partition.members if self._is_open(i, metric)]
                places = [partition.place(i) for i in is_open]
                if places and isinstance(metric.law, Ranks):
                    own = Influences.of(self._of.shared, metric.name, metric.law, p, places)
                    found.append(own)
                elif places:
                    found.append(self._slopes(metric, p, places))
        return found

    def _slopes(self, metric: Metric, partition: int, places: Sequence[int]) -> Slopes:
        linear, shared = self._of.linears[metric.name], self._of.shared
        at = [shared.reading.columns.index(part) for part in linear.parts()]
        summed = [shared.totals[partition][i] for i in at]
        return Slopes.of(metric.name, linear, partition, places, summed)

    def add(self, influences: Influences | Slopes, counts: Summary, totals: Floats) -> None:
        """What that sum came to."""
        metric = next(m for m in self._plain if m.name == influences.metric)
        partition = self._of.shared.partitions[influences.partition]
        for i in partition.members:
            if self._is_open(i, metric):
                place, rows = partition.place(i), self._known[i].rows
                if isinstance(influences, Slopes):
                    spread = spread_of(counts, totals, place)
                    exact = int(counts.thinned[0][place]) == rows
                    self._add_means(i, influences, Summed(spread, rows, rows), place, exact=exact)
                elif isinstance(metric.law, Ranks):
                    values = self._of.shared.values[metric.law, i]
                    spread, wide = influences.spread(counts, totals, place)
                    summed = Summed(spread, rows, self._rarest(i))
                    method = WIDENED if wide else BY_BIN
                    self._laws[i, metric.name] = Normal(*values, summed, method)

    def _add_means(
        self, number: int, slopes: Slopes, spread: Summed, place: int, *, exact: bool
    ) -> None:
        """``exact`` says that all powers are of all rows, and were not taken from some of them."""
        values = slopes.values.get(place, (np.nan, np.nan))
        if np.isfinite(values).all() and (exact or is_sure(spread)):
            self._laws[number, slopes.metric] = Normal(*values, spread, BY_MEANS)

    def bring(self, number: int, rows: Rows) -> None:
        """The rows of a slice that was wanted, in the panel's order."""
        panel, champion, candidate = rows
        known = None if self._alone else self._known[number]
        both = self._with_figures(champion, candidate)
        sample = Sample(self._of.names[number], None, panel, both, known)
        self._measure(number, Resampler(sample, self._draw))

    def measurement(self) -> Measurement:
        """All comparisons in declared order; nothing is left out."""
        found: list[Comparison] = []
        for i in range(len(self._of.names)):
            for k, metric in enumerate(self._plain):
                known = self._found.get((i, k))
                found.append(self._without(i, metric) if known is None else known)
        gaps = [m for m in self._metrics if m.grouped]
        for column, (counts, names) in self._of.groups.items() if gaps else ():
            groups = Groups.counted(column, names, counts)
            found += [self._gap(metric, groups) for metric in gaps]
        measured = (m for m in self._metrics if m.measured)
        one, two = self._of.champion, self._of.candidate
        found += [of_models(m, one, two, self._policy) for m in measured]
        flips = (self._flips.get(i) or self._turned(i) for i in range(len(self._of.names)))
        return Measurement(tuple(found), tuple(flips))

    def _gap(self, metric: Metric, groups: Groups) -> Comparison:
        """A metric that compares groups, of all rows."""
        whole = self._summed(0)
        if self._weighted:
            why = undefined("groups of weighted rows are not compared shard by shard")
            return told(metric, whole, "none", self._policy, why, groups)
        return of_groups(metric, Resampler(whole, self._draw), groups, self._policy)

    def _turned(self, number: int) -> Flips:
        """Rows that got better and worse on a slice that nobody looked at, as they were counted."""
        if not self._of.turned:
            return flips_of(Resampler(self._summed(number), self._draw))
        for partition, turned in zip(self._of.shared.partitions, self._of.turned, strict=True):
            if number in partition.members:
                better, worse = turned[:, partition.place(number)].tolist()
                name, rows = self._of.names[number], self._known[number].rows
                return Flips(slice=name, n=rows, better=better, worse=worse)
        raise ValueError(f"there is no slice {number}")

    def _measure(self, number: int, resampler: Resampler) -> None:
        for k, metric in enumerate(self._plain):
            if (number, k) not in self._found:
                try:
                    self._found[number, k] = of_rows(metric, resampler, self._policy)
                except RowsWantedError:
                    continue
        if not isinstance(resampler.sample, _Summed):
            self._flips[number] = flips_of(resampler)

    def _is_open(self, number: int, metric: Metric) -> bool:
        """Whether what sums once more can tell is not known yet of a slice of too many rows."""
        if self._known[number].rows <= MOST_ROWS:
            return False
        if (number, self._plain.index(metric)) in self._found:
            return False
        law = metric.law
        if isinstance(law, Ranks):
            known = (law, number) in self._of.shared.values
            return known and self._rarest(number) >= law.rare
        return metric.name in self._of.linears

    def _rarest(self, number: int) -> int:
        return int(self._summed(number).class_counts.min())

    def _lacking(self, number: int) -> bool:
        return any((number, k) not in self._found for k in range(len(self._plain)))

    def _with_figures(
        self, champion: Predictions, candidate: Predictions
    ) -> tuple[Predictions, Predictions]:
        """Answers of some rows, with what is known of the models as a whole."""
        return (
            replace(champion, measured=self._of.champion.measured),
            replace(candidate, measured=self._of.candidate.measured),
        )

    def _summed(self, number: int) -> Sample:
        of, known = self._of, self._known[number]
        plain = replace(of.panel, weight=None)
        return _Summed(of.names[number], None, plain, (of.champion, of.candidate), known)

    def _without(self, number: int, metric: Metric) -> Comparison:
        """A comparison of a slice that has too many rows to be looked at."""
        sample, rows = self._summed(number), self._known[number].rows
        law = self._laws.get((number, metric.name))
        if law is not None:
            return self._by_law(metric, sample, law)
        why = (
            f"sums over shards do not tell it, and the slice has {rows:,} rows: at most "
            f"{MOST_ROWS:,} are looked at together"
        )
        return told(metric, sample, "none", self._policy, undefined(why))

    def _by_law(self, metric: Metric, sample: Sample, law: Normal) -> Comparison:
        level, method = self._policy.level, law.method
        paired = summarise_normal(metric, law, level)
        if paired is None:
            replicates = drawn(metric.name, law, Resampler(sample, self._draw))
            paired, method = summarise(metric, replicates, level), replicates.method
        paired = guarded(metric, paired, sample, level)
        return told(metric, sample, method, self._policy, paired)


def without_rows(panel: Panel) -> Panel:
    """A panel of no row, with the same task and classes."""
    return replace(
        panel,
        row_id=panel.row_id[:0],
        y_true=None if panel.y_true is None else np.asarray(panel.y_true)[:0],
        weight=None if panel.weight is None else panel.weight[:0],
        columns={},
    )
