"""The drift stage: are the current data still what the reference was?

Titleholder's own table decides, on all rows; Evidently's report on a seeded sample is evidence.
It does not wait for validation: when data are broken, seeing how they moved helps most.
"""

import shutil
from dataclasses import dataclass
from difflib import get_close_matches

import msgspec

from titleholder import drift, records, tables
from titleholder.columns import arrays_of
from titleholder.drift import Drift, Role
from titleholder.drift.profile import Columns
from titleholder.errors import BadInput, ConfigError
from titleholder.stages import STAGES, manifest
from titleholder.stages.workspace import PARAMS_FILE, Workspace
from titleholder.types import Outcome

FILE = "drift.json"
EVIDENCE = "evidence"


def run(ws: Workspace) -> None:
    """Write ``drift/drift.json`` and Evidently's pages as evidence.

    Without a reference, or with data that do not parse, the record says so and is INCONCLUSIVE.
    ConfigError when a threshold is set for a column that neither side has.
    """
    here = ws.stage("drift")
    shutil.rmtree(here / EVIDENCE, ignore_errors=True)
    inputs = dict([ws.digest(ws.stage("pull") / manifest.FILE)])
    inputs["params"] = ws.params_digest(STAGES["drift"].params)
    table = measured(ws, manifest.read(ws))
    found = msgspec.structs.replace(table.found, inputs=inputs)
    records.write(here / FILE, _with_pages(ws, table, found))


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured, and the columns of reference and current data where there were any."""

    found: Drift
    reference: Columns
    current: Columns


def measured(ws: Workspace, pulled: manifest.Manifest) -> Table:
    """Titleholder's own table, which decides."""
    if not pulled.has("reference"):
        return _unmeasured(
            "the suite names no reference: there is nothing to hold the data against"
        )
    sides = {}
    for role in ("reference", "current"):
        try:
            sides[role] = arrays_of(tables.read_plain(pulled.path_of(ws, role)))
        except BadInput as error:
            return _unmeasured(f"{role}: {error.message.replace(str(ws.root) + '/', '')}")
    return _compared(ws, sides["reference"], sides["current"])


def _compared(ws: Workspace, reference: Columns, current: Columns) -> Table:
    params, ignored = ws.suite.drift, _ignored(ws, reference, current)
    _refuse_unknown(ws, {**reference, **current})
    target = ws.suite.columns.target or "y_true"
    roles = {target: Role.TARGET}
    rows = drift.table(reference, current, params, ignored, roles)
    return Table(drift.judge(rows, {}, ignored), reference, current)


def _with_pages(ws: Workspace, table: Table, found: Drift) -> Drift:
    """The record with Evidently's pages beside it, where there was anything to show."""
    if not table.reference:
        return found
    from titleholder.adapters import evidently

    evidence = evidently.report(
        {name: values for name, values in table.reference.items() if name not in found.ignored},
        {name: values for name, values in table.current.items() if name not in found.ignored},
        sample=ws.suite.drift.sample,
        seed=ws.suite.seed,
        evidence_dir=ws.stage("drift") / EVIDENCE,
    )
    return msgspec.structs.replace(found, evidence=evidence.files, evidence_notes=evidence.notes)


def _ignored(ws: Workspace, reference: Columns, current: Columns) -> tuple[str, ...]:
    """Columns that are left out on purpose: the suite's own list, and what only names rows."""
    columns = ws.suite.columns
    parts = {columns.row_id, columns.cluster, columns.weight, *columns.ignore}
    return tuple(name for name in {**reference, **current} if name in parts)


def _refuse_unknown(ws: Workspace, known: Columns) -> None:
    problems = []
    for name in sorted(set(ws.suite.drift.columns) - set(known)):
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        problems.append(f"suites.{ws.name}.drift.columns: the data have no {name!r}{hint}")
    if problems:
        raise ConfigError(PARAMS_FILE, problems)


def _unmeasured(reason: str) -> Table:
    return Table(Drift({}, Outcome.INCONCLUSIVE, reason, ()), {}, {})
