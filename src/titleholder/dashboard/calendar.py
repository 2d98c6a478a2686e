"""Every night of a suite as a small mark a day, a row a month: what years look like."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from titleholder.dashboard.overview import NOTHING, OUTCOME_OF, Overview
from titleholder.rounding import plural
from titleholder.types import Outcome

MOST_MONTHS = 120

# What stands for a day: a dot, a block, a bar, a cross; so that nothing rests on colour.
_SHAPES = {
    Outcome.PASS: "M{x} 6h0",
    Outcome.FAIL: "M{x} 6h0",
    Outcome.INCONCLUSIVE: "M{left} 6h6",
    Outcome.ERROR: "M{left} 3l6 6m0-6l-6 6",
}
_SILENT = "M{x} 2v8"
STEP = 10


@dataclass(frozen=True, slots=True)
class Days:
    """Days side by side, `STEP` wide: a path for each outcome, one for silence, and words."""

    paths: tuple[tuple[str, str], ...]
    width: int
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One month with its number of verdicts."""

    month: str
    runs: int
    days: Days


def days(letters: str, *, expected: bool, first: int = 0, last: int | None = None) -> Days:
    """A letter a day (see `overview`) as shapes.

    Where a verdict is ``expected`` every day, one between ``first`` and ``last`` that has none is
    marked, too.
    """
    last = len(letters) - 1 if last is None else last
    found = {
        outcome: [at for at, letter in enumerate(letters) if letter == known]
        for known, outcome in OUTCOME_OF.items()
    }
    silent = [
        at
        for at, letter in enumerate(letters)
        if expected and letter == NOTHING and first <= at <= last
    ]
    paths = [
        (f"o-{outcome.lower()}", "".join(_shape(_SHAPES[outcome], at) for at in places))
        for outcome, places in found.items()
        if places
    ]
    if silent:
        paths.append(("silent", "".join(_shape(_SILENT, at) for at in silent)))
    words = [f"{len(places)} {outcome}" for outcome, places in found.items() if places]
    words += [plural(len(silent), "night") + " without a verdict"] if silent else []
    return Days(tuple(paths), len(letters) * STEP, ", ".join(words) or "no verdict")


def rows(overview: Overview, *, expected: bool) -> list[Row]:
    """A row a month, newest first, months without a verdict among them."""
    nights = overview.nights()
    if not nights:
        return []
    first, last = nights[0], nights[-1]
    return [
        Row(
            month,
            overview.runs.get(month, 0),
            days(
                overview.months.get(month) or NOTHING * _length(month),
                expected=expected,
                first=first.day if month == f"{first:%Y-%m}" else 0,
                last=last.day - 1 if month == f"{last:%Y-%m}" else None,
            ),
        )
        for month in reversed(_months(first, last)[-MOST_MONTHS:])
    ]


def _shape(form: str, at: int) -> str:
    middle = at * STEP + STEP // 2
    return form.format(x=middle, left=middle - 3)


def _length(month: str) -> int:
    year, number = map(int, month.split("-"))
    return monthrange(year, number)[1]


def _months(first: date, last: date) -> list[str]:
    count = (last.year - first.year) * 12 + last.month - first.month
    at = first.year * 12 + first.month - 1
    return [f"{(at + k) // 12:04d}-{(at + k) % 12 + 1:02d}" for k in range(count + 1)]
