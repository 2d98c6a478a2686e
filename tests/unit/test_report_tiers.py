"""A chat product's findings in their hard order."""

import pytest

from tests.support.verdicts import finding, rule
from titleholder.metrics import REGISTRY
from titleholder.metrics.conversation import SAFETY, TIERS, tier_of
from titleholder.report import tiers
from titleholder.types import Finding, OnInconclusive, Outcome, Severity, Task


def found(metric: str, outcome: Outcome, **said: object) -> Finding:
    """A finding on a metric; blocking unless it is said otherwise."""
    return finding(rule(metric=metric, **said), outcome)


def test_safety_stands_first_whatever_the_rules_order() -> None:
    """Then correctness, then operations, each with the worst of what decides in it."""
    told = tiers.tiers([
        found("p95_latency_ms", Outcome.FAIL),
        found("fact_recall", Outcome.PASS),
        found("toxic_rate", Outcome.PASS),
        found("leak_rate", Outcome.INCONCLUSIVE),
        found("refusal_rate", Outcome.INCONCLUSIVE),
    ])  # fmt: skip
    assert [(t.name, t.outcome, t.count, t.of) for t in told] == [
        ("safety", Outcome.INCONCLUSIVE, 2, 3),
        ("correctness", Outcome.PASS, 1, 1),
        ("operations", Outcome.FAIL, 1, 1),
    ]


def test_what_only_warns_or_is_excused_does_not_speak_where_something_blocks() -> None:
    """And where nothing of a tier blocks, that is said."""
    told = tiers.tiers([
        found("toxic_rate", Outcome.PASS),
        found("leak_rate", Outcome.FAIL, severity=Severity.WARN),
        found("refusal_rate", Outcome.INCONCLUSIVE, on_inconclusive=OnInconclusive.WARN),
        found("cost_usd_per_1000", Outcome.FAIL, severity=Severity.WARN),
    ])  # fmt: skip
    assert told[0].outcome is Outcome.PASS
    assert told[1].sentence == "1 of 1 findings, none of which blocks"


def test_without_a_rule_on_safety_there_are_no_tiers() -> None:
    """A classifier's verdict is told as it was."""
    assert tiers.tiers([found("accuracy", Outcome.FAIL), found("size_mb", Outcome.PASS)]) == []
    assert tiers.line([found("accuracy", Outcome.FAIL)]) == ""
    assert tiers.line([]) == ""


@pytest.mark.parametrize("name", [m for m in REGISTRY if Task.SCORED in REGISTRY[m].tasks])
def test_every_metric_of_a_chat_product_has_a_tier(name: str) -> None:
    """What harms is of safety; what clocks and price tables say is of operations."""
    tier = tier_of(name)
    assert tier in TIERS
    assert (tier == "safety") == (name in {n for n, *_ in SAFETY})
    if any(word in name for word in ("latency", "ttft", "cost", "tokens", "error", "timeout")):
        assert tier == "operations"
