"""The pages as HTML: templates only place what is computed here and beside.

The same state gives the same bytes: no clock, no random ids. How old a page is, its own script
finds out when it is opened.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder import cadence
from titleholder.cadence import missing_before, usual_gap
from titleholder.dashboard import calendar, chart, drifting
from titleholder.dashboard.entries import Entry
from titleholder.dashboard.months import Month
from titleholder.dashboard.overview import Index, Overview, State, newest_of_night, worst
from titleholder.report import findings as said
from titleholder.report import page
from titleholder.trust import history
from titleholder.trust.chain import Link
from titleholder.trust.publication import evidence_key
from titleholder.trust.statement import Evidence, Statement
from titleholder.types import Outcome

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
MOST_CHARTS = 12
MOST_FINDINGS = 400
# Files that only make other evidence look nicer.
_DECORATION = ("/static/",)
_TO_TOP = "../../../"  # from a suite's page to the dashboard
_TO_STORE = "../"  # from the dashboard to the store


def index(found: Index) -> bytes:
    """Every suite, those in trouble first."""
    order = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.PASS)
    states = sorted(
        found.suites, key=lambda s: (order.index(outcome_of(s)), s.environment, s.suite)
    )
    tally = {outcome: sum(outcome_of(s) is outcome for s in states) for outcome in order}
    return _rendered("index.html.j2", top="", states=states, tally=tally)


def suite(environment: str, name: str, overview: Overview, entries: Sequence[Entry]) -> bytes:
    """A suite tonight and over its newest nights."""
    newest = newest_of_night(entries)
    series = [s for e in newest for s in chart.series_of(entries, e.run.candidate)]
    expected = usual_gap(overview.nights()) == 1
    return _rendered(
        "suite.html.j2",
        top=_TO_TOP,
        environment=environment,
        suite=name,
        overview=overview,
        newest=newest,
        outcome=worst(e.run.outcome for e in newest),
        charts=_charts(series, len(newest)),
        series=series,
        columns=drifting.columns(entries),
        rows=calendar.rows(overview, expected=expected),
        unusual=_unusual(entries),
        entries=_with_changes(entries),
        gap=usual_gap(overview.nights()),
        window=len(entries),
    )


def month(environment: str, name: str, overview: Overview, found: Month, of: str) -> bytes:
    """Every run of a month, and what its rules found."""
    candidates = dict.fromkeys(entry.run.candidate for entry in found.entries)
    series = [s for c in candidates for s in chart.series_of(found.entries, c)]
    earlier = [m for m in sorted(overview.months) if m < of]
    return _rendered(
        "month.html.j2",
        top="../" + _TO_TOP,
        environment=environment,
        suite=name,
        month=of,
        earlier=earlier[-1] if earlier else None,
        charts=_charts(series, len(candidates)),
        columns=drifting.columns(found.entries),
        entries=_with_changes(found.entries),
    )


def run(environment: str, name: str, link: Link[Statement], entry: Entry) -> bytes:
    """One run: its findings, what it was made of, and where its evidence lies."""
    predicate = link.statement.predicate
    ordered = said.ordered(predicate.verdict.findings)
    return _rendered(
        "run.html.j2",
        top="../" + _TO_TOP,
        environment=environment,
        suite=name,
        link=link,
        said_there=predicate,
        verdict=predicate.verdict,
        entry=entry,
        findings=ordered[:MOST_FINDINGS],
        findings_left_out=max(len(ordered) - MOST_FINDINGS, 0),
        evidence=[e for e in predicate.evidence if not any(d in e.name for d in _DECORATION)],
        columns=drifting.columns([entry]),
    )


def outcome_of(state: State) -> Outcome:
    """The worst outcome of a suite's newest night."""
    return worst(one.outcome for one in state.newest)


def _charts(
    series: Sequence[chart.Series], candidates: int
) -> list[tuple[chart.Series, chart.Chart]]:
    """The first charts, as many of each candidate."""
    each = max(MOST_CHARTS // max(candidates, 1), 1)
    taken: dict[str, int] = {}
    drawn = []
    for one in series:
        taken[one.candidate] = taken.get(one.candidate, 0) + 1
        if taken[one.candidate] <= each:
            drawn.append((one, chart.draw(one)))
    return drawn


def _unusual(entries: Sequence[Entry]) -> list[str]:
    """Nights that came late or twice, or an hour apart from then on, newest first.

    The missing ones have marks of their own; which is overdue, no page can know.
    """
    came = history.came([entry.run for entry in entries])
    if not came:
        return []
    found = cadence.unusual(came, max(one.at for one in came))
    return [one.told for one in found if one.kind is not cadence.Kind.MISSED][::-1]


def _with_changes(entries: Sequence[Entry]) -> list[tuple[Entry, bool, int]]:
    """Runs, newest first: each with whether another champion was met, and nights missing before."""
    missing = missing_before([date.fromisoformat(entry.run.night) for entry in entries])
    told: list[tuple[Entry, bool, int]] = []
    before: Entry | None = None
    for entry in entries:
        fresh_night = before is None or before.run.night != entry.run.night
        gone = missing.get(date.fromisoformat(entry.run.night), 0) if fresh_night else 0
        changed = before is not None and before.run.champion != entry.run.champion
        told.append((entry, changed, gone))
        before = entry
    return told[::-1]


# ------------------------------------------------------------------------------ templates


def _rendered(template: str, **shown: Any) -> bytes:
    style = f"{page.asset(page.THEME)}\n{page.asset(TEMPLATES / 'dashboard.css')}"
    code = page.script(TEMPLATES / "dashboard.js")
    return page.framed(_environment(), template, style, code, shown).encode()


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    """The house's, with what these templates may call beside it."""
    environment = page.house(TEMPLATES)
    environment.filters |= {
        "moment": lambda text: f"{text[:10]} {text[11:16]} UTC",
        "of_store": of_store,
        "shown_days": lambda letters, gap: calendar.days(letters, expected=gap == 1),
    }
    environment.globals |= {
        "texts": chart.texts,
        "bound_text": chart.bound_text,
        "draw": chart.draw,
        "outcome_of": outcome_of,
        "calendar": calendar,
    }
    return environment


def of_store(evidence: Evidence) -> str:
    """Where evidence lies, from the top of the dashboard."""
    return _TO_STORE + evidence_key(evidence.sha256)
