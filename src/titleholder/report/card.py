"""The report card: one self-contained page that says whether a candidate may take the title.

The same records give the same bytes: no clock, no random ids. Nothing is fetched from anywhere;
the page forbids it to itself, and runs no script but its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import Comparisons
from titleholder.comparison.decay import Decay
from titleholder.comparison.explore import Explored
from titleholder.drift import ColumnShift, Drift
from titleholder.leaderboard import Leaderboard
from titleholder.metrics import REGISTRY, Registry
from titleholder.params.schema import SliceSpec
from titleholder.records import sha256
from titleholder.report import (
    changed,
    confusion,
    explaining,
    findings,
    forest,
    heatmap,
    leaderboard,
    overall,
    pareto,
    plots,
    running,
    segments,
    sentences,
    shifts,
    tiers,
    tradeoff,
    trials,
)
from titleholder.report.page import rendered
from titleholder.report.titles import knowing
from titleholder.selftest import SelfTest
from titleholder.types import Finding, Outcome, Source, Verdict
from titleholder.validation import Validation

MOST_DECISIVE = 6
MOST_FINDINGS = 400
MOST_OFFENDING = 8
MOST_FLIPS = 60


@dataclass(frozen=True)
class Card:
    """All that a report card is made of; what is None or empty has no section.

    ``evidence`` maps a name to an address relative to the page, ``published`` to the SHA-256 that
    it lies under in a store. ``signature`` says how far the verdict can be trusted. ``answers`` is
    the shift of each model's predictions, ``slices`` what the suite declares.
    """

    verdict: Verdict
    comparisons: Comparisons
    drift: Drift | None = None
    validation: Validation | None = None
    decay: Decay | None = None
    answers: tuple[ColumnShift, ...] = ()
    panel: Panel | None = None
    champion: Predictions | None = None
    candidate: Predictions | None = None
    explored: Explored | None = None
    selftest: SelfTest | None = None
    leaderboard: Leaderboard | None = None
    registry: Registry = field(default_factory=lambda: REGISTRY)
    slices: Sequence[SliceSpec] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    signature: str = "unsigned"


def build(card: Card) -> str:
    """The page as HTML text."""
    with knowing(card.registry):
        return _built(card)


def _built(card: Card) -> str:
    return rendered("card.html.j2", card=card, verdict=card.verdict, **_sections(card))


def _sections(card: Card) -> dict[str, Any]:
    """What the templates show, computed beforehand: templates only place it."""
    comparisons = card.comparisons.comparisons
    ordered = findings.ordered(card.verdict.findings)
    columns = (*(card.drift.columns if card.drift else ()), *card.answers)
    answers = _answers(card)
    return {
        **_decisive(card),
        **_board(card.leaderboard),
        "trials": trials.reading(card.selftest) if card.selftest else (),
        "withheld": sentences.unmet(card.verdict),
        "warnings": sentences.warnings(card.verdict),
        "findings": ordered[:MOST_FINDINGS],
        "findings_left_out": max(len(ordered) - MOST_FINDINGS, 0),
        "forest": forest.groups(ordered),
        "tally": findings.tally(card.verdict),
        "tiers": tiers.tiers(card.verdict.findings),
        "heat": heatmap.heatmap(comparisons, card.verdict.rules),
        "worse": heatmap.gaps(comparisons, worse=True),
        "better": heatmap.gaps(comparisons, worse=False),
        "group_gaps": heatmap.group_gaps(comparisons, card.verdict.rules),
        **answers,
        "balance": tradeoff.tradeoff(
            comparisons, card.verdict.rules, card.verdict.task, answers["confusion"]
        ),
        "running": running.running(comparisons, card.champion, card.candidate),
        "overall": overall.overall(comparisons, card.verdict.rules),
        "segments": segments.segments(comparisons, card.verdict.task),
        "explained": _explained(card),
        "flips": card.comparisons.flips[:MOST_FLIPS],
        "widest": _widest(card.comparisons),
        "shifts": shifts.ordered(columns),
        "pictures": shifts.pictures(columns),
        "most_offending": MOST_OFFENDING,
        "policy": sha256(card.verdict.rules),
        "twins": _twins(card.verdict.inputs),
    }


def _board(board: Leaderboard | None) -> dict[str, Any]:
    """The leaderboard's table, where it says more than the verdict."""
    if board is None or not leaderboard.shown(board):
        return {"board": (), "pareto": ()}
    table = [leaderboard.cells(row, board) for row in leaderboard.rows(board)]
    head, why = leaderboard.head(board), leaderboard.why(board)
    drawn = pareto.pareto(board)
    return {"board": table, "board_head": head, "board_why": why, "pareto": drawn}


def _decisive(card: Card) -> dict[str, Any]:
    """The findings that made the outcome; for a PASS those that came nearest to breaking it.

    Where no model was run there are none to show: what prevented it is what decides.
    """
    verdict = card.verdict
    found = [] if card.comparisons.skipped else findings.decisive(verdict)
    most = 3 if verdict.outcome is Outcome.PASS else MOST_DECISIVE
    shown = found[:most]
    return {
        "decisive": [(f, _strip(f)) for f in shown],
        "decisive_left_out": len(found) - len(shown),
    }


def _strip(finding: Finding) -> forest.Group | None:
    """The finding on a scale of its own; None where it has no value."""
    return next(iter(forest.groups([finding])), None)


def _answers(card: Card) -> dict[str, Any]:
    """Confusion matrices and plots, where the rows and both models' answers are at hand."""
    if card.panel is None or card.champion is None or card.candidate is None:
        return {"confusion": None, "plots": (), "changed": None}
    return {
        "confusion": confusion.confusion(card.panel, card.champion, card.candidate),
        "plots": plots.plots(card.panel, card.champion, card.candidate),
        "changed": changed.changed(card.panel, card.champion, card.candidate),
    }


def _widest(comparisons: Comparisons) -> float:
    """The largest share of rows, on any slice shown, that changed to one side; 1 if none did."""
    flips = comparisons.flips[:MOST_FLIPS]
    return max((max(f.better, f.worse) / f.n for f in flips if f.n), default=0.0) or 1.0


def _explained(card: Card) -> dict[tuple[str, str], explaining.Explained]:
    """The rows behind the findings that decide, and behind those that warn."""
    if card.panel is None or card.champion is None or card.candidate is None:
        return {}
    telling = [f for f in findings.ordered(card.verdict.findings) if f.outcome is not Outcome.PASS]
    first = findings.decisive(card.verdict)
    models = (card.champion, card.candidate)
    return explaining.explained(card.panel, models, card.slices, [*first, *telling])


def _twins(inputs: tuple[Source, ...]) -> bool:
    """Whether champion and candidate are the same bytes."""
    champion = {s.sha256 for s in inputs if s.role == "champion"}
    return any(s.sha256 in champion for s in inputs if s.role.startswith("candidate"))
