"""What holds of every judgement, whatever was measured and whatever the rule."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.comparisons import comparison, policy, quantity
from titleholder.judge import judge
from titleholder.types import Comparison, Estimate, Finding, Kind, Outcome, Rule

PASS = Outcome.PASS
DECIDED = (Outcome.PASS, Outcome.FAIL)

# Coarse numbers, so that intervals often touch their bounds.
ticks = st.integers(-20, 20).map(lambda tick: tick / 100)
wild = st.one_of(ticks, st.none(), st.sampled_from([math.nan, math.inf, -math.inf]))
holes = st.sampled_from([None, math.nan, math.inf, -math.inf])


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule of any kind, with a bound of its kind."""
    kind = draw(st.sampled_from(Kind))
    margin = kind in (Kind.NON_INFERIOR, Kind.SUPERIOR)
    return Rule(
        id="r",
        metric="accuracy",
        kind=kind,
        margin=draw(st.integers(0, 20)) / 100 if margin else None,
        value=None if margin else draw(ticks),
        relative=margin and draw(st.booleans()),
        min_n=draw(st.one_of(st.none(), st.integers(1, 100))),
        min_n_class=draw(st.one_of(st.none(), st.integers(1, 60))),
    )


@st.composite
def intervals(draw: st.DrawFn, number: Any = ticks) -> Estimate:
    """A value with two ends in any order that the numbers give."""
    return Estimate(draw(number), draw(number), draw(number))


@st.composite
def measured(draw: st.DrawFn, number: Any = ticks) -> Comparison:
    """A comparison of any quality."""
    return comparison(
        champion=draw(intervals(number)),
        candidate=draw(intervals(number)),
        improvement=draw(intervals(number)),
        relative=draw(intervals(number)),
        std_error=draw(st.one_of(st.none(), st.just(0.01), st.just(math.nan))),
        n=draw(st.integers(0, 120)),
        n_clusters=draw(st.one_of(st.none(), st.integers(0, 120))),
        n_min_class=draw(st.integers(0, 60)),
        available=draw(st.booleans()),
    )


def judged(of: Rule, *what: Comparison) -> Finding:
    """The one finding of one rule."""
    (finding,) = judge(policy(of), what)
    return finding


@given(rules(), measured(wild), st.data())
def test_taking_a_number_away_never_makes_a_pass(
    of: Rule, what: Comparison, data: st.DataObject
) -> None:
    """Any number that becomes null, NaN or infinite leaves what did not pass not passed."""
    before = judged(of, what).outcome
    name = data.draw(st.sampled_from(["champion", "candidate", "improvement", "relative", "error"]))
    hole = data.draw(holes)
    if name == "error":
        broken = replace(what, std_error=hole, relative_std_error=hole)
    else:
        end = data.draw(st.sampled_from(["value", "low", "high"]))
        broken = replace(what, **{name: replace(getattr(what, name), **{end: hole})})
    after = judged(of, broken).outcome
    assert after is not PASS or before is PASS
    if before is not Outcome.FAIL:
        assert after is not Outcome.FAIL


@given(rules(), measured())
def test_taking_the_judged_interval_away_undoes_a_pass(of: Rule, what: Comparison) -> None:
    """Without one of its three numbers, what a rule judges never passes."""
    for end in ("value", "low", "high"):
        for hole in (None, math.nan, math.inf, -math.inf):
            name = quantity(of)
            broken = replace(what, **{name: replace(getattr(what, name), **{end: hole})})
            assert judged(of, broken).outcome not in DECIDED


@given(rules(), measured(), st.integers(0, 30), st.integers(0, 30))
def test_widening_never_decides(of: Rule, what: Comparison, down: int, up: int) -> None:
    """A wider interval turns nothing into PASS, nothing into FAIL, and no FAIL into PASS."""
    name = quantity(of)
    estimate: Estimate = getattr(what, name)
    assert estimate.low is not None
    assert estimate.high is not None
    if not estimate.low <= estimate.high:
        return
    wider = replace(estimate, low=estimate.low - down / 100, high=estimate.high + up / 100)
    before, after = judged(of, what).outcome, judged(of, replace(what, **{name: wider})).outcome
    assert after is before or after is Outcome.INCONCLUSIVE


@given(rules(), measured(), st.integers(0, 20))
def test_asking_less_never_fails_more(of: Rule, what: Comparison, tick: int) -> None:
    """A wider margin, a lower floor, a higher ceiling: the outcome never gets worse."""
    easier = tick / 100
    match of.kind:
        case Kind.NON_INFERIOR:
            softer = replace(of, margin=(of.margin or 0) + easier)
        case Kind.SUPERIOR:
            softer = replace(of, margin=max(0.0, (of.margin or 0) - easier))
        case Kind.FLOOR:
            softer = replace(of, value=(of.value or 0) - easier)
        case Kind.CEILING:
            softer = replace(of, value=(of.value or 0) + easier)
    rank = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, PASS: 2}
    before, after = judged(of, what).outcome, judged(softer, what).outcome
    if before is Outcome.ERROR:
        assert after is Outcome.ERROR
    else:
        assert rank[after] >= rank[before]


@given(rules(), measured(), st.integers(1, 30))
def test_a_better_candidate_never_fares_worse(of: Rule, what: Comparison, tick: int) -> None:
    """Moving the judged interval to the better side never worsens the outcome."""
    name = quantity(of)
    shift = (-tick if of.kind is Kind.CEILING else tick) / 100
    old: Estimate = getattr(what, name)
    new = Estimate((old.value or 0) + shift, (old.low or 0) + shift, (old.high or 0) + shift)
    rank = {Outcome.ERROR: -1, Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, PASS: 2}
    before, after = judged(of, what).outcome, judged(of, replace(what, **{name: new})).outcome
    # A shift may round two equal ends apart, or two unequal ones the wrong way round.
    assert rank[after] >= rank[before] or after is Outcome.ERROR


@given(rules(), measured(wild), st.integers(0, 200))
def test_fewer_rows_never_decide(of: Rule, what: Comparison, fewer: int) -> None:
    """With the same interval from fewer rows, an outcome stays or becomes INCONCLUSIVE."""
    before = judged(of, what).outcome
    after = judged(of, replace(what, n=max(0, what.n - fewer))).outcome
    assert after is before or after is Outcome.INCONCLUSIVE


@given(rules(), measured(wild), st.integers(0, 60))
def test_fewer_rows_of_a_class_never_decide(of: Rule, what: Comparison, fewer: int) -> None:
    """With the same interval and fewer rows of a class, an outcome stays or is INCONCLUSIVE."""
    before = judged(of, what).outcome
    rarer = replace(what, n_min_class=max(0, (what.n_min_class or 0) - fewer))
    after = judged(of, rarer).outcome
    assert after is before or after is Outcome.INCONCLUSIVE


@given(rules(), measured(), st.integers(1, 60))
def test_a_floor_on_classes_is_reached_or_nothing_is_decided(
    of: Rule, what: Comparison, least: int
) -> None:
    """Declared by the rule or the policy, it leaves alone what has the rows, and only that."""
    bare = replace(of, min_n_class=None)
    own, of_all = replace(of, min_n_class=least), policy(bare, min_n_class=least)
    free, held = judged(bare, what), judged(own, what)
    (by_policy,) = judge(of_all, [what])
    assert by_policy == held
    enough = what.n_min_class is not None and what.n_min_class >= least
    if enough or free.outcome not in DECIDED:
        assert held.outcome is free.outcome
    else:
        assert held.outcome is Outcome.INCONCLUSIVE
    nobody = judged(own, replace(what, n_min_class=None))
    assert nobody.outcome not in DECIDED


@given(st.lists(rules(), max_size=4), st.lists(st.sampled_from("abc"), max_size=5), st.data())
def test_one_finding_for_each_rule_and_slice(
    some: list[Rule], names: list[str], data: st.DataObject
) -> None:
    """As many findings as rules ask for, and none for a slice that stands twice passes."""
    where = st.sampled_from(["overall", "*", "g=a", "g=z"])
    asked = [replace(r, id=f"r{i}", slice=data.draw(where)) for i, r in enumerate(some)]
    clear = Estimate(0.5, 0.4, 0.6)
    what = [
        comparison(slice=f"g={name}", candidate=clear, improvement=clear, relative=clear)
        for name in names
    ]
    found = judge(policy(*asked), what)
    distinct = len(set(names))
    expected = sum(max(1, distinct) if r.slice == "*" else 1 for r in asked)
    keys = [(f.rule, f.slice) for f in found]
    assert len(keys) == len(set(keys)) == expected
    for finding in found:
        if names.count(finding.slice.removeprefix("g=")) != 1:
            assert finding.outcome is Outcome.ERROR


@given(rules(), measured(wild))
def test_every_finding_has_a_reason_and_finite_figures(of: Rule, what: Comparison) -> None:
    """Whatever was measured, the judge answers: with a reason, and no figure of its own is NaN."""
    finding = judged(of, what)
    if what.available:
        assert finding.reason
    for number in (finding.p_value, finding.rows_needed):
        assert number is None or math.isfinite(number)
    assert finding.p_value is None or 0 <= finding.p_value <= 1
