"""Panels and predictions from files: Parquet, CSV or JSON Lines, read strictly and joined.

Everything that could make a comparison lie is refused here, with the rows named: missing or
doubled row ids, other rows than the panel's, blanks, infinities, probabilities outside [0, 1],
labels that the other side does not know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions
from titleholder.errors import BadInput, NotComparable, UsageError
from titleholder.params.schema import Columns, Policy
from titleholder.slices import label_of, labels_of
from titleholder.stats.quantiles import gauge
from titleholder.types import Gauge, Task

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5  # how many offending ids a message names
ITEM = "score_"
SCORE_OF = "y_score_"
COSTS = ("latency_s", "cost_usd", "tokens_in", "tokens_out")
SUM_TOLERANCE = 1e-3


def read_frame(path: Path) -> "pd.DataFrame":
    """A table from ``.parquet``, ``.csv`` or ``.jsonl``.

    UsageError for a path that is no such file, BadInput for one that does not parse or is empty.
    Ids in text files stay text, so that ``007`` is not 7.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise UsageError(
            f"{path}: a table is a .parquet, .csv or .jsonl file, not {path.suffix or 'this'}",
        )
    try:
        frame = read(path)
    except OSError as error:
        if error.errno is not None:
            raise
        raise BadInput(f"{path}: cannot be read as {path.suffix[1:]}: {_short(error)}") from None
    except (ValueError, ArithmeticError, KeyError) as error:
        raise BadInput(f"{path}: cannot be read as {path.suffix[1:]}: {_short(error)}") from None
    if frame.empty:
        raise BadInput(f"{path}: holds no rows", cure="look at what should have written it")
    _refuse_doubled_columns(path, frame)
    return frame


def panel_of(frame: "pd.DataFrame", policy: Policy, where: str) -> Panel:
    """The panel that a frame holds, as the policy's columns and task say."""
    columns = policy.columns
    ids = _ids(frame, columns.row_id, where)
    target = columns.target or "y_true"
    y_true: NDArray[Any] | None = None
    classes: tuple[str, ...] = ()
    if policy.task is Task.REGRESSION:
        y_true = numbers(frame, target, where, ids)
    elif policy.task is not Task.SCORED:
        labels = _labels(frame, target, where, ids)
        classes = _classes(labels, policy, where)
        y_true = _codes(labels, classes)
    return Panel(
        row_id=ids,
        task=policy.task,
        y_true=y_true,
        classes=classes,
        weight=_weights(frame, columns, where, ids),
        cluster=_clusters(frame, columns, where),
        columns={str(name): _plain(frame[name]) for name in frame.columns if name != target},
    )


def predictions_of(
    frame: "pd.DataFrame", panel: Panel, policy: Policy, model: str, where: str
) -> Predictions:
    """One model's predictions, joined to the panel's rows by id and put in their order."""
    ids = _ids(frame, policy.columns.row_id, where)
    joined = frame.iloc[_places(panel.row_id, ids, where)].reset_index(drop=True)
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
            return Predictions(model, items=items, costs=costs, measured=_gauges(costs, policy))


def with_figures(predictions: Predictions, figures: Mapping[str, Gauge]) -> Predictions:
    """The predictions with figures measured of the model; those of the file itself come first."""
    return replace(predictions, measured={**figures, **predictions.measured})


def label(value: object) -> str:
    """A label as text, the same for every file format: see `titleholder.slices.label_of`."""
    return label_of(value)


def require(frame: "pd.DataFrame", column: str, where: str) -> None:
    """BadInput, with the nearest name, unless the frame has this column."""
    _column(frame, column, where)


def write_parquet(path: Path, frame: "pd.DataFrame") -> None:
    """The same bytes for the same table: no pandas metadata, one row group order, one codec."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd")


def numbers(frame: "pd.DataFrame", column: str, where: str, ids: NDArray[np.str_]) -> Floats:
    """A column as finite floats, (n,); BadInput names the rows that are not."""
    raw = _column(frame, column, where)
    try:
        values = raw.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise BadInput(f"{where}: column {column!r} holds values that are not numbers") from None
    _refuse(~np.isfinite(values), ids, f"{where}: column {column!r} is blank or not finite")
    return values


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

    def refuse(self, bad: Bools, what: str) -> None:
        _refuse(bad, self.panel.row_id, f"{self.where}: {what}")

    def probability(self, column: str) -> Floats:
        values = self.finite(column)
        self.refuse(~((values >= 0) & (values <= 1)), f"column {column!r} lies outside [0, 1]")
        return values

    def label(self) -> Ints:
        labels = _labels(self.frame, "y_pred", self.where, self.panel.row_id)
        unknown = sorted(set(labels.tolist()) - set(self.panel.classes))
        if unknown:
            raise NotComparable(
                f"{self.where}: y_pred says {_some(unknown)}, which the panel's labels "
                f"({_some(self.panel.classes)}) do not know",
                cure="write the labels as the panel does",
            )
        return _codes(labels, self.panel.classes)

    def binary(self) -> tuple[Ints, Floats | None]:
        score = self.probability("y_score") if "y_score" in self.frame else None
        if "y_pred" in self.frame:
            return self.label(), score
        if score is None:
            raise BadInput(f"{self.where}: has neither y_pred nor y_score")
        return (score >= self.policy.threshold).astype(np.int64), score

    def multiclass(self) -> tuple[Ints, Floats | None]:
        score = self.distribution()
        if "y_pred" in self.frame:
            return self.label(), score
        if score is None:
            raise BadInput(f"{self.where}: has neither y_pred nor y_score_<class> columns")
        return score.argmax(axis=1), score

    def distribution(self) -> Floats | None:
        """Probabilities (n, K) in the panel's order of classes, or None without any."""
        named = [str(name) for name in self.frame if str(name).startswith(SCORE_OF)]
        if not named:
            return None
        lacking = [c for c in self.panel.classes if SCORE_OF + c not in named]
        if lacking:
            raise NotComparable(
                f"{self.where}: no {SCORE_OF}<class> column for {_some(lacking)}: "
                "labels that this model has never seen",
                cure="score the model on classes that it knows, or leave those rows out of both",
            )
        score = np.column_stack([self.probability(SCORE_OF + c) for c in self.panel.classes])
        off = np.abs(score.sum(axis=1) - 1) > SUM_TOLERANCE
        self.refuse(off, f"the {SCORE_OF}* columns do not sum to 1")
        return score

    def items(self) -> Mapping[str, Floats]:
        named = [str(name) for name in self.frame if str(name).startswith(ITEM)]
        if not named:
            raise BadInput(f"{self.where}: has no score_<metric> column")
        return {name.removeprefix(ITEM): self.finite(name) for name in named}


def _gauges(costs: Mapping[str, Floats], policy: Policy) -> Mapping[str, Gauge]:
    """Latency quantiles of a predictions file that carries them row by row."""
    if "latency_s" not in costs:
        return {}
    milliseconds = costs["latency_s"] * 1000
    figures = {"p50_latency_ms": 0.5, "p95_latency_ms": 0.95}
    found = {name: gauge(milliseconds, q, policy.level) for name, q in figures.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _places(wanted: NDArray[np.str_], given: NDArray[np.str_], where: str) -> Ints:
    """Where each of the panel's ids stands in the predictions; both ways without a remainder."""
    order = np.argsort(given, kind="stable")
    at = np.searchsorted(given, wanted, sorter=order).clip(max=len(given) - 1)
    places = order[at]
    absent = given[places] != wanted
    if absent.any():
        raise NotComparable(
            f"{where}: lacks {int(absent.sum())} of the panel's {len(wanted)} rows, "
            f"such as {_some(wanted[absent])}",
            cure="score both models on this very panel",
        )
    if len(given) > len(wanted):
        extra = np.setdiff1d(given, wanted)
        raise NotComparable(
            f"{where}: has {len(extra)} rows that the panel has not, such as {_some(extra)}",
            cure="score both models on this very panel",
        )
    return places


def _ids(frame: "pd.DataFrame", column: str, where: str) -> NDArray[np.str_]:
    """Row ids as text, present and unique."""
    raw = _column(frame, column, where)
    blank = raw.isna().to_numpy()
    if blank.any():
        first = int(np.flatnonzero(blank)[0]) + 1
        raise NotComparable(
            f"{where}: {int(blank.sum())} rows have no {column}, the first is row {first}"
        )
    if raw.dtype.kind in "iu":
        ids = raw.to_numpy().astype(str)
    elif raw.dtype.kind == "f":
        ids = labels_of(raw.to_numpy()).astype(str)
    else:
        ids = raw.astype(str).to_numpy(dtype=str)
    distinct, count = np.unique(ids, return_counts=True)
    doubled = distinct[count > 1]
    if len(doubled):
        raise NotComparable(
            f"{where}: {len(doubled)} values of {column} stand more than once, "
            f"such as {_some(doubled)}",
            cure="one row an id",
        )
    return ids


def _labels(
    frame: "pd.DataFrame", column: str, where: str, ids: NDArray[np.str_]
) -> NDArray[np.object_]:
    raw = _column(frame, column, where)
    _refuse(raw.isna().to_numpy(), ids, f"{where}: column {column!r} is blank")
    if raw.dtype.kind == "f":
        infinite = ~np.isfinite(raw.to_numpy())
        _refuse(infinite, ids, f"{where}: column {column!r} is not finite")
    codes, distinct = raw.factorize()
    return labels_of(np.asarray(distinct, dtype=object))[codes]


def _classes(labels: NDArray[np.object_], policy: Policy, where: str) -> tuple[str, ...]:
    """The classes in code order: (negative, positive) for binary, sorted for multiclass."""
    found = sorted(set(labels.tolist()))
    if policy.task is Task.MULTICLASS:
        return tuple(found)
    positive = _positive(policy, found)
    others = [label for label in found if label != positive]
    if len(others) > 1:
        raise BadInput(
            f"{where}: a binary target holds {len(found)} labels: {_some(found)}",
            cure="task: multiclass, or filter the rows",
        )
    return (others[0] if others else f"not {positive}", positive)


def _positive(policy: Policy, found: Sequence[str]) -> str:
    if policy.positive is not None:
        return label_of(policy.positive)
    for one, zero in (("1", "0"), ("true", "false")):
        if set(found) <= {one, zero}:
            return one
    raise UsageError(
        f"which of {_some(found)} is the positive class?", cure="say so: positive: <label>"
    )


def _codes(labels: NDArray[np.object_], classes: Sequence[str]) -> Ints:
    code = {label: i for i, label in enumerate(classes)}
    return np.array([code[label] for label in labels.tolist()], dtype=np.int64)


def _weights(
    frame: "pd.DataFrame", columns: Columns, where: str, ids: NDArray[np.str_]
) -> Floats | None:
    name = columns.weight or ("weight" if "weight" in frame else None)
    if name is None:
        return None
    weights = numbers(frame, name, where, ids)
    _refuse(weights < 0, ids, f"{where}: column {name!r} is negative")
    if not weights.sum() > 0:
        raise BadInput(f"{where}: all weights are zero")
    return weights


def _clusters(frame: "pd.DataFrame", columns: Columns, where: str) -> Ints | None:
    name = columns.cluster or ("cluster" if "cluster" in frame else None)
    if name is None:
        return None
    codes, _ = _column(frame, name, where).factorize()
    if (codes < 0).any():
        raise BadInput(f"{where}: {int((codes < 0).sum())} rows have no {name}")
    return codes.astype(np.int64)


def _column(frame: "pd.DataFrame", name: str, where: str) -> "pd.Series[Any]":
    if name not in frame:
        near = get_close_matches(name, [str(c) for c in frame.columns], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {_some(list(frame.columns))}"
        raise BadInput(f"{where}: no column {name!r}", cure=hint)
    return frame[name]


def _plain(series: "pd.Series[Any]") -> NDArray[Any]:
    """A column as a numpy array: numbers and booleans as they are, the rest as objects."""
    if series.dtype.kind in "biuf" and isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    return series.astype(object).to_numpy()


def _refuse(bad: Bools, ids: NDArray[np.str_], what: str) -> None:
    if bad.any():
        raise BadInput(f"{what} on {int(bad.sum())} rows, such as {_some(ids[bad])}")


def _refuse_doubled_columns(path: Path, frame: "pd.DataFrame") -> None:
    doubled = sorted({str(c) for c in frame.columns[frame.columns.duplicated()]})
    if doubled:
        raise BadInput(f"{path}: column {doubled[0]!r} stands more than once")


def _some(values: Any) -> str:
    named = [repr(str(v)) for v in list(values)[:NAMED]]
    return ", ".join(named) + (", …" if len(values) > NAMED else "")


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _read_parquet(path: Path) -> "pd.DataFrame":
    import pyarrow.parquet as pq

    # One thread and no memory map: the file may be replaced while it is read.
    return pq.read_table(path, use_threads=False, memory_map=False).to_pandas(
        use_threads=False, ignore_metadata=True
    )


def _read_csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    # `row_id` alone is known here by name; a suite with another id column has Parquet or text ids.
    return pd.read_csv(path, dtype={"row_id": str}, encoding="utf-8", low_memory=False)


def _read_json_lines(path: Path) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_json(path, lines=True, dtype=False, convert_dates=False, encoding="utf-8")


_READERS: Mapping[str, Callable[[Path], "pd.DataFrame"]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".jsonl": _read_json_lines,
}
