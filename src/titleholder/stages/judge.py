"""judge: every rule and every check of the suite, for each candidate, into one verdict record."""

from collections.abc import Mapping

from titleholder import records
from titleholder.comparison.standings import Standings
from titleholder.conclude import conclude
from titleholder.judge import judge
from titleholder.leaderboard import Contender, Leaderboard, figures_of, lead
from titleholder.params.constraints import parsed
from titleholder.stages import STAGES, compare, manifest
from titleholder.stages.checks import DECLARED, checks_of
from titleholder.stages.workspace import Workspace
from titleholder.types import Verdict

LEADERBOARD = "_leaderboard/measured.json"


def run(ws: Workspace) -> None:
    """Write ``<candidate>.json``, a `Verdict`, for each candidate, and the leaderboard.

    ``_leaderboard/measured.json`` holds what a clock gave, too: no two runs agree on all of it.
    """
    found = manifest.read(ws)
    verdicts = {name: verdict_of(ws, found, name) for name in found.candidates()}
    for name, verdict in verdicts.items():
        records.write(ws.stage("judge") / f"{name}.json", verdict)
    records.write(ws.stage("judge") / LEADERBOARD, _leaderboard(ws, found, verdicts))


def read_leaderboard(ws: Workspace) -> Leaderboard:
    """The leaderboard that this stage recorded."""
    return records.read(ws.stage("judge") / LEADERBOARD, Leaderboard)


def _leaderboard(
    ws: Workspace, found: manifest.Manifest, verdicts: Mapping[str, Verdict]
) -> Leaderboard:
    """All models of the run, the champion's figures as they stand in the first comparison."""
    path = ws.stage("compare") / compare.STANDINGS
    compared = {name: compare.read(ws, name).comparisons for name in verdicts}
    own = figures_of(next(iter(compared.values()), ()), champion=True)
    contenders = [Contender(found.name_of("champion"), None, own)] + [
        Contender(name, verdict.outcome, figures_of(compared[name], champion=False))
        for name, verdict in verdicts.items()
    ]
    constraints = [one for text in ws.suite.constraints if (one := parsed(text))]
    inputs = dict([ws.digest(path)])
    inputs["params"] = ws.params_digest(STAGES["judge"].params)
    return lead(records.read(path, Standings), contenders, constraints, inputs)


def verdict_of(ws: Workspace, found: manifest.Manifest, candidate: str) -> Verdict:
    """What follows for one candidate from the records of the earlier stages."""
    comparisons = compare.read(ws, candidate)
    return conclude(
        suite=ws.name,
        policy=ws.suite,
        candidate=candidate,
        findings=judge(ws.suite, comparisons.comparisons, comparisons.skipped, comparisons.doubted),
        declared=DECLARED,
        checks=checks_of(ws),
        inputs=found.for_candidate(candidate),
    )
