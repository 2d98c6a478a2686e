"""The validate stage: do the current data keep what the suite's expectations promise of them, and
are they rows that no model was trained on?

It always writes a record; what follows reads there whether the models may be run at all.
"""

import shutil
from pathlib import Path

import msgspec

from titleholder import records, tables
from titleholder.errors import BadInput
from titleholder.stages import STAGES, leaks, manifest
from titleholder.stages.many import shards
from titleholder.stages.many import validate as validate_many
from titleholder.stages.workspace import Workspace
from titleholder.types import Outcome
from titleholder.validation import Validation

FILE = "validation.json"
EVIDENCE = "evidence"


def run(ws: Workspace) -> None:
    """Write ``validation.json``, ``leakage.json`` and the engine's own pages as evidence.

    ConfigError when the suite file is wrong. Data that do not parse, hold no rows or break an
    expectation are in the record.
    """
    here = ws.stage("validate")
    shutil.rmtree(here / EVIDENCE, ignore_errors=True)
    inputs = dict([ws.digest(ws.stage("pull") / manifest.FILE)])
    inputs["params"] = ws.params_digest(STAGES["validate"].params)
    pulled = manifest.read(ws)
    leaks.search_for(ws, pulled, inputs)
    found = validated(ws, pulled, here / EVIDENCE)
    records.write(here / FILE, msgspec.structs.replace(found, inputs=inputs))


def read(ws: Workspace) -> Validation:
    """What this stage recorded."""
    return records.read(ws.stage("validate") / FILE, Validation)


def refusal(ws: Workspace) -> str:
    """Why no model may be run on these data; empty when their validation passed."""
    found = read(ws)
    return "" if found.outcome is Outcome.PASS else f"data validation: {found.reason}"


def validated(ws: Workspace, pulled: manifest.Manifest, evidence: Path) -> Validation:
    """What the expectations say of the current data; the engine's own pages go to ``evidence``."""
    many = shards.has(ws, "current")
    current = None if many else pulled.path_of(ws, "current")
    if not pulled.has("expectations"):
        reason = "the suite names no expectations file: nothing was checked"
        return _unchecked(Outcome.INCONCLUSIVE, reason)
    suite_path = pulled.path_of(ws, "expectations")
    try:
        if current is None:
            return validate_many.validated(ws, suite_path, evidence)
        frame = tables.read_frame(current)
    except BadInput as error:
        return _unchecked(Outcome.ERROR, ws.told(error.message))
    from titleholder.adapters import expectations

    return expectations.validate(frame, suite_path, evidence)


def _unchecked(outcome: Outcome, reason: str) -> Validation:
    return Validation(
        outcome=outcome,
        reason=reason,
        rows=0,
        columns=0,
        declared=0,
        evaluated=0,
        expectations=(),
    )
