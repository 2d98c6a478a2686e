"""What `titleholder history` shows: verdicts, titles, waivers and missing nights as one table."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from titleholder.cadence import Kind, missing_before, unusual
from titleholder.report import tables
from titleholder.report.findings import GLYPH
from titleholder.report.terminal import STYLE
from titleholder.report.text import visible
from titleholder.rounding import plural
from titleholder.trust.history import Crowned, Granted, History, Judged, came

_HEAD = ("no.", "night", "what", "candidate", "model", "champion", "signed", "why")
_RIGHT = frozenset({"no."})
_NAME, _WHY = 24, 72


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: its moment and place among those of it, and the look of its number."""

    at: tuple[str, float]
    cells: tuple[str, ...]
    style: str = ""


def show(history: History, now: datetime) -> None:
    """Print the table, and under it unusual nights and how much of the chain was checked."""
    lines = sorted(_lines(history), key=lambda line: line.at)
    styles = {number: line.style for number, line in enumerate(lines)}
    print(f"{visible(history.suite, 60)} in {visible(history.environment, 60)}")
    tables.show(_HEAD, [line.cells for line in lines], _RIGHT, styles)
    for told in irregular(history, now):
        print(f"  ! {told}")
    print(f"  {checked(history)}")


def checked(history: History) -> str:
    """How much of the chain was read, and what that says."""
    told, of, bare = len(history.verdicts), history.verdicts_in_all, history.before_signing
    signing = f"; {bare:,} from before the first signed one, which count for nobody" if bare else ""
    if told == of:
        return f"{plural(of, 'verdict')}, an unbroken chain from the first to the newest{signing}"
    return (
        f"the newest {plural(told, 'verdict')} of {of:,}, unbroken{signing}; "
        "those before were not read"
    )


def irregular(history: History, now: datetime) -> list[str]:
    """Nights that were late or doubled, overdue, or that moved by an hour, newest last.

    Those that were missed between two verdicts stand in the table.
    """
    newest = max((one.night for one in history.verdicts), default="")
    return [
        one.told
        for one in unusual(came(history.verdicts), now)
        if one.kind is not Kind.MISSED or one.night.isoformat() > newest
    ]


def _lines(history: History) -> Iterator[Line]:
    nights = [date.fromisoformat(one.night) for one in history.verdicts]
    for night, count in missing_before(nights).items():
        first = next(one for one in history.verdicts if one.night == night.isoformat())
        text = f"! {plural(count, 'night')} without a verdict"
        yield Line(
            (first.published_at, first.sequence - 0.5),
            ("", "", text, "", "", "", "", ""),
            "bold #d55e00",
        )
    for one in history.verdicts:
        yield _of_verdict(one)
    since = history.verdicts[0].published_at if history.verdicts else ""
    whole = len(history.verdicts) == history.verdicts_in_all
    for title in history.titles:
        if whole or title.crowned_at >= since:
            yield _of_title(title)
    for waiver in history.waivers:
        if whole or waiver.issued_at >= since:
            yield _of_waiver(waiver)


def _of_verdict(one: Judged) -> Line:
    cells = (
        str(one.sequence),
        one.night,
        f"{GLYPH[one.outcome]} {one.outcome}",
        visible(one.candidate, _NAME),
        one.model[:12],
        (one.champion or "")[:12],
        short_key(one.signature),
        visible(one.reason, _WHY),
    )
    return Line((one.published_at, one.sequence), cells, STYLE[one.outcome])


def _of_title(title: Crowned) -> Line:
    cells = (
        "",
        title.crowned_at[:10],
        f"★ title {title.sequence}: {title.action}",
        visible(title.name, _NAME),
        title.model[:12],
        "",
        short_key(title.signature),
        visible(title.reason, _WHY),
    )
    return Line((title.crowned_at, math.inf), cells)


def _of_waiver(waiver: Granted) -> Line:
    why = f"{waiver.rule} ({waiver.slice}) until {waiver.expires_at[:10]}, {waiver.reason}"
    cells = (
        "",
        waiver.issued_at[:10],
        "~ waiver",
        visible(f"by {waiver.approver}", _NAME),
        waiver.model[:12],
        "",
        short_key(waiver.signature),
        visible(why, _WHY),
    )
    return Line((waiver.issued_at, math.inf), cells)


def short_key(signature: str) -> str:
    """A key's id as far as people compare it, or what is said in its place."""
    return signature.removeprefix("sha256:")[:12]
