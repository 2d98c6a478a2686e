"""Drift over nights: how far each column had moved, against its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from titleholder.dashboard.chart import Days
from titleholder.dashboard.entries import Entry, Shift
from titleholder.drift.records import ShiftOutcome

MOST_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Column:
    """One column's PSI over the nights that name it, as a line in a box of 1000 by 100."""

    newest: Shift
    night: str
    nights: int
    beyond: int
    line: str
    limit: float | None
    end: tuple[float, float] | None


def columns(entries: Sequence[Entry]) -> list[Column]:
    """The columns that moved most, those shifted in the newest run first."""
    runs = [entry for entry in entries if entry.shifts]
    if not runs:
        return []
    days = Days([date.fromisoformat(entry.run.night) for entry in runs])
    found: dict[str, dict[str, Shift]] = {}
    for entry in runs:
        for shift in entry.shifts:
            found.setdefault(shift.column, {})[entry.run.night] = shift
    drawn = [_column(shifts, days) for shifts in found.values()]
    tonight = runs[-1].run.night
    return sorted(drawn, key=lambda column: _calm(column, tonight))[:MOST_COLUMNS]


def _calm(column: Column, tonight: str) -> tuple[bool, bool, float]:
    """A sort key: what is shifted tonight first, then what moved most."""
    steady = column.newest.outcome is ShiftOutcome.OK
    return (column.night != tonight, steady, -(column.newest.psi or 0.0))


def _column(shifts: dict[str, Shift], days: Days) -> Column:
    nights = sorted(shifts)
    newest = shifts[nights[-1]]
    known = [(night, shifts[night].psi) for night in nights]
    sizes = [psi for _, psi in known if psi is not None]
    top = max([*sizes, newest.limit or 0.0, 1e-9]) * 1.1
    places = [
        (days.at(date.fromisoformat(night)), round(100 - 100 * psi / top, 1))
        for night, psi in known
        if psi is not None
    ]
    points = [f"{x * 10:.0f} {y}" for x, y in places]
    return Column(
        newest=newest,
        night=nights[-1],
        nights=len(nights),
        beyond=sum(1 for shift in shifts.values() if shift.outcome is ShiftOutcome.SHIFTED),
        line="M" + "L".join(points) if points else "",
        end=places[-1] if places else None,
        limit=None if newest.limit is None else round(100 - 100 * newest.limit / top, 1),
    )
