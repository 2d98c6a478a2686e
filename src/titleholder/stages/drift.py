"""The drift stage: are the current data still what the reference was?

Titleholder's own table decides, on all rows; Evidently's report on a seeded sample is evidence.
It does not wait for validation: when data are broken, seeing how they moved helps most.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec

from titleholder import drift, records
from titleholder.drift import Drift, Role
from titleholder.drift.sample import Sample
from titleholder.errors import BadInput, ConfigError
from titleholder.stages import STAGES, manifest, sides
from titleholder.stages.many import shards
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
    table = measured(ws, manifest.read(ws), kept=True)
    found = msgspec.structs.replace(table.found, inputs=inputs)
    records.write(here / FILE, _with_pages(ws, table, found))


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured, and rows of both sides where there were any."""

    found: Drift
    reference: Sample | None = None
    current: Sample | None = None


def measured(ws: Workspace, pulled: manifest.Manifest, *, kept: bool = False) -> Table:
    """Titleholder's own table, which decides.

    With ``kept``, what an earlier night kept of this very reference stands for its rows, and rows
    of both sides come along as evidence.
    """
    if not pulled.has("reference"):
        return _unmeasured(
            "the suite names no reference: there is nothing to hold the data against"
        )
    many = shards.has(ws, "current")
    try:
        with sides.of_many(ws, pulled, kept) if many else sides.of_one(ws, pulled, kept) as both:
            found = _compared(ws, both)
            return Table(found, *both.samples()) if kept else Table(found)
    except BadInput as error:
        return _unmeasured(ws.told(error.message))


def _compared(ws: Workspace, both: sides.Sides) -> Drift:
    reference, current = both.reference, both.current
    ignored = _ignored(ws, reference, current)
    _refuse_unknown(ws, {**reference, **current})
    roles = {ws.suite.columns.target or "y_true": Role.TARGET}
    rows = drift.table(reference, current, ws.suite.drift, ignored, roles, both.values)
    return drift.judge(rows, {}, ignored)


def _with_pages(ws: Workspace, table: Table, found: Drift) -> Drift:
    """The record with Evidently's pages beside it, where there was anything to show."""
    if table.reference is None or table.current is None:
        return found
    from titleholder.adapters import evidently

    evidence = evidently.report(
        _without(table.reference, found.ignored),
        _without(table.current, found.ignored),
        evidence_dir=ws.stage("drift") / EVIDENCE,
    )
    return msgspec.structs.replace(found, evidence=evidence.files, evidence_notes=evidence.notes)


def _without(sample: Sample, ignored: tuple[str, ...]) -> Sample:
    kept = {name: values for name, values in sample.columns.items() if name not in ignored}
    return Sample(kept, sample.rows)


def _ignored(
    ws: Workspace, reference: Mapping[str, Any], current: Mapping[str, Any]
) -> tuple[str, ...]:
    """Columns that are left out on purpose: the suite's own list, and what only names rows."""
    columns = ws.suite.columns
    parts = {columns.row_id, columns.cluster, columns.weight, *columns.ignore}
    return tuple(name for name in {**reference, **current} if name in parts)


def _refuse_unknown(ws: Workspace, known: Mapping[str, Any]) -> None:
    problems = []
    for name in sorted(set(ws.suite.drift.columns) - set(known)):
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        problems.append(f"suites.{ws.name}.drift.columns: the data have no {name!r}{hint}")
    if problems:
        raise ConfigError(PARAMS_FILE, problems)


def _unmeasured(reason: str) -> Table:
    return Table(Drift({}, Outcome.INCONCLUSIVE, reason, ()))
