"""What `titleholder plan` says, as plain text."""

import io
import sys
from collections.abc import Sequence
from typing import TextIO

from titleholder.plan import Prospect
from titleholder.report import numbers, tables
from titleholder.report.text import visible
from titleholder.rounding import plural
from titleholder.types import Kind

_HEAD = (
    "rule", "metric", "on", "n", "champion", "asked", "noise", "80% sees", "95% sees",
    "equal passes", "",
)  # fmt: skip
_RIGHT = frozenset({"n", "champion", "noise", "80% sees", "95% sees", "equal passes"})
_NAME = 40
_LOOK = {"never": "bold #d55e00", "no teeth": "bold #e69f00", "weak": "bold #e69f00"}
_ASKED = {
    Kind.NON_INFERIOR: "> {}",
    Kind.SUPERIOR: "> {}",
    Kind.FLOOR: "≥ {}",
    Kind.CEILING: "≤ {}",
}


def show(prospects: Sequence[Prospect], stream: TextIO | None = None) -> None:
    """Print the table, framed on a terminal, and its notes; what can never pass is marked."""
    styles = {n: _LOOK[_mark(p)] for n, p in enumerate(prospects) if _mark(p)}
    tables.show(_HEAD, [_cells(p) for p in prospects], _RIGHT, styles, stream)
    out = sys.stdout if stream is None else stream
    out.write(tables.encodable("\n".join(_notes(prospects)) + "\n", out))


def plain(prospects: Sequence[Prospect]) -> str:
    """What `show` says where there is no terminal."""
    out = io.StringIO()
    show(prospects, out)
    return out.getvalue()


def _notes(prospects: Sequence[Prospect]) -> list[str]:
    never = [p for p in prospects if p.never]
    toothless = [p for p in prospects if p.cannot_fail and not p.never]
    weak = [p for p in prospects if _mark(p) == "weak" and p.detects_80 is not None]
    lines = [
        "",
        "  sees: the change that a rule on a margin settles with that power, or the candidate's",
        "  own value that passes a floor or ceiling; * noise as measured in the last run",
    ]
    if never:
        lines.append(f"  {plural(len(never), 'finding')} cannot pass with these rows:")
        lines += [f"    {visible(p.rule, _NAME)} ({_where(p)}): {p.never}" for p in never]
    if toothless:
        lines.append(f"  {plural(len(toothless), 'finding')} cannot fail, whatever the candidate:")
        lines += [f"    {visible(p.rule, _NAME)} ({_where(p)}): {p.cannot_fail}" for p in toothless]
    if weak:
        lines.append(
            f"  {plural(len(weak), 'margin')} smaller than what these rows settle in 80% of cases "
            "(weak): equal models will often stay open"
        )
    return lines


def _where(prospect: Prospect) -> str:
    return visible(f"over {prospect.over}" if prospect.over else prospect.slice, _NAME)


def _cells(prospect: Prospect) -> tuple[str, ...]:
    signed = prospect.kind in (Kind.NON_INFERIOR, Kind.SUPERIOR)
    chance = prospect.equal_passes
    return (
        visible(prospect.rule, _NAME),
        visible(prospect.metric, _NAME),
        _where(prospect),
        # A figure of the whole model, such as its size, has no rows.
        f"{prospect.n:,}" if prospect.n or prospect.never else numbers.NOTHING,
        numbers.plain(prospect.champion, 3),
        _ASKED[prospect.kind].format(_figure(prospect, prospect.bound, 3, signed)),
        _figure(prospect, prospect.noise, 2) + ("*" if prospect.measured else ""),
        _figure(prospect, prospect.detects_80, 2, signed),
        _figure(prospect, prospect.detects_95, 2, signed),
        numbers.percent(chance, 0),
        _mark(prospect),
    )


def _figure(prospect: Prospect, value: float | None, digits: int, signed: bool = False) -> str:
    """A number in the metric's unit, or in percent of the champion's value."""
    if not prospect.relative or value is None:
        return numbers.plain(value, digits, signed=signed)
    return numbers.plain(100 * value, digits, signed=signed) + "%"


def _mark(prospect: Prospect) -> str:
    """Whether it can never pass, never fail, or will often stay open."""
    if prospect.never:
        return "never"
    if prospect.cannot_fail:
        return "no teeth"
    return "weak" if prospect.remark and prospect.equal_passes is not None else ""
