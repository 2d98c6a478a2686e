"""The verdict in plain English: the answer, why, and what to do about it."""

from titleholder.report import findings as said
from titleholder.report import numbers
from titleholder.report.text import visible
from titleholder.report.titles import title_of, unit_of
from titleholder.rounding import plural
from titleholder.types import OVERALL, Check, Finding, Outcome, Severity, Verdict


def answer(verdict: Verdict) -> str:
    """The question that people came with, answered in a few words."""
    return {
        Outcome.PASS: "The candidate may take the title",
        Outcome.FAIL: "The candidate may not take the title",
        Outcome.INCONCLUSIVE: "Not settled: the champion keeps the title for now",
        Outcome.ERROR: "No judgement could be made",
    }[verdict.outcome]


def headline(verdict: Verdict) -> str:
    """The outcome in a word, and beside a PASS what was left open: "PASS; 13 of 16 blocking
    findings were excused: INCONCLUSIVE".
    """
    told = excused(verdict)
    return f"{verdict.outcome}; {told}" if told else str(verdict.outcome)


def excused(verdict: Verdict) -> str:
    """How many of the findings that decide a PASS did not: empty where all did, or it is none."""
    deciding = [f for f in verdict.findings if said.decides(f)]
    left = sum(said.excused(f) for f in deciding)
    if verdict.outcome is not Outcome.PASS or not left:
        return ""
    were = "was" if left == 1 else "were"
    return f"{left} of {plural(len(deciding), 'blocking finding')} {were} excused: INCONCLUSIVE"


def meaning(verdict: Verdict) -> str:
    """What the outcome means and what to do about it, for people who are not statisticians."""
    match verdict.outcome:
        case Outcome.PASS:
            return _how_passed(verdict)
        case Outcome.FAIL:
            return _how_failed(verdict)
        case Outcome.INCONCLUSIVE:
            return f"This is neither good news nor bad: {_what_is_missing(verdict)}"
        case Outcome.ERROR:
            return "Something went wrong on the way. This says nothing about the candidate."


def moved(finding: Finding) -> str:
    """From which value to which the metric went, or nothing where it has none."""
    champion, candidate = finding.champion, finding.candidate
    if champion.value is None or candidate.value is None:
        return ""
    bounds = said.candidate_bounds(finding)
    places = max(numbers.decimals(champion), numbers.decimals(candidate, bounds))
    unit = unit_of(finding.metric)
    first, second = (numbers.number(e.value, places) for e in (champion, candidate))
    return f"{first} → {second}{' ' + unit if unit else ''}"


def unmet(verdict: Verdict) -> list[Check]:
    """The checks that withhold a pass."""
    return [
        check
        for check in verdict.checks
        if check.severity is Severity.BLOCK and check.outcome is not Outcome.PASS
    ]


def warnings(verdict: Verdict) -> list[str]:
    """What did not pass and does not block: checks first, then broken rules, worst first."""
    checks = [
        f"{visible(check.name)}: {visible(check.reason, 200)}"
        for check in verdict.checks
        if check.severity is Severity.WARN and check.outcome is not Outcome.PASS
    ]
    broken = (Outcome.FAIL, Outcome.ERROR)
    rules = [
        f"{visible(finding.rule)} ({visible(said.where(finding))}): {said.judged_text(finding)}, "
        f"asked: {said.asked(finding)}"
        for finding in said.ordered(verdict.findings)
        if said.consequence(finding) == "warns" and finding.outcome in broken
    ]
    return checks + rules


def _how_passed(verdict: Verdict) -> str:
    left = sum(said.decides(f) and said.excused(f) for f in verdict.findings)
    text = "even the worst value that its interval allows keeps the rule."
    if not left:
        return f"Every blocking rule was met with room for chance: {text}"
    return (
        f"Wherever a blocking rule was settled it was met with room for chance: {text} "
        f"{plural(left, 'finding')} could not be settled, which the policy excuses."
    )


def _how_failed(verdict: Verdict) -> str:
    worst = said.decisive(verdict)[0]
    on = "" if worst.slice == OVERALL and not worst.over else f" ({said.where(worst)})"
    went = moved(worst)
    return (
        f"The clearest break: {visible(title_of(worst.metric))}{visible(on)}"
        f"{', ' + went if went else ''}; asked: {said.asked(worst)}. "
        "Even the best value that its interval allows breaks the rule: this is not chance."
    )


def _what_is_missing(verdict: Verdict) -> str:
    if withheld := unmet(verdict):
        first = withheld[0]
        more = f", and {plural(len(withheld) - 1, 'more check')}" if len(withheld) > 1 else ""
        return (
            f"what has to hold before anything can be judged does not hold. Repair first: "
            f"{visible(first.name)} ({visible(first.reason, 200)}){more}."
        )
    open_ones = said.decisive(verdict)
    faults = sum(1 for f in open_ones if f.outcome is Outcome.ERROR)
    if faults:
        return f"{plural(faults, 'finding')} could not be judged at all; repair that first."
    needed = [(f.rows_needed, f) for f in open_ones if f.rows_needed is not None]
    if needed:
        _, finding = max(needed, key=lambda pair: pair[0])
        here = "" if finding.slice == OVERALL else f" in {visible(finding.slice)}"
        rows = said.rows_text(finding).capitalize()
        return (
            f"the rows at hand cannot tell. {rows} rows like these{here} would settle it; "
            f"there are {finding.n:,}."
        )
    return "the evidence does not reach far enough to decide."
