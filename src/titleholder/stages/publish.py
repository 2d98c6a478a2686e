"""publish: each candidate's verdict with all that stands behind it, and a receipt."""

from datetime import timedelta
from pathlib import Path

from titleholder import publication, records
from titleholder.adapters.stores import open_store
from titleholder.stages import STAGES, manifest
from titleholder.stages.workspace import Workspace
from titleholder.types import Record, Verdict
from titleholder.verdict import DigestSet, Subject

RECEIPT = "receipt.json"
ROLES = ("current", "reference")


class Receipts(Record, frozen=True):
    """What was published of a run, a receipt a candidate."""

    inputs: dict[str, str]
    receipts: tuple[publication.Receipt, ...]


def run(ws: Workspace) -> None:
    """Publish every verdict of the run and write ``receipt.json``."""
    found = manifest.read(ws)
    names = found.candidates()
    verdicts = {name: ws.stage("judge") / f"{name}.json" for name in names}
    inputs = dict(ws.digest(path) for path in verdicts.values())
    receipts = tuple(_publish(ws, found, name, path) for name, path in verdicts.items())
    records.write(ws.stage("publish") / RECEIPT, Receipts(inputs=inputs, receipts=receipts))


def read(ws: Workspace) -> Receipts:
    """The receipts of the last published run of this workspace."""
    return records.read(ws.stage("publish") / RECEIPT, Receipts)


def _publish(
    ws: Workspace, found: manifest.Manifest, candidate: str, path: Path
) -> publication.Receipt:
    store = open_store(
        ws.store.url, root=ws.root, endpoint=ws.store.endpoint, region=ws.store.region
    )
    source = found.source(manifest.CANDIDATE + candidate)
    subject = Subject(name=source.path, digest=DigestSet(sha256=source.sha256))
    return publication.publish(
        store,
        ws.store.environment,
        records.read(path, Verdict),
        subject,
        _evidence(ws, set(found.candidates()) - {candidate}),
        valid_for=timedelta(hours=ws.store.valid_hours),
        logical_date=ws.night,
    )


def _evidence(ws: Workspace, others: set[str]) -> dict[str, Path]:
    """Every file of every earlier stage but those of the other candidates, by relative name."""
    files: dict[str, Path] = {}
    for stage in STAGES["publish"].after:
        for path in sorted(ws.stage(stage).rglob("*")):
            name = path.relative_to(ws.stage(stage)).as_posix()
            if path.is_file() and not any(_belongs(name, other) for other in others):
                files[f"{stage}/{name}"] = path
    return files


def _belongs(name: str, candidate: str) -> bool:
    """Whether a file of a stage is of this candidate alone.

    >>> [_belongs(n, "b") for n in ("b.json", "b.current.parquet", "b/report.html", "c.json")]
    [True, True, True, False]
    """
    own = {f"{candidate}.json", *(f"{candidate}.{role}.parquet" for role in ROLES)}
    return name in own or name.startswith(f"{candidate}/")
