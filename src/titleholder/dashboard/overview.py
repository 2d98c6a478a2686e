"""How far the dashboard of a suite has come, and what its whole history looks like from afar.

Each month is a word with a letter a day, so that years of nights are a few kilobytes.
"""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from titleholder.cadence import missing_before, usual_gap
from titleholder.dashboard.entries import Asked, Entry, Mark
from titleholder.trust.history import Crowned
from titleholder.types import Outcome, Record

# Worst first: a day with several verdicts is called by its worst.
LETTERS = {Outcome.FAIL: "F", Outcome.ERROR: "E", Outcome.INCONCLUSIVE: "I", Outcome.PASS: "P"}
OUTCOME_OF = {letter: outcome for outcome, letter in LETTERS.items()}
NOTHING = "."
MOST_TITLES = 200
RECENT = 60


class Overview(Record, frozen=True):
    """A suite from afar. ``sequence`` is the newest verdict that is on the dashboard.

    ``months`` holds a letter a day (see `LETTERS`; a dot is no verdict), ``runs`` how many
    verdicts a month has.
    """

    version: int = 1
    sequence: int = 0
    months: dict[str, str] = msgspec.field(default_factory=dict)
    runs: dict[str, int] = msgspec.field(default_factory=dict)
    titles: tuple[Crowned, ...] = ()

    def joined(self, month: str, entries: Sequence[Entry]) -> "Overview":
        """With all runs of a month; what was known of that month is replaced."""
        return msgspec.structs.replace(
            self,
            sequence=max(self.sequence, *(entry.run.sequence for entry in entries)),
            months={**self.months, month: _letters(month, entries)},
            runs={**self.runs, month: len(entries)},
        )

    def nights(self) -> list[date]:
        """Every night that has a verdict."""
        return [
            date.fromisoformat(f"{month}-{number:02d}")
            for month in sorted(self.months)
            for number, letter in enumerate(self.months[month], start=1)
            if letter != NOTHING
        ]


class State(Record, frozen=True):
    """A suite as the index shows it. ``recent`` holds a letter a day up to the newest night.

    ``newest`` has one entry a candidate of the newest night; ``usual_gap`` is in days; ``missing``
    counts the nights of ``recent`` without a verdict.
    """

    environment: str
    suite: str
    newest: tuple["Newest", ...]
    champion: str
    since: str
    recent: str
    usual_gap: int
    missing: int


class Newest(Record, frozen=True):
    """The newest verdict on one candidate."""

    candidate: str
    outcome: Outcome
    sequence: int
    night: str
    published_at: str
    expires_at: str
    reason: str
    signature: str
    worst: Mark | None
    asked: Asked | None = None


class Index(Record, frozen=True):
    """Every suite of a store, by environment and name."""

    version: int = 1
    suites: tuple[State, ...] = ()

    def joined(self, state: State) -> "Index":
        """With this suite's state, unless what is there is newer."""
        kept = {(s.environment, s.suite): s for s in self.suites}
        held = kept.get((state.environment, state.suite))
        if held is None or _number(state) >= _number(held):
            kept[state.environment, state.suite] = state
        return Index(suites=tuple(kept[name] for name in sorted(kept)))


def state_of(environment: str, suite: str, overview: Overview, entries: Sequence[Entry]) -> State:
    """The state that follows from the newest runs; at least one is needed."""
    last = entries[-1].run
    nights = overview.nights()[-RECENT:]
    missing = missing_before(nights)
    title = overview.titles[-1] if overview.titles else None
    return State(
        environment=environment,
        suite=suite,
        newest=tuple(_newest(entry) for entry in newest_of_night(entries)),
        champion=title.model if title else (last.champion or ""),
        since=title.crowned_at if title else "",
        recent=_recent(overview, date.fromisoformat(last.night)),
        usual_gap=usual_gap(nights),
        missing=sum(missing.values()),
    )


def newest_of_night(entries: Sequence[Entry]) -> list[Entry]:
    """The newest run of each candidate that the newest night judged."""
    night = entries[-1].run.night
    found = {entry.run.candidate: entry for entry in entries if entry.run.night == night}
    return list(found.values())


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several outcomes; ERROR when there are none."""
    return min(outcomes, key=list(LETTERS).index, default=Outcome.ERROR)


def _newest(entry: Entry) -> Newest:
    run = entry.run
    return Newest(
        candidate=run.candidate,
        outcome=run.outcome,
        sequence=run.sequence,
        night=run.night,
        published_at=run.published_at,
        expires_at=run.expires_at,
        reason=run.reason,
        signature=run.signature,
        worst=entry.marks[0] if entry.marks else None,
        asked=entry.asked,
    )


def _number(state: State) -> int:
    return max(one.sequence for one in state.newest)


def _letters(month: str, entries: Sequence[Entry]) -> str:
    year, number = map(int, month.split("-"))
    by_day: dict[int, list[Outcome]] = {}
    for entry in newest_by_question(entries):
        by_day.setdefault(int(entry.run.night[8:]), []).append(entry.run.outcome)
    days = range(1, calendar.monthrange(year, number)[1] + 1)
    return "".join(LETTERS[worst(by_day[d])] if d in by_day else NOTHING for d in days)


def newest_by_question(entries: Sequence[Entry]) -> list[Entry]:
    """Of each night the newest verdict on each candidate: it supersedes those before."""
    return list({(e.run.night, e.run.candidate): e for e in entries}.values())


def _recent(overview: Overview, last: date) -> str:
    """The last `RECENT` days up to the newest night, or fewer at the beginning."""
    first = date.fromordinal(last.toordinal() - RECENT + 1)
    days = [date.fromordinal(first.toordinal() + k) for k in range(RECENT)]
    letters = [overview.months.get(f"{d:%Y-%m}", NOTHING * 31)[d.day - 1] for d in days]
    return "".join(letters).lstrip(NOTHING)
