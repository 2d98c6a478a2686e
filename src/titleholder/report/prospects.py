"""What `titleholder plan` says, as plain text."""

from collections.abc import Sequence

from titleholder.plan import Prospect
from titleholder.report import numbers
from titleholder.report.aligned import aligned
from titleholder.report.text import plural, visible
from titleholder.types import Kind

_HEAD = (
    "rule", "metric", "on", "n", "champion", "asked", "noise", "80% sees", "95% sees",
    "equal passes", "",
)  # fmt: skip
_RIGHT = frozenset({"n", "champion", "noise", "80% sees", "95% sees", "equal passes"})
_NAME = 40
_ASKED = {
    Kind.NON_INFERIOR: "> {}",
    Kind.SUPERIOR: "> {}",
    Kind.FLOOR: "≥ {}",
    Kind.CEILING: "≤ {}",
}


def plain(prospects: Sequence[Prospect]) -> str:
    """A table of the prospects, what can never pass first in its own words."""
    never = [p for p in prospects if p.never]
    weak = [p for p in prospects if p.remark and p.detects_80 is not None and not p.never]
    lines = aligned(_HEAD, [_cells(p) for p in prospects], _RIGHT)
    lines.append("")
    lines.append(
        "  sees: the change that a rule on a margin settles with that power, or the candidate's own"
    )
    lines.append("  value that passes a floor or ceiling; * noise as measured in the last run")
    if never:
        lines.append(f"  {plural(len(never), 'finding')} cannot pass with these rows:")
        lines += [f"    {visible(p.rule, _NAME)} ({_where(p)}): {p.never}" for p in never]
    if weak:
        lines.append(
            f"  {plural(len(weak), 'margin')} smaller than what these rows settle in 80% of cases "
            "(weak): equal models will often stay open"
        )
    return "\n".join(lines) + "\n"


def _where(prospect: Prospect) -> str:
    return visible(f"over {prospect.over}" if prospect.over else prospect.slice, _NAME)


def _cells(prospect: Prospect) -> tuple[str, ...]:
    signed = prospect.kind in (Kind.NON_INFERIOR, Kind.SUPERIOR)
    chance = prospect.equal_passes
    mark = "never" if prospect.never else ("weak" if prospect.remark and chance is not None else "")
    return (
        visible(prospect.rule, _NAME),
        visible(prospect.metric, _NAME),
        _where(prospect),
        # A figure of the whole model, such as its size, has no rows.
        f"{prospect.n:,}" if prospect.n or prospect.never else numbers.NOTHING,
        numbers.plain(prospect.champion, 3),
        _ASKED[prospect.kind].format(numbers.plain(prospect.bound, 3, signed=signed)),
        numbers.plain(prospect.noise, 2) + ("*" if prospect.measured else ""),
        numbers.plain(prospect.detects_80, 2, signed=signed),
        numbers.plain(prospect.detects_95, 2, signed=signed),
        numbers.percent(chance, 0),
        mark,
    )
