"""What the candidate would bring and what it would cost, for people who read nothing else.

Only what lies beyond chance is called a gain or a cost: the whole interval on one side of zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from titleholder.comparison.slices import OVERALL
from titleholder.metrics import HEADLINE
from titleholder.report import numbers
from titleholder.report.confusion import Confusion
from titleholder.report.heatmap import gaps, is_of_rows
from titleholder.report.running import times
from titleholder.report.titles import LATE, is_measured, title_of, unit_of
from titleholder.rounding import plural
from titleholder.types import Comparison, Estimate, Rule, Task

MOST_LINES = 4
MOST_SLICES = 2
_ONE_CALL = frozenset({"row_latency_us"})  # timed once: its interval knows nothing of chance


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what, from what to what, and by how much, as text. ``where`` is a slice."""

    title: str
    where: str
    from_to: str
    change: str


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Gains, costs, what cannot be told, and the same in rows (binary only).

    ``in_costs`` is the same in the suite's own costs, where it declares them.
    """

    gains: tuple[Line, ...]
    costs: tuple[Line, ...]
    unclear: tuple[Line, ...]
    in_rows: str
    in_costs: str


def tradeoff(
    comparisons: Sequence[Comparison],
    rules: Iterable[Rule],
    task: Task,
    confusion: Confusion | None,
) -> Tradeoff | None:
    """The balance of all rows, with the slices that lose most; None where nothing was compared."""
    whole = [c for c in comparisons if c.slice == OVERALL and c.over is None and _has_value(c)]
    if not whole:
        return None
    ruled = {rule.metric for rule in rules}
    headline = HEADLINE.get(task)
    whole.sort(key=lambda c: (c.metric != headline, c.metric not in ruled))
    rows = [c for c in whole if is_of_rows(c) and (c.metric in ruled or c.metric not in LATE)]
    measured = [c for c in whole if is_measured(c.metric) and c.metric not in _ONE_CALL]
    losing = [gap.comparison for gap in gaps(comparisons, worse=True)[:MOST_SLICES]]
    return Tradeoff(
        gains=_lines(rows, 1, MOST_LINES) + _lines(measured, 1, MOST_LINES),
        costs=_lines(rows, -1, MOST_LINES - 1) + _lines(losing, -1, 2) + _lines(measured, -1, 3),
        unclear=_lines([c for c in rows if c.metric in ruled or c.metric == headline], 0, 3),
        in_rows=_in_rows(confusion) if task is Task.BINARY and confusion is not None else "",
        in_costs=in_costs(whole, unit_of("expected_cost")),
    )


def in_costs(comparisons: Iterable[Comparison], unit: str) -> str:
    """What 1,000 decisions would cost more or less, and what misses and false alarms have in it.

    Of all rows; empty where the suite declares no costs.
    """
    rows = (c for c in comparisons if c.slice == OVERALL and c.over is None)
    whole = {c.metric: c for c in rows if _has_value(c)}
    total = whole.get("expected_cost")
    if total is None:
        return ""
    parts = {"cost_of_misses": "misses", "cost_of_false_alarms": "false alarms"}
    said = [f"{name} {_saved(whole[m].improvement)}" for m, name in parts.items() if m in whole]
    text = f"Per 1,000 decisions it would cost {_saved(total.improvement)}"
    text += f", in {unit or 'units of cost'}"
    if numbers.side(total.improvement) == 0:
        text += ", which may be chance"
    return f"{text}: {', '.join(said)}." if said else f"{text}."


def _saved(improvement: Estimate) -> str:
    """A saving or an expense with its interval, as a size.

    >>> _saved(Estimate(value=12.3, low=4.5, high=20.1))
    '12.3 less [20.1 less to 4.5 less]'
    >>> _saved(Estimate(value=-3.0, low=-10.0, high=4.0))
    '3.0 more [4.0 less to 10.0 more]'
    """
    value, low, high = improvement.value, improvement.low, improvement.high
    if value is None or low is None or high is None:
        return "an unknown amount"
    places = numbers.decimals(improvement)
    return f"{_size(value, places)} [{_size(high, places)} to {_size(low, places)}]"


def _size(saved: float, places: int) -> str:
    return f"{numbers.number(abs(saved), places)} {'less' if saved >= 0 else 'more'}"


def _has_value(comparison: Comparison) -> bool:
    return comparison.improvement.value is not None


def _lines(comparisons: Iterable[Comparison], side: int, most: int) -> tuple[Line, ...]:
    found = [c for c in comparisons if numbers.side(c.improvement) == side]
    return tuple(_line(comparison) for comparison in found[:most])


def _line(comparison: Comparison) -> Line:
    unit = unit_of(comparison.metric)
    champion, candidate = comparison.champion, comparison.candidate
    places = max(numbers.decimals(champion), numbers.decimals(candidate))
    ends = [numbers.number(e.value, places) for e in (champion, candidate)]
    if is_measured(comparison.metric):
        ends = [numbers.plain(e.value, 3) for e in (champion, candidate)]
    return Line(
        title=title_of(comparison.metric),
        where="" if comparison.slice == OVERALL else comparison.slice,
        from_to=f"{ends[0]} → {ends[1]}{' ' + unit if unit else ''}",
        change=times(champion.value, candidate.value)
        if is_measured(comparison.metric)
        else _better_by(comparison.improvement),
    )


def _better_by(improvement: Estimate) -> str:
    value = numbers.point(improvement, signed=True, bounds=(0.0,))
    interval = numbers.interval(improvement, signed=True, bounds=(0.0,))
    return value if interval == numbers.NOTHING else f"{value} {interval}"


def _in_rows(found: Confusion) -> str:
    """What changes in rows, and from which price of a miss on it pays."""
    difference = found.difference.cells
    found_more, flagged_more = difference[1][1].count, difference[0][1].count
    positives = sum(cell.count for cell in found.champion.cells[1])
    negatives = sum(cell.count for cell in found.champion.cells[0])
    text = (
        f"Of {plural(positives, 'positive')} it finds {_more(found_more)}, and wrongly flags "
        f"{_more(flagged_more)} of {plural(negatives, 'negative')}."
    )
    return f"{text} {_break_even(found_more, flagged_more)}".strip()


def _more(count: int) -> str:
    if count == 0:
        return "as many as before"
    return f"{abs(count):,} {'more' if count > 0 else 'fewer'}"


def _break_even(found_more: int, flagged_more: int) -> str:
    """From which price of a miss, counted in false alarms, the change pays on these rows.

    >>> _break_even(12, 6)
    'On these rows that pays where a missed positive costs more than 0.5 false alarms.'
    >>> _break_even(-12, -6)
    'On these rows that pays where a missed positive costs less than 0.5 false alarms.'
    """
    if found_more == 0 or flagged_more == 0 or (found_more > 0) != (flagged_more > 0):
        return ""
    price = numbers.plain(flagged_more / found_more, 2)
    side = "more" if found_more > 0 else "less"
    return (
        f"On these rows that pays where a missed positive costs {side} than {price} false alarms."
    )
