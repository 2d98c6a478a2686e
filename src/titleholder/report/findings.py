"""How findings are ordered and put into words, the same on the page, in Markdown and a terminal."""

from collections.abc import Iterable
from dataclasses import dataclass

from titleholder.report import numbers
from titleholder.report.text import plural
from titleholder.types import (
    OVERALL,
    Estimate,
    Finding,
    Kind,
    Mode,
    OnInconclusive,
    Outcome,
    Severity,
    Verdict,
)

# Worst first. A fault comes before what is open: it is nobody's evidence, and can be repaired.
_ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.PASS)

# A shape for each outcome, so that nothing rests on colour; all four are in common fonts.
GLYPH = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✕",
    Outcome.INCONCLUSIVE: "?",
    Outcome.ERROR: "!",
}

KIND_WORDS = {
    Kind.NON_INFERIOR: "not worse",
    Kind.SUPERIOR: "better",
    Kind.FLOOR: "floor",
    Kind.CEILING: "ceiling",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The quantity that a finding rests on, and the number that it was held against.

    ``own`` says that it is the candidate's own value, not the improvement. ``above`` says on
    which side of ``bound`` it has to lie.
    """

    estimate: Estimate
    bound: float
    own: bool
    above: bool


def judged(finding: Finding) -> Judged:
    """What was held against what, in the orientation that a reader expects."""
    match finding.kind:
        case Kind.NON_INFERIOR:
            return Judged(finding.improvement, -(finding.margin or 0.0), own=False, above=True)
        case Kind.SUPERIOR:
            return Judged(finding.improvement, finding.margin or 0.0, own=False, above=True)
        case Kind.FLOOR:
            return Judged(finding.candidate, finding.value or 0.0, own=True, above=True)
        case Kind.CEILING:
            return Judged(finding.candidate, finding.value or 0.0, own=True, above=False)


def decides(finding: Finding) -> bool:
    """Whether the finding counts towards the verdict at all."""
    return finding.mode is Mode.ENFORCE and finding.severity is Severity.BLOCK


def excused(finding: Finding) -> bool:
    """Whether its rule lets it stay open."""
    return (
        finding.outcome is Outcome.INCONCLUSIVE
        and finding.on_inconclusive is not OnInconclusive.BLOCK
    )


def weight_of(finding: Finding) -> tuple[bool, bool, int, float]:
    """A sort key: what decides first, then what is worst, then what is nearest to its bound."""
    return (
        not decides(finding),
        excused(finding),
        _ORDER.index(finding.outcome),
        slack(finding),
    )


def badness(finding: Finding) -> tuple[int, float, str]:
    """A sort key that asks only what came out, not what hangs on it: worst first."""
    return (_ORDER.index(finding.outcome), slack(finding), finding.slice)


def slack(finding: Finding) -> float:
    """How far the worse end of the interval lies on the good side, in half-widths; smaller: worse.

    Without an interval there is nothing to compare: such findings come first among their equals.
    """
    held = judged(finding)
    low, high = held.estimate.low, held.estimate.high
    if low is None or high is None:
        return float("-inf")
    room = low - held.bound if held.above else held.bound - high
    half = (high - low) / 2
    scale = half if half > 0 else max(abs(held.bound), 1e-9)
    return room / scale


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as they should be read: those that decide first, worst first."""
    return sorted(findings, key=lambda f: (*weight_of(f), f.rule, f.slice))


def decisive(verdict: Verdict) -> list[Finding]:
    """The findings that made the verdict what it is; for a PASS, all that had to pass."""
    deciding = [finding for finding in ordered(verdict.findings) if decides(finding)]
    match verdict.outcome:
        case Outcome.FAIL:
            return [f for f in deciding if f.outcome is Outcome.FAIL]
        case Outcome.PASS:
            return [f for f in deciding if f.outcome is Outcome.PASS]
        case _:
            return [f for f in deciding if f.outcome is not Outcome.PASS and not excused(f)]


def where(finding: Finding) -> str:
    """On what the finding was made: a slice, or the groups of a column."""
    return f"over {finding.over}" if finding.over else finding.slice


def asked(finding: Finding) -> str:
    """What the rule asks, as a short phrase.

    Relative margins are percentages of the champion's value.
    """
    match finding.kind:
        case Kind.NON_INFERIOR:
            return f"loses less than {_margin(finding)}"
        case Kind.SUPERIOR:
            return f"gains more than {_margin(finding)}" if finding.margin else "gains"
        case Kind.FLOOR:
            return f"at least {numbers.plain(finding.value)}"
        case Kind.CEILING:
            return f"at most {numbers.plain(finding.value)}"


def bound_text(finding: Finding) -> str:
    """The bound alone, with its sign: what the interval has to stay clear of."""
    held = judged(finding)
    if held.own:
        return ("≥ " if held.above else "≤ ") + numbers.plain(held.bound)
    if finding.relative:
        return f"> {numbers.plain(held.bound * 100, signed=held.bound != 0)}%"
    return f"> {numbers.plain(held.bound, signed=held.bound != 0)}"


def improvement_texts(finding: Finding) -> tuple[str, str]:
    """The improvement and its interval as text, rounded; per cent where the rule is relative."""
    held = judged(finding)
    bounds = () if held.own else (held.bound,)
    return signed_texts(finding.improvement, bounds, relative=finding.relative)


def signed_texts(
    improvement: Estimate, bounds: tuple[float, ...] = (), *, relative: bool = False
) -> tuple[str, str]:
    """An improvement and its interval with their signs."""
    if not relative:
        return (
            numbers.point(improvement, signed=True, bounds=bounds),
            numbers.interval(improvement, signed=True, bounds=bounds),
        )
    value, low, high = improvement.value, improvement.low, improvement.high
    shown = Estimate(
        value=None if value is None else value * 100,
        low=None if low is None else low * 100,
        high=None if high is None else high * 100,
    )
    scaled = tuple(bound * 100 for bound in bounds)
    value_text = numbers.point(shown, signed=True, bounds=scaled)
    interval_text = numbers.interval(shown, signed=True, bounds=scaled)
    if value is None:
        return value_text, interval_text
    return f"{value_text}%", interval_text.replace("]", "]%")


def candidate_bounds(finding: Finding) -> tuple[float, ...]:
    """The bound that the candidate's own value must not seem to cross."""
    held = judged(finding)
    return (held.bound,) if held.own else ()


def rows_text(finding: Finding) -> str:
    """How many rows would settle an inconclusive finding; empty where that is not known."""
    if finding.rows_needed is None or finding.outcome is not Outcome.INCONCLUSIVE:
        return ""
    return numbers.about(finding.rows_needed)


def consequence(finding: Finding) -> str:
    """What the finding's rule makes of it: whether it decides, warns, informs or only watches."""
    if finding.mode is Mode.SHADOW:
        return "shadow"
    if excused(finding) and finding.severity is Severity.BLOCK:
        return "excused"
    return {
        Severity.BLOCK: "blocks",
        Severity.WARN: "warns",
        Severity.INFO: "informs",
    }[finding.severity]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings of one outcome decide, and how many there are in all."""

    outcome: Outcome
    deciding: int
    all: int


def tally(verdict: Verdict) -> list[Tally]:
    """Counts by outcome, worst first."""
    return [
        Tally(
            outcome,
            sum(decides(f) for f in verdict.findings if f.outcome is outcome),
            sum(1 for f in verdict.findings if f.outcome is outcome),
        )
        for outcome in _ORDER
    ]


def answer(verdict: Verdict) -> str:
    """The question that people came with, answered in a few words."""
    return {
        Outcome.PASS: "The candidate may take the title",
        Outcome.FAIL: "The candidate may not take the title",
        Outcome.INCONCLUSIVE: "Not settled: the champion keeps the title for now",
        Outcome.ERROR: "No judgement could be made",
    }[verdict.outcome]


def meaning(verdict: Verdict) -> str:
    """What the outcome means and what to do about it, for people who are not statisticians."""
    match verdict.outcome:
        case Outcome.PASS:
            return _how_passed(verdict)
        case Outcome.FAIL:
            return (
                "At least one blocking rule is broken beyond what chance explains: even the best "
                "value that its interval allows breaks it."
            )
        case Outcome.INCONCLUSIVE:
            return f"This is neither good news nor bad: {_what_is_missing(verdict)}"
        case Outcome.ERROR:
            return "Something went wrong on the way. This says nothing about the candidate."


def _how_passed(verdict: Verdict) -> str:
    left = sum(decides(f) and excused(f) for f in verdict.findings)
    text = "even the worst value that its interval allows keeps the rule."
    if not left:
        return f"Every blocking rule was met with room for chance: {text}"
    return (
        f"Wherever a blocking rule was settled it was met with room for chance: {text} "
        f"{plural(left, 'finding')} could not be settled, which the policy excuses."
    )


def _what_is_missing(verdict: Verdict) -> str:
    open_ones = decisive(verdict)
    faults = sum(1 for f in open_ones if f.outcome is Outcome.ERROR)
    unmet = [
        c for c in verdict.checks if c.severity is Severity.BLOCK and c.outcome is not Outcome.PASS
    ]
    if unmet:
        return "what has to hold before anything can be judged does not hold."
    if faults:
        return f"{plural(faults, 'finding')} could not be judged at all; repair that first."
    needed = [(f.rows_needed, f) for f in open_ones if f.rows_needed is not None]
    if needed:
        rows, finding = max(needed, key=lambda pair: pair[0])
        here = "" if finding.slice == OVERALL else f" in {finding.slice}"
        return (
            f"the rows at hand cannot tell. {numbers.about(rows).capitalize()} rows like these"
            f"{here} would settle it; there are {finding.n:,}."
        )
    return "the evidence does not reach far enough to decide."


def _margin(finding: Finding) -> str:
    margin = finding.margin or 0.0
    return f"{numbers.plain(margin * 100)}%" if finding.relative else numbers.plain(margin)
