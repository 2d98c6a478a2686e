"""How often something comes, and when it does not come as usual: nights that were missed, late,
doubled, or that moved by an hour when clocks were changed.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from statistics import median

# How many nights say what is usual, on each side of a change.
SIDE = 3
# What comes later than usual by this much is late; more than the hour of a change of clocks.
LATE = timedelta(hours=2)
_HOUR, _HOURS_ERROR = timedelta(hours=1), timedelta(minutes=12)


class Kind(StrEnum):
    """What is unusual about a night."""

    MISSED = "missed"
    LATE = "late"
    DOUBLED = "doubled"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Came:
    """One thing that came: for which night (a UTC day), about what, and when."""

    night: date
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unusual:
    """A night that was not as usual, in words. Of several in a row that were missed, the first."""

    night: date
    kind: Kind
    told: str


def unusual(came: Sequence[Came], now: datetime) -> list[Unusual]:
    """All that is not as usual, by night; ``now`` says whether the newest is overdue.

    A night is doubled when one thing came twice for it, and late when its first came later after
    its midnight than is usual by two hours, and by more than the nights differ anyway. All nights
    that come an hour earlier or later from one on are those of a schedule that keeps local time.
    """
    first = {night: min(one.at for one in of) for night, of in _by_night(came)}
    found = [*_missed(sorted(first), now), *_late(first), *_doubled(came), *_moved(first)]
    return sorted(found, key=lambda one: (one.night, one.kind))


def _by_night(came: Sequence[Came]) -> Iterator[tuple[date, list[Came]]]:
    ordered = sorted(came, key=lambda one: one.night)
    for night, of in itertools.groupby(ordered, key=lambda one: one.night):
        yield night, list(of)


def _missed(nights: Sequence[date], now: datetime) -> Iterator[Unusual]:
    usual = timedelta(days=usual_gap(nights))
    for after, count in missing_before(nights).items():
        yield _gap(max(night for night in nights if night < after) + usual, count)
    # The newest has until the end of the day after its successor's to come.
    if len(nights) > 1:
        due = nights[-1] + usual
        count = (now.astimezone(UTC).date() - due).days // usual.days
        if count > 0:
            yield _gap(due, count)


def _gap(night: date, count: int) -> Unusual:
    more = f", and {count - 1} more after it" if count > 1 else ""
    return Unusual(night, Kind.MISSED, f"no verdict for {night}{more}")


def _late(first: dict[date, datetime]) -> Iterator[Unusual]:
    after = {night: at - _midnight(night) for night, at in first.items()}
    if len(after) <= SIDE:
        return
    usual = _median(after.values())
    spread = _median(abs(one - usual) for one in after.values())
    for night, one in after.items():
        if one - usual > max(LATE, 4 * spread):
            told = f"{night} came {_hours(one - usual)} later than is usual"
            yield Unusual(night, Kind.LATE, told)


def _doubled(came: Sequence[Came]) -> Iterator[Unusual]:
    for night, of in _by_night(came):
        counts = [sum(one.about == about for one in of) for about in {one.about for one in of}]
        if max(counts) > 1:
            yield Unusual(night, Kind.DOUBLED, f"{night} has {max(counts)} verdicts on one model")


def _moved(first: dict[date, datetime]) -> Iterator[Unusual]:
    """Where the time of day moved by an hour for good: by the clock of the day, in UTC."""
    nights = sorted(first)
    clock = [first[night] - _midnight(first[night].astimezone(UTC).date()) for night in nights]
    for at in range(SIDE, len(nights) - SIDE + 1):
        before, after = clock[at - SIDE : at], clock[at : at + SIDE]
        steady = all(max(side) - min(side) < 2 * _HOURS_ERROR for side in (before, after))
        by = _round_the_clock(_median(after) - _median(before))
        if steady and abs(abs(by) - _HOUR) < _HOURS_ERROR:
            way = "later" if by > timedelta(0) else "earlier"
            told = f"an hour {way} since {nights[at]}: the schedule keeps a local time, not UTC"
            yield Unusual(nights[at], Kind.MOVED, told)


def _round_the_clock(by: timedelta) -> timedelta:
    """A difference of times of day, the short way round midnight."""
    day = timedelta(days=1)
    return (by + day / 2) % day - day / 2


def _median(spans: Iterable[timedelta]) -> timedelta:
    return timedelta(seconds=median(span.total_seconds() for span in spans))


def _midnight(night: date) -> datetime:
    return datetime.combine(night, time(), UTC)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f} h"


def usual_gap(nights: Sequence[date]) -> int:
    """The gap in days that most successive nights keep; 1 where nothing is known yet.

    >>> usual_gap([date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 16)])
    7
    """
    found = _gaps(nights)
    return max(set(found), key=lambda gap: (found.count(gap), -gap)) if found else 1


def missing_before(nights: Sequence[date]) -> dict[date, int]:
    """How many nights did not come before each night, where any did not, if all come as usual.

    >>> missing_before([date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)])
    {datetime.date(2026, 3, 6): 2}
    """
    ordered = sorted(set(nights))
    usual = usual_gap(ordered)
    short = {
        later: round((later - earlier).days / usual) - 1
        for earlier, later in itertools.pairwise(ordered)
    }
    return {night: count for night, count in short.items() if count > 0}


def _gaps(nights: Sequence[date]) -> list[int]:
    ordered = sorted(set(nights))
    return [(b - a).days for a, b in itertools.pairwise(ordered)]
