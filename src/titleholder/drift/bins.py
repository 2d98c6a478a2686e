"""Bins frozen from the reference, and how many rows of each side fall into them.

Numbers: ten bins between reference quantiles, fewer when a side has under a hundred rows,
so that a bin holds ten rows of each on average: twice what chi-square asks for (Cochran 1954,
doi:10.2307/3001616), since the logarithm in PSI has a heavier tail. Where ties make
neighbouring quantiles one value, that value gets a bin to itself. The bins depend on ranks
alone, so a strictly increasing transform of both sides changes nothing.

Labels: a bin for each reference category that should hold ten rows on both sides, and one for
all the others, unseen ones included. Rare and unseen share a bin because, with a long tail,
every fresh sample brings labels that the last one lacked: about as many rows as the reference
has labels seen once (Good 1953, doi:10.1093/biomet/40.3-4.237). Where the reference has no rare
labels, that bin is empty there, and any new label weighs in full.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.drift.profile import Categories, Floats, Numbers

QUANTILE_BINS = 10
ROWS_PER_BIN = 10
OTHERS = "(rarer or new)"


@dataclass(frozen=True, slots=True)
class Binned:
    """Labels of k bins and the rows of each side in them, (k,) int64.

    ``hidden`` is the share of reference rows whose category was too rare for a bin of its own.
    """

    labels: tuple[str, ...]
    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    hidden: float = 0.0


@dataclass(frozen=True, slots=True)
class Edges:
    """Boundaries, ascending: ``closed`` ones belong to the bin on their left."""

    values: Floats
    closed: NDArray[np.bool_]

    def count(self, ordered: Floats) -> NDArray[np.int64]:
        """Rows of an ascending sample in each of the ``len(values) + 1`` bins."""
        below = np.searchsorted(ordered, self.values, "left")
        upto = np.searchsorted(ordered, self.values, "right")
        counts: NDArray[np.int64] = np.diff(
            np.where(self.closed, upto, below), prepend=0, append=len(ordered)
        )
        return counts

    def labels(self) -> tuple[str, ...]:
        """The bins in interval notation; a value with a bin of its own stands as ``= value``."""
        names = [f"{value:.6g}" for value in self.values]
        ends = ["-inf", *names, "inf"]
        shut = [False, *self.closed.tolist(), False]
        return tuple(
            _interval(ends[i], ends[i + 1], after=shut[i], upto=shut[i + 1])
            for i in range(len(ends) - 1)
        )


def edges(reference: Floats, bins: int) -> Edges:
    """The boundaries of ``bins`` equally full bins of an ascending, non-empty sample."""
    n = len(reference)
    cuts = reference[-(-np.arange(1, bins) * n // bins) - 1]
    values, times = np.unique(cuts, return_counts=True)
    lone = times > 1
    all_values = np.concatenate([values[lone], values])
    closed = np.concatenate([np.zeros(int(lone.sum()), bool), np.ones(len(values), bool)])
    order = np.lexsort((closed, all_values))
    return Edges(all_values[order], closed[order])


def how_many(fewest: int) -> int:
    """How many bins the smaller side's rows can fill."""
    return min(max(fewest // ROWS_PER_BIN, 2), QUANTILE_BINS)


def of_numbers(reference: Numbers, current: Numbers) -> Binned:
    """Both samples in quantile bins of the reference; neither may be empty."""
    fewest = min(len(reference.values), len(current.values))
    frozen = edges(reference.values, how_many(fewest))
    return Binned(frozen.labels(), frozen.count(reference.values), frozen.count(current.values))


def of_categories(reference: Categories, current: Categories) -> Binned:
    """Both sides by category, in the order of the reference's frequencies."""
    n, m = reference.n - reference.missing, current.n - current.missing
    enough = max(ROWS_PER_BIN, -(-ROWS_PER_BIN * n // m))
    ranked = sorted(reference.counts.items(), key=lambda item: (-item[1], item[0]))
    own = {name: count for name, count in ranked if count >= enough}
    seen = [current.counts.get(name, 0) for name in own]
    rare = n - sum(own.values())
    return Binned(
        (*own, OTHERS),
        _ints([*own.values(), rare]),
        _ints([*seen, m - sum(seen)]),
        hidden=rare / n,
    )


def _interval(low: str, high: str, *, after: bool, upto: bool) -> str:
    if low == high:
        return f"= {low}"
    return f"{'(' if after or low == '-inf' else '['}{low}, {high}{']' if upto else ')'}"


def _ints(values: list[Any]) -> NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)
