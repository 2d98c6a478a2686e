"""Rules, findings and verdicts that are whole, for tests that then break one thing in them."""

from typing import Any

from msgspec.structs import replace

from titleholder.conclude import conclude
from titleholder.params.schema import Policy
from titleholder.trust.statement import Code, Provenance, Runtime, Subject, subject_of
from titleholder.types import (
    Check,
    Estimate,
    Finding,
    Kind,
    Outcome,
    Rule,
    Severity,
    Source,
    Task,
    Verdict,
)

MODEL = "ab" * 32
OTHER_MODEL = "cd" * 32
# Improvements that decide a margin of 0.01, one for each outcome.
INTERVALS = {
    Outcome.PASS: Estimate(0.02, 0.01, 0.03),
    Outcome.FAIL: Estimate(-0.06, -0.08, -0.04),
    Outcome.INCONCLUSIVE: Estimate(0.0, -0.05, 0.05),
    Outcome.ERROR: Estimate(),
}


def rule(**said: Any) -> Rule:
    """A non-inferiority rule on AUC with a margin of 0.01, but for what is said."""
    return Rule(
        **{"id": "auc", "metric": "roc_auc", "kind": Kind.NON_INFERIOR, "margin": 0.01, **said}
    )


def finding(of: Rule, outcome: Outcome, **said: Any) -> Finding:
    """A finding that follows from its interval, but for what is said."""
    whole = Finding(
        rule=of.id,
        metric=of.metric,
        slice=of.slice,
        over=of.over,
        kind=of.kind,
        severity=of.severity,
        on_inconclusive=of.on_inconclusive,
        mode=of.mode,
        outcome=outcome,
        reason="",
        method="bootstrap",
        n=1000,
        n_clusters=None,
        champion=Estimate(0.80, 0.78, 0.82),
        candidate=Estimate(0.82, 0.80, 0.84),
        improvement=INTERVALS[outcome],
        p_value=None,
        margin=of.margin,
        relative=of.relative,
        value=of.value,
        level=0.95,
        rows_needed=None,
    )
    return replace(whole, **said)


def check(outcome: Outcome, severity: Severity = Severity.BLOCK, name: str = "data") -> Check:
    """A check beside the rules."""
    return Check(name=name, kind="data", severity=severity, outcome=outcome, reason="seen so")


def verdict(*outcomes: Outcome, suite: str = "credit", **said: Any) -> Verdict:
    """A verdict on rules r0, r1, ... with these outcomes, but for what is said."""
    rules = tuple(rule(id=f"r{i}") for i in range(len(outcomes)))
    whole = conclude(
        suite=suite,
        policy=Policy(task=Task.BINARY, rules=rules),
        candidate="candidate",
        findings=[finding(r, o) for r, o in zip(rules, outcomes, strict=True)],
        declared=("data",),
        checks=(check(Outcome.PASS),),
        inputs=(Source("current", "data/current.parquet", "ef" * 32, 10),),
    )
    return replace(whole, **said)


def subject(sha256: str = MODEL) -> Subject:
    """The candidate's file."""
    return subject_of("candidate.skops", sha256)


def provenance(**said: Any) -> Provenance:
    """How a verdict was made: always alike, but for what is said."""
    whole = Provenance(
        code=Code(commit="12" * 20, dirty=False),
        lock=f"sha256:{'34' * 32}",
        params=f"sha256:{'56' * 32}",
        policy=f"sha256:{'78' * 32}",
        runtime=Runtime("0.1.0", "3.11.7", "2.4.6", "1.17.1", "openblas 0.3.30", 1, 20260101),
        started_at="2026-03-02T11:58:00Z",
        finished_at="2026-03-02T12:00:00Z",
        attempt=1,
    )
    return replace(whole, **said)
