"""The rows of slices that sums do not tell enough of: laid out by slice, then read one by one.

Each unit writes the rows that it has of each such slice into a file; a slice is then put together
of its files, in the order of the panel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder import records, threads
from titleholder.arrays import Bools, Panel, Predictions
from titleholder.shards.blocks import Unit
from titleholder.shards.measuring import Rows
from titleholder.shards.slicing import Layout
from titleholder.stages.many.planning import Hollow, Pair, Plan
from titleholder.stats.shared.partition import Codes

TRUTH, WEIGHT = "truth", "weight"
LABEL, SCORE, VALUE = "label", "score", "value"


@dataclass(frozen=True, slots=True)
class Collecting:
    """The pass that writes single rows of the slices of these numbers."""

    plan: Plan
    wanted: tuple[int, ...]


def collected(collecting: Collecting, unit: Unit) -> dict[int, str]:
    """Write a unit's rows of each wanted slice; the files by the number of the slice."""
    threads.pin()
    plan = collecting.plan
    parts: dict[int, list[dict[str, NDArray[Any]]]] = {}
    for _, panel, said in plan.source.read(unit):
        codes = plan.layout.codes(panel)
        for number in collecting.wanted:
            rows = np.flatnonzero(_mask(plan.layout, codes, number, len(panel)))
            if len(rows):
                parts.setdefault(number, []).append(_columns(panel, said, rows))
    files = {}
    for number, pieces in parts.items():
        path = plan.scratch / f"slice{number:06}.{unit.first:06}.npz"
        whole = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
        with records.replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **whole)  # type: ignore[arg-type]
        files[number] = str(path)
    return files


def _columns(
    panel: Panel, said: Sequence[Predictions], rows: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Truth and every model's answers of some rows, by name."""
    found = {TRUTH: np.asarray(panel.y_true)[rows]}
    if panel.weight is not None:
        found[WEIGHT] = panel.weight[rows]
    for one in said:
        told = {LABEL: one.label, SCORE: one.score, VALUE: one.value, **one.costs}
        for name, values in told.items():
            if values is not None:
                found[f"{name}.{one.model}"] = np.asarray(values)[rows]
    return found


def rows_of(files: Sequence[Path], pair: Pair, hollow: Hollow) -> Rows:
    """The rows of one slice and what two models said of them, in the panel's order.

    Rows have no more than a number here. A bin may have none.
    """
    if not files:
        return hollow.panel, *hollow.pair(pair)
    parts = []
    for file in sorted(files):
        with np.load(file, allow_pickle=False) as held:
            parts.append({name: held[name] for name in held.files})
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    panel = replace(
        hollow.panel, row_id=np.arange(len(whole[TRUTH])), y_true=whole[TRUTH],
        weight=whole.get(WEIGHT),
    )  # fmt: skip
    one, two = (_said(model, whole, hollow.models[model]) for model in pair)
    return panel, one, two


def _said(model: str, whole: Mapping[str, NDArray[Any]], like: Predictions) -> Predictions:
    """What a model said of the rows, as it says it of all."""
    label, score, value = (whole.get(f"{name}.{model}") for name in (LABEL, SCORE, VALUE))
    costs = {name: whole[f"{name}.{model}"] for name in like.costs}
    return Predictions(model, label=label, score=score, value=value, costs=costs)


def _mask(layout: Layout, codes: Sequence[Codes | None], number: int, rows: int) -> Bools:
    for partition, code in zip(layout.partitions(), codes, strict=True):
        if number in partition.members:
            if code is None:
                return np.ones(rows, dtype=bool)
            return np.asarray(code == partition.place(number))
    raise ValueError(f"there is no slice {number}")
