"""The campaign of many nights and many candidates, in short: its full tables stand in docs/."""

import numpy as np

from tests.campaign.error_rates import BUDGETS, Queue, Way, Year, lived, passed, within


def test_a_year_of_nights_without_a_loss_raises_no_alarm() -> None:
    """40 years at the very margin: two alarms are stated, and five or more would be a fault.

    Whoever believes each night's own interval is alarmed in nearly every one.
    """
    random = np.random.default_rng(1)
    year = Year("the whole margin lost", 200, 10_000, 0.02, 0.02)
    found = [lived(year, random) for _ in range(40)]
    assert sum(alarms.sequence is not None for alarms in found) < 5
    assert sum(alarms.nightly is not None for alarms in found) > 35


def test_a_late_loss_is_found_within_three_weeks() -> None:
    """Though 300 good nights came before it."""
    random = np.random.default_rng(2)
    year = Year("lost late", 400, 10_000, 0.02, 0.1, since=300)
    for _ in range(5):
        night = lived(year, random).sequence
        assert night is not None and 300 <= night <= 321


def test_a_budget_keeps_a_panel_from_giving_in() -> None:
    """Of 40 panels most approve one of 100 losing candidates; within a budget few do."""
    random = np.random.default_rng(3)
    queue = Queue("losing", Way.BLIND, rows=400)
    found = [passed(queue, random) for _ in range(40)]
    wrong = {
        name: sum(n is not None and within(n, budget) for n in found)
        for name, budget in BUDGETS.items()
    }
    assert wrong["none"] > 20
    assert wrong["alpha: 0.1"] <= 10  # 4 are stated; 11 or more come of one in 600 such tests
    assert wrong["alpha: 0.1"] <= wrong["budget: 5"] <= wrong["budget: 20"] <= wrong["none"]


def test_candidates_tuned_by_the_panel_pass_without_a_budget() -> None:
    """What climbs by the panel's own figures passes in the end, and is no better."""
    random = np.random.default_rng(4)
    queue = Queue("climbing", Way.CLIMBING, rows=500)
    found = [passed(queue, random) for _ in range(10)]
    assert all(number is not None for number in found)
    assert sum(within(n or 0, BUDGETS["alpha: 0.1"]) for n in found) <= 4
