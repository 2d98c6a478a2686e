"""Decay over all nights: what a year of looking may say."""

import math
from typing import Any

import pytest
from msgspec.structs import replace

from titleholder.comparison.decay import Decay
from titleholder.params.schema import DecayParams
from titleholder.stats.sequential import Run
from titleholder.types import Check, Estimate, Outcome, Severity
from titleholder.watch import changes, check, tonight, unreadable

PARAMS = DecayParams(margin=0.02, severity=Severity.BLOCK)
ERROR = 0.01


def decay(now: float, error: float = ERROR, **said: Any) -> Decay:
    """An AUC of 0.8 on many reference rows, and tonight's value on 1000."""
    reach = 1.959964 * error
    then, night = Estimate(0.8, 0.798, 0.802), Estimate(now, now - reach, now + reach)
    change = Estimate(now - 0.8, now - 0.8 - reach, now - 0.8 + reach)
    fields: dict[str, Any] = {
        "metric": "roc_auc", "n_reference": 100_000, "n_current": 1000, "level": 0.95,
        "reference": then, "current": night, "change": change, "worth_then": then,
        "worth_now": night, **said,
    }  # fmt: skip
    return Decay(**fields)


def after(*values: float) -> Run:
    """The run of nights with these values."""
    first = tonight(decay(values[0]))
    assert first is not None
    run = Run(first.unit)
    for value in values:
        night = tonight(decay(value))
        assert night is not None
        run = run.after(1000, night.value, night.std_error)
    return run


def said(*values: float) -> Check:
    """What is said on the last of these nights."""
    return check(decay(values[-1]), PARAMS, after(*values))


def test_a_night_that_is_low_by_chance_is_no_decay() -> None:
    """Below the margin by its own interval, one of many: not shown, and said so."""
    found = said(*[0.8] * 20, 0.74)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "tonight alone lies below" in found.reason


def test_a_decay_that_stays_is_found() -> None:
    """The same drop night after night is shown, and then blocks as the suite says."""
    outcomes = [said(*[0.8] * 20, *[0.74] * n).outcome for n in range(1, 22)]
    assert outcomes[0] is Outcome.INCONCLUSIVE
    assert outcomes[-1] is Outcome.FAIL
    assert said(*[0.8] * 20, *[0.74] * 21).severity is Severity.BLOCK


def test_a_late_drop_is_not_drowned_in_good_nights() -> None:
    """After 200 good nights, three bad weeks are enough: a sequence began since."""
    found = said(*[0.8] * 200, *[0.74] * 21)
    assert found.outcome is Outcome.FAIL
    assert "over the last" in found.reason


def test_a_champion_that_kept_its_skill_passes() -> None:
    """All nights together lie above the margin, whatever one night leaves open."""
    assert said(*[0.8] * 30).outcome is Outcome.PASS
    wide = replace(decay(0.8, 0.05), n_current=40)
    assert check(wide, PARAMS, after(*[0.8] * 30)).outcome is Outcome.PASS


def test_a_first_night_says_what_it_can() -> None:
    """One night may pass by its own interval; it cannot fail by it."""
    assert said(0.8).outcome is Outcome.PASS
    assert said(0.76).outcome is Outcome.INCONCLUSIVE


def test_why_tonight_added_nothing_is_told() -> None:
    """The run stands as it was, with the reason."""
    found = check(decay(0.8), PARAMS, after(*[0.8] * 30), "these rows add nothing")
    assert found.outcome is Outcome.PASS
    assert found.reason.endswith("these rows add nothing")


def test_without_nights_there_is_no_pass() -> None:
    """No reference, no interval, no readable ledger: never a PASS by absence."""
    blank = replace(decay(0.8), reason="there are no answers on reference rows")
    nothing = check(blank, PARAMS, None)
    assert (nothing.outcome, nothing.reason) == (Outcome.INCONCLUSIVE, blank.reason)
    assert unreadable(PARAMS, "broken").outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "broken",
    [
        {"reason": "a single class"},
        {"worth_now": Estimate()},
        {"worth_then": Estimate()},
        {"worth_now": Estimate(0.8, 0.8, 0.8)},
        {"worth_now": Estimate(math.nan, 0.7, 0.9)},
        {"n_current": 0},
    ],
)
def test_a_night_that_is_not_whole_is_not_counted(broken: dict[str, Any]) -> None:
    """Without a value, an interval, or a width: nothing to add."""
    assert tonight(replace(decay(0.8), **broken)) is None


def test_the_reference_is_no_more_certain_than_its_interval() -> None:
    """Even after endless nights the change is no narrower than what the reference leaves open."""
    (whole, *_) = changes(decay(0.8), after(*[0.8] * 400))
    assert (whole.change.high or 0) - (whole.change.low or 0) > 0.004
