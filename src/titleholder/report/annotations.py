"""Findings as GitHub workflow commands: the lines that become annotations of a run.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterator

from titleholder.report import findings as said
from titleholder.report import sentences
from titleholder.report.text import visible
from titleholder.types import OVERALL, Check, Finding, Outcome, Severity, Verdict

MOST = 10  # of each level; GitHub shows no more than ten a step
_LEVELS = ("error", "warning", "notice")


def annotations(verdict: Verdict) -> str:
    """One line for the verdict, then what did not pass, worst first, at most ten a level.

    What only warns, or was excused, is never an error.
    """
    lines = [_command(_level_of(verdict), "verdict", _summary(verdict), verdict)]
    told = dict.fromkeys(_LEVELS, 0)
    told[_level_of(verdict)] += 1
    left_out = 0
    for level, title, message, _ in unmet(verdict):
        told[level] += 1
        if told[level] <= MOST:
            lines.append(_command(level, title, message, verdict))
        else:
            left_out += 1
    if left_out:
        lines.append(f"{left_out} more on the report card")
    return "\n".join(lines) + "\n"


def _level_of(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.PASS:
        return "notice"
    return "warning" if verdict.outcome is Outcome.INCONCLUSIVE else "error"


def _summary(verdict: Verdict) -> str:
    said_so = f"{sentences.headline(verdict)}. {sentences.answer(verdict)}."
    return f"{said_so} {visible(verdict.reason, 600)}"


def unmet(verdict: Verdict) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """What did not pass, worst first: level, title and message, and what tells it from others."""
    for finding in said.ordered(verdict.findings):
        if finding.outcome is not Outcome.PASS:
            place = (finding.rule, finding.over or "", finding.slice)
            yield _level(finding), finding.rule, _message(finding), place
    for check in verdict.checks:
        if check.outcome is not Outcome.PASS:
            reason = visible(check.reason, 300)
            title, message = f"check {check.name}", f"{check.outcome}: {reason}"
            yield _level_of_check(check), title, message, ("check", check.name)


def _level(finding: Finding) -> str:
    if said.consequence(finding) in ("shadow", "informs"):
        return "notice"
    broken = finding.outcome in (Outcome.FAIL, Outcome.ERROR)
    return "error" if broken and said.decides(finding) else "warning"


def _level_of_check(check: Check) -> str:
    broken = check.outcome in (Outcome.FAIL, Outcome.ERROR)
    if check.severity is Severity.INFO:
        return "notice"
    return "error" if broken and check.severity is Severity.BLOCK else "warning"


def _message(finding: Finding) -> str:
    what = "the candidate's own" if said.judged(finding).own else "improvement"
    on = "" if finding.slice == OVERALL else f" on {visible(finding.slice)}"
    over = f" over {visible(finding.over)}" if finding.over else ""
    return (
        f"{finding.outcome}: {visible(finding.metric)}{over}{on}, {what} "
        f"{said.judged_text(finding)}; asked: {said.asked(finding)}; {said.why(finding)}"
    )


def _command(level: str, title: str, message: str, verdict: Verdict) -> str:
    named = f"titleholder {visible(verdict.suite, 60)}: {visible(title, 60)}"
    return f"::{level} title={_property(named)}::{_data(message)}"


def _data(text: str) -> str:
    """What may stand after the second double colon.

    >>> _data("50% of\\nit")
    '50%25 of%0Ait'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """What may stand as the value of a property.

    >>> _property("a: b, c")
    'a%3A b%2C c'
    """
    return _data(text).replace(":", "%3A").replace(",", "%2C")
