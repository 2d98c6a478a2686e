"""What readers are told: the order of findings, and the sentences about them and the verdict."""

import pytest
from msgspec.structs import replace

from tests.support import cards
from titleholder.judge import CANNOT_TELL
from titleholder.report import findings as said
from titleholder.report import markdown, sentences, tradeoff
from titleholder.types import (
    Comparison,
    Estimate,
    Finding,
    Kind,
    Mode,
    OnInconclusive,
    Outcome,
    Severity,
    Task,
    Verdict,
)

FAILED = next(f for f in cards.failing().verdict.findings if f.outcome is Outcome.FAIL)


def finding(low: float = -0.02, high: float = 0.04, **other: object) -> Finding:
    """A finding of one rule that may lose 0.05, with this interval."""
    value = Estimate(value=(low + high) / 2, low=low, high=high)
    return replace(FAILED, **{"improvement": value, "outcome": Outcome.PASS, **other})


def test_findings_that_break_the_verdict_come_first_and_passes_last() -> None:
    """First what withholds a pass, then what warns or is excused, then notes, then what passed."""
    blocking = finding(rule="a", outcome=Outcome.INCONCLUSIVE, on_inconclusive=OnInconclusive.BLOCK)
    excused = finding(rule="b", outcome=Outcome.INCONCLUSIVE, on_inconclusive=OnInconclusive.WARN)
    warning = finding(rule="c", outcome=Outcome.FAIL, severity=Severity.WARN)
    shadow = finding(rule="d", outcome=Outcome.FAIL, mode=Mode.SHADOW)
    passed = finding(rule="e")
    ordered = said.ordered([passed, shadow, excused, warning, blocking])
    assert [f.rule for f in ordered] == ["a", "c", "b", "d", "e"]


def test_among_equals_the_one_nearest_to_its_bound_comes_first() -> None:
    """Closeness is counted in half-widths of the interval."""
    close, far = finding(-0.049, 0.05, rule="z"), finding(0.1, 0.12, rule="a")
    assert [f.rule for f in said.ordered([far, close])] == ["z", "a"]


def test_an_exact_value_is_never_a_close_call() -> None:
    """A file size has no interval: keeping its ceiling, it lies infinitely far from it."""
    own = Estimate(value=19.9, low=19.9, high=19.9)
    size = finding(kind=Kind.CEILING, value=20.0, margin=None, candidate=own)
    assert said.slack(size) == float("inf")


def test_a_floor_shows_the_interval_that_it_was_held_against() -> None:
    """The candidate's own, in its column; of a margin it is the improvement that has one."""
    own = Estimate(value=0.91, low=0.87, high=0.94)
    floor = finding(kind=Kind.FLOOR, value=0.9, margin=None, candidate=own)
    assert said.candidate_text(floor) == "0.910 [0.870, 0.940]"
    assert said.candidate_text(finding(candidate=own)) == "0.910"
    assert r"| 0.910 \[0.870, 0.940\] |" in markdown._row(floor)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "loses less than 0.05"),
        ({"relative": True}, "loses less than 5%"),
        ({"kind": Kind.SUPERIOR, "margin": 0.0}, "gains"),
        ({"kind": Kind.SUPERIOR, "margin": 0.01}, "gains more than 0.01"),
        ({"kind": Kind.FLOOR, "value": 0.9}, "at least 0.9"),
        ({"kind": Kind.CEILING, "value": 20.0}, "at most 20"),
    ],
)
def test_what_a_rule_asks_is_said_in_a_few_words(changes: dict[str, object], words: str) -> None:
    """Every kind of rule has its phrase, with the margin as it was declared."""
    assert said.asked(finding(**changes)) == words


def test_a_relative_improvement_is_shown_in_per_cent_on_both_ends() -> None:
    """The value and both ends of the interval carry the sign and the unit."""
    value, interval = said.improvement_texts(finding(-0.02, 0.04, relative=True))
    assert (value, interval) == ("+1.0%", "[−2.0%, +4.0%]")


@pytest.mark.parametrize(
    ("outcome", "reason", "words"),
    [
        (Outcome.PASS, "", "all of it keeps the bound"),
        (Outcome.FAIL, "", "all of it breaks the bound"),
        (
            Outcome.INCONCLUSIVE, f"it [-0.1, 0.1] holds 0: {CANNOT_TELL}",
            "the interval crosses the bound",
        ),
        (Outcome.INCONCLUSIVE, "3 of 1 in age=[0, 9)", "3 of 1 in age=[0, 9)"),
        (Outcome.INCONCLUSIVE, "23 rows, and the floor is 100", "23 rows, and the floor is 100"),
        (Outcome.ERROR, "the predictions have no y_score", "the predictions have no y_score"),
    ],
)  # fmt: skip
def test_why_a_finding_came_out_so(outcome: Outcome, reason: str, words: str) -> None:
    """Intervals that stand beside it are not told again; every other reason is."""
    assert said.why(finding(-0.1, 0.1, outcome=outcome, reason=reason)) == words


def answers() -> dict[str, str]:
    """The answer of each card, by its name."""
    return {make.__name__: sentences.answer(make().verdict) for make in cards.CARDS}


def test_only_a_pass_says_that_the_candidate_may_take_the_title() -> None:
    """Every other outcome says so in other words."""
    outcomes = {make.__name__: make().verdict.outcome for make in cards.CARDS}
    for name, answer in answers().items():
        assert (answer == "The candidate may take the title") == (outcomes[name] is Outcome.PASS)


def test_a_failure_names_its_clearest_break_with_figures() -> None:
    """Metric, slice, both models' values and what was asked stand in one sentence."""
    text = sentences.meaning(cards.failing().verdict)
    assert "Recall (sex=female), 0.700 → 0.580" in text
    assert "loses less than 0.05" in text


def test_an_open_verdict_says_how_many_rows_would_settle_it() -> None:
    """With the number of rows that there are."""
    verdict = cards.inconclusive().verdict
    (blocking,) = said.decisive(verdict)
    assert said.rows_text(blocking) in sentences.meaning(verdict).lower()
    assert f"{blocking.n:,}" in sentences.meaning(verdict)


def test_a_number_of_rows_that_chance_made_is_a_bound() -> None:
    """A hundred times the rows there are is told as more than that, and not as about so many."""
    verdict = cards.inconclusive().verdict
    (blocking,) = said.decisive(verdict)
    for times, text in ((100, "more than {:,}"), (99, "about ")):
        needed = replace(blocking, rows_needed=times * blocking.n)
        assert said.rows_text(needed).startswith(text.format(100 * blocking.n))


def test_data_that_broke_their_expectations_are_named_as_what_to_repair() -> None:
    """Where no model was run, the check that prevented it is what is told."""
    text = sentences.meaning(cards.skipped().verdict)
    assert "data (1 of 2 expectations does not hold)" in text


def test_excused_findings_are_counted_in_a_pass() -> None:
    """A pass with open ends says how many there are."""
    assert "1 finding could not be settled" in sentences.meaning(cards.passing().verdict)


def test_a_verdict_without_findings_is_explained() -> None:
    """Nothing to decide by is said to be no evidence, without a crash."""
    verdict: Verdict = cards.unjudged().verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "does not reach far enough" in sentences.meaning(verdict)


def test_the_tally_counts_every_finding_once() -> None:
    """Outcomes are listed worst first, and their counts add up."""
    verdict = cards.failing().verdict
    tally = said.tally(verdict)
    assert [t.outcome for t in tally] == ["FAIL", "ERROR", "INCONCLUSIVE", "PASS"]
    assert sum(t.all for t in tally) == len(verdict.findings)


def _cost(metric: str, value: float, low: float, high: float) -> Comparison:
    found = cards.passing().comparisons.comparisons[0]
    own = Estimate(value=1000.0, low=900.0, high=1100.0)
    change = Estimate(value=value, low=low, high=high)
    found = replace(found, metric=metric, slice="overall", over=None)
    return replace(found, champion=own, candidate=own, improvement=change)


def test_declared_costs_are_told_per_thousand_decisions_with_their_parts() -> None:
    """What is saved and what is spent, each with its interval."""
    found = [
        _cost("expected_cost", 40.0, 10.0, 70.0),
        _cost("cost_of_misses", 60.0, 30.0, 90.0),
        _cost("cost_of_false_alarms", -20.0, -35.0, -5.0),
    ]
    balance = tradeoff.tradeoff(found, (), Task.BINARY, None)
    assert balance is not None
    assert balance.in_costs == (
        "Per 1,000 decisions it would cost 40 less [70 less to 10 less], in units of cost: "
        "misses 60 less [90 less to 30 less], false alarms 20 more [5 more to 35 more]."
    )


def test_a_cost_that_may_be_chance_says_so() -> None:
    """No saving is claimed where the interval holds zero."""
    balance = tradeoff.tradeoff([_cost("expected_cost", 40.0, -10.0, 90.0)], (), Task.BINARY, None)
    assert balance is not None
    assert "which may be chance" in balance.in_costs
