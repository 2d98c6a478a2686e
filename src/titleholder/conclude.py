"""From findings and checks to the `Verdict` record, with the error that the whole controls."""

from collections.abc import Sequence

import msgspec

from titleholder.floors import class_floor_of, floor_of
from titleholder.params.schema import Policy
from titleholder.types import (
    Check,
    Finding,
    OnInconclusive,
    Rule,
    Source,
    Verdict,
    decides,
)
from titleholder.verdict import SCHEMA_VERSION, derive, reason

_MOST_NAMED = 3


def conclude(
    *,
    suite: str,
    policy: Policy,
    candidate: str,
    declared: Sequence[str],
    findings: Sequence[Finding],
    checks: Sequence[Check],
    inputs: Sequence[Source],
) -> Verdict:
    """All that was declared and found, with the outcome that follows from it.

    ``declared`` names the checks that are owed, whatever ``checks`` there are.
    """
    return Verdict(
        schema_version=SCHEMA_VERSION,
        suite=suite,
        task=policy.task,
        candidate=candidate,
        outcome=derive(findings, checks),
        reason=reason(findings, checks),
        error_control=error_control(policy.level, policy.rules),
        level=policy.level,
        rules=tuple(_with_floors(rule, policy, findings) for rule in policy.rules),
        declared=tuple(declared),
        findings=tuple(findings),
        checks=tuple(checks),
        inputs=tuple(inputs),
    )


def error_control(level: float, rules: Sequence[Rule]) -> str:
    """Which error the verdict keeps small, how, and of which ``rules`` it does not.

    >>> print(error_control(0.95, []))
    Intersection-union test: every blocking rule must pass at its own one-sided level of 2.5%, \
so a candidate that breaks any one of them is approved with a probability of at most 2.5%. \
Culprits are named by Holm's procedure over all blocking findings, which names anyone wrongly with \
a probability of at most 2.5%.
    """
    side = f"{(1 - level) / 2:.3%}".rstrip("0%").rstrip(".") + "%"
    return (
        f"Intersection-union test: every blocking rule must pass at its own one-sided level of "
        f"{side}, so a candidate that breaks any one of them is approved with a probability of "
        f"at most {side}. {_beyond(rules)}Culprits are named by Holm's procedure over all "
        f"blocking findings, which names anyone wrongly with a probability of at most {side}."
    )


def _beyond(rules: Sequence[Rule]) -> str:
    """Blocking rules that need not pass, and what that means; empty where there is none."""
    excusing = [
        rule.id
        for rule in rules
        if decides(rule) and rule.on_inconclusive is not OnInconclusive.BLOCK
    ]
    if not excusing:
        return ""
    more = len(excusing) - _MOST_NAMED
    named = ", ".join(excusing[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"That is no promise about rules that policy excuses while they are open ({named}): "
        f"a candidate that breaks one is stopped only where these rows show it. "
    )


def _with_floors(rule: Rule, policy: Policy, findings: Sequence[Finding]) -> Rule:
    """The rule with the floors on rows that were in force.

    Readers of the verdict need them: only a slice below a floor may leave open what its interval
    decides, and without it a regression could pass for an open question. That on each class is
    not in force for what has none, such as the size of a model.
    """
    has_classes = any(f.rule == rule.id and f.n_min_class is not None for f in findings)
    return msgspec.structs.replace(
        rule,
        min_n=floor_of(rule, policy),
        min_n_class=class_floor_of(rule, policy) if has_classes else rule.min_n_class,
    )
