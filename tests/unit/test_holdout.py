"""The holdout budget: how often the same rows may be asked."""

import pytest

from tests.support import verdicts
from titleholder.holdout import check, left, unreadable
from titleholder.params.schema import HoldoutParams
from titleholder.trust.statement import Exposure
from titleholder.types import Check, Outcome, Severity
from titleholder.verdict import derive

PASS, OPEN = Outcome.PASS, Outcome.INCONCLUSIVE


def asked(number: int, level: float = 0.95) -> Exposure:
    """The exposure after so many questions at one level."""
    spent = number * (1 - level) / 2
    return Exposure(f"sha256:{'aa' * 32}", number, f"sha256:{'bb' * 32}", spent)


@pytest.mark.parametrize(
    ("number", "outcome", "severity"),
    [
        (1, PASS, Severity.BLOCK),
        (15, PASS, Severity.BLOCK),
        (16, OPEN, Severity.WARN),
        (20, OPEN, Severity.WARN),
        (21, OPEN, Severity.BLOCK),
        (500, OPEN, Severity.BLOCK),
    ],
)
def test_a_budget_warns_before_it_is_spent(
    number: int, outcome: Outcome, severity: Severity
) -> None:
    """20 candidates: all is well up to 15, a warning up to 20, and none passes after that."""
    said = check(asked(number), HoldoutParams(budget=20))
    assert (said.outcome, said.severity) == (outcome, severity)


def test_a_spent_budget_withholds_a_pass_and_says_what_to_do() -> None:
    """INCONCLUSIVE, never a regression, with the cure."""
    said = check(asked(21), HoldoutParams(budget=20))
    assert "fresh rows" in said.reason and "21 of 20" in said.reason
    passing = verdicts.verdict(PASS)
    assert derive(passing.findings, (said,)) is OPEN
    failing = verdicts.verdict(Outcome.FAIL)
    assert derive(failing.findings, (said,)) is Outcome.FAIL


def test_a_warning_does_not_withhold() -> None:
    """Nearly spent is still a budget."""
    said = check(asked(20), HoldoutParams(budget=20))
    assert derive(verdicts.verdict(PASS).findings, (said,)) is PASS


@pytest.mark.parametrize(("level", "granted"), [(0.95, 4), (0.99, 20), (0.9, 2)])
def test_an_error_is_spent_by_the_side(level: float, granted: int) -> None:
    """All candidates together are approved wrongly with at most that probability."""
    params = HoldoutParams(alpha=0.1, warn_at=1.0)
    assert check(asked(granted, level), params).severity is not Severity.BLOCK
    said = check(asked(granted + 1, level), params)
    assert (said.outcome, said.severity) == (OPEN, Severity.BLOCK)


def test_the_narrower_of_two_budgets_counts() -> None:
    """A count and an error may both be declared."""
    both = HoldoutParams(budget=10, alpha=0.1)
    assert check(asked(5), both).severity is Severity.BLOCK
    assert check(asked(5), HoldoutParams(budget=10)).outcome is PASS


def test_without_a_budget_the_count_is_told_and_decides_nothing() -> None:
    """Information, with the error that was spent."""
    said = check(asked(300), HoldoutParams())
    assert (said.outcome, said.severity) == (PASS, Severity.INFO)
    assert "question 300" in said.reason and "declares no budget" in said.reason


def test_the_severity_of_a_spent_budget_is_the_suites() -> None:
    """Who wants to be told only, says so."""
    said = check(asked(3), HoldoutParams(budget=2, severity=Severity.WARN))
    assert (said.outcome, said.severity) == (OPEN, Severity.WARN)


def test_what_cannot_be_read_is_no_pass() -> None:
    """An ERROR that blocks, whatever the suite says of severities."""
    said: Check = unreadable("the ledger is broken")
    assert derive(verdicts.verdict(PASS).findings, (said,)) is OPEN


def test_what_is_left_is_told_for_both_kinds() -> None:
    """As a number of questions, and as an error."""
    found = left(HoldoutParams(budget=20, alpha=0.5), 3, 0.075)
    assert (found.questions, found.error) == (17, pytest.approx(0.425))
    assert not found.spent
    assert left(HoldoutParams(), 3, 0.075).questions is None
