"""report: one page a candidate, made of the records of all earlier stages."""

from pathlib import Path

from titleholder import records
from titleholder.drift import Drift
from titleholder.report.card import Card, build
from titleholder.stages import compare, drift, rehearsal, validate
from titleholder.stages.panels import Rows
from titleholder.stages.workspace import Workspace
from titleholder.types import Verdict


def run(ws: Workspace) -> None:
    """Write ``<candidate>/report.html`` for each candidate."""
    rows = Rows(ws)
    for name in rows.manifest.candidates():
        page = build(_card(ws, rows, name))
        records.write_bytes(file_of(ws, name), page.encode())


def file_of(ws: Workspace, candidate: str) -> Path:
    """Where one candidate's page lies."""
    return ws.stage("report") / candidate / "report.html"


def _card(ws: Workspace, rows: Rows, candidate: str) -> Card:
    shifted = records.read(ws.stage("drift") / drift.FILE, Drift)
    validated = validate.read(ws)
    past = records.read(ws.stage("compare") / compare.PAST, compare.Past)
    panel = None if rows.skipped else rows.panel("current")
    return Card(
        verdict=records.read(ws.stage("judge") / f"{candidate}.json", Verdict),
        comparisons=compare.read(ws, candidate),
        drift=shifted,
        validation=validated,
        decay=past.decay,
        answers=past.answers,
        panel=panel,
        champion=None if panel is None else rows.predictions(rows.champion, "current", panel),
        candidate=None if panel is None else rows.predictions(candidate, "current", panel),
        explored=compare.explored(ws, candidate),
        selftest=rehearsal.tried(ws),
        registry=rows.registry,
        evidence={
            "verdict": f"../../judge/{candidate}.json",
            "comparisons": f"../../compare/{candidate}/{compare.ROWS}",
            **_beside("drift", shifted.evidence),
            **_beside("validate", validated.evidence),
        },
    )


def _beside(stage: str, evidence: dict[str, str]) -> dict[str, str]:
    """Evidence of a stage by name, with addresses relative to a candidate's page."""
    there = {name: path for name, path in evidence.items() if not path.startswith("unavailable")}
    return {name: f"../../{stage}/{path}" for name, path in there.items()}
