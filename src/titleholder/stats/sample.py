"""One slice of the panel with both models' answers, ready for resampling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions

A = TypeVar("A", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one slice.

    ``weight`` (n,) is 1 unless the panel has weights. ``unit`` (n,) codes 0..units-1 of what is
    drawn with replacement: the row, or its cluster where rows share one. ``plain`` says that
    every row is its own unit with weight 1.
    """

    name: str
    panel: Panel
    champion: Predictions
    candidate: Predictions
    weight: Floats
    unit: Ints
    units: int
    plain: bool

    @property
    def clustered(self) -> bool:
        """Whether rows share units."""
        return self.units < len(self.panel) or self.panel.cluster is not None


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
    rows = np.flatnonzero(mask)
    part = _panel_rows(panel, rows)
    weight = np.ones(len(rows)) if part.weight is None else part.weight
    if part.cluster is None:
        unit, units = np.arange(len(rows)), len(rows)
    else:
        distinct, unit = np.unique(part.cluster, return_inverse=True)
        units = len(distinct)
    return Sample(
        name=name,
        panel=part,
        champion=_prediction_rows(champion, rows),
        candidate=_prediction_rows(candidate, rows),
        weight=weight,
        unit=unit,
        units=units,
        plain=part.weight is None and part.cluster is None,
    )


def lacking(needs: str, predictions: Predictions) -> str:
    """Why a metric that ``needs`` this cannot be had of these predictions; empty when it can."""
    held = {
        "label": predictions.label is not None,
        "score": predictions.score is not None,
        "value": predictions.value is not None,
        **{f"score_{name}": True for name in predictions.items},
        **dict.fromkeys(predictions.costs, True),
    }
    if held.get(needs, False):
        return ""
    column = {"label": "y_pred", "score": "y_score", "value": "y_pred"}.get(needs, needs)
    return f"the predictions of {predictions.model} have no {column}"


def _panel_rows(panel: Panel, rows: Ints) -> Panel:
    return replace(
        panel,
        row_id=panel.row_id[rows],
        y_true=_rows(panel.y_true, rows),
        weight=_rows(panel.weight, rows),
        cluster=_rows(panel.cluster, rows),
        columns=_Columns(panel.columns, rows),
    )


def _prediction_rows(predictions: Predictions, rows: Ints) -> Predictions:
    return replace(
        predictions,
        label=_rows(predictions.label, rows),
        score=_rows(predictions.score, rows),
        value=_rows(predictions.value, rows),
        items=_each(predictions.items, rows),
        costs=_each(predictions.costs, rows),
    )


def _rows(array: NDArray[A] | None, rows: Ints) -> NDArray[A] | None:
    return None if array is None else array[rows]


def _each(arrays: Mapping[str, Floats], rows: Ints) -> dict[str, Floats]:
    return {name: array[rows] for name, array in arrays.items()}
