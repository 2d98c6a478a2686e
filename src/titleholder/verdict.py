"""The verdict: derived from all findings, and derived again by whoever reads it.

No outcome is believed because it stands in a file. `derive` is the only way to one; `recompute`
repeats it, and the decision of each finding, for whoever reads a verdict.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from titleholder.decimals import ARITHMETIC, exact
from titleholder.errors import Exit, NoVerdict
from titleholder.judge import bound_of, decide
from titleholder.policy import EVERY
from titleholder.types import (
    Check,
    Comparison,
    Finding,
    OnInconclusive,
    Outcome,
    Rule,
    Severity,
    Verdict,
    decides,
)

SCHEMA_VERSION: Final = 1
# The kind of check that fails when one question was answered in two ways.
REPEATABILITY: Final = "repeatability"
# Kinds of checks that come of the ledger, when a verdict is published: how often these rows were
# asked, and how the champion did over all nights.
HOLDOUT: Final = "holdout"
NIGHTS: Final = "nights"
NOTES: Final = frozenset({HOLDOUT, NIGHTS})
# The kind of check that tells of a waiver that lay in the store; it decides nothing.
WAIVER: Final = "waiver"
_MOST_NAMED = 3

# What a process says of a verdict; ERROR is none, and whoever meets it here has a fault.
EXIT_OF: Mapping[Outcome, Exit] = {
    Outcome.PASS: Exit.ALLOW,
    Outcome.FAIL: Exit.REGRESSED,
    Outcome.INCONCLUSIVE: Exit.INCONCLUSIVE,
}


# --------------------------------------------------------------------------- derivation


def derive(
    findings: Iterable[Finding],
    checks: Iterable[Check],
    waived: Collection[tuple[str, str]] = (),
) -> Outcome:
    """The outcome that follows, and nothing else may say otherwise.

    Any blocking FAIL: FAIL. Else anything blocking that is not a PASS and not excused by its
    rule: INCONCLUSIVE; a rule may excuse INCONCLUSIVE, never ERROR. Else PASS, if at least one
    blocking rule passed: nothing passes by absence, nor by excuses alone. A blocking check can
    withhold a PASS; it is never a regression. Shadow rules, warnings and notes do not count.
    An answer that did not repeat is none, whatever it was: INCONCLUSIVE.

    ``waived`` names rules with slices that may be broken; it excuses FAIL and INCONCLUSIVE, never
    ERROR, and is for the gate alone: no verdict is published with it.
    """
    checks = tuple(checks)
    if _unrepeated(checks):
        return Outcome.INCONCLUSIVE
    deciding = [
        finding
        for finding in findings
        if decides(finding) and not (_waivable(finding) and (finding.rule, finding.slice) in waived)
    ]
    if any(finding.outcome is Outcome.FAIL for finding in deciding):
        return Outcome.FAIL
    settled = all(_passed(finding) or _excused(finding) for finding in deciding)
    sound = not _unmet(checks)
    if settled and sound and any(_passed(finding) for finding in deciding):
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def reason(findings: Iterable[Finding], checks: Iterable[Check]) -> str:
    """Why `derive` says what it says, in one sentence."""
    findings, checks = tuple(findings), tuple(checks)
    deciding = [finding for finding in findings if decides(finding)]
    match derive(findings, checks):
        case Outcome.FAIL:
            failed = [f for f in deciding if f.outcome is Outcome.FAIL]
            return f"{_share(failed, deciding)} failed: {_names(failed)}."
        case Outcome.PASS:
            return _why_passed(deciding)
        case _:
            return _why_open(deciding, _unmet(checks))


def with_checks(verdict: Verdict, checks: Sequence[Check]) -> Verdict:
    """The verdict with more checks, and what follows from all of them."""
    if not checks:
        return verdict
    every = (*verdict.checks, *checks)
    outcome, why = derive(verdict.findings, every), reason(verdict.findings, every)
    return replace(verdict, checks=every, outcome=outcome, reason=why)


def _why_passed(deciding: Sequence[Finding]) -> str:
    excused = [finding for finding in deciding if _excused(finding)]
    if not excused:
        return f"{_all(deciding)} passed."
    passed = [finding for finding in deciding if _passed(finding)]
    return f"{_share(passed, deciding)} passed; left open and excused by policy: {_names(excused)}."


def _why_open(deciding: Sequence[Finding], unmet: Sequence[Check]) -> str:
    errors = [f for f in deciding if f.outcome is Outcome.ERROR]
    still_open = [f for f in deciding if f.outcome is Outcome.INCONCLUSIVE and not _excused(f)]
    parts: list[str] = []
    if unmet:
        parts.extend(f"the check {c.name} did not pass ({c.reason})" for c in unmet)
    if errors:
        parts.append(f"{_share(errors, deciding)} could not be judged: {_names(errors)}")
    if still_open:
        parts.append(f"{_share(still_open, deciding)} could not be settled: {_names(still_open)}")
    if not deciding:
        parts.append("no blocking rule was judged, and nothing passes by absence")
    if not parts:
        parts.append("every blocking rule was left open and excused, so nothing was shown")
    text = " ".join("; ".join(parts).split())
    return f"{text[0].upper()}{text[1:]}."


def _waivable(finding: Finding) -> bool:
    return finding.outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE)


def _passed(finding: Finding) -> bool:
    return finding.outcome is Outcome.PASS


def _excused(finding: Finding) -> bool:
    return (
        finding.outcome is Outcome.INCONCLUSIVE
        and finding.on_inconclusive is not OnInconclusive.BLOCK
    )


def _unrepeated(checks: Iterable[Check]) -> bool:
    return any(c.kind == REPEATABILITY and c.outcome is not Outcome.PASS for c in checks)


def _unmet(checks: Iterable[Check]) -> list[Check]:
    return [
        c
        for c in checks
        if c.outcome is not Outcome.PASS
        and (c.severity is Severity.BLOCK or c.kind == REPEATABILITY)
    ]


def _share(some: Sequence[Finding], of: Sequence[Finding]) -> str:
    return f"{len(some)} of {_counted(of)}"


def _counted(findings: Sequence[Finding]) -> str:
    return f"{len(findings)} blocking finding{'' if len(findings) == 1 else 's'}"


def _all(findings: Sequence[Finding]) -> str:
    return "The one blocking finding" if len(findings) == 1 else f"All {_counted(findings)}"


def _names(findings: Sequence[Finding]) -> str:
    named = [f"{f.rule} ({f'over {f.over}' if f.over else f.slice})" for f in findings]
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


# ------------------------------------------------------------------------ recomputation


def recompute(verdict: Verdict) -> Outcome:
    """The outcome, derived again; NoVerdict where the record contradicts itself.

    Declared rules must equal the reported findings, each finding must follow from its own
    interval, and the outcome from all of them. What this cannot see is whether the intervals
    follow from the data: that takes the predictions.
    """
    if verdict.schema_version != SCHEMA_VERSION:
        raise NoVerdict(f"the verdict has schema version {verdict.schema_version}, not 1")
    rules = {rule.id: rule for rule in verdict.rules}
    if len(rules) != len(verdict.rules):
        raise NoVerdict("the verdict declares two rules under one name")
    _require_all_reported(rules, verdict.findings)
    _require_checks(verdict)
    for finding in verdict.findings:
        _require_declared(rules[finding.rule], finding)
        _require_followed(rules[finding.rule], finding)
    outcome = derive(verdict.findings, verdict.checks)
    if outcome is not verdict.outcome:
        raise NoVerdict(f"the verdict says {verdict.outcome}, and its findings say {outcome}")
    return outcome


def shortfall(rule: Rule, finding: Finding) -> float | None:
    """How far beyond its rule's bound the unfavourable end of a finding's interval lies, >= 0.

    In the unit that the rule judges in. None where nothing is to be waived: a PASS, an ERROR, or
    no interval.
    """
    if not _waivable(finding):
        return None
    bound = bound_of(rule, _compared(finding))
    low = bound.estimate.low
    if low is None or not (math.isfinite(low) and math.isfinite(bound.at)):
        return None
    return max(0.0, float(ARITHMETIC.subtract(exact(bound.at), exact(low))))


def _require_all_reported(rules: dict[str, Rule], findings: Sequence[Finding]) -> None:
    """Each rule has a finding, each finding a rule, and none is told twice."""
    reported = Counter((f.rule, f.slice) for f in findings)
    named = {rule for rule, _ in reported}
    if silent := sorted(rules.keys() - named):
        raise NoVerdict(f"the verdict has no finding for its rule {silent[0]}")
    if foreign := sorted(named - rules.keys()):
        raise NoVerdict(f"the verdict has a finding for {foreign[0]}, which it does not declare")
    if doubled := sorted(key for key, count in reported.items() if count > 1):
        raise NoVerdict(f"the verdict has two findings for {doubled[0][0]} on {doubled[0][1]}")


def _require_checks(verdict: Verdict) -> None:
    """The checks that were declared are those that are reported, each once.

    What is noted at publication (the ledger's word, and that an answer did not repeat), the
    judgement cannot have declared.
    """
    noted = {*NOTES, REPEATABILITY, WAIVER}
    reported = [check.name for check in verdict.checks if check.kind not in noted]
    if len(set(reported)) < len(reported):
        raise NoVerdict("the verdict reports one check twice")
    if silent := sorted(set(verdict.declared) - set(reported)):
        raise NoVerdict(f"the verdict does not report its check {silent[0]}")
    if foreign := sorted(set(reported) - set(verdict.declared)):
        raise NoVerdict(f"the verdict reports the check {foreign[0]}, which it does not declare")


def _require_declared(rule: Rule, finding: Finding) -> None:
    """A finding may not soften what its rule says."""
    for name in ("metric", "over", "kind", "margin", "value", "relative"):
        if getattr(rule, name) != getattr(finding, name):
            raise NoVerdict(f"the finding for {rule.id} has another {name} than its rule")
    for name in ("severity", "on_inconclusive", "mode"):
        if getattr(rule, name) is not getattr(finding, name):
            raise NoVerdict(f"the finding for {rule.id} has another {name} than its rule")
    if rule.slice not in (EVERY, finding.slice):
        raise NoVerdict(f"the finding for {rule.id} is on {finding.slice}, not on {rule.slice}")


def _require_followed(rule: Rule, finding: Finding) -> None:
    """The outcome of a finding must follow from its interval.

    ERROR is always believed, since it cannot help anyone. INCONCLUSIVE is believed over an
    interval that would decide only where the slice is below one of the rule's floors on rows, and
    nothing else where it is below that on each class.
    """
    if finding.outcome is Outcome.ERROR:
        return
    _require_classes(rule, finding)
    decided = decide(rule, bound_of(rule, _compared(finding)))
    if finding.outcome is decided:
        return
    withheld = finding.outcome is Outcome.INCONCLUSIVE
    if withheld and (decided is Outcome.ERROR or _may_be_too_small(rule, finding)):
        return
    raise NoVerdict(
        f"the finding for {rule.id} on {finding.slice} says {finding.outcome}, "
        f"and its interval says {decided}"
    )


def _require_classes(rule: Rule, finding: Finding) -> None:
    """Nothing is decided where a class is not shown to have the rows that the rule asks for."""
    least, n = rule.min_n_class, finding.n_min_class
    if finding.outcome is Outcome.INCONCLUSIVE or least is None or (n is not None and n >= least):
        return
    raise NoVerdict(
        f"the finding for {rule.id} on {finding.slice} says {finding.outcome}, and shows "
        f"{n or 0} rows of a class where the rule asks for {least}"
    )


def _may_be_too_small(rule: Rule, finding: Finding) -> bool:
    """Whether a floor on rows explains why nothing was decided; an undeclared floor might."""
    floor = rule.min_n
    if floor is None:
        return True
    few = ((finding.n_clusters, floor), (finding.n_min_class, rule.min_n_class))
    return finding.n < floor or any(n is not None and m is not None and n < m for n, m in few)


def _compared(finding: Finding) -> Comparison:
    """What was judged, as the judge saw it: a finding keeps the improvement in the rule's unit."""
    return Comparison(
        metric=finding.metric,
        slice=finding.slice,
        over=finding.over,
        n=finding.n,
        n_clusters=finding.n_clusters,
        n_min_class=finding.n_min_class,
        method=finding.method,
        level=finding.level,
        champion=finding.champion,
        candidate=finding.candidate,
        improvement=finding.improvement,
        relative=finding.improvement,
        std_error=None,
        relative_std_error=None,
    )
