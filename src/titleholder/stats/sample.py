"""One slice of the panel with both models' answers, ready for resampling."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions, Slice

if TYPE_CHECKING:
    from titleholder.stats.shared.known import Known

A = TypeVar("A", bound=np.generic)
RowColumns: TypeAlias = Callable[[Panel, Predictions], Floats]


@dataclass(frozen=True)
class Sample:
    """Rows of one slice: those of ``part`` of a panel and of two models' answers, all if None.

    What is not asked for is never cut out. ``known`` is what all slices share about this one.
    """

    name: str
    part: Slice | None
    whole: Panel
    answers: tuple[Predictions, Predictions]
    known: "Known | None" = None
    _last: dict[RowColumns, tuple[Floats, Floats]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> Ints | None:
        """Places of the rows in the panel, (n,); None where it has them all."""
        return None if self.part is None else np.flatnonzero(self.part.mask)

    @cached_property
    def panel(self) -> Panel:
        """The panel's rows of this slice."""
        return self.whole if self.rows is None else _panel_rows(self.whole, self.rows)

    @cached_property
    def champion(self) -> Predictions:
        """What the champion said of these rows."""
        return self._answers(0)

    @cached_property
    def candidate(self) -> Predictions:
        """What the candidate said of these rows."""
        return self._answers(1)

    @cached_property
    def weight(self) -> Floats:
        """Weight of each row, (n,): 1 unless the panel has weights."""
        return np.ones(len(self)) if self.panel.weight is None else self.panel.weight

    @property
    def plain(self) -> bool:
        """Whether every row is its own unit with weight 1."""
        return self.whole.weight is None and self.whole.cluster is None

    @property
    def clustered(self) -> bool:
        """Whether rows share units."""
        return self.whole.cluster is not None

    @property
    def unit(self) -> Ints:
        """Codes (n,) 0..units-1 of what is drawn: the row, or its cluster where rows share one."""
        return self._units[1]

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self) if self.whole.cluster is None else len(self._units[0])

    @cached_property
    def class_counts(self) -> Ints:
        """How many rows have each true class, (K,)."""
        if self.known is not None and self.known.cells is not None:
            return np.asarray(self.known.cells.sum(axis=(1, 2)))
        return np.bincount(np.asarray(self.panel.y_true), minlength=len(self.whole.classes))

    @cached_property
    def rarest_class(self) -> int:
        """The true class that the fewest rows have."""
        return int(self.class_counts.argmin())

    @property
    def rarest(self) -> int:
        """How many rows it has, which may be none."""
        return self.class_counts.item(self.rarest_class)

    def row_values(self, columns: RowColumns) -> tuple[Floats, Floats]:
        """What a metric takes the mean of, for champion and candidate, (k, n) each.

        The last ones asked for are kept.
        """
        if columns not in self._last:
            self._last.clear()
            one, two = columns(self.panel, self.champion), columns(self.panel, self.candidate)
            self._last[columns] = np.ascontiguousarray(one.T), np.ascontiguousarray(two.T)
        return self._last[columns]

    def __len__(self) -> int:
        return self._size

    @cached_property
    def _size(self) -> int:
        if self.known is not None:
            return self.known.rows
        return len(self.whole) if self.part is None else self.part.rows

    @cached_property
    def _units(self) -> tuple[Ints, Ints]:
        if self.panel.cluster is None:
            return np.arange(len(self)), np.arange(len(self))
        return np.unique(self.panel.cluster, return_inverse=True)

    def _answers(self, which: int) -> Predictions:
        model = self.answers[which]
        return model if self.rows is None else model.at(self.rows)


class _Columns(Mapping[str, NDArray[Any]]):
    """Some rows of all columns, cut only when a metric asks for one."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], rows: Ints) -> None:
        self._columns = columns
        self._rows = rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def take(
    name: str, mask: Bools, panel: Panel, champion: Predictions, candidate: Predictions
) -> Sample:
    """The rows of ``mask`` (n,) as a sample."""
    return taken(Slice.of(name, mask), panel, (champion, candidate))


def taken(
    part: Slice,
    panel: Panel,
    answers: tuple[Predictions, Predictions],
    known: "Known | None" = None,
) -> Sample:
    """The rows of a slice as a sample."""
    return Sample(part.name, None if part.is_whole else part, panel, answers, known)


def lacking(needs: str, predictions: Predictions) -> str:
    """Why a metric that ``needs`` this cannot be had of these predictions; empty when it can."""
    if needs in ("label", "score", "value"):
        held = getattr(predictions, needs) is not None
    else:
        item = needs.removeprefix("score_")
        held = needs in predictions.costs or (item != needs and item in predictions.items)
    if held:
        return ""
    column = {"label": "y_pred", "score": "y_score", "value": "y_pred"}.get(needs, needs)
    more = " (of a chat model: prices: in its file)" if needs == "cost_usd" else ""
    return f"the predictions of {predictions.model} have no {column}{more}"


def _panel_rows(panel: Panel, rows: Ints) -> Panel:
    return replace(
        panel,
        row_id=panel.row_id.take(rows),
        y_true=_rows(panel.y_true, rows),
        weight=_rows(panel.weight, rows),
        cluster=_rows(panel.cluster, rows),
        columns=_Columns(panel.columns, rows),
    )


def _rows(array: NDArray[A] | None, rows: Ints) -> NDArray[A] | None:
    return None if array is None else array[rows]
