"""What a verdict answers: when two of them say the same, and what they say when they do not.

What a clock or a scale gave counts by its outcome alone, since no two runs agree on it. What the
ledger adds is no part of the answer: others write to it meanwhile.
"""

from titleholder.metrics import REGISTRY
from titleholder.types import Check, Finding, Outcome, Severity, Verdict
from titleholder.verdict import NOTES, REPEATABILITY, WAIVER, derive, with_checks


def in_two_ways(verdict: Verdict, earlier: Verdict, sequence: int) -> Verdict | None:
    """That the question has no answer; None where both verdicts answer it alike.

    ``sequence`` is the place of the ``earlier`` one in its chain.
    """
    if answer(earlier) == answer(verdict):
        return None
    check = Check(
        name=REPEATABILITY,
        kind=REPEATABILITY,
        severity=Severity.BLOCK,
        outcome=Outcome.FAIL,
        reason=f"verdict {sequence} answered the same question otherwise: {earlier.reason}",
    )
    return with_checks(verdict, (check,))


def whole(verdict: Verdict) -> tuple[object, ...]:
    """What has to be the same for an earlier verdict to stand: the answer, and the ledger's word.

    The ledger may say more on a later try of one night, since others have written meanwhile, or
    since it could not be read: then the later word is published, too.
    """
    noted = tuple(
        (c.name, c.severity, c.outcome) for c in verdict.checks if c.kind in {*NOTES, WAIVER}
    )
    return answer(verdict), noted


def answer(verdict: Verdict) -> tuple[object, ...]:
    """What two runs of one question must agree on: all that follows from the records alone."""
    findings = tuple(_repeatable(finding) for finding in verdict.findings)
    own = [check for check in verdict.checks if check.kind not in {*NOTES, WAIVER}]
    checks = tuple((c.name, c.severity, c.outcome) for c in own)
    return derive(verdict.findings, own), findings, checks


def _repeatable(finding: Finding) -> object:
    """The whole finding, or the outcome alone of one on what a clock or a scale gave."""
    if finding.metric in REGISTRY and REGISTRY[finding.metric].measured:
        return finding.rule, finding.slice, finding.outcome
    return finding
