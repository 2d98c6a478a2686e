"""Rules against comparisons: one finding for each that is owed.

A rule is decided by an interval against a bound, never by a point and never by the absence of
significance. Comparisons are written positively, so that NaN and null decide nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from titleholder import rounding
from titleholder.decimals import ARITHMETIC, exact
from titleholder.floors import rows_for, too_small, uncounted
from titleholder.params.schema import Policy
from titleholder.params.shape import nearest
from titleholder.policy import owed
from titleholder.stats.ends import error_of, turned
from titleholder.stats.power import p_value, rows_needed
from titleholder.types import (
    Comparison,
    Estimate,
    Finding,
    Kind,
    Outcome,
    Rule,
    decides,
)

# Two decimals that differ by this little are the same number: the metrics behind an interval were
# computed in binary, where 0.80 - 0.79 is not 0.01. A share of the bound, so that it stays a
# rounding error whatever the unit; what has to be beaten is beaten by at least this much, so that
# rounding alone never makes an improvement.
EPSILON = Decimal("1e-12")

Key = tuple[str, str, str | None]

# How the reason of a finding ends that its interval left open, and nothing else did.
CANNOT_TELL: Final = "these rows cannot tell"


@dataclass(frozen=True, slots=True)
class Bound:
    """What a rule asks, put so that passing is always lying above ``at``.

    ``estimate`` is the quantity judged, turned round where lower is better (a ceiling).
    """

    estimate: Estimate
    at: float
    std_error: float | None


def judge(
    policy: Policy,
    comparisons: Iterable[Comparison],
    skipped: str = "",
    doubted: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Exactly one finding for each rule and slice, in the policy's order.

    ``skipped`` says why nothing was compared, where nothing was. ``doubted`` says of metrics why
    their scores are not trusted: a rule on one may warn, and one that blocks is an ERROR.
    """
    by_key: dict[Key, list[Comparison]] = {}
    for comparison in comparisons:
        key = comparison.metric, comparison.slice, comparison.over
        by_key.setdefault(key, []).append(comparison)
    rules = owed(policy.rules, dict.fromkeys(slice_name for _, slice_name, _ in by_key))
    if skipped:
        return tuple(_nothing(rule, policy, Outcome.INCONCLUSIVE, skipped) for rule in rules)
    return culprits_marked(
        [
            _nothing(rule, policy, Outcome.ERROR, doubted[rule.metric])
            if rule.metric in doubted and decides(rule)
            else _finding(rule, policy, by_key)
            for rule in rules
        ]
    )


def culprits_marked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with `Finding.culprit_p`: Holm over all that decide."""
    import numpy as np

    from titleholder.stats.multiplicity import holm

    family = [decides(f) and f.p_value is not None for f in findings]
    broken = [
        1 - f.p_value if among and f.p_value is not None else math.nan
        for f, among in zip(findings, family, strict=True)
    ]
    adjusted = holm(np.array(broken, dtype=float)).tolist() if any(family) else broken
    return tuple(
        msgspec.structs.replace(f, culprit_p=p) if among else f
        for f, p, among in zip(findings, adjusted, family, strict=True)
    )


def decide(rule: Rule, bound: Bound) -> Outcome:
    """PASS above the bound, FAIL below it, INCONCLUSIVE across it, ERROR without an interval.

    A margin has to be beaten, a floor or ceiling may be touched: an improvement that may equal
    the whole margin is not above it, a file of exactly 20 MB keeps a ceiling of 20. Held against
    each other in decimals, as a statement writes them.
    """
    value, low, high = bound.estimate.value, bound.estimate.low, bound.estimate.high
    if value is None or low is None or high is None:
        return Outcome.ERROR
    if not all(math.isfinite(number) for number in (value, low, high, bound.at)):
        return Outcome.ERROR
    if not low <= high:
        return Outcome.ERROR
    if _above(rule, exact(low), exact(bound.at)):
        return Outcome.PASS
    return Outcome.FAIL if _below(exact(high), exact(bound.at)) else Outcome.INCONCLUSIVE


def _above(rule: Rule, low: Decimal, at: Decimal) -> bool:
    if rule.kind in (Kind.FLOOR, Kind.CEILING):
        short = ARITHMETIC.subtract(at, low)
        return short <= 0 or short <= EPSILON * max(abs(low), abs(at))
    return ARITHMETIC.subtract(low, at) > _apart(at)


def _below(high: Decimal, at: Decimal) -> bool:
    return ARITHMETIC.subtract(at, high) > _apart(at)


def _apart(at: Decimal) -> Decimal:
    return EPSILON * max(Decimal(1), abs(at))


def bound_of(rule: Rule, comparison: Comparison) -> Bound:
    """The quantity that the rule judges and the number that it has to lie above."""
    if rule.kind in (Kind.NON_INFERIOR, Kind.SUPERIOR):
        margin = _margin(rule)
        at = -margin if rule.kind is Kind.NON_INFERIOR else margin
        if rule.relative:
            return Bound(comparison.relative, at, comparison.relative_std_error)
        return Bound(comparison.improvement, at, comparison.std_error)
    value = math.nan if rule.value is None else rule.value
    own = comparison.candidate
    error = error_of(own, comparison.level)
    if rule.kind is Kind.CEILING:
        return Bound(turned(own), -value, error)
    return Bound(own, value, error)


def _margin(rule: Rule) -> float:
    """The margin, 0 where `superior` names none; NaN, which decides nothing, for no margin."""
    if rule.margin is None:
        return 0.0 if rule.kind is Kind.SUPERIOR else math.nan
    return rule.margin if rule.margin >= 0 else math.nan


def _finding(rule: Rule, policy: Policy, by_key: Mapping[Key, Sequence[Comparison]]) -> Finding:
    found = by_key.get((rule.metric, rule.slice, rule.over), ())
    if not found:
        return _not_measured(rule, policy, by_key)
    if len(found) > 1:
        reason = f"{rule.metric} on {rule.slice} was measured {len(found)} times: which one counts?"
        return _nothing(rule, policy, Outcome.ERROR, reason)
    comparison = found[0]
    bound = bound_of(rule, comparison)
    outcome, reason = _outcome(rule, policy, comparison, bound)
    value, error = bound.estimate.value, bound.std_error
    p, rows = None, None
    if value is None and outcome is Outcome.INCONCLUSIVE:
        rows = comparison.least
    if value is not None and error is not None:
        p = p_value(value, bound.at, error)
        if outcome is Outcome.INCONCLUSIVE:
            rows = _rows(rule, policy, comparison, value - bound.at, error)
    return _assembled(rule, comparison, outcome, reason, p, rows)


def _rows(
    rule: Rule, policy: Policy, comparison: Comparison, distance: float, error: float
) -> int | None:
    """Rows that would settle the finding: more than there are, and no fewer than the floors."""
    rows = rows_needed(distance, error, comparison.n, comparison.level)
    least = rows_for(rule, policy, comparison)
    if rows is None or least is None or not comparison.of_rows:
        return None
    return max(rows, comparison.n + 1, least)


def _outcome(
    rule: Rule, policy: Policy, comparison: Comparison, bound: Bound
) -> tuple[Outcome, str]:
    if not comparison.available:
        return Outcome.ERROR, comparison.reason
    if comparison.level != policy.level:
        said = f"measured at a level of {comparison.level}, and the policy asks for {policy.level}"
        return Outcome.ERROR, said
    if bound.estimate.value is None:
        return Outcome.INCONCLUSIVE, comparison.reason or _valueless(rule, comparison)
    if unknown := uncounted(rule, policy, comparison):
        return Outcome.ERROR, unknown
    outcome = decide(rule, bound)
    # Figures that cannot be are a fault on however few rows.
    if outcome is not Outcome.ERROR and (short := too_small(rule, policy, comparison)):
        return Outcome.INCONCLUSIVE, short
    return outcome, _reason(rule, outcome, bound)


def _valueless(rule: Rule, comparison: Comparison) -> str:
    """Why there is nothing to hold against a bound though the metric was taken."""
    if not rule.relative or comparison.improvement.value is None:
        return "the quantity has no value here"
    return f"the change has no interval as a share of the champion's {rule.metric} here"


def _reason(rule: Rule, outcome: Outcome, bound: Bound) -> str:
    turn = -1.0 if rule.kind is Kind.CEILING else 1.0
    ends = sorted(
        turn * end for end in (bound.estimate.low, bound.estimate.high) if end is not None
    )
    bounds = (turn * bound.at,)
    interval = rounding.interval(ends[0], ends[1], bounds) if len(ends) == 2 else "no interval"
    what = "the candidate" if rule.kind in (Kind.FLOOR, Kind.CEILING) else "the improvement"
    at = f"{turn * bound.at:.4g}"
    side, other = ("above", "below") if turn > 0 else ("below", "above")
    match outcome:
        case Outcome.PASS:
            return f"{what} {interval} lies {side} {at}"
        case Outcome.FAIL:
            return f"{what} {interval} lies {other} {at}"
        case Outcome.INCONCLUSIVE:
            return f"{what} {interval} holds {at}: {CANNOT_TELL}"
        case _:
            return f"{what} has {interval} that could be held against {at}"


def _assembled(
    rule: Rule,
    comparison: Comparison,
    outcome: Outcome,
    reason: str,
    p: float | None,
    rows: int | None,
) -> Finding:
    return Finding(
        rule=rule.id,
        metric=rule.metric,
        slice=rule.slice,
        over=rule.over,
        kind=rule.kind,
        severity=rule.severity,
        on_inconclusive=rule.on_inconclusive,
        mode=rule.mode,
        outcome=outcome,
        reason=reason,
        method=comparison.method,
        n=comparison.n,
        n_clusters=comparison.n_clusters,
        champion=comparison.champion,
        candidate=comparison.candidate,
        improvement=comparison.relative if rule.relative else comparison.improvement,
        p_value=p,
        margin=rule.margin,
        relative=rule.relative,
        value=rule.value,
        level=comparison.level,
        rows_needed=rows,
        test=comparison.test,
        n_min_class=comparison.n_min_class,
    )


def _not_measured(rule: Rule, policy: Policy, known: Iterable[Key]) -> Finding:
    """Of a slice that the data lack, or of a metric that nobody took there."""
    where = f"over {rule.over}" if rule.over else f"on {rule.slice}"
    plain = [(metric, name) for metric, name, over in known if over is None]
    slices = dict.fromkeys(name for _, name in plain)
    if rule.over is None and rule.slice in slices:
        why = nearest(rule.metric, [metric for metric, name in plain if name == rule.slice])
    else:
        near = "" if rule.over else nearest(rule.slice, slices)
        why = f": no such slice in these data{near}"
    reason = f"{rule.metric} was not measured {where}{why}"
    return _nothing(rule, policy, Outcome.ERROR, reason)


def _nothing(rule: Rule, policy: Policy, outcome: Outcome, reason: str) -> Finding:
    """A finding that rests on no measurement at all."""
    blank = Comparison(
        metric=rule.metric,
        slice=rule.slice,
        over=rule.over,
        n=0,
        n_clusters=None,
        n_min_class=None,
        method="none",
        level=policy.level,
        champion=Estimate(),
        candidate=Estimate(),
        improvement=Estimate(),
        relative=Estimate(),
        std_error=None,
        relative_std_error=None,
    )
    return _assembled(rule, blank, outcome, reason, None, None)
