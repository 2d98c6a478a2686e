"""Intervals hold the truth as often as they say, on every population of the campaign."""

import pytest

from tests.campaign.coverage import LEVEL, simulate
from tests.campaign.scenarios import Scenario, scenarios

PANELS = 400

# What is known to hold the truth less often than 93%, as docs/coverage.md says. Empty: what fell
# short was given another method, or is withheld.
KNOWN_SHORT: frozenset[tuple[str, int, str]] = frozenset()


@pytest.mark.campaign
@pytest.mark.parametrize("scenario", list(scenarios()), ids=lambda s: f"{s.name}, {s.n} rows")
def test_improvements_are_covered(scenario: Scenario) -> None:
    """The share of panels whose interval holds the true improvement is 95%, or above.

    Within four Monte-Carlo standard errors, since many are looked at, plus one percent.
    """
    for name, tally in simulate(scenario, PANELS).items():
        if (scenario.name, scenario.n, name) in KNOWN_SHORT or tally.estimated < PANELS / 10:
            continue
        assert tally.coverage > LEVEL - 0.01 - 4 * tally.error, (name, tally)
