"""How findings are ordered and put into words, the same on the page, in Markdown and a terminal."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from titleholder.judge import CANNOT_TELL
from titleholder.policy import EVERY
from titleholder.report import numbers
from titleholder.report.text import visible
from titleholder.stats.power import MOST_TIMES
from titleholder.types import (
    Estimate,
    Finding,
    Kind,
    Mode,
    OnInconclusive,
    Outcome,
    Severity,
    Verdict,
)
from titleholder.types import (
    decides as decides,
)

# Worst first. A fault comes before what is open: it is nobody's evidence, and can be repaired.
WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.PASS)

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


def excused(finding: Finding) -> bool:
    """Whether its rule lets it stay open."""
    return (
        finding.outcome is Outcome.INCONCLUSIVE
        and finding.on_inconclusive is not OnInconclusive.BLOCK
    )


def standing(finding: Finding) -> str:
    """Whether a broken rule may be named among all that decide; empty for any other finding.

    A rule fails at its own level; of many rules one may do so by chance. Holm's adjusted p-value
    keeps that in check for all of them at once.
    """
    if finding.outcome is not Outcome.FAIL or finding.culprit_p is None:
        return ""
    p = f"Holm p {numbers.p_value(finding.culprit_p)}"
    if finding.culprit_p < (1 - finding.level) / 2:
        return f"named among all blocking rules ({p})"
    return f"broken by itself, not among all blocking rules ({p})"


def tested(finding: Finding) -> str:
    """The test that the suite asked for beside the interval; empty where it asked for none."""
    test = finding.test
    if test is None:
        return ""
    if test.p_value is None:
        return f"{test.method} {test.reason}"
    return f"{test.method} of no improvement: p {numbers.p_value(test.p_value)}"


def p_value(finding: Finding) -> str:
    """The p-value of that test; empty where there is none."""
    test = finding.test
    return "" if test is None or test.p_value is None else numbers.p_value(test.p_value)


def weight_of(finding: Finding) -> tuple[int, int, float]:
    """A sort key: what breaks the verdict, what only warns, what is noted, and last what passed.

    Within each the worst comes first, then what is nearest to its bound.
    """
    return (_pressure(finding), WORST_FIRST.index(finding.outcome), slack(finding))


def _pressure(finding: Finding) -> int:
    if finding.outcome is Outcome.PASS:
        return 3 if decides(finding) else 4
    if finding.mode is Mode.SHADOW or finding.severity is Severity.INFO:
        return 2
    return 0 if decides(finding) and not excused(finding) else 1


def badness(finding: Finding) -> tuple[int, float, str]:
    """A sort key that asks only what came out, not what hangs on it: worst first."""
    return (WORST_FIRST.index(finding.outcome), slack(finding), finding.slice)


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
    if half > 0:
        return room / half
    # An exact value has no half-width: it keeps its bound or breaks it, and is never a close call.
    return math.inf if room >= 0 else -math.inf


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
    if finding.over:
        return f"over {finding.over}"
    return "every slice" if finding.slice == EVERY else finding.slice


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


def judged_text(finding: Finding) -> str:
    """The quantity that was judged with its interval, rounded so that each end keeps its side."""
    held = judged(finding)
    if held.own:
        value = numbers.point(held.estimate, bounds=(held.bound,))
        interval = numbers.interval(held.estimate, bounds=(held.bound,))
    else:
        value, interval = improvement_texts(finding)
    if value == numbers.NOTHING:
        return "no value"
    return with_interval(value, interval)


def with_interval(value: str, interval: str) -> str:
    """A value and its interval as one text; the value alone where it has none."""
    return value if interval == numbers.NOTHING else f"{value} {interval}"


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
    return f"{value_text}%", interval_text.replace(", ", "%, ").replace("]", "%]")


def candidate_bounds(finding: Finding) -> tuple[float, ...]:
    """The bound that the candidate's own value must not seem to cross."""
    held = judged(finding)
    return (held.bound,) if held.own else ()


def candidate_text(finding: Finding) -> str:
    """The candidate's own value as text, with its interval where that is what was judged."""
    bounds = candidate_bounds(finding)
    value = numbers.point(finding.candidate, bounds=bounds)
    if not bounds:
        return value
    return with_interval(value, numbers.interval(finding.candidate, bounds=bounds))


def rows_text(finding: Finding) -> str:
    """How many rows would settle an inconclusive finding; empty where that is not known."""
    needed, most = finding.rows_needed, MOST_TIMES * finding.n
    if needed is None or finding.outcome is not Outcome.INCONCLUSIVE:
        return ""
    return f"more than {most:,}" if 0 < most <= needed else numbers.about(needed)


def why(finding: Finding) -> str:
    """Why the finding is what it is; its numbers stand beside it and are not repeated."""
    held = judged(finding)
    low, high = held.estimate.low, held.estimate.high
    match finding.outcome:
        case Outcome.PASS:
            return "all of it keeps the bound"
        case Outcome.FAIL:
            return "all of it breaks the bound"
        case Outcome.INCONCLUSIVE if low is not None and high is not None:
            # Unless it was the slice's size that left it open: that is told in the judge's words.
            if low <= held.bound <= high and not withheld(finding):
                return "the interval crosses the bound"
    return visible(finding.reason, 300)


def withheld(finding: Finding) -> bool:
    """Whether it is something else than its interval that leaves a finding open."""
    return finding.outcome is Outcome.INCONCLUSIVE and not finding.reason.endswith(CANNOT_TELL)


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
        for outcome in WORST_FIRST
    ]


def _margin(finding: Finding) -> str:
    margin = finding.margin or 0.0
    return f"{numbers.plain(margin * 100)}%" if finding.relative else numbers.plain(margin)
