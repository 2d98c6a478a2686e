"""From what all slices share to what a resampler needs of one of them.

Three things are known of a slice without looking at its rows again: its counts of calls, the
moments of row values, and of each metric of order both models' exact values and how their
influences vary together. The last comes from bins of the scores (`spreads`): where those do not
tell it, as between nearly equal models, nothing is given, and the slice's rows are looked at
instead.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions, Slice
from titleholder.fast.compiled import passes
from titleholder.metrics.base import Counts, Means, Metric, Ranks, first
from titleholder.metrics.ladder import Standing
from titleholder.stats.sample import lacking
from titleholder.stats.shared.block import Block
from titleholder.stats.shared.calls import Calls, calls_of
from titleholder.stats.shared.falling import Falling
from titleholder.stats.shared.layout import Layout, Marks, chunks
from titleholder.stats.shared.partition import Partition, partitions
from titleholder.stats.shared.places import Order
from titleholder.stats.shared.spreads import Binned
from titleholder.stats.shared.spreads import influence_by_bin as influence_by_bin
from titleholder.stats.shared.summary import ALL, SECOND, Reading, Summary, summarise
from titleholder.types import Task

N = TypeVar("N", bound=np.generic)
T = TypeVar("T")

LEAST_ROWS = 20_000  # of a panel for which sharing is worth it


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over rows of S slices of a row's value a and of the candidate's difference d to it.

    ``rows`` (S,); ``totals`` (2, S) are of both. ``powers`` (S, k + 1) by power k of 2, 3 and 4 are
    sums of products about the means as `PowerSums` has them, of which third and fourth order are
    those of all rows if ``exact`` (S,), and were taken from some of the rows if not.
    """

    rows: Ints
    totals: Floats
    powers: Mapping[int, Floats]
    exact: Bools


@dataclass(frozen=True, slots=True)
class Ranked:
    """A metric of order on S slices: both models' values (S,), and how influences of rows vary.

    ``powers`` (S, k + 1) by power k are as in `PowerSums`, ``rarest`` (S,) the rows of the rarer
    class; ``known`` (S,) says where all of it is known well enough.
    """

    champion: Floats
    candidate: Floats
    powers: Mapping[int, Floats]
    rarest: Floats
    known: Bools


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one slice; ``cells`` (K, K, K) count truth and both calls.

    The slice has this ``place`` in what is ``shared`` by all.
    """

    rows: int
    cells: Ints | None
    shared: "Shared"
    place: int


@dataclass(frozen=True)
class Shared:
    """The summary of a panel, its real sums, and exact ``values`` of metrics of order.

    ``totals`` are by partition, (columns, SECOND + ALL, width), ``values`` by law and slice. What
    is asked of one slice is made of all S at once, and kept.
    """

    partitions: tuple[Partition, ...]
    reading: Reading
    summary: Summary
    totals: tuple[Floats, ...]
    values: Mapping[tuple[Ranks, int], tuple[float, float]]
    _made: dict[Hashable, Any] = field(default_factory=dict)

    def known(self) -> dict[int, Known]:
        """What is known of each slice, by its place among all."""
        cells = self._of(self.summary.cells) if self.summary.cells else None
        rows = self.rows.tolist()
        return {
            member: Known(rows[i], None if cells is None else cells[i], self, i)
            for i, member in enumerate(self._at)
        }

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of all slices by ``make``, which is asked once for each ``key``."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def moments(self, law: Means) -> Moments | None:
        """Those of a law's only column; None where they are not known."""
        if law.columns not in self.reading.columns or law.value is not first:
            return None
        column = self.reading.columns.index(law.columns)
        sums = self._of([total[column].T for total in self.totals]).T
        return moments_of(sums, self.rows, self._of(self.summary.thinned))

    def calls(self, law: Counts, level: float) -> Calls | None:
        """The law of a function of counts of calls; None where they were not counted."""
        cells = self.summary.cells
        return calls_of(law.value, self._of(cells), level) if cells else None

    def order(self, law: Ranks) -> Ranked | None:
        """Both models' values, and how influences vary; None where no slice has a value."""
        if not self._scored:
            return None
        held = [self.values.get((law, member)) for member in self._at]
        values = np.array([(math.nan, math.nan) if of is None else of for of in held])
        powers, known = self._binned.powers(law)
        scored = np.array([member in self._scored for member in self._at])
        return Ranked(
            values[:, 0],
            values[:, 1],
            {k: _where(scored, of) for k, of in powers.items()},
            _where(scored, self._binned.rarest),
            _where(scored, known) & np.isfinite(values).all(axis=1),
        )

    @cached_property
    def _scored(self) -> tuple[int, ...]:
        """The slices on which metrics of order have a value, in the order of all."""
        scored = {member for _, member in self.values}
        return tuple(member for member in self._at if member in scored)

    @cached_property
    def _binned(self) -> Binned:
        fine = self._of([of.swapaxes(0, 1) for of in self.summary.fine], self._scored)
        joint = self._of(self.summary.joint, self._scored)
        return Binned(fine.swapaxes(0, 1).astype(float, order="C"), joint.astype(float))

    @cached_property
    def rows(self) -> Ints:
        """How many rows each slice has, (S,)."""
        return self._of(self.summary.rows)

    @cached_property
    def _at(self) -> dict[int, tuple[int, int]]:
        """The partition of each slice, and its code there."""
        return {
            member: (number, partition.place(member))
            for number, partition in enumerate(self.partitions)
            for member in partition.members
        }

    def _of(
        self, by_partition: Sequence[NDArray[N]], slices: Sequence[int] | None = None
    ) -> NDArray[N]:
        """What each partition has of its codes, (width, ...), of these slices or all: (S, ...)."""
        at = (self._at[member] for member in (self._at if slices is None else slices))
        return np.stack([by_partition[number][place] for number, place in at])


def shared(
    panel: Panel,
    champion: Predictions,
    candidate: Predictions,
    slices: Sequence[Slice],
    metrics: Sequence[Metric],
) -> Shared | None:
    """What these slices share, for the laws of these metrics; None where it is not worth it."""
    plain = panel.weight is None and panel.cluster is None and panel.task is Task.BINARY
    if not plain or len(panel) < LEAST_ROWS:
        return None
    passes(len(panel))
    answers = (champion, candidate)
    packed = partitions(slices)
    laws = [m.law for m in metrics if not any(lacking(m.needs, model) for model in answers)]
    columns = tuple(
        dict.fromkeys(law.columns for law in laws if isinstance(law, Means) and law.by_row)
    )
    ranks = tuple(dict.fromkeys(law for law in laws if isinstance(law, Ranks)))
    lowest = [_lowest(model.score) for model in answers] if ranks else [math.nan]
    least = min(lowest)
    binned = not any(map(math.isnan, lowest))
    reading = Reading.of(packed, panel, answers, columns, binned=binned)
    block = Block(reading, [p.code for p in packed], panel, answers)
    values, fine = _ordered(block, packed, ranks, least) if binned else ({}, None)
    summary = summarise(block, fine)
    totals = tuple(summary.total(p) for p in range(len(packed)))
    return Shared(packed, reading, summary, totals, values)


def _lowest(score: Floats | None) -> float:
    """The lowest of a score a row; NaN where it is no probability on each."""
    if score is None or score.ndim != 1 or score.dtype != np.float64:
        return math.nan
    if (compiled := passes()) is not None:
        return float(compiled.within(score, 0.0, 1.0))
    ends = [(score[rows].min(), score[rows].max()) for rows in chunks(len(score))]
    lowest, highest = np.array([(1.0, 0.0), *ends]).T
    inside = lowest.min() >= 0.0 and highest.max() <= 1.0
    return float(lowest.min()) if inside else math.nan


_Values: TypeAlias = dict[tuple[Ranks, int], float]


def _ordered(
    block: Block, packed: Sequence[Partition], ranks: Sequence[Ranks], least: float
) -> tuple[dict[tuple[Ranks, int], tuple[float, float]], tuple[Ints, ...] | None]:
    """Both models' exact values of each law on each slice, and rows by fine bins of both.

    No values where they cannot be had. No score is below ``least``.
    """
    layout = Layout.of(packed, least)
    if layout is None:
        return {}, None
    marks = layout.marks(block.truth, packed)
    scores = (np.asarray(model.score) for model in block.answers)
    room = np.empty(len(marks), dtype=np.uint64)  # for one model after the other
    (one, first), (two, second) = (
        _of_model(Falling.of(layout, score, marks, bins, room), score, marks, packed, ranks)
        for score, bins in zip(scores, block.bins, strict=True)
    )
    values = {key: (one[key], two[key]) for key in one}
    if first is None or second is None:
        return values, None
    return values, tuple(np.stack(both) for both in zip(first, second, strict=True))


def _of_model(
    falling: Falling,
    score: Floats,
    marks: Marks,
    packed: Sequence[Partition],
    ranks: Sequence[Ranks],
) -> tuple[_Values, tuple[Ints, ...] | None]:
    """One model's value of each law on each slice that is not too rare for all of them.

    With them its rows by fine bins, as `Walk` has them.
    """
    least = min((law.rare for law in ranks), default=1)
    walk, values = falling.walk(packed), _Values()
    briefly = [law for law in ranks if law.by_standing is not None]
    for member, standing in (walk.standings or {}).items():
        if standing.rarest >= least:
            values |= _of_standing(briefly, member, standing)
    if walk.standings is not None and len(briefly) == len(ranks):
        return values, walk.fine
    # Where scores differ in bits that are cut off, they stand in any order: in any bin, that is.
    tied = walk.standings is None
    fine = None if tied and falling.layout.cuts(score) else walk.fine
    order = Order.of(falling.layout, falling.numbers, score, marks)
    for member, stand in order.slices(packed):
        if stand.rarest >= least:
            if walk.standings is None and order.step is None:
                values |= _of_standing(briefly, member, stand.standing())
            left = [law for law in ranks if (law, member) not in values]
            steps = stand.steps() if left else None
            values |= {(law, member): float(law.value(steps)) for law in left if steps is not None}
    return values, fine


def _of_standing(laws: Sequence[Ranks], member: int, standing: Standing) -> _Values:
    return {(law, member): law.by_standing(standing) for law in laws if law.by_standing is not None}


def moments_of(sums: Floats, rows: Ints, looked_at: Ints) -> Moments:
    """Sums of products about zero, (SECOND + ALL, S), as those about the mean, of each of S codes.

    ``rows`` (S,) are what those of `SECOND` orders are of, ``looked_at`` (S,) those of `ALL`.
    """
    all_rows = _central(dict(zip(SECOND, sums[: len(SECOND)], strict=True)), rows)
    some = _central(dict(zip(ALL, sums[len(SECOND) :], strict=True)), looked_at)
    stands_for = rows / np.maximum(1, looked_at)
    powers = {2: [all_rows[2 - j, j] for j in range(3)]}
    for k in (3, 4):
        powers[k] = [some[k - j, j] * stands_for for j in range(k + 1)]
    of_powers = {k: np.stack(of, axis=1) for k, of in powers.items()}
    return Moments(rows, sums[:2], of_powers, looked_at == rows)


def _where(held: Bools, values: NDArray[N]) -> NDArray[N]:
    """Values of those of S slices that are ``held`` (S,) as values of all, 0 for the others."""
    found = np.zeros((len(held), *values.shape[1:]), dtype=values.dtype)
    found[held] = values
    return found


def _terms(i: int, j: int) -> tuple[tuple[float, int, int, tuple[int, int]], ...]:
    """(a - p)^i (d - q)^j as a sum of factor * p^k * q^m * a^.. d^.., by the binomial theorem."""
    return tuple(
        (math.comb(i, k) * math.comb(j, m) * (-1.0) ** (k + m), k, m, (i - k, j - m))
        for k in range(i + 1)
        for m in range(j + 1)
    )


_TERMS = {order: _terms(*order) for order in ALL}


def _central(
    about_zero: Mapping[tuple[int, int], Floats], rows: Ints
) -> dict[tuple[int, int], Floats]:
    """Sums of a^i d^j over rows, (1, 0) and (0, 1) among them, as those about both means; (S,)."""
    raw = {(0, 0): rows.astype(float), **about_zero}
    ps, qs = (_powers(raw[of] / np.maximum(1, rows)) for of in ((1, 0), (0, 1)))
    return {
        order: np.asarray(
            sum(factor * ps[k] * qs[m] * raw[of] for factor, k, m, of in _TERMS[order])
        )
        for order in about_zero
    }


def _powers(x: Floats) -> list[Floats]:
    """From the 0th to the 4th."""
    square = x * x
    return [np.ones_like(x), x, square, square * x, square * square]
