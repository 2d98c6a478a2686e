"""What is summed of the rows of a panel: the same for all blocks whose sums are to be added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from titleholder.arrays import Panel, Predictions
from titleholder.stats.sample import RowColumns
from titleholder.stats.shared.bins import Bins
from titleholder.stats.shared.partition import Partition

# What is summed of each row: the products a^i d^j of first and second order; those up to the fourth
# have only to be known roughly where rows are many, and are then summed on some of them.
SECOND = ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
ALL = (*SECOND, (3, 0), (2, 1), (1, 2), (0, 3), (4, 0), (3, 1), (2, 2), (1, 3), (0, 4))
_THINNED = ((1 << 18, 1), (1 << 19, 8))  # up to so many rows of a panel, one in so many
_MOST_THINNED = 16
_MOST_BUNDLED = 1 << 9  # codes of a bundle, so that its sums stay next to the processor

Answers: TypeAlias = tuple[Predictions, Predictions]


@dataclass(frozen=True)
class Reading:
    """What is summed of rows: counts of calls of ``classes`` (0: none), ``columns``, score bins.

    One row in ``thinned`` is looked at for powers above the second. ``widths`` are how many codes
    each partition has.
    """

    widths: tuple[int, ...]
    classes: int
    columns: tuple[RowColumns, ...]
    bins: Bins | None
    thinned: int

    @classmethod
    def of(
        cls,
        partitions: Sequence[Partition],
        panel: Panel,
        answers: Answers,
        columns: Sequence[RowColumns],
        *,
        binned: bool,
    ) -> "Reading":
        """How the rows of a panel are read; ``binned`` asks for bins of both scores."""
        one, two = answers
        called = one.label is not None and two.label is not None and panel.y_true is not None
        bins = None
        if binned and one.score is not None and two.score is not None:
            bins = Bins.of(np.asarray(panel.y_true), one.score, two.score)
        widths, thinned = tuple(p.width for p in partitions), thinned_to(len(panel))
        return cls(widths, len(panel.classes) if called else 0, tuple(columns), bins, thinned)

    @cached_property
    def bundles(self) -> tuple["Bundle", ...]:
        """Partitions that are summed together by both their codes; at least one bundle.

        One without slices has width 1, and is a part of any.
        """
        found: list[tuple[int, ...]] = []
        for partition, width in enumerate(self.widths):
            if width == 1:
                continue
            last = found[-1] if found else ()
            if found and width * int(np.prod([self.widths[i] for i in last])) <= _MOST_BUNDLED:
                found[-1] = (*last, partition)
            else:
                found.append((partition,))
        return tuple(Bundle(of, tuple(self.widths[i] for i in of)) for of in found or [()])


def thinned_to(rows: int) -> int:
    """Of a panel of so many rows, one in how many is looked at for powers above the second."""
    return next((step for most, step in _THINNED if rows <= most), _MOST_THINNED)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Some partitions, and how many codes each has; what is summed by all their codes at once."""

    partitions: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def width(self) -> int:
        """How many codes there are of all together."""
        return int(np.prod(self.widths, dtype=np.int64))


def rows_of_panel(panel: Panel, rows: slice) -> Panel:
    """Some rows that stand together; columns for slicing are left out."""
    return replace(
        panel,
        row_id=panel.row_id[rows],
        y_true=None if panel.y_true is None else panel.y_true[rows],
        weight=None if panel.weight is None else panel.weight[rows],
        cluster=None if panel.cluster is None else panel.cluster[rows],
        columns={},
    )
