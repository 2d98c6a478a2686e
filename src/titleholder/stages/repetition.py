"""What can be found out again about data, with the data at hand: for `verify --full`.

Each function gives one line that says what was repeated, or raises NoVerdict where it comes out
otherwise. What a vendor's pages show (of Great Expectations, of Evidently) decides nothing and is
not repeated.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from titleholder import records
from titleholder.drift import Drift
from titleholder.errors import NoVerdict, TitleholderError
from titleholder.stages import drift, leaks, manifest, predict, validate
from titleholder.stages.many import answers, shards
from titleholder.stages.workspace import Workspace


def validated(ws: Workspace) -> str:
    """That the expectations, asked of the data again, say the same."""
    said = validate.read(ws)
    try:
        with TemporaryDirectory(prefix="titleholder-expectations-") as scratch:
            again = validate.validated(ws, manifest.read(ws), Path(scratch))
    except TitleholderError as error:
        raise NoVerdict(f"data validation cannot be repeated: {error.message}") from error
    again = replace(again, inputs=said.inputs, evidence=said.evidence)
    _require_same(records.encode(again), records.encode(said), validate.FILE)
    return f"{said.evaluated} of {said.declared} expectations asked again say the same"


def shifted(ws: Workspace) -> str:
    """That the table of shifts comes out the same; Evidently's pages decide nothing."""
    said = records.read(ws.stage("drift") / drift.FILE, Drift)
    try:
        again = drift.measured(ws, manifest.read(ws)).found
    except TitleholderError as error:
        raise NoVerdict(f"drift cannot be measured again: {error.message}") from error
    again = replace(
        again, inputs=said.inputs, evidence=said.evidence, evidence_notes=said.evidence_notes
    )
    _require_same(records.encode(again), records.encode(said), drift.FILE)
    return f"the shifts of {len(said.columns)} columns come out the same"


def leaked(ws: Workspace) -> str:
    """That the search for leaked rows counts the same."""
    said = leaks.read(ws)
    try:
        again = leaks.searched(ws, manifest.read(ws))
    except TitleholderError as error:
        raise NoVerdict(f"leaked rows cannot be counted again: {error.message}") from error
    _require_same(records.encode(again), records.encode(said.sets), leaks.FILE)
    return f"coincidences with {len(said.sets)} training sets counted again are the same"


def answered(ws: Workspace) -> str:
    """That models, asked again about data in many files, give the answers that were recorded."""
    found, said = manifest.read(ws), predict.read(ws)
    again: dict[str, str] = {}
    try:
        for role in ("reference", "current"):
            if shards.has(ws, role) and said.files:
                again |= answers.ask(ws, found, role, said.inputs["params"])
    except TitleholderError as error:
        raise NoVerdict(f"the models cannot be asked again: {error.message}") from error
    _require_same(records.encode(again), records.encode(said.files), "answers of the models")
    return f"asked again: {len(again)} files of answers come out the same"


def _require_same(again: bytes, said: bytes, name: str) -> None:
    if again != said:
        raise NoVerdict(
            f"{name} comes out otherwise: the data do not lead to it (or this machine computes "
            "with other libraries)"
        )
