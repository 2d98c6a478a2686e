"""The leaderboard as a table: on the report card, in Markdown and in a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from titleholder.leaderboard import Entry, Leaderboard
from titleholder.report import numbers
from titleholder.report.aligned import aligned
from titleholder.report.markdown import escape
from titleholder.report.text import visible
from titleholder.report.titles import title_of
from titleholder.types import Estimate, Outcome

_NAME = 40
_LONGEST = 600
_MOST = 30
# Columns of text; all others are numbers, flush right.
_WORDS = frozenset({"model", "verdict", "best", "Pareto", "constraints"})


@dataclass(frozen=True, slots=True)
class Row:
    """One model as text; ``values`` are quality by each metric, then latency and size."""

    model: str
    verdict: str
    rank: str
    values: tuple[str, ...]
    best: str
    pareto: str
    constraints: str
    recommended: bool


def shown(board: Leaderboard | None) -> bool:
    """Whether it says more than the verdict does: several candidates, or constraints."""
    return board is not None and (len(board.entries) > 2 or bool(board.constraints))


def head(board: Leaderboard) -> tuple[str, ...]:
    """What stands over the columns."""
    quality = [visible(title_of(name), _NAME) for name in board.metrics]
    last = ("constraints",) if board.constraints else ()
    return ("model", "verdict", "rank", *quality, "p95 ms", "MB", "best", "Pareto", *last)


def rows(board: Leaderboard) -> tuple[Row, ...]:
    """The models, best rank first, up to the most that a table should have."""
    return tuple(_row(entry, board) for entry in board.entries[:_MOST])


def cells(row: Row, board: Leaderboard) -> tuple[str, ...]:
    """A row under `head`, with a star before the model that is recommended."""
    star = "★ " if row.recommended else ""
    last = (row.constraints,) if board.constraints else ()
    return (
        star + row.model, row.verdict, row.rank, *row.values, row.best, row.pareto, *last
    )  # fmt: skip


def why(board: Leaderboard) -> str:
    """Whom it recommends and why, safe to show."""
    return visible(board.why, _LONGEST)


def plain(board: Leaderboard) -> str:
    """The leaderboard for a terminal."""
    names = head(board)
    table = [cells(row, board) for row in rows(board)]
    right = {name for name in names if name not in _WORDS}
    return "\n".join([f"  {why(board)}", "", *aligned(names, table, right)]) + "\n"


def markdown(board: Leaderboard) -> str:
    """The leaderboard for a summary."""
    names = head(board)
    rule = [":--" if name in _WORDS else "--:" for name in names]
    lines = [names, rule, *([escape(c) for c in cells(row, board)] for row in rows(board))]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {escape(board.suite)}: leaderboard\n\n{escape(why(board), _LONGEST)}\n\n{table}\n"


def _row(entry: Entry, board: Leaderboard) -> Row:
    quality = entry.quality or (Estimate(),) * len(board.metrics)
    return Row(
        model=visible(entry.model, _NAME),
        verdict=_verdict(entry),
        rank=numbers.NOTHING if entry.rank is None else f"{entry.rank:g}",
        values=tuple(_told(value) for value in (*quality, *entry.cost)),
        best="yes" if entry.tied else "no",
        pareto=_pareto(entry),
        constraints=_constraints(entry),
        recommended=entry.model == board.recommended,
    )


def _pareto(entry: Entry) -> str:
    if entry.pareto:
        return "yes"
    return f"no ({visible(entry.dominated_by, _NAME)})" if entry.dominated_by else "unmeasured"


def _verdict(entry: Entry) -> str:
    if entry.champion:
        return "champion"
    return str(entry.outcome) if entry.outcome else numbers.NOTHING


def _told(estimate: Estimate) -> str:
    interval = numbers.interval(estimate)
    if interval == numbers.NOTHING:
        return numbers.plain(estimate.value, 3)
    return f"{numbers.point(estimate)} {interval}"


def _constraints(entry: Entry) -> str:
    """What it misses or leaves open first; "kept" where it keeps them all."""
    words = {Outcome.FAIL: "misses", Outcome.INCONCLUSIVE: "may miss", Outcome.ERROR: "unmeasured:"}
    broken = [k for k in entry.kept if k.outcome is not Outcome.PASS]
    return _listed([f"{words[k.outcome]} {visible(k.constraint, _NAME)}" for k in broken]) or "kept"


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)
