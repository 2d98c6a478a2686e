"""Two models compared by what was summed of all shards; rows are asked for where sums do not tell.

The same functions measure here that measure a panel in memory (`titleholder.compare`). They are
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
from titleholder.compare import (
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
from titleholder.shards.products import Influences
from titleholder.stats.cells import Cells
from titleholder.stats.extremes import guarded
from titleholder.stats.influence import Summed
from titleholder.stats.intervals import undefined
from titleholder.stats.normal import Normal, summarise_normal
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import Sample
from titleholder.stats.shared.known import LEAST_ROWS, Shared
from titleholder.stats.shared.summary import Summary
from titleholder.types import Comparison

MOST_ROWS = 250_000  # of a slice that are looked at together
BY_BIN = "paired influence function by bins of scores, normal law"
WIDENED = f"{BY_BIN}, as wide as they allow"

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
    truth and both calls, with the names of the groups.
    """

    names: tuple[str, ...]
    shared: Shared
    panel: Panel
    champion: Predictions
    candidate: Predictions
    groups: Mapping[str, tuple[Ints, tuple[str, ...]]]


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
        # Of so few rows sums are not worth it, and a panel in memory makes none (`known.shared`).
        self._few = self._known[0].rows < LEAST_ROWS
        for i in range(len(compared.names)) if not self._few else ():
            self._measure(i, Resampler(self._summed(i), self._draw))

    def wanted(self) -> dict[int, int]:
        """Slices of which rows are to be brought, by number, and how many rows they have."""
        lacking = {i for i in range(len(self._of.names)) if self._lacking(i)}
        return {i: self._known[i].rows for i in lacking if self._known[i].rows <= MOST_ROWS}

    def influences(self) -> list[Influences]:
        """What has to be summed once more, of metrics of order on slices of too many rows."""
        found = []
        for metric in self._plain:
            law = metric.law
            if not isinstance(law, Ranks):
                continue
            for p, partition in enumerate(self._of.shared.partitions):
                places = [
                    partition.place(i) for i in partition.members if self._is_open(i, metric, law)
                ]
                if places:
                    found.append(Influences.of(self._of.shared, metric.name, law, p, places))
        return found

    def add(self, influences: Influences, counts: Summary, totals: Floats) -> None:
        """What that sum came to."""
        metric = next(m for m in self._plain if m.name == influences.metric)
        partition = self._of.shared.partitions[influences.partition]
        for i in partition.members:
            if isinstance(metric.law, Ranks) and self._is_open(i, metric, metric.law):
                place, known = partition.place(i), self._known[i]
                values = self._of.shared.values[metric.law, i]
                spread, wide = influences.spread(counts, totals, place)
                summed = Summed(spread, known.rows, self._rarest(i))
                method = WIDENED if wide else BY_BIN
                self._laws[i, metric.name] = Normal(*values, summed, method)

    def bring(self, number: int, rows: Rows) -> None:
        """The rows of a slice that was wanted, in the panel's order."""
        panel, champion, candidate = rows
        known = None if self._few else self._known[number]
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
        whole = Resampler(self._summed(0), self._draw)
        gaps = [m for m in self._metrics if m.grouped]
        for column, (counts, names) in self._of.groups.items() if gaps else ():
            cells = Cells.counted_by_group(counts)
            groups = Groups(column, names, cells)
            found += [of_groups(metric, whole, groups, self._policy) for metric in gaps]
        measured = (m for m in self._metrics if m.measured)
        one, two = self._of.champion, self._of.candidate
        found += [of_models(m, one, two, self._policy) for m in measured]
        return Measurement(tuple(found), tuple(self._flips[i] for i in range(len(self._of.names))))

    def _measure(self, number: int, resampler: Resampler) -> None:
        for k, metric in enumerate(self._plain):
            if (number, k) not in self._found:
                try:
                    self._found[number, k] = of_rows(metric, resampler, self._policy)
                except RowsWantedError:
                    continue
        self._flips.setdefault(number, flips_of(resampler))

    def _is_open(self, number: int, metric: Metric, law: Ranks) -> bool:
        """Whether a metric of order is not known of a slice that has too many rows."""
        return (
            (number, self._plain.index(metric)) not in self._found
            and self._known[number].rows > MOST_ROWS
            and (law, number) in self._of.shared.values
            and self._rarest(number) >= law.rare
        )

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
        of = self._of
        return _Summed(
            of.names[number], None, of.panel, (of.champion, of.candidate), self._known[number]
        )

    def _without(self, number: int, metric: Metric) -> Comparison:
        """A comparison of a slice that has too many rows to be looked at."""
        sample, rows = self._summed(number), self._known[number].rows
        law = self._laws.get((number, metric.name))
        if law is not None:
            paired = summarise_normal(metric, law, self._policy.level)
            if paired is not None:
                paired = guarded(metric, paired, sample, self._policy.level)
                return told(metric, sample, law.method, self._policy, paired)
        why = (
            f"sums over shards do not tell it, and the slice has {rows:,} rows: at most "
            f"{MOST_ROWS:,} are looked at together"
        )
        return told(metric, sample, "none", self._policy, undefined(why))


def without_rows(panel: Panel) -> Panel:
    """A panel of no row, with the same task and classes."""
    return replace(
        panel,
        row_id=panel.row_id[:0],
        y_true=None if panel.y_true is None else np.asarray(panel.y_true)[:0],
        columns={},
    )
