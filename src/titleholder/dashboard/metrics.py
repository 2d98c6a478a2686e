"""The newest verdicts of a suite as OpenMetrics, kept beside its pages."""

from collections.abc import Sequence

from titleholder.dashboard.entries import Entry, Mark
from titleholder.dashboard.overview import newest_of_night
from titleholder.report.openmetrics import Ruled, Told, openmetrics
from titleholder.trust.statement import moment


def text(environment: str, suite: str, entries: Sequence[Entry]) -> bytes:
    """What the newest night said of each candidate."""
    return openmetrics([_told(environment, suite, e) for e in newest_of_night(entries)]).encode()


def _told(environment: str, suite: str, entry: Entry) -> Told:
    return Told(
        suite=suite,
        candidate=entry.run.candidate,
        outcome=entry.run.outcome,
        rules=tuple(_ruled(mark) for mark in entry.marks),
        environment=environment,
        published=moment(entry.run.published_at),
        expires=moment(entry.run.expires_at),
        questions=entry.asked.number if entry.asked else None,
        questions_left=entry.asked.left if entry.asked else None,
    )


def _ruled(mark: Mark) -> Ruled:
    return Ruled(
        rule=mark.rule,
        where=mark.where,
        metric=mark.metric,
        outcome=mark.outcome,
        value=mark.value,
        low=mark.low,
        high=mark.high,
        bound=mark.bound,
    )
