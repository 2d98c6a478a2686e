"""The findings as Markdown: step summaries, Prefect artifacts, pull-request comments.

GitHub refuses a step summary above 1,024 KiB and a comment above 64 KiB: whatever is written here
keeps to a limit in bytes, and says what it left out.
"""

import re

from titleholder.report import findings as said
from titleholder.report import numbers, sentences
from titleholder.report.text import visible
from titleholder.rounding import plural
from titleholder.types import Check, Finding, Outcome, Verdict

STEP_SUMMARY = 1_000_000
COMMENT = 60_000

_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_LINK = re.compile(r"https://[A-Za-z0-9.:-]+(?:/[\w./~%+=?&#-]*)?", re.ASCII)
# After @ and inside www. and ://, so that nobody is called and nothing links.
_ZERO_WIDTH = "\u200b"

_HEAD = "| Outcome | Rule | Metric | On | Champion | Candidate | Improvement | Asked | n |"
_RULE = "|:--|:--|:--|:--|--:|--:|--:|--:|--:|"
_ICON = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.ERROR: "⚠️",
}


def escape(text: object, longest: int = 120) -> str:
    r"""Text that no Markdown renderer takes for anything else, on one line.

    >>> escape("a|b `c` <i>")
    'a\\|b \\`c\\` &lt;i&gt;'
    """
    plain = _SPECIAL.sub(r"\\\1", visible(text, longest)).translate(_HTML)
    plain = plain.replace("@", f"@{_ZERO_WIDTH}").replace("://", f":{_ZERO_WIDTH}//")
    return re.sub(r"(?i)\bwww\.", f"www{_ZERO_WIDTH}.", plain)


def findings_table(verdict: Verdict, limit: int = STEP_SUMMARY) -> str:
    """All findings, those that decide first, as one table of at most ``limit`` bytes.

    Rows that do not fit are left out from the end, and a line says how many.
    """
    rows = [_row(finding) for finding in said.ordered(verdict.findings)]
    if not rows:
        return "No finding was made.\n"
    head = f"{_HEAD}\n{_RULE}\n"
    room = limit - len(head.encode()) - len(_left_out(len(rows)).encode())
    kept: list[str] = []
    for row in rows:
        room -= len(row.encode())
        if room < 0:
            break
        kept.append(row)
    left = len(rows) - len(kept)
    return head + "".join(kept) + (_left_out(left) if left else "")


def summary(verdict: Verdict, limit: int = STEP_SUMMARY, *, report: str = "") -> str:
    """Verdict, reason, checks that did not pass and the findings, in at most ``limit`` bytes.

    ``report`` is where the report card is: an https address becomes a link, a path stays text.
    """
    parts = [
        f"## {_ICON[verdict.outcome]} {escape(verdict.suite)}: {sentences.headline(verdict)}\n",
        f"**{sentences.answer(verdict)}.** {escape(verdict.reason, 600)} "
        f"{escape(sentences.meaning(verdict), 400)}\n",
        f"Suite {escape(verdict.suite)}, candidate {escape(verdict.candidate)}, "
        f"{plural(len(verdict.findings), 'finding')}.\n",
        _report(report),
        _checks(verdict.checks),
    ]
    head = "\n".join(part for part in parts if part)
    foot = f"\n<sub>{escape(verdict.error_control, 700)}</sub>\n"
    room = limit - len(head.encode()) - len(foot.encode()) - 2
    text = f"{head}\n{findings_table(verdict, max(room, 0))}{foot}"
    return text if len(text.encode()) <= limit else head.encode()[:limit].decode(errors="ignore")


def _report(address: str) -> str:
    if not address:
        return ""
    link = f"[Report card](<{address}>)" if _LINK.fullmatch(address) else ""
    return f"{link or 'Report card: ' + escape(address, 300)}\n"


def _row(finding: Finding) -> str:
    value, interval = said.improvement_texts(finding)
    improvement = said.with_interval(value, interval)
    n = f"{finding.n:,}"
    if needed := said.rows_text(finding):
        n += f" (needs {needed})"
    columns = (
        f"{_ICON[finding.outcome]} {finding.outcome}{_mark(finding)}",
        escape(finding.rule, 60),
        escape(finding.metric, 60),
        escape(said.where(finding), 80),
        numbers.point(finding.champion),
        escape(said.candidate_text(finding)),
        escape(improvement),
        escape(said.asked(finding)),
        n,
    )
    return f"| {' | '.join(columns)} |\n"


def _mark(finding: Finding) -> str:
    consequence = said.consequence(finding)
    return "" if consequence == "blocks" else f" ({consequence})"


def _checks(checks: tuple[Check, ...]) -> str:
    unmet = [check for check in checks if check.outcome is not Outcome.PASS]
    return "".join(
        f"- {_ICON[c.outcome]} check {escape(c.name, 60)} ({c.severity}): "
        f"{c.outcome}. {escape(c.reason, 300)}\n"
        for c in unmet[:20]
    )


def _left_out(count: int) -> str:
    return f"\n_{plural(count, 'more finding')} left out to keep to the size limit._\n"
