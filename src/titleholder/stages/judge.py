"""judge: every rule and every check of the suite, for each candidate, into one verdict record."""

from titleholder import records
from titleholder.conclude import conclude
from titleholder.judge import judge
from titleholder.stages import compare, manifest
from titleholder.stages.checks import checks_of
from titleholder.stages.workspace import Workspace
from titleholder.types import Verdict


def run(ws: Workspace) -> None:
    """Write ``<candidate>.json``, a `Verdict`, for each candidate."""
    found = manifest.read(ws)
    for name in found.candidates():
        records.write(ws.stage("judge") / f"{name}.json", verdict_of(ws, found, name))


def verdict_of(ws: Workspace, found: manifest.Manifest, candidate: str) -> Verdict:
    """What follows for one candidate from the records of the earlier stages."""
    comparisons = compare.read(ws, candidate)
    return conclude(
        suite=ws.name,
        policy=ws.suite,
        candidate=candidate,
        findings=judge(ws.suite, comparisons.comparisons, comparisons.skipped, comparisons.doubted),
        checks=checks_of(ws),
        inputs=found.for_candidate(candidate),
    )
