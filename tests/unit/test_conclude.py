"""From findings to the verdict record, and what it says of its error."""

import math
from statistics import NormalDist

import msgspec
import numpy as np
import pytest

from tests.support.comparisons import comparison, interval, policy, rule
from titleholder.conclude import conclude, error_control
from titleholder.judge import judge
from titleholder.params.schema import Policy
from titleholder.types import Kind, Mode, OnInconclusive, Outcome, Rule, Severity, Verdict
from titleholder.verdict import derive, recompute


def concluded(of: Policy, ends: tuple[float, float]) -> Verdict:
    """The verdict on one measured interval."""
    findings = judge(of, [comparison(of.rules[0], interval(*ends))])
    return conclude(
        suite="s", policy=of, candidate="c", findings=findings, declared=(), checks=(), inputs=()
    )


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        ((0.0, 0.1), Outcome.PASS),
        ((-0.1, 0.1), Outcome.INCONCLUSIVE),
        ((-0.9, -0.8), Outcome.FAIL),
        ((math.nan, 0.1), Outcome.INCONCLUSIVE),
    ],
)
def test_the_outcome_follows_from_the_findings(ends: tuple[float, float], outcome: Outcome) -> None:
    """A verdict that was concluded is one that readers can derive again."""
    verdict = concluded(policy(rule(Kind.NON_INFERIOR)), ends)
    assert verdict.outcome is outcome
    assert recompute(verdict) is outcome
    assert verdict.reason


def test_no_rules_pass_nothing() -> None:
    """A verdict without findings is INCONCLUSIVE."""
    verdict = conclude(
        suite="s", policy=policy(), candidate="c", findings=(), declared=(), checks=(), inputs=()
    )
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_the_floor_in_force_stands_in_the_verdict() -> None:
    """A rule without ``min_n`` is published with the policy's, one with its own keeps it."""
    bare = policy(rule(Kind.NON_INFERIOR), min_n=33)
    assert [r.min_n for r in concluded(bare, (0.0, 0.1)).rules] == [33]
    own: Rule = rule(Kind.NON_INFERIOR, min_n=7)
    assert [r.min_n for r in concluded(policy(own, min_n=33), (0.0, 0.1)).rules] == [7]


def test_the_floor_on_classes_in_force_stands_in_the_verdict() -> None:
    """That of the policy for what has classes; what has none is not held to it."""
    bare = policy(rule(Kind.NON_INFERIOR), min_n_class=33)
    verdict = concluded(bare, (0.0, 0.1))
    assert [r.min_n_class for r in verdict.rules] == [33]
    assert recompute(verdict) is Outcome.PASS
    size = comparison(bare.rules[0], interval(0.0, 0.1), n_min_class=None, of_rows=False)
    found = judge(bare, [size])
    measured = conclude(
        suite="s", policy=bare, candidate="c", findings=found, declared=(), checks=(), inputs=()
    )
    assert [r.min_n_class for r in measured.rules] == [None]
    assert recompute(measured) is Outcome.PASS


@pytest.mark.parametrize(
    ("level", "side"), [(0.95, "2.5%"), (0.9, "5%"), (0.99, "0.5%"), (0.999, "0.05%"), (0.8, "10%")]
)
def test_the_error_is_told_for_the_level(level: float, side: str) -> None:
    """The one-sided error of a two-sided level, in as few digits as it takes."""
    said = error_control(level, [rule(Kind.NON_INFERIOR)])
    assert f"level of {side}," in said
    assert f"at most {side}. Culprits" in said


@pytest.mark.parametrize("excuse", [OnInconclusive.WARN, OnInconclusive.PASS])
def test_the_error_is_not_promised_of_rules_that_may_stay_open(excuse: OnInconclusive) -> None:
    """A rule on whose edge a candidate lies is open as a rule, and excused: approved most times.

    Rules that only warn or are in shadow were never part of the promise, and are not named.
    """
    lenient = rule(Kind.NON_INFERIOR, id="lenient", on_inconclusive=excuse)
    rules = [lenient, rule(Kind.NON_INFERIOR, id="strict", metric="m1")]
    rules.append(msgspec.structs.replace(lenient, id="warns", severity=Severity.WARN))
    rules.append(msgspec.structs.replace(lenient, id="shadow", mode=Mode.SHADOW))
    edge = comparison(lenient, interval(-0.07, -0.03))
    found = judge(policy(*rules[:2]), [edge, comparison(rules[1], interval(0.2, 0.4), metric="m1")])
    assert derive(found, ()) is Outcome.PASS
    assert "open (lenient): a candidate" in error_control(0.95, rules)


def test_intersection_union_keeps_its_error() -> None:
    """A candidate on the edge of one of five rules is approved at most at the stated rate.

    Four rules are met with certainty, which is the worst case; 1,000 panels of the fifth.
    """
    z, runs = NormalDist().inv_cdf(0.975), 1000
    rng = np.random.default_rng(5)
    of = policy(*(rule(Kind.NON_INFERIOR, id=f"r{i}", metric=f"m{i}") for i in range(5)))
    certain = [comparison(of.rules[i], interval(0.2, 0.4), metric=f"m{i}") for i in range(4)]
    approved = 0
    for middle in rng.normal(-0.05, 0.01, runs):
        edge = interval(middle - z * 0.01, middle + z * 0.01)
        found = judge(of, [*certain, comparison(of.rules[4], edge, metric="m4")])
        approved += derive(found, ()) is Outcome.PASS
    assert approved <= 0.025 * runs + 3 * math.sqrt(runs * 0.025 * 0.975)
