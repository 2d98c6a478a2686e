"""Leaked rows of a run: the panel held against every training set that the suite names.

Part of the validate stage: a panel that a model was trained on is no fit data to judge it by.
"""

from typing import TYPE_CHECKING

from titleholder import leakage, records, tables
from titleholder.errors import BadInput
from titleholder.leakage import coincidence, hashes_file, search
from titleholder.params.schema import Suite, Training
from titleholder.stages import manifest
from titleholder.stages.workspace import Workspace
from titleholder.types import Check, Outcome, Severity

if TYPE_CHECKING:
    import pandas as pd

FILE = "leakage.json"
NAME = "leakage"


def search_for(ws: Workspace, pulled: manifest.Manifest, inputs: dict[str, str]) -> None:
    """Write ``leakage.json``."""
    found = leakage.Leakage(inputs=inputs, sets=searched(ws, pulled))
    records.write(ws.stage("validate") / FILE, found)


def searched(ws: Workspace, pulled: manifest.Manifest) -> tuple[leakage.Coincidences, ...]:
    """The panel held against every training set, in the suite's order."""
    trained = ws.suite.data.training
    if not trained:
        return ()
    try:
        panel = tables.read_frame(pulled.path_of(ws, "current"))
    except BadInput:
        said = "the panel cannot be read"
        return tuple(leakage.Coincidences(training=file_of(one), error=said) for one in trained)
    return tuple(_against(ws, pulled, panel, training) for training in trained)


def read(ws: Workspace) -> leakage.Leakage:
    """What was found of leaked rows."""
    return records.read(ws.stage("validate") / FILE, leakage.Leakage)


def check(found: leakage.Leakage, suite: Suite) -> Check:
    """What leaked rows come to for the verdict; where no training data are named, it says so."""
    named = [file_of(training) for training in suite.data.training]
    if [one.training for one in found.sets] != named:
        reason = "the training data that were looked at are not those that the suite names"
        return _check(Severity.BLOCK, Outcome.ERROR, reason)
    if not named:
        reason = "the suite names no training data: whether rows leaked was not looked for"
        return _check(Severity.INFO, Outcome.INCONCLUSIVE, reason)
    each = [coincidence.judged(one, suite.leakage.max_share) for one in found.sets]
    worst = next(outcome for outcome in _WORST_FIRST if outcome in [one for one, _ in each])
    told = "; ".join(reason for outcome, reason in each if outcome is worst)
    return _check(suite.leakage.severity, worst, told)


_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.PASS)


def file_of(training: Training) -> str:
    """The file that a suite names for a training set."""
    return training.path or training.hashes or ""


def apart(suite: Suite) -> set[str]:
    """Columns that are no content of a row: they name, weigh or group rows, or are ignored."""
    columns = suite.columns
    named = {columns.row_id, columns.cluster, columns.weight, *columns.ignore}
    return {name for name in named if name is not None}


def target_of(suite: Suite) -> str:
    """The column with the truth."""
    return suite.columns.target or "y_true"


def _against(
    ws: Workspace, pulled: manifest.Manifest, panel: "pd.DataFrame", training: Training
) -> leakage.Coincidences:
    name, suite = file_of(training), ws.suite
    path = pulled.path_of(ws, manifest.TRAINING + name)
    try:
        if training.hashes is not None:
            what, rows = hashes_file.read(path)
            return search.against_hashes(
                name, panel, what, rows, apart(suite), training.key, suite.columns.row_id
            )
        return search.against_frame(
            name, panel, tables.read_frame(path), apart(suite), target_of(suite), training.key,
            suite.columns.row_id,
        )  # fmt: skip
    except BadInput as error:
        told = ws.told(error.message)
        return leakage.Coincidences(training=name, error=told)


def _check(severity: Severity, outcome: Outcome, reason: str) -> Check:
    return Check(name=NAME, kind="leakage", severity=severity, outcome=outcome, reason=reason)
