"""judge: every rule and every check of the suite, for each candidate, into one verdict record."""

from titleholder import records
from titleholder.conclude import conclude
from titleholder.judge import judge
from titleholder.stages import compare, manifest
from titleholder.stages.checks import checks_of
from titleholder.stages.workspace import Workspace


def run(ws: Workspace) -> None:
    """Write ``<candidate>.json``, a `Verdict`, for each candidate."""
    found = manifest.read(ws)
    checks = checks_of(ws)
    for name in found.candidates():
        comparisons = compare.read(ws, name)
        verdict = conclude(
            suite=ws.name,
            policy=ws.suite,
            candidate=name,
            findings=judge(ws.suite, comparisons.comparisons, comparisons.skipped),
            checks=checks,
            inputs=found.for_candidate(name),
        )
        records.write(ws.stage("judge") / f"{name}.json", verdict)
