"""Many nights and many candidates deceive no more often than is stated."""

import math

import numpy as np
import pytest

from tests.campaign.error_rates import (
    BUDGETS,
    LEVEL,
    Queue,
    Way,
    Year,
    lived,
    passed,
    queues,
    within,
    years,
)
from titleholder.ledger.questions import side

COUNT = 400


def _most(share: float, count: int) -> float:
    """A share that is stated, with three Monte-Carlo standard errors."""
    return share + 3 * math.sqrt(share * (1 - share) / count)


@pytest.mark.campaign
@pytest.mark.parametrize("year", [y for y in years() if y.drop <= y.margin], ids=str)
def test_a_year_of_looking_costs_no_more_than_the_stated_error(year: Year) -> None:
    """As long as no more than the margin is lost, few years have an alarm on any night."""
    random = np.random.default_rng([17, year.rows, year.reference])
    alarms = sum(lived(year, random).sequence is not None for _ in range(COUNT))
    assert alarms / COUNT <= _most(1 - LEVEL, COUNT)


@pytest.mark.campaign
@pytest.mark.parametrize("year", [y for y in years() if y.drop > y.margin], ids=str)
def test_a_loss_is_found_within_the_year(year: Year) -> None:
    """In nearly all years, and hardly ever before it came."""
    random = np.random.default_rng([18, year.rows, year.since])
    nights = [lived(year, random).sequence for _ in range(COUNT)]
    assert sum(n is not None and n >= year.since for n in nights) / COUNT > 0.9
    assert sum(n is not None and n < year.since for n in nights) / COUNT <= _most(0.05, COUNT)


@pytest.mark.campaign
@pytest.mark.parametrize("queue", [q for q in queues() if q.way is not Way.CLIMBING], ids=str)
def test_a_budget_bounds_what_a_panel_approves_wrongly(queue: Queue) -> None:
    """By the questions granted times the error of one; without a budget most panels give in."""
    random = np.random.default_rng([19, queue.rows, list(Way).index(queue.way)])
    found = [passed(queue, random) for _ in range(COUNT)]
    for budget in BUDGETS.values():
        wrong = sum(n is not None and within(n, budget) for n in found) / COUNT
        if budget is None:
            assert wrong > 0.5
            continue
        granted = sum(within(number, budget) for number in range(1, queue.tries + 1))
        assert wrong <= _most(min(1.0, granted * side(LEVEL)), COUNT)
