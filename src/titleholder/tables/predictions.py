"""What one model said of a panel, joined to its rows by id and put in their order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from titleholder.arrays import Bools, Floats, Ids, Ints, Panel, Predictions
from titleholder.errors import BadInput, NotComparable
from titleholder.metrics.operational import LATENCY_QUANTILES, TTFT_QUANTILES
from titleholder.params.schema import Policy
from titleholder.rounding import plural
from titleholder.stats.quantiles import gauge
from titleholder.tables.cells import (
    floats,
    keys_of,
    labels_in,
    nearest_column,
    numbers,
    refuse,
    some,
)
from titleholder.types import Gauge, Task

if TYPE_CHECKING:
    import pandas as pd

ITEM, ABOUT, RATED = "score_", "about_", "rated_"
SCORE = "y_score"
SCORE_OF = "y_score_"
COSTS = ("latency_s", "ttft_s", "cost_usd", "tokens_in", "tokens_out")
SUM_TOLERANCE = 1e-3


def predictions_of(
    frame: "pd.DataFrame", panel: Panel, policy: Policy, model: str, where: str
) -> Predictions:
    """One model's predictions, joined to the panel's rows by id and put in their order."""
    places = places_of(panel.row_id, keys_of(frame, policy.columns.row_id, where), where)
    joined = frame if places is None else frame.iloc[places].reset_index(drop=True)
    reader = _Reader(joined, panel, policy, where)
    costs = {name: reader.non_negative(name) for name in COSTS if name in joined}
    match policy.task:
        case Task.BINARY:
            label, score = reader.binary()
            return Predictions(
                model, label=label, score=score, costs=costs, measured=_gauges(costs, policy)
            )
        case Task.MULTICLASS:
            label, score = reader.multiclass()
            return Predictions(
                model, label=label, score=score, costs=costs, measured=_gauges(costs, policy)
            )
        case Task.REGRESSION:
            value = reader.finite("y_pred")
            return Predictions(model, value=value, costs=costs, measured=_gauges(costs, policy))
        case Task.SCORED:
            items = reader.items()
            return Predictions(
                model, items=items, rated=reader.rated(items), costs=costs,
                measured=_gauges(costs, policy),
            )  # fmt: skip


def with_figures(predictions: Predictions, figures: Mapping[str, Gauge]) -> Predictions:
    """The predictions with figures measured of the model; those of the file itself come first,
    unless its rows are too few for an interval.
    """
    own = {
        name: figure for name, figure in predictions.measured.items()
        if figure.least is None or name not in figures
    }  # fmt: skip
    return replace(predictions, measured={**figures, **own})


@dataclass(frozen=True, slots=True)
class _Reader:
    """The columns of one predictions file, each checked for what it may hold."""

    frame: "pd.DataFrame"
    panel: Panel
    policy: Policy
    where: str

    def finite(self, column: str) -> Floats:
        return numbers(self.frame, column, self.where, self.panel.row_id)

    def non_negative(self, column: str) -> Floats:
        values = self.finite(column)
        self.refuse(values < 0, f"column {column!r} is negative")
        return values

    def speechless(self, wanted: str, like: str) -> BadInput:
        """That there are no answers, with the column that looks most like some."""
        return BadInput(f"{self.where}: has neither {wanted}", cure=self.near(like))

    def near(self, name: str) -> str:
        found = nearest_column(name, self.frame)
        there = f"name the column with its answers so; it has {some(list(self.frame.columns))}"
        return f"did you mean {found[0]!r} by one of them?" if found else there

    def refuse(self, bad: Bools, what: str) -> None:
        refuse(bad, self.panel.row_id, f"{self.where}: {what}")

    def probability(self, column: str) -> Floats:
        values = self.finite(column)
        self.refuse(~((values >= 0) & (values <= 1)), f"column {column!r} lies outside [0, 1]")
        return values

    def label(self) -> Ints:
        labels = labels_in(self.frame, "y_pred", self.where, self.panel.row_id)
        unknown = sorted(set(labels.words) - set(self.panel.classes))
        if unknown:
            raise NotComparable(
                f"{self.where}: y_pred says {some(unknown)}, which the panel's labels "
                f"({some(self.panel.classes)}) do not know",
                cure="write the labels as the panel does",
            )
        return labels.as_codes(self.panel.classes)

    def binary(self) -> tuple[Ints, Floats | None]:
        score = self.probability("y_score") if "y_score" in self.frame else None
        if "y_pred" in self.frame:
            return self.label(), score
        if score is None:
            raise self.speechless("y_pred nor y_score", SCORE)
        return (score >= self.policy.threshold).astype(np.int64), score

    def multiclass(self) -> tuple[Ints, Floats | None]:
        score = self.distribution()
        if "y_pred" in self.frame:
            return self.label(), score
        if score is None:
            raise self.speechless("y_pred nor y_score_<class> columns", SCORE_OF)
        return score.argmax(axis=1), score

    def distribution(self) -> Floats | None:
        """Probabilities (n, K) in the panel's order of classes, or None without any."""
        named = [str(name) for name in self.frame if str(name).startswith(SCORE_OF)]
        if not named:
            return None
        lacking = [c for c in self.panel.classes if SCORE_OF + c not in named]
        if lacking:
            raise NotComparable(
                f"{self.where}: no {SCORE_OF}<class> column for {some(lacking)}: "
                "labels that this model has never seen",
                cure="score the model on classes that it knows, or leave those rows out of both",
            )
        score = np.column_stack([self.probability(SCORE_OF + c) for c in self.panel.classes])
        off = np.abs(score.sum(axis=1) - 1) > SUM_TOLERANCE
        others = sorted({*named} - {SCORE_OF + c for c in self.panel.classes})
        if others and off.any():
            raise BadInput(
                f"{self.where}: without {some(others)}, of which no row of the panel is, the "
                f"{SCORE_OF}* columns do not sum to 1",
                cure="name every class that the models know under classes:",
            )
        self.refuse(off, f"the {SCORE_OF}* columns do not sum to 1")
        return score

    def items(self) -> Mapping[str, Floats]:
        named = [str(name) for name in self.frame if str(name).startswith(ITEM)]
        if not named:
            raise BadInput(
                f"{self.where}: has no score_<metric> column", cure=self.near("score_quality")
            )
        return {name.removeprefix(ITEM): self.item(name) for name in named}

    def item(self, column: str) -> Floats:
        """A score column: NaN on rows that it is not about (``about_<metric>`` 0), else finite."""
        switch = ABOUT + column.removeprefix(ITEM)
        if switch not in self.frame:
            return self.finite(column)
        about = self.finite(switch)
        self.refuse((about != 0) & (about != 1), f"column {switch!r} is neither 0 nor 1")
        values = self.optional(column)
        self.refuse((about == 1) & np.isnan(values), f"column {column!r} is blank")
        return np.where(about == 1, values, np.nan)

    def rated(self, items: Mapping[str, Floats]) -> Mapping[str, Floats]:
        """What people gave some of the rows; NaN elsewhere."""
        named = [n for n in items if RATED + n in self.frame]
        return {n: self.optional(RATED + n) for n in named}

    def optional(self, column: str) -> Floats:
        """A column of finite numbers and blanks, which are NaN."""
        values = floats(self.frame, column, self.where, self.panel.row_id)
        self.refuse(np.isinf(values), f"column {column!r} is not finite")
        return values


def _gauges(costs: Mapping[str, Floats], policy: Policy) -> Mapping[str, Gauge]:
    """Quantiles of the times that a predictions file carries row by row."""
    found: dict[str, Gauge | None] = {}
    for column, quantiles in (("latency_s", LATENCY_QUANTILES), ("ttft_s", TTFT_QUANTILES)):
        if column in costs:
            milliseconds = costs[column] * 1000
            found |= {n: gauge(milliseconds, q, policy.level) for n, q in quantiles.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def places_of(wanted: Ids, given: Ids, where: str) -> Ints | None:
    """Where each of the panel's ids stands in the predictions; both ways without a remainder.

    None where they stand in the same order already.
    """
    if wanted.dtype.kind != given.dtype.kind:
        wanted, given = wanted.astype(str), given.astype(str)
    if len(wanted) == len(given) and bool((wanted == given).all()):
        return None
    order = np.argsort(given, kind="stable")
    at = np.searchsorted(given, wanted, sorter=order).clip(max=len(given) - 1)
    places: Ints = order[at]
    absent = given[places] != wanted
    if absent.any():
        raise NotComparable(
            f"{where}: lacks {int(absent.sum())} of the panel's {len(wanted)} rows, "
            f"such as {some(wanted[absent])}"
            + (f"; its own are {some(given)}" if absent.all() else ""),
            cure="score both models on this very panel",
        )
    if len(given) > len(wanted):
        extra = np.setdiff1d(given, wanted)
        raise NotComparable(
            f"{where}: has {plural(len(extra), 'row')} that the panel has not, "
            f"such as {some(extra)}",
            cure="score both models on this very panel",
        )
    return places
