"""Rules against comparisons: the decision table, and that exactly one finding is owed to each."""

import math
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.comparisons import comparison, interval, policy, quantity, rule
from titleholder import records
from titleholder.judge import Bound, decide, judge
from titleholder.stats.power import rows_needed
from titleholder.types import (
    Comparison,
    Estimate,
    Finding,
    Kind,
    Mode,
    OnInconclusive,
    Outcome,
    Rule,
    Severity,
)
from titleholder.types import (
    Tested as AskedFor,
)
from titleholder.verdict import derive

NAN, INF = math.nan, math.inf
PASS, FAIL = Outcome.PASS, Outcome.FAIL
INCONCLUSIVE, ERROR = Outcome.INCONCLUSIVE, Outcome.ERROR


def judged(of: Rule, *comparisons: Comparison, **said: Any) -> Finding:
    """The one finding of one rule."""
    (finding,) = judge(policy(of, **said), comparisons)
    return finding


TABLE = {
    # non_inferior by 0.05: the improvement's interval against -0.05, which has to be beaten
    Kind.NON_INFERIOR: [
        ((-0.04, 0.02), PASS),
        ((0.01, 0.02), PASS),
        ((-0.05, 0.02), INCONCLUSIVE),
        ((-0.06, 0.02), INCONCLUSIVE),
        ((-0.06, -0.05), INCONCLUSIVE),
        ((-0.08, -0.06), FAIL),
        ((-0.05, -0.05), INCONCLUSIVE),
        ((0.0, 0.0), PASS),
    ],
    # superior by 0.05
    Kind.SUPERIOR: [
        ((0.06, 0.08), PASS),
        ((0.05, 0.08), INCONCLUSIVE),
        ((0.04, 0.06), INCONCLUSIVE),
        ((0.01, 0.05), INCONCLUSIVE),
        ((0.01, 0.04), FAIL),
        ((-0.02, -0.01), FAIL),
    ],
    # a floor of 0.8 may be touched
    Kind.FLOOR: [
        ((0.81, 0.9), PASS),
        ((0.8, 0.9), PASS),
        ((0.8, 0.8), PASS),
        ((0.79, 0.9), INCONCLUSIVE),
        ((0.7, 0.8), INCONCLUSIVE),
        ((0.7, 0.79), FAIL),
    ],
    # a ceiling of 0.2 may be touched
    Kind.CEILING: [
        ((0.1, 0.19), PASS),
        ((0.1, 0.2), PASS),
        ((0.2, 0.2), PASS),
        ((0.1, 0.21), INCONCLUSIVE),
        ((0.2, 0.3), INCONCLUSIVE),
        ((0.21, 0.3), FAIL),
    ],
}
ROWS = [(kind, ends, outcome) for kind, rows in TABLE.items() for ends, outcome in rows]


@pytest.mark.parametrize(("kind", "ends", "outcome"), ROWS)
def test_an_interval_decides(kind: Kind, ends: tuple[float, float], outcome: Outcome) -> None:
    """PASS wholly on the right side, FAIL wholly on the wrong one, INCONCLUSIVE across."""
    of = rule(kind)
    assert judged(of, comparison(of, interval(*ends))).outcome is outcome


@pytest.mark.parametrize(("kind", "ends", "outcome"), ROWS)
def test_relative_margins_decide_on_the_relative_improvement(
    kind: Kind, ends: tuple[float, float], outcome: Outcome
) -> None:
    """The share of the champion's value is what is held against a relative margin."""
    if kind in (Kind.FLOOR, Kind.CEILING):
        return
    of = rule(kind, relative=True)
    misleading = {"improvement": interval(-1.0, -0.9 if outcome is PASS else 1.0)}
    finding = judged(of, comparison(of, interval(*ends), **misleading))
    assert finding.outcome is outcome
    assert finding.improvement == interval(*ends)


HOLES = [None, NAN, INF, -INF]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("end", ["value", "low", "high"])
@pytest.mark.parametrize("hole", HOLES)
def test_no_number_no_pass(kind: Kind, relative: bool, end: str, hole: float | None) -> None:
    """An interval that passes decides nothing once one of its numbers is missing or not finite."""
    relative = relative and kind in (Kind.NON_INFERIOR, Kind.SUPERIOR)
    of = rule(kind, relative=relative)
    passing = interval(0.85, 0.9) if kind is not Kind.CEILING else interval(0.1, 0.15)
    assert judged(of, comparison(of, passing)).outcome is PASS
    broken = replace(passing, **{end: hole})
    finding = judged(of, comparison(of, broken))
    assert finding.outcome in (ERROR, INCONCLUSIVE)
    assert finding.reason


@pytest.mark.parametrize("kind", list(Kind))
def test_turned_intervals_are_errors(kind: Kind) -> None:
    """A lower end above the upper one is a fault, whatever side it is on."""
    of = rule(kind)
    assert judged(of, comparison(of, Estimate(0.5, 0.9, 0.1))).outcome is ERROR


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("hole", [NAN, INF, -INF, None])
def test_bounds_that_are_no_numbers_decide_nothing(kind: Kind, hole: float | None) -> None:
    """A margin or value that is NaN, infinite or missing is an error; superior alone needs none."""
    name = "value" if kind in (Kind.FLOOR, Kind.CEILING) else "margin"
    of = rule(kind, **{name: hole})
    found = {judged(of, comparison(of, interval(*ends))).outcome for ends, _ in TABLE[kind]}
    if kind is Kind.SUPERIOR and hole is None:
        assert found == {PASS, FAIL}
    else:
        assert found == {ERROR}


@pytest.mark.parametrize("kind", [Kind.NON_INFERIOR, Kind.SUPERIOR])
def test_a_negative_margin_decides_nothing(kind: Kind) -> None:
    """A margin of the wrong sign would let a loss pass as superior."""
    of = rule(kind, margin=-0.05)
    assert judged(of, comparison(of, interval(-0.02, 0.1))).outcome is ERROR


# 0.80 - 0.79 is 0.010000000000000009, 0.79 - 0.80 its negative, 0.1 + 0.2 above 0.3.
EDGES = [
    (Kind.NON_INFERIOR, {"margin": 0.01}, (0.79 - 0.80, 0.01), INCONCLUSIVE),
    (Kind.NON_INFERIOR, {"margin": 0.01}, (-0.02, 0.79 - 0.80), INCONCLUSIVE),
    (Kind.NON_INFERIOR, {"margin": 0.80 - 0.79}, (-0.01, 0.01), INCONCLUSIVE),
    (Kind.SUPERIOR, {"margin": 0.01}, (0.80 - 0.79, 0.02), INCONCLUSIVE),
    (Kind.SUPERIOR, {"margin": 0.0}, (5e-17, 5e-17), INCONCLUSIVE),
    (Kind.SUPERIOR, {"margin": 0.0}, (1e-9, 1e-9), PASS),
    (Kind.FLOOR, {"value": 0.1 + 0.2}, (0.3, 0.4), PASS),
    (Kind.CEILING, {"value": 0.3}, (0.2, 0.1 + 0.2), PASS),
    (Kind.CEILING, {"value": 20.0}, (20.0, 20.000000000000004), PASS),
    (Kind.CEILING, {"value": 1e9}, (1e9, 1e9 + 1e-4), PASS),
    (Kind.CEILING, {"value": 1e9}, (1e9, 1e9 + 1.0), INCONCLUSIVE),
    (Kind.CEILING, {"value": 1e-14}, (4e-13, 5e-13), INCONCLUSIVE),
    (Kind.FLOOR, {"value": 1e-13}, (-1e-13, 5e-14), INCONCLUSIVE),
]


@pytest.mark.parametrize(("kind", "bound", "ends", "outcome"), EDGES)
def test_equal_decimals_are_equal(
    kind: Kind, bound: dict[str, float], ends: tuple[float, float], outcome: Outcome
) -> None:
    """Rounding never makes an improvement, and never breaks a ceiling that is just kept."""
    of = rule(kind, **bound)
    assert judged(of, comparison(of, interval(*ends))).outcome is outcome


# ------------------------------------------------------------------- one finding for each


def test_a_rule_without_a_comparison_is_an_error() -> None:
    """What nobody measured, a slice or a column that is not there: found out, not passed."""
    measured = comparison()
    for missing in ({"metric": "f1"}, {"slice": "sex=x"}, {"over": "sex"}):
        finding = judged(rule(Kind.NON_INFERIOR, **missing), measured)
        assert finding.outcome is ERROR
        assert finding.n == 0
        assert "not measured" in finding.reason


def test_a_rule_with_two_comparisons_is_an_error() -> None:
    """Where one slice was measured twice, the better of the two is not picked."""
    of = rule(Kind.NON_INFERIOR)
    good, bad = comparison(of, interval(0.0, 0.1)), comparison(of, interval(-0.9, -0.8))
    for pair in ((good, bad), (bad, good), (good, good)):
        finding = judged(of, *pair)
        assert finding.outcome is ERROR
        assert "2 times" in finding.reason


def test_every_slice_has_its_finding() -> None:
    """``*`` is each slice but the whole, once, in the order measured; a named slice stands once."""
    names = ["overall", "sex=f", "sex=m", "age<30"]
    measured = [comparison(slice=name) for name in names]
    everywhere = rule(Kind.NON_INFERIOR, id="all", slice="*")
    named = rule(Kind.NON_INFERIOR, id="one", slice="sex=m")
    whole = rule(Kind.NON_INFERIOR, id="whole")
    found = judge(policy(everywhere, named, whole), measured)
    assert [(f.rule, f.slice) for f in found] == [
        ("all", "sex=f"), ("all", "sex=m"), ("all", "age<30"), ("one", "sex=m"),
        ("whole", "overall"),
    ]  # fmt: skip


def test_a_slice_without_the_metric_is_an_error_there_alone() -> None:
    """``*`` asks for the metric on every slice that anything was measured on."""
    measured = [
        comparison(), comparison(slice="sex=f"), comparison(slice="sex=m", metric="recall"),
    ]  # fmt: skip
    found = judge(policy(rule(Kind.NON_INFERIOR, slice="*")), measured)
    assert [(f.slice, f.outcome) for f in found] == [("sex=f", PASS), ("sex=m", ERROR)]


def test_every_slice_of_none_is_an_error() -> None:
    """``*`` over no slices at all is owed a finding that nothing satisfies."""
    (finding,) = judge(policy(rule(Kind.NON_INFERIOR, slice="*")), [comparison()])
    assert (finding.slice, finding.outcome) == ("*", ERROR)


def test_nothing_measured_nothing_passes() -> None:
    """No comparisons: an error for each rule; a stated reason: INCONCLUSIVE with that reason."""
    rules = [rule(kind, id=kind) for kind in Kind]
    assert {f.outcome for f in judge(policy(*rules), [])} == {ERROR}
    skipped = judge(policy(*rules), [], skipped="the data did not validate")
    assert {(f.outcome, f.reason) for f in skipped} == {(INCONCLUSIVE, "the data did not validate")}
    assert len(skipped) == len(rules)


def test_a_reason_to_skip_outweighs_what_was_measured() -> None:
    """Comparisons that came along with a reason not to compare are not judged."""
    of = rule(Kind.NON_INFERIOR)
    found = judge(policy(of), [comparison(of, interval(0.0, 0.1))], skipped="bad data")
    assert [f.outcome for f in found] == [INCONCLUSIVE]


def test_unavailable_is_an_error_and_undefined_is_not() -> None:
    """Predictions that lack a column are a fault; a metric undefined on these rows a lack."""
    blank = {name: Estimate() for name in ("champion", "candidate", "improvement", "relative")}
    for kind in Kind:
        lacking = comparison(**blank, reason="no y_score", available=False)
        assert (judged(rule(kind), lacking).outcome) is ERROR
        undefined = judged(rule(kind), comparison(**blank, reason="a single class"))
        assert (undefined.outcome, undefined.reason) == (INCONCLUSIVE, "a single class")
    no_share = rule(Kind.NON_INFERIOR, relative=True)
    found = comparison(no_share, Estimate(), improvement=interval(0.0, 0.1))
    assert "as a share of the champion's" in judged(no_share, found).reason


def test_a_comparison_at_another_level_is_an_error() -> None:
    """An interval at 80% may not decide a rule that asks for 95%."""
    of = rule(Kind.NON_INFERIOR)
    finding = judged(of, comparison(of, interval(0.0, 0.1), level=0.8))
    assert finding.outcome is ERROR
    assert "0.95" in finding.reason


# ----------------------------------------------------------------------- floors on rows


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("n", "expected"), [(0, INCONCLUSIVE), (49, INCONCLUSIVE), (50, PASS)])
def test_the_rules_own_floor_on_rows(kind: Kind, n: int, expected: Outcome) -> None:
    """Below ``min_n`` nothing is decided, however clear the interval; at it, it is."""
    of = rule(kind, min_n=50)
    clear = interval(0.1, 0.15) if kind is Kind.CEILING else interval(0.85, 0.9)
    assert judged(of, comparison(of, clear, n=n)).outcome is expected


def test_the_policys_floor_where_the_rule_names_none() -> None:
    """A rule without ``min_n`` has the policy's, and a rule's own wins in both directions."""
    clear = interval(0.0, 0.1)
    for min_n, own, n, expected in [
        (20, None, 19, INCONCLUSIVE), (20, None, 20, PASS), (200, None, 150, INCONCLUSIVE),
        (200, 100, 150, PASS), (20, 200, 150, INCONCLUSIVE),
    ]:  # fmt: skip
        of = rule(Kind.NON_INFERIOR, min_n=own)
        assert judged(of, comparison(of, clear, n=n), min_n=min_n).outcome is expected


def test_a_failure_on_too_few_rows_is_not_a_failure() -> None:
    """The floor withholds FAIL just as it withholds PASS."""
    of = rule(Kind.NON_INFERIOR, min_n=50)
    assert judged(of, comparison(of, interval(-0.9, -0.8), n=49)).outcome is INCONCLUSIVE


def test_few_clusters_are_few_rows() -> None:
    """A thousand rows of 19 clusters are 19 observations."""
    of = rule(Kind.NON_INFERIOR)
    clear = interval(0.0, 0.1)
    few = judged(of, comparison(of, clear, n_clusters=19))
    assert (few.outcome, few.rows_needed) == (INCONCLUSIVE, 1053)  # 20 clusters like these
    assert judged(of, comparison(of, clear, n_clusters=30)).outcome is PASS


CLASS = {"min_class": "class yes", "n": 1000}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("ends", [(0.1, 0.15), (0.85, 0.9), (-0.9, -0.8)])
def test_a_class_below_its_floor_decides_nothing(kind: Kind, ends: tuple[float, float]) -> None:
    """Neither PASS nor FAIL, and the reason says which class, how many rows and how many of them
    are asked for; at the floor the interval decides.
    """
    of = rule(kind, min_n_class=30)
    seen = comparison(of, interval(*ends), **CLASS)
    few = judged(of, replace(seen, n_min_class=29))
    assert few.outcome is INCONCLUSIVE
    assert few.reason == "29 rows of class yes, and the floor on each class is 30"
    assert (few.n, few.n_min_class) == (1000, 29)
    at = judged(of, replace(seen, n_min_class=30))
    assert at.outcome is judged(rule(kind), seen).outcome


def test_the_policys_floor_on_classes_where_the_rule_names_none() -> None:
    """A rule's own wins in both directions, and a policy without one asks for nothing."""
    clear = interval(0.0, 0.1)
    for each, own, rows, expected in [
        (20, None, 19, INCONCLUSIVE), (20, None, 20, PASS), (200, 100, 150, PASS),
        (20, 200, 150, INCONCLUSIVE), (None, None, 0, PASS),
    ]:  # fmt: skip
        of = rule(Kind.NON_INFERIOR, min_n_class=own)
        seen = comparison(of, clear, n_min_class=rows)
        assert judged(of, seen, min_n_class=each).outcome is expected


def test_classes_that_nobody_counted_are_an_error() -> None:
    """With a floor on each class, and without one it does not matter; figures have no classes."""
    clear = interval(0.0, 0.1)
    of = rule(Kind.NON_INFERIOR, min_n_class=1)
    uncounted = comparison(of, clear, n_min_class=None)
    assert judged(of, uncounted).outcome is ERROR
    assert "nobody counted" in judged(of, uncounted).reason
    assert judged(rule(Kind.NON_INFERIOR), uncounted).outcome is PASS
    figure = replace(uncounted, of_rows=False)
    assert judged(rule(Kind.NON_INFERIOR), figure, min_n_class=9).outcome is PASS


@pytest.mark.parametrize(("rare", "least"), [(7, 4286), (29, 1035), (0, None)])
def test_rows_that_would_fill_a_class_are_told(rare: int, least: int | None) -> None:
    """So many as make the floor at the share that the class has here; of none, no number does."""
    of = rule(Kind.NON_INFERIOR, min_n_class=30)
    seen = replace(comparison(of, interval(0.0, 0.1), **CLASS), n_min_class=rare, std_error=0.02)
    assert judged(of, seen).rows_needed == least


def test_the_floor_holds_without_a_standard_error() -> None:
    """A comparison of rows that lacks its error is not mistaken for a measured figure."""
    of = rule(Kind.NON_INFERIOR)
    assert judged(of, comparison(of, interval(0.0, 0.1), n=3, std_error=None)).outcome is not PASS


def test_a_measured_figure_needs_no_rows() -> None:
    """One file has one size: the floor on rows is not for it."""
    of = rule(Kind.CEILING, metric="size_mb", value=20.0)
    size = comparison(
        of, Estimate(19.0, 19.0, 19.0), metric="size_mb", n=1, std_error=None, of_rows=False
    )
    assert judged(of, size).outcome is PASS


# ------------------------------------------------------------- what a finding carries along


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("excuse", list(OnInconclusive))
@pytest.mark.parametrize("ends", [(-0.04, 0.1), (-0.06, 0.1), (-0.9, -0.8)])
def test_what_a_rule_weighs_does_not_change_what_was_found(
    mode: Mode, severity: Severity, excuse: OnInconclusive, ends: tuple[float, float]
) -> None:
    """Severity, mode and excuse are carried to the finding and never touch its outcome."""
    of = rule(Kind.NON_INFERIOR, mode=mode, severity=severity, on_inconclusive=excuse)
    plain = rule(Kind.NON_INFERIOR)
    measured = comparison(of, interval(*ends))
    finding = judged(of, measured)
    assert finding.outcome is judged(plain, measured).outcome
    assert (finding.mode, finding.severity, finding.on_inconclusive) == (mode, severity, excuse)


VERDICTS = [
    ({}, (-0.04, 0.1), PASS),
    ({}, (-0.06, 0.1), INCONCLUSIVE),
    ({}, (-0.9, -0.8), FAIL),
    ({"on_inconclusive": OnInconclusive.WARN}, (-0.06, 0.1), PASS),
    ({"on_inconclusive": OnInconclusive.PASS}, (-0.06, 0.1), PASS),
    ({"on_inconclusive": OnInconclusive.PASS}, (NAN, 0.1), INCONCLUSIVE),
    ({"on_inconclusive": OnInconclusive.PASS}, (-0.9, -0.8), FAIL),
    ({"severity": Severity.WARN}, (-0.9, -0.8), PASS),
    ({"severity": Severity.INFO}, (-0.9, -0.8), PASS),
    ({"mode": Mode.SHADOW}, (-0.9, -0.8), PASS),
    ({"mode": Mode.SHADOW}, (NAN, 0.1), PASS),
]


@pytest.mark.parametrize(("said", "ends", "outcome"), VERDICTS)
def test_what_a_finding_does_to_the_verdict(
    said: dict[str, Any], ends: tuple[float, float], outcome: Outcome
) -> None:
    """Beside one rule that passes: excuses turn only INCONCLUSIVE, shadows and warnings nothing."""
    sound, of = rule(Kind.FLOOR, id="sound"), rule(Kind.NON_INFERIOR, id="r", **said)
    measured = replace(
        comparison(sound, interval(0.85, 0.9)), improvement=Estimate(0.0, ends[0], ends[1])
    )
    assert derive(judge(policy(sound, of), [measured]), ()) is outcome


def test_a_finding_says_what_it_rests_on() -> None:
    """Method, rows, clusters, bound and level stand in the finding as they were used."""
    of = rule(Kind.NON_INFERIOR, over=None)
    measured = comparison(of, interval(-0.04, 0.02), n_clusters=77)
    finding = judged(of, measured)
    assert finding.method == measured.method
    assert (finding.n, finding.n_clusters, finding.level) == (1000, 77, 0.95)
    assert (finding.margin, finding.value, finding.relative) == (0.05, None, False)
    assert (finding.champion, finding.candidate) == (measured.champion, measured.candidate)
    assert finding.improvement == interval(-0.04, 0.02)
    assert "[-0.040, 0.020] lies above -0.05" in finding.reason


def test_reasons_speak_in_the_metrics_own_direction() -> None:
    """A ceiling's interval is told as it was measured, not turned round."""
    of = rule(Kind.CEILING)
    kept = judged(of, comparison(of, interval(0.1, 0.15)))
    assert "[0.100, 0.150] lies below 0.2" in kept.reason
    broken = judged(of, comparison(of, interval(0.3, 0.4)))
    assert "[0.300, 0.400] lies above 0.2" in broken.reason


# ---------------------------------------------------------------- p-values and rows needed


def test_only_inconclusive_findings_ask_for_rows() -> None:
    """More rows than there are would settle what is open; what is settled needs none."""
    of = rule(Kind.NON_INFERIOR)
    for ends, outcome in TABLE[Kind.NON_INFERIOR]:
        finding = judged(of, comparison(of, interval(*ends), std_error=0.02))
        assert finding.outcome is outcome
        if outcome is not INCONCLUSIVE:
            assert finding.rows_needed is None
        elif finding.improvement.value != -0.05:
            assert finding.rows_needed is not None
            assert finding.rows_needed > finding.n


def test_too_few_rows_need_at_least_the_floor() -> None:
    """A slice below its floor is not told that fewer rows than the floor would do."""
    of = rule(Kind.NON_INFERIOR, min_n=500)
    finding = judged(of, comparison(of, interval(0.1, 0.2), n=30, std_error=0.001))
    assert finding.outcome is INCONCLUSIVE
    assert finding.rows_needed == 500


def test_p_values_agree_with_the_side_of_the_bound() -> None:
    """Small well above the bound, large well below it, one half on it."""
    of = rule(Kind.NON_INFERIOR)
    p = [
        judged(of, comparison(of, interval(low, low + 0.02), std_error=0.005)).p_value
        for low in (-0.03, -0.06, -0.09)
    ]
    assert all(value is not None for value in p)
    assert p[0] < 0.01 < p[1] < 0.99 < p[2]  # type: ignore[operator]
    assert math.isclose(p[1] or 0.0, 0.5)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("hole", HOLES)
def test_findings_can_always_be_written(kind: Kind, hole: float | None) -> None:
    """A NaN that is judged never becomes a NaN that stands in a record of a judged number."""
    of = rule(kind)
    whole = interval(0.1, 0.9)
    for end in ("value", "low", "high"):
        finding = judged(of, comparison(of, replace(whole, **{end: hole})))
        for number in (finding.p_value, finding.rows_needed):
            assert number is None or math.isfinite(number)


def test_findings_are_canonical_records() -> None:
    """A finding is written and read back as it was."""
    of = rule(Kind.NON_INFERIOR)
    finding = judged(of, comparison(of, interval(-0.06, 0.02)))
    assert records.decode(records.encode(finding), Finding, source="finding") == finding


def test_a_bound_decides_by_itself() -> None:
    """`decide` alone, as readers of a verdict use it, gives what judging gave."""
    for kind, ends, outcome in ROWS:
        of = rule(kind)
        estimate = interval(*ends)
        if kind is Kind.CEILING:
            estimate = interval(-ends[1], -ends[0])
        at = {
            Kind.NON_INFERIOR: -0.05, Kind.SUPERIOR: 0.05, Kind.FLOOR: 0.8, Kind.CEILING: -0.2,
        }[kind]  # fmt: skip
        assert decide(of, Bound(estimate, at, None)) is outcome
        assert quantity(of) in ("candidate", "improvement")


def test_culprits_are_named_by_holm_over_all_that_decide() -> None:
    """Adjusted over blocking, enforced rules alone; warnings and shadows are no part of it."""
    of = rule(Kind.NON_INFERIOR)
    rules = (
        replace(of, id="a"),
        replace(of, id="b"),
        replace(of, id="c", severity=Severity.WARN),
        replace(of, id="d", mode=Mode.SHADOW),
    )
    broken = comparison(of, interval(-0.09, -0.06), std_error=0.0077)
    findings = {f.rule: f for f in judge(policy(*rules), [broken])}
    raw = 1 - (findings["a"].p_value or 0.0)
    assert findings["a"].culprit_p == pytest.approx(2 * raw)
    assert findings["b"].culprit_p == pytest.approx(2 * raw)
    assert findings["c"].culprit_p is None
    assert findings["d"].culprit_p is None


def test_a_rule_that_is_kept_is_no_culprit() -> None:
    """The p-value of being broken is close to one where the rule holds by far."""
    of = rule(Kind.NON_INFERIOR)
    assert (judged(of, comparison(of, interval(0.01, 0.04))).culprit_p or 0) > 0.99


def test_without_a_standard_error_nobody_is_named() -> None:
    """What has no p-value is no part of the family, and does not make others look better."""
    of, other = rule(Kind.NON_INFERIOR), rule(Kind.FLOOR, id="open", metric="recall")
    first = comparison(of, interval(-0.09, -0.06), std_error=0.0077)
    alone = judge(policy(of), [first])[0]
    both = judge(policy(of, other), [first])
    assert both[0].culprit_p == alone.culprit_p
    assert both[1].culprit_p is None


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({}, ERROR),
        ({"severity": Severity.WARN}, PASS),
        ({"mode": Mode.SHADOW}, PASS),
    ],
)
def test_scores_that_are_doubted_decide_nothing(said: dict[str, Any], outcome: Outcome) -> None:
    """A rule that blocks is an ERROR with the doubt for its reason; one that warns is judged."""
    of = rule(Kind.NON_INFERIOR, **said)
    seen = comparison(of, interval(0.01, 0.02))
    (found,) = judge(policy(of), [seen], doubted={"accuracy": "the judge contradicts people"})
    assert found.outcome is outcome
    assert (found.reason == "the judge contradicts people") is (outcome is ERROR)
    (trusted,) = judge(policy(of), [seen], doubted={"recall": "of another metric"})
    assert trusted.outcome is PASS


# ------------------------------------------------------------------------- edges


@pytest.mark.parametrize(
    ("at", "apart"), [(0.5, 1e-12), (1.0, 1e-12), (2.0, 2e-12), (1e6, 1e-6), (-1e6, 1e-6)]
)
def test_a_bound_is_beaten_by_more_than_a_rounding_error_and_missed_by_more(
    at: float, apart: float
) -> None:
    """1e-12 of the bound, at least 1e-12: exactly that is neither; twice that is."""
    of = Rule("r", "m", Kind.SUPERIOR, margin=abs(at))

    def decided(end: float) -> Outcome:
        return decide(of, Bound(Estimate(end, end, end), at, None))

    for steps, outcome in ((-2, FAIL), (0, INCONCLUSIVE), (2, PASS)):
        assert decided(at + steps * apart) is outcome, steps
    if abs(at) < 2:  # where the sum is the decimal that it looks like
        assert decided(float(f"{at + apart:.12f}")) is INCONCLUSIVE
        assert decided(float(f"{at - apart:.12f}")) is INCONCLUSIVE


@pytest.mark.parametrize(("clusters", "open_"), [(19, True), (20, False), (21, False)])
def test_a_slice_has_clusters_enough_at_its_floor(clusters: int, open_: bool) -> None:
    """And rows enough: the floor itself is not below the floor."""
    of = rule(Kind.NON_INFERIOR)
    seen = replace(comparison(of, interval(0.01, 0.02)), n_clusters=clusters)
    assert (judged(of, seen, min_n=20).outcome is INCONCLUSIVE) is open_
    alone = replace(comparison(of, interval(0.01, 0.02)), n=clusters)
    assert (judged(of, alone, min_n=20).outcome is INCONCLUSIVE) is open_


# ------------------------------------------------------------------------- what is told


REASONS = {
    (Kind.NON_INFERIOR, -0.04, 0.02): "the improvement [-0.040, 0.020] lies above -0.05",
    (Kind.NON_INFERIOR, -0.08, -0.06): "the improvement [-0.080, -0.060] lies below -0.05",
    (Kind.NON_INFERIOR, -0.06, 0.02): "the improvement [-0.060, 0.020] holds -0.05: these rows "
    "cannot tell",
    (Kind.NON_INFERIOR, -0.04996, 0.02): "the improvement [-0.04996, 0.02000] lies above -0.05",
    (Kind.FLOOR, 0.81, 0.9): "the candidate [0.810, 0.900] lies above 0.8",
    (Kind.FLOOR, 0.7, 0.75): "the candidate [0.700, 0.750] lies below 0.8",
    (Kind.CEILING, 0.1, 0.15): "the candidate [0.100, 0.150] lies below 0.2",
    (Kind.CEILING, 0.25, 0.3): "the candidate [0.250, 0.300] lies above 0.2",
    (Kind.CEILING, 0.1, 0.3): "the candidate [0.10, 0.30] holds 0.2: these rows cannot tell",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "low", "high"), REASONS)
def test_a_reason_says_what_was_held_against_what(kind: Kind, low: float, high: float) -> None:
    """In the rule's own direction, with the interval on the side of the bound that it lies on."""
    of = rule(kind)
    assert judged(of, comparison(of, interval(low, high))).reason == REASONS[kind, low, high]


def test_what_has_no_interval_says_so() -> None:
    """The value alone could be held against nothing."""
    of = rule(Kind.FLOOR)
    found = judged(of, comparison(of, Estimate(0.9, None, None)))
    assert found.outcome is ERROR
    assert found.reason == "the candidate has no interval that could be held against 0.8"


def test_a_finding_holds_all_that_it_rested_on() -> None:
    """The rule's words and the comparison's figures, each in its place."""
    asked = AskedFor("permutation", 0.25)
    of = rule(Kind.FLOOR, over="sex", slice="overall")
    seen = replace(comparison(of, interval(0.81, 0.9)), over="sex", test=asked)
    found = judged(of, seen)
    assert (found.over, found.value, found.test) == ("sex", 0.8, asked)
    assert (found.metric, found.slice, found.kind) == (of.metric, "overall", Kind.FLOOR)
    assert (found.n, found.method, found.level) == (seen.n, seen.method, seen.level)


@pytest.mark.parametrize(
    ("said", "where"), [({"over": "sex"}, "over sex"), ({"slice": "sex=f"}, "on sex=f")]
)
def test_what_was_not_measured_is_named_with_its_place(said: dict[str, Any], where: str) -> None:
    """And rests on nothing at all: no figure, no rows, no method."""
    of = rule(Kind.NON_INFERIOR, **said)
    found = judged(of)
    assert found.outcome is ERROR
    assert found.reason == f"accuracy was not measured {where}: no such slice in these data"
    assert (found.n, found.n_clusters, found.method, found.level) == (0, None, "none", 0.95)
    assert found.champion == found.candidate == found.improvement == Estimate()
    assert (found.p_value, found.rows_needed) == (None, None)


def test_a_slice_that_is_not_there_is_told_with_the_nearest() -> None:
    """A typing error in a value; a metric that nobody took on a slice is no missing slice."""
    seen = [comparison(slice=name) for name in ("overall", "plan=pro", "plan=free")]
    found = judged(rule(Kind.NON_INFERIOR, slice="plan=prp"), *seen)
    assert found.outcome is ERROR
    assert found.reason.endswith("no such slice in these data (did you mean 'plan=pro'?)")
    lacking = judged(rule(Kind.NON_INFERIOR, metric="acuracy", slice="plan=pro"), *seen)
    assert lacking.outcome is ERROR
    assert lacking.reason == "acuracy was not measured on plan=pro (did you mean 'accuracy'?)"


@pytest.mark.parametrize("floor", [20, 5_000_000])
def test_rows_that_would_settle_it_are_told(floor: int) -> None:
    """By the distance to the bound and the standard error; no fewer than the floor wants."""
    of = rule(Kind.NON_INFERIOR, min_n=20)
    seen = replace(comparison(of, Estimate(-0.03, -0.07, 0.01)), std_error=0.02, n=6_000_000)
    expected = rows_needed(-0.03 + 0.05, 0.02, 6_000_000, 0.95)
    assert expected is not None and expected > 6_000_001
    assert judged(of, seen, min_n=floor).rows_needed == expected


def test_more_rows_are_needed_than_there_are() -> None:
    """However near the estimate says that it was: these did not settle it."""
    of = rule(Kind.NON_INFERIOR)
    seen = replace(comparison(of, Estimate(0.9, -0.07, 1.0)), std_error=0.01)
    nearer = rows_needed(0.95, 0.01, seen.n, seen.level)
    assert nearer is not None and nearer < seen.n
    assert judged(of, seen).rows_needed == seen.n + 1
