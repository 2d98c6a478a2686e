"""publish: each candidate's verdict with all that stands behind it, and a receipt.

The signing key is read here and nowhere else, before anything is published. The dashboard comes
after all of it: whatever becomes of that, the verdicts stand and the stage has done its work.
"""

import os
from datetime import timedelta
from pathlib import Path

from titleholder import records, tree
from titleholder.adapters import ed25519
from titleholder.adapters.stores import store_at
from titleholder.dashboard import shelf
from titleholder.errors import TitleholderError
from titleholder.params.sharded import BUCKETS
from titleholder.stages import STAGES, manifest, notes, provenance, waived
from titleholder.stages.overlap import Overlap, overlap
from titleholder.stages.workspace import Workspace
from titleholder.store import Store
from titleholder.trust import publication
from titleholder.trust.statement import Subject, subject_of, subjects_of
from titleholder.types import Record, Source, Verdict

RECEIPT = "receipt.json"
SUITE = "suite.json"
SHOWN = "dashboard.json"


class Receipts(Record, frozen=True):
    """What was published of a run, a receipt a candidate, and what of the panel was used before."""

    inputs: dict[str, str]
    receipts: tuple[publication.Receipt, ...]
    overlap: Overlap


class Shown(Record, frozen=True):
    """What became of the dashboard: nothing to tell, or why it is not up to date."""

    problem: str


def run(ws: Workspace) -> None:
    """Publish every verdict of the run and write ``receipt.json``.

    ``suite.json``, the suite with defaults filled in, becomes evidence too: `verify` repeats the
    judgement, and the statistics, by it.
    """
    signer = ed25519.signer(os.environ)
    found = manifest.read(ws)
    records.write(ws.stage("publish") / SUITE, ws.suite)
    names = found.candidates()
    verdicts = {name: ws.stage("judge") / f"{name}.json" for name in names}
    inputs = dict(ws.digest(path) for path in verdicts.values())
    receipts = tuple(_publish(ws, found, name, path, signer) for name, path in verdicts.items())
    seen = overlap(store_of(ws), receipts[0])
    records.write(ws.stage("publish") / RECEIPT, Receipts(inputs, receipts, seen))
    records.write(ws.stage("publish") / SHOWN, Shown(_dashboard(ws)))


def verdict_of(ws: Workspace, candidate: str) -> Verdict:
    """What the run judged of a candidate."""
    return records.read(ws.stage("judge") / f"{candidate}.json", Verdict)


def ready(ws: Workspace) -> None:
    """What this stage would refuse at the end, refused at the start: an address, a key.

    Nothing is asked of a network.
    """
    ed25519.signer(os.environ)
    store_of(ws)


def read(ws: Workspace) -> Receipts:
    """The receipts of the last published run of this workspace."""
    return records.read(ws.stage("publish") / RECEIPT, Receipts)


def shown(ws: Workspace) -> Shown:
    """What became of the dashboard in that run."""
    return records.read(ws.stage("publish") / SHOWN, Shown)


def _dashboard(ws: Workspace) -> str:
    """Bring the dashboard up to date; the reason, where that did not work."""
    if not ws.store.dashboard:
        return ""
    try:
        shelf.update(store_of(ws), ws.store.environment, ws.name)
    except TitleholderError as error:
        return str(error)
    except Exception as error:  # a fault of pages must not undo what has been published
        return f"{type(error).__name__}: {error}"
    return ""


def store_of(ws: Workspace) -> Store:
    """The store that this workspace publishes to."""
    return store_at(ws.store, ws.root)


def _publish(
    ws: Workspace,
    found: manifest.Manifest,
    candidate: str,
    path: Path,
    signer: ed25519.PrivateKey | None,
) -> publication.Receipt:
    store = store_of(ws)
    source = found.source(manifest.CANDIDATE + candidate)
    for read in found.for_candidate(candidate):
        # Whoever swapped data or a model during the run is caught here at the latest.
        manifest.require_same(ws, read)
    subjects = _subjects(ws, source)
    desk = notes.open_desk(ws, store, signer)
    judged = waived.told(ws, store, source, records.read(path, Verdict))
    noted = notes.noted(desk, judged, subjects[0])
    return publication.publish(
        store,
        ws.store.environment,
        noted.verdict,
        subjects,
        _evidence(ws, set(found.candidates()) - {candidate}),
        provenance=provenance.of(ws),
        valid_for=timedelta(hours=ws.store.valid_hours),
        logical_date=desk.day,
        signer=signer,
        exposure=noted.exposure,
        watched=noted.watched,
    )


def _subjects(ws: Workspace, source: Source) -> tuple[Subject, ...]:
    """What a verdict is about: the model's files; of answers in a bucket, the listing of them."""
    if source.path.startswith(BUCKETS):
        return (subject_of(source.path, source.sha256),)
    return subjects_of(source.path, tree.of(manifest.local_path(ws, source)))


def _evidence(ws: Workspace, others: set[str]) -> dict[str, Path]:
    """The suite, and every file of every earlier stage but what is of other candidates alone.

    The other candidates' predictions stay: the shift of answers is of all models together.
    """
    files = {f"publish/{SUITE}": ws.stage("publish") / SUITE}
    for stage in STAGES["publish"].after:
        for path in sorted(ws.stage(stage).rglob("*")):
            name = path.relative_to(ws.stage(stage)).as_posix()
            if path.is_file() and not any(_belongs(name, other) for other in others):
                files[f"{stage}/{name}"] = path
    return files


def _belongs(name: str, candidate: str) -> bool:
    """Whether a file of a stage is of this candidate alone.

    >>> [_belongs(n, "b") for n in ("b.json", "b.current.parquet", "b/report.html", "c.json")]
    [True, False, True, False]
    """
    return name == f"{candidate}.json" or name.startswith(f"{candidate}/")
