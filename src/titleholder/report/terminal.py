"""The verdict and its findings in a terminal: a table with colours, or plain aligned text."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from titleholder.report import findings as said
from titleholder.report import numbers, sentences, tables, tiers
from titleholder.report.aligned import aligned
from titleholder.report.text import visible
from titleholder.types import Check, Finding, Outcome, Tested, Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MOST_ROWS = 40
MOST_REASONS = 5
_HEAD = ("outcome", "rule", "metric", "on", "champion", "candidate", "improvement", "asked", "n")
_P = "p"
_RIGHT = frozenset({"champion", "candidate", "improvement", "n", _P})
_NAME = 40

# Okabe and Ito's colours; the word stands beside each, so that nothing rests on them.
STYLE = {
    Outcome.PASS: "bold #009e73",
    Outcome.FAIL: "bold #d55e00",
    Outcome.INCONCLUSIVE: "bold #e69f00",
    Outcome.ERROR: "bold #cc79a7",
}


def print_findings(
    verdict: Verdict, stream: TextIO | None = None, *, most: int = MOST_ROWS
) -> None:
    """Print the verdict, the checks that did not pass, and up to ``most`` findings, worst first.

    With colours and borders where ``stream`` (standard output) is a terminal, else as plain text.
    """
    out = sys.stdout if stream is None else stream
    if out.isatty():
        from rich.console import Console

        print_rich(verdict, Console(file=out, highlight=False, markup=False, emoji=False), most)
    else:
        out.write(tables.encodable(plain(verdict, most), out))
    out.flush()


def print_line(text: str) -> None:
    """Print what stands below the findings; nothing, if it is empty."""
    if text:
        sys.stdout.write(tables.encodable(f"  {visible(text, 400)}\n", sys.stdout))


def plain(verdict: Verdict, most: int = MOST_ROWS) -> str:
    """What `print_findings` says where there is no terminal."""
    lines = [
        f"{said.GLYPH[verdict.outcome]} {_title(verdict)}",
        f"  {visible(verdict.reason, 600)}",
    ]
    lines += [f"  {line}" for line in _beside(verdict)]
    shown = said.ordered(verdict.findings)[:most]
    if shown:
        lines += ["", *aligned(*_grid(shown), _RIGHT)]
    lines += [f"  {line}" for line in (*_below(verdict), *_left_out(verdict, most))]
    return "\n".join(lines) + "\n"


def print_rich(verdict: Verdict, console: "Console", most: int = MOST_ROWS) -> None:
    """What `print_findings` writes to a terminal."""
    from rich.text import Text

    mark = f"{said.GLYPH[verdict.outcome]} "
    console.print(Text(mark + _title(verdict), style=STYLE[verdict.outcome]))
    console.print(Text(visible(verdict.reason, 600)))
    for line in _beside(verdict):
        console.print(Text(line))
    if verdict.findings:
        console.print(_table(said.ordered(verdict.findings)[:most]))
    for line in _below(verdict):
        console.print(Text(line))
    for line in _left_out(verdict, most):
        console.print(Text(line, style="dim"))


def _table(shown: Sequence[Finding]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    head, rows = _grid(shown)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, justify="right" if name in _RIGHT else "left", overflow="fold")
    for finding, (first, *others) in zip(shown, rows, strict=True):
        table.add_row(Text(first, style=STYLE[finding.outcome]), *(Text(text) for text in others))
    return table


def _title(verdict: Verdict) -> str:
    suite, candidate = visible(verdict.suite, 60), visible(verdict.candidate, 60)
    told = sentences.excused(verdict)
    excused = f"; {told}" if told else ""
    return f"{verdict.outcome}  {suite}: {candidate}. {sentences.answer(verdict)}{excused}."


def _grid(shown: Sequence[Finding]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head of the table, which has p-values where tests were asked for, and its rows."""
    if all(finding.test is None for finding in shown):
        return _HEAD, [_cells(finding) for finding in shown]
    return (*_HEAD, _P), [(*_cells(finding), said.p_value(finding)) for finding in shown]


def _cells(finding: Finding) -> tuple[str, ...]:
    value, interval = said.improvement_texts(finding)
    consequence = said.consequence(finding)
    note = "" if consequence == "blocks" else f" ({consequence})"
    needed = said.rows_text(finding)
    return (
        f"{said.GLYPH[finding.outcome]} {finding.outcome}{note}",
        visible(finding.rule, _NAME),
        visible(finding.metric, _NAME),
        visible(said.where(finding), _NAME),
        numbers.point(finding.champion),
        said.candidate_text(finding),
        said.with_interval(value, interval),
        said.asked(finding),
        f"{finding.n:,}" + (f" of {needed}" if needed else ""),
    )


def _beside(verdict: Verdict) -> list[str]:
    """What stands between the reason and the findings."""
    order = tiers.line(verdict.findings)
    return [*([order] if order else []), *_check_lines(verdict.checks)]


def _check_lines(checks: Sequence[Check]) -> list[str]:
    return [
        f"{said.GLYPH[check.outcome]} check {visible(check.name, _NAME)} ({check.severity}): "
        f"{check.outcome}. {visible(check.reason, 300)}"
        for check in checks
        if check.outcome is not Outcome.PASS
    ]


def _below(verdict: Verdict) -> list[str]:
    """What the table's figures leave open, and whose p-values it shows."""
    return [*_unsettled(verdict), *_tests(verdict)]


def _tests(verdict: Verdict) -> list[str]:
    """The tests that were asked for, by metric, and why one of them could not be made."""
    told = {_test(f, f.test) for f in verdict.findings if f.test is not None}
    return sorted(told, reverse=True)[:MOST_REASONS]


def _test(finding: Finding, test: Tested) -> str:
    of = f"p of {visible(finding.metric, _NAME)}"
    if test.p_value is None:
        where = visible(said.where(finding), _NAME)
        return f"no {of} ({where}): {visible(said.tested(finding), 200)}"
    return f"{of}: {visible(test.method, _NAME)} of no improvement; it decides nothing"


def _unsettled(verdict: Verdict) -> list[str]:
    """Why findings that decide are not settled by their figures in the table, some of them."""
    return [
        f"{said.GLYPH[finding.outcome]} {visible(finding.rule, _NAME)} "
        f"({visible(said.where(finding), _NAME)}): {visible(finding.reason, 300)}"
        for finding in said.ordered(verdict.findings)
        if said.decides(finding)
        and (said.judged(finding).estimate.value is None or said.withheld(finding))
    ][:MOST_REASONS]


def _left_out(verdict: Verdict, most: int) -> list[str]:
    left = len(verdict.findings) - most
    return [f"… and {left:,} more findings on the report card"] if left > 0 else []
