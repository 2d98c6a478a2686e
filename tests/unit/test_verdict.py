"""The outcome follows from findings and checks, and from nothing else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support import verdicts
from tests.support.verdicts import check, finding, rule
from titleholder import verdict as v
from titleholder.errors import NoVerdict
from titleholder.types import Estimate, Kind, Mode, OnInconclusive, Outcome, Severity, Verdict

EXCUSE = OnInconclusive.WARN
PASS, FAIL, INCONCLUSIVE, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR


def _outcome(*outcomes: Outcome, checks: tuple[Outcome, ...] = (PASS,)) -> Outcome:
    return v.derive([finding(rule(), o) for o in outcomes], [check(c) for c in checks])


# ------------------------------------------------------------------------- derive


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([PASS], PASS),
        ([PASS, PASS], PASS),
        ([FAIL], FAIL),
        ([PASS, FAIL], FAIL),
        ([FAIL, ERROR, INCONCLUSIVE], FAIL),
        ([PASS, INCONCLUSIVE], INCONCLUSIVE),
        ([PASS, ERROR], INCONCLUSIVE),
        ([ERROR], INCONCLUSIVE),
        ([], INCONCLUSIVE),
    ],
)
def test_the_worst_blocking_finding_decides(outcomes: list[Outcome], expected: Outcome) -> None:
    """FAIL before what is open, what is open before PASS, and nothing passes by absence."""
    assert _outcome(*outcomes) is expected


@pytest.mark.parametrize("excuse", [OnInconclusive.WARN, OnInconclusive.PASS])
def test_a_rule_may_excuse_what_is_open_and_never_an_error(excuse: OnInconclusive) -> None:
    """An excuse is for too few rows, not for what could not be judged."""
    excusing = rule(on_inconclusive=excuse)
    sound = finding(rule(), PASS)
    assert v.derive([sound, finding(excusing, INCONCLUSIVE)], []) is PASS
    assert v.derive([sound, finding(excusing, ERROR)], []) is INCONCLUSIVE
    assert v.derive([sound, finding(excusing, FAIL)], []) is FAIL


def test_excuses_alone_do_not_pass() -> None:
    """Where every blocking rule was left open, nothing has been shown."""
    assert v.derive([finding(rule(on_inconclusive=OnInconclusive.PASS), INCONCLUSIVE)], []) is (
        INCONCLUSIVE
    )


@pytest.mark.parametrize(
    "said",
    [{"mode": Mode.SHADOW}, {"severity": Severity.WARN}, {"severity": Severity.INFO}],
)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_does_not_block_does_not_count(said: dict[str, object], outcome: Outcome) -> None:
    """Shadow rules, warnings and notes neither fail nor pass a candidate."""
    aside = finding(rule(**said), outcome)
    assert v.derive([aside], []) is INCONCLUSIVE
    assert v.derive([aside, finding(rule(), PASS)], []) is PASS


@pytest.mark.parametrize("outcome", [FAIL, INCONCLUSIVE, ERROR])
def test_a_blocking_check_withholds_a_pass_and_is_no_regression(outcome: Outcome) -> None:
    """Bad data say nothing against the candidate."""
    assert _outcome(PASS, checks=(outcome, PASS)) is INCONCLUSIVE
    assert _outcome(FAIL, checks=(outcome,)) is FAIL
    assert v.derive([finding(rule(), PASS)], [check(outcome, Severity.WARN)]) is PASS


def test_an_answer_that_did_not_repeat_is_none() -> None:
    """Not even a regression: INCONCLUSIVE, whatever the rules said, and the reason says why."""
    unrepeated = replace(check(FAIL, Severity.INFO), kind=v.REPEATABILITY, name="repeatability")
    for outcome in (PASS, FAIL, ERROR):
        assert v.derive([finding(rule(), outcome)], [unrepeated]) is INCONCLUSIVE
        assert "repeatability" in v.reason([finding(rule(), outcome)], [unrepeated])


FINDINGS = st.builds(
    lambda outcome, **said: finding(rule(**said), outcome),
    outcome=st.sampled_from(Outcome),
    severity=st.sampled_from(Severity),
    on_inconclusive=st.sampled_from(OnInconclusive),
    mode=st.sampled_from(Mode),
)
CHECKS = st.builds(check, st.sampled_from(Outcome), st.sampled_from(Severity))


@given(st.lists(FINDINGS, max_size=6), st.lists(CHECKS, max_size=3), st.randoms())
def test_order_does_not_matter_and_a_fail_never_helps(findings, checks, random) -> None:  # type: ignore[no-untyped-def]
    """The outcome is that of the set; one more blocking FAIL makes it FAIL; ERROR is no verdict."""
    outcome = v.derive(findings, checks)
    shuffled = random.sample(findings, len(findings))
    assert v.derive(shuffled, checks[::-1]) is outcome
    assert v.derive([*findings, finding(rule(), FAIL)], checks) is FAIL
    assert outcome in (PASS, FAIL, INCONCLUSIVE)
    assert v.EXIT_OF[outcome] in (0, 1, 3)


@given(st.lists(FINDINGS, max_size=6), st.lists(CHECKS, max_size=3))
def test_the_reason_is_one_sentence(findings, checks) -> None:  # type: ignore[no-untyped-def]
    """Whatever was found, there is a sentence for it."""
    text = v.reason(findings, checks)
    assert not text[0].islower() and text.endswith(".") and "\n" not in text


# ------------------------------------------------------------------------- reason


def _named(outcomes: list[Outcome], **said: object) -> list:  # type: ignore[type-arg]
    return [finding(rule(id=f"r{i}", **said), o) for i, o in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("findings", "checks", "expected"),
    [
        (_named([PASS]), [], "The one blocking finding passed."),
        (_named([PASS, FAIL]), [], "1 of 2 blocking findings failed: r1 (overall)."),
        (
            _named([FAIL] * 5),
            [],
            "5 of 5 blocking findings failed: r0 (overall), r1 (overall), r2 (overall) and 2 more.",
        ),
        (
            _named([PASS, ERROR, INCONCLUSIVE]),
            [check(FAIL)],
            "The check data did not pass (seen so); 1 of 3 blocking findings could not be "
            "judged: r1 (overall); 1 of 3 blocking findings could not be settled: r2 (overall).",
        ),
        ([], [], "No blocking rule was judged, and nothing passes by absence."),
        (
            [finding(rule(on_inconclusive=OnInconclusive.WARN), INCONCLUSIVE)],
            [],
            "Every blocking rule was left open and excused, so nothing was shown.",
        ),
        (
            [
                finding(rule(), PASS),
                finding(
                    rule(id="b", over="sex", on_inconclusive=OnInconclusive.WARN), INCONCLUSIVE
                ),
            ],
            [],
            "1 of 2 blocking findings passed; left open and excused by policy: b (over sex).",
        ),
    ],
)
def test_the_reason_says_what_and_where(findings, checks, expected) -> None:  # type: ignore[no-untyped-def]
    """Counts, names and places, in the order of their weight."""
    assert v.reason(findings, checks) == expected


# ------------------------------------------------------------------------- conclude


def test_a_concluded_verdict_can_be_derived_again() -> None:
    """For each combination of outcomes; its rules say the floor on rows that was in force."""
    for outcomes in itertools.product(Outcome, repeat=2):
        whole = verdicts.verdict(*outcomes)
        assert v.recompute(whole) is whole.outcome is _outcome(*outcomes)
        assert {r.min_n for r in whole.rules} == {20}
        assert "2.5%" in whole.error_control


# ------------------------------------------------------------------------- recompute


def _with(index: int = 0, **said: object) -> Verdict:
    """A PASS with one thing changed in one of its findings."""
    whole = verdicts.verdict(PASS, PASS)
    findings = list(whole.findings)
    findings[index] = replace(findings[index], **said)
    return replace(whole, findings=tuple(findings))


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (verdicts.verdict(FAIL, outcome=PASS), "its findings say FAIL"),
        (verdicts.verdict(PASS, outcome=FAIL), "its findings say PASS"),
        (verdicts.verdict(PASS, outcome=ERROR), "its findings say PASS"),
        (verdicts.verdict(outcome=PASS), "its findings say INCONCLUSIVE"),
        (verdicts.verdict(PASS, checks=(check(FAIL),)), "its findings say INCONCLUSIVE"),
        (verdicts.verdict(PASS, schema_version=2), "schema version 2"),
        (verdicts.verdict(PASS, findings=()), "no finding for its rule r0"),
        (verdicts.verdict(PASS, rules=()), "does not declare"),
        (verdicts.verdict(PASS, rules=(rule(id="r0"),) * 2), "two rules under one name"),
        (
            verdicts.verdict(PASS, findings=(finding(rule(id="r0"), PASS),) * 2),
            "two findings for r0 on overall",
        ),
        (_with(1, improvement=Estimate(-0.1, -0.2, -0.05)), "its interval says FAIL"),
        (_with(1, improvement=Estimate(0.0, -0.5, 0.5)), "its interval says INCONCLUSIVE"),
        (_with(1, improvement=Estimate()), "its interval says ERROR"),
        (_with(1, outcome=FAIL), "its interval says PASS"),
        (_with(0, metric="accuracy"), "another metric"),
        (_with(0, over="sex"), "another over"),
        (_with(0, kind=Kind.SUPERIOR), "another kind"),
        (_with(0, margin=0.5), "another margin"),
        (_with(0, value=0.5), "another value"),
        (_with(0, relative=True), "another relative"),
        (_with(0, severity=Severity.INFO), "another severity"),
        (_with(0, on_inconclusive=OnInconclusive.PASS), "another on_inconclusive"),
        (_with(0, mode=Mode.SHADOW), "another mode"),
        (_with(0, slice="sex=f"), "is on sex=f"),
        (verdicts.verdict(PASS, checks=(check(PASS),) * 2), "one check twice"),
        (verdicts.verdict(PASS, declared=("data", "drift")), "does not report its check drift"),
        (verdicts.verdict(PASS, declared=()), "reports the check data, which it does not declare"),
    ],
)
def test_a_verdict_that_contradicts_itself_is_none(forged: Verdict, said: str) -> None:
    """Each part of a verdict that could be changed alone is held against the others."""
    with pytest.raises(NoVerdict, match=said):
        v.recompute(forged)


def test_a_rule_on_every_slice_may_have_many_findings() -> None:
    """One for each slice, and each slice once."""
    every = rule(slice="*", min_n=20)
    found = tuple(finding(every, PASS, slice=name) for name in ("sex=f", "sex=m"))
    assert v.recompute(verdicts.verdict(PASS, rules=(every,), findings=found)) is PASS


@pytest.mark.parametrize("said", [{"n": 19}, {"n": 1000, "n_clusters": 19}])
def test_a_slice_below_its_floor_may_stay_open(said: dict[str, int]) -> None:
    """Too few rows or clusters explain why an interval that would decide has not."""
    small = rule(min_n=20, on_inconclusive=OnInconclusive.WARN, id="r0")
    open_ = finding(small, INCONCLUSIVE, improvement=verdicts.INTERVALS[FAIL], **said)
    assert v.recompute(
        verdicts.verdict(PASS, rules=(small,), findings=(open_,), outcome=INCONCLUSIVE)
    )


@pytest.mark.parametrize("outcome", [PASS, FAIL])
@pytest.mark.parametrize("rows", [29, 0, None])
def test_nothing_is_decided_below_a_floor_on_classes(outcome: Outcome, rows: int | None) -> None:
    """A finding says how many rows its rarest class has; too few, or none told, decide nothing."""
    of = rule(min_n_class=30, id="r0")
    decided = finding(of, outcome, n_min_class=rows)
    with pytest.raises(NoVerdict, match=f"shows {rows or 0} rows of a class where .* asks for 30"):
        v.recompute(verdicts.verdict(outcome, rules=(of,), findings=(decided,)))
    enough = replace(decided, n_min_class=30)
    assert v.recompute(verdicts.verdict(outcome, rules=(of,), findings=(enough,))) is outcome


def test_a_class_below_its_floor_may_stay_open_and_no_other() -> None:
    """Whatever the interval says of it; where the class has its rows, the interval decides."""
    of = rule(min_n=20, min_n_class=30, id="r0")
    hidden = finding(of, INCONCLUSIVE, improvement=verdicts.INTERVALS[FAIL], n_min_class=29)
    verdict = verdicts.verdict(PASS, rules=(of,), findings=(hidden,), outcome=INCONCLUSIVE)
    assert v.recompute(verdict) is INCONCLUSIVE
    for rows in (30, None):
        large = replace(hidden, n_min_class=rows)
        with pytest.raises(NoVerdict, match="interval says FAIL"):
            v.recompute(verdicts.verdict(PASS, rules=(of,), findings=(large,)))


@pytest.mark.parametrize("said", [{"n": 20}, {"n": 1000, "n_clusters": 20}])
def test_a_regression_cannot_hide_as_an_open_question(said: dict[str, int]) -> None:
    """A finding that its interval decides, on a slice that is large enough, stays decided."""
    large = rule(min_n=20, on_inconclusive=OnInconclusive.WARN, id="r0")
    hidden = finding(large, INCONCLUSIVE, improvement=verdicts.INTERVALS[FAIL], **said)
    with pytest.raises(NoVerdict, match="interval says FAIL"):
        v.recompute(verdicts.verdict(PASS, rules=(large,), findings=(hidden,)))


def test_without_a_declared_floor_an_open_question_is_believed() -> None:
    """A record that does not say its floor cannot be held to it."""
    bare = rule(id="r0")
    open_ = finding(bare, INCONCLUSIVE, improvement=verdicts.INTERVALS[PASS])
    forgiving = verdicts.verdict(PASS, rules=(bare,), findings=(open_,), outcome=INCONCLUSIVE)
    assert v.recompute(forgiving) is INCONCLUSIVE


def test_no_more_checks_change_nothing() -> None:
    """Not even the reason."""
    whole = verdicts.verdict(PASS, reason="as it was")
    assert v.with_checks(whole, ()) is whole


@pytest.mark.parametrize(
    ("failing", "named"),
    [
        (3, "3 of 3 blocking findings failed: r0 (overall), r1 (overall), r2 (overall)."),
        (
            4,
            "4 of 4 blocking findings failed: r0 (overall), r1 (overall), r2 (overall) and 1 more.",
        ),
        (
            5,
            "5 of 5 blocking findings failed: r0 (overall), r1 (overall), r2 (overall) and 2 more.",
        ),
    ],
)
def test_a_reason_names_three_and_counts_the_rest(failing: int, named: str) -> None:
    """And no more than there are."""
    assert verdicts.verdict(*[FAIL] * failing).reason.endswith(named)


def test_a_relative_rule_is_held_against_what_it_judged() -> None:
    """A finding keeps the improvement in the rule's unit: a share, where the rule is relative."""
    share = rule(id="r0", relative=True)
    found = finding(share, FAIL)
    assert v.recompute(verdicts.verdict(FAIL, rules=(share,), findings=(found,))) is FAIL
    better = finding(share, FAIL, improvement=verdicts.INTERVALS[PASS])
    with pytest.raises(NoVerdict, match="its interval says PASS"):
        v.recompute(verdicts.verdict(FAIL, rules=(share,), findings=(better,)))
