"""Rows that explain a finding: those of its slice that got worse, and those that got better."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Panel, Predictions
from titleholder.comparison.slices import declared
from titleholder.params.schema import SliceSpec
from titleholder.report.changed import Changed, changed
from titleholder.types import OVERALL, Finding, Task

MOST = 8

# Of these, rows of one truth alone can be the reason.
_ON_POSITIVES = frozenset({"recall", "false_negative_rate"})
_ON_NEGATIVES = frozenset({"specificity", "false_positive_rate"})


@dataclass(frozen=True, slots=True)
class Explained:
    """Rows of one slice, under an anchor of the page; ``only`` says which rows were looked at."""

    slice: str
    anchor: str
    only: str
    rows: Changed


def explained(
    panel: Panel,
    models: tuple[Predictions, Predictions],
    specs: Sequence[SliceSpec],
    findings: Iterable[Finding],
) -> dict[tuple[str, str], Explained]:
    """By slice and metric, for the first findings on slices on which some row changed."""
    masks = {part.name: part.mask for part in declared(panel, specs)}
    found: dict[tuple[str, str], Explained] = {}
    known: dict[tuple[str, str], Explained] = {}
    for finding in findings:
        mask = masks.get(finding.slice)
        if finding.over or finding.slice == OVERALL or mask is None or len(known) >= MOST:
            continue
        only, rows = _about(panel, finding.metric, mask)
        if (finding.slice, only) not in known:
            changes = changed(panel, *models, rows)
            if changes is None:
                continue
            anchor = f"rows-{len(known) + 1}"
            known[finding.slice, only] = Explained(finding.slice, anchor, only, changes)
        found[finding.slice, finding.metric] = known[finding.slice, only]
    return found


def _about(panel: Panel, metric: str, mask: Bools) -> tuple[str, Bools]:
    """Which rows of a slice (n,) a metric is about, and what to call them."""
    if panel.task is not Task.BINARY or panel.y_true is None:
        return "", mask
    truth = np.asarray(panel.y_true)
    if metric in _ON_POSITIVES:
        return f"truly {panel.classes[1]}", mask & (truth == 1)
    if metric in _ON_NEGATIVES:
        return f"truly {panel.classes[0]}", mask & (truth == 0)
    return "", mask
