"""report: a report card for each candidate, and a bias audit where columns are protected."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from os.path import normpath
from pathlib import Path

from titleholder import records
from titleholder.bias import Audit
from titleholder.drift import Drift
from titleholder.report import figures
from titleholder.report.bias import Links
from titleholder.report.bias import build as build_audit
from titleholder.report.card import Card, build
from titleholder.stages import bias, compare, drift, judge, rehearsal, validate, waived
from titleholder.stages.many import shards
from titleholder.stages.panels import Rows
from titleholder.stages.workspace import Workspace
from titleholder.types import Verdict

# What DVC shows of a run lies beside the stages' directories, small enough to be committed.
FIGURES = "figures"
METRICS, FINDINGS, ROC = "metrics.json", "findings.csv", "roc.csv"
BIAS = "bias.json"
BIAS_PAGE = "bias.html"


def run(ws: Workspace) -> None:
    """Write ``<candidate>/report.html`` for each candidate.

    ``<candidate>/bias.json`` and ``bias.html`` beside it, where there is somebody to protect, and
    ``../figures``, what `dvc metrics` and `dvc plots` show.
    """
    shutil.rmtree(ws.stage("report"), ignore_errors=True)
    rows = Rows(ws)
    cards: dict[str, Card] = {}
    for name in rows.manifest.candidates():
        cards[name] = card = _card(ws, rows, name)
        found = _audit(ws, rows, card)
        if found is not None:
            _write_audit(ws, card, found)
            card = replace(card, evidence={**card.evidence, "bias_page": BIAS_PAGE, "bias": BIAS})
        page = file_of(ws, name)
        card = replace(card, published=_digests(page.parent, card.evidence))
        records.write_bytes(page, build(card).encode())
    _write_figures(ws, cards)


def _write_figures(ws: Workspace, cards: Mapping[str, Card]) -> None:
    here = ws.stage(FIGURES)
    verdicts = [card.verdict for card in cards.values()]
    records.sweep(here)  # what a run that was killed here left
    records.write(here / METRICS, figures.metrics(verdicts))
    records.write_bytes(here / FINDINGS, figures.findings_csv(verdicts).encode())
    first = next(iter(cards.values()))
    named = {name if name != "champion" else "candidate": c.candidate for name, c in cards.items()}
    answers = {"champion": first.champion, **named}
    models = {name: model for name, model in answers.items() if model is not None}
    drawn = figures.roc_csv(first.panel, models) if first.panel is not None else None
    if drawn is not None:
        records.write_bytes(here / ROC, drawn.encode())


def file_of(ws: Workspace, candidate: str) -> Path:
    """Where one candidate's page lies."""
    return ws.stage("report") / candidate / "report.html"


def _audit(ws: Workspace, rows: Rows, card: Card) -> Audit | None:
    if card.panel is None or card.champion is None or card.candidate is None:
        return None
    asked = bias.Asked(ws.suite, card.panel, card.champion, card.candidate, rows.registry)
    return bias.audited(ws, card.verdict, asked)


def _write_audit(ws: Workspace, card: Card, found: Audit) -> None:
    here = file_of(ws, found.candidate).parent
    records.write(here / BIAS, found)
    beside = {"report_card": "report.html", "bias": BIAS}
    links = Links(beside, _digests(here, {"bias": BIAS}))
    page = build_audit(found, card.verdict.findings, links, card.registry)
    records.write_bytes(here / BIAS_PAGE, page.encode())


def _digests(here: Path, evidence: Mapping[str, str]) -> dict[str, str]:
    """What each file of evidence will lie under in a store; addresses are relative to ``here``."""
    files = {name: Path(normpath(here / address)) for name, address in evidence.items()}
    return {name: records.sha256_file(file) for name, file in files.items() if file.is_file()}


def _card(ws: Workspace, rows: Rows, candidate: str) -> Card:
    shifted = records.read(ws.stage("drift") / drift.FILE, Drift)
    validated = validate.read(ws)
    past = records.read(ws.stage("compare") / compare.PAST, compare.Past)
    apart = rows.skipped or shards.has(ws, "current")
    panel = None if apart else rows.panel("current")
    found = records.read(ws.stage("judge") / f"{candidate}.json", Verdict)
    return Card(
        verdict=waived.shown(ws, rows.manifest, found),
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
        leaderboard=judge.read_leaderboard(ws),
        registry=rows.registry,
        slices=ws.suite.slices,
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
