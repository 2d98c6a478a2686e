"""Findings as CSV (RFC 4180), one a line, for people who go on in a spreadsheet.

Numbers keep all their digits. A text that a spreadsheet would run as a formula gets an
apostrophe in front: https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import io
import re
from collections.abc import Iterable

import msgspec

from titleholder.report.findings import ordered
from titleholder.report.text import visible
from titleholder.types import Estimate, Finding, Verdict
from titleholder.verdict import WAIVER

LONGEST = 1000
COLUMNS = (
    "suite", "candidate", "rule", "metric", "slice", "over", "kind", "severity",
    "on_inconclusive", "mode", "outcome", "reason", "method", "n", "n_clusters", "champion",
    "champion_low", "champion_high", "candidate_value", "candidate_low", "candidate_high",
    "improvement", "improvement_low", "improvement_high", "relative", "margin", "value", "p_value",
    "level", "rows_needed", "culprit_p", "test", "test_p_value", "waived",
    "n_min_class",
)  # fmt: skip

# Excel takes the full-width forms for the same; blanks before them are skipped.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠|%]")


def findings_csv(verdicts: Iterable[Verdict]) -> str:
    """All findings of all verdicts under one header, worst first within each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for verdict in verdicts:
        for finding in ordered(verdict.findings):
            cells = _cells(verdict, finding)
            writer.writerow([cell(cells[name]) for name in COLUMNS])
    return out.getvalue()


def _cells(verdict: Verdict, finding: Finding) -> dict[str, object]:
    plain = msgspec.structs.asdict(finding)
    return {
        **plain,
        "waived": _waived(verdict, finding),
        "suite": verdict.suite,
        "candidate": verdict.candidate,
        "test": None if finding.test is None else finding.test.method,
        "test_p_value": None if finding.test is None else finding.test.p_value,
        **_spread("champion", "champion", finding.champion),
        **_spread("candidate_value", "candidate", finding.candidate),
        **_spread("improvement", "improvement", finding.improvement),
    }


def _waived(verdict: Verdict, finding: Finding) -> str | None:
    """What the waiver says that lies in the store for this finding."""
    name = f"waiver of {finding.rule} ({finding.slice})"
    found = [c.reason for c in verdict.checks if c.kind == WAIVER and c.name == name]
    return found[0] if found else None


def _spread(value: str, ends: str, estimate: Estimate) -> dict[str, object]:
    return {value: estimate.value, f"{ends}_low": estimate.low, f"{ends}_high": estimate.high}


def cell(value: object) -> str:
    """One cell: nothing for null, numbers as they are, text on one line and never a formula.

    >>> cell(None), cell(-0.5), cell("-0.5"), cell("=1+1"), cell(True)
    ('', '-0.5', "'-0.5", "'=1+1", 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = visible(value, LONGEST)
    return f"'{text}" if _FORMULA.match(text) else text
