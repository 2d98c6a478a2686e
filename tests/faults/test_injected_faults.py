"""Publishing, asking and the rest on S3 with one fault at every request in turn."""

import pytest

from tests.support import injections, seaweed
from tests.support.scenarios import SCENARIOS, Scenario

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
# The rest is for `make campaign`.
SHORT = [
    ("publish", "cut before"),
    ("publish", "lost after"),
    ("publish", "delivered late"),
    ("gate", "404 before"),
    ("gate", "stale read"),
    ("gate", "clock of 1970"),
    ("waive", "upload flipped"),
]


@pytest.mark.parametrize(("scenario", "name"), SHORT)
def test_one_fault_at_a_time_changes_nothing_for_good(
    aws: seaweed.Server, scenario: str, name: str
) -> None:
    """No false ALLOW, no acknowledged verdict lost, none written twice."""
    tally = injections.injected(aws, BY_NAME[scenario], name)
    assert tally.injected >= 1, tally
    assert not tally.wrong, tally


def test_there_are_faults_enough() -> None:
    """More than forty kinds."""
    assert len(injections.FAULTS) >= 60
    assert isinstance(SCENARIOS[0], Scenario)
