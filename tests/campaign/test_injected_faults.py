"""The long form of tests/faults/test_injected_faults.py: every kind of fault, at every request."""

from collections.abc import Callable

import pytest

from tests.support import injections, seaweed
from tests.support.injections import Tally

pytestmark = pytest.mark.campaign
FAULTS = {**injections.COMMON, **injections.RARE}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(
    "injected", [injections.publications, injections.questions, injections.promotions]
)
def test_one_fault_at_a_time_changes_nothing_for_good(
    aws: seaweed.Server, injected: Callable[..., Tally], name: str
) -> None:
    """No false ALLOW, no acknowledged verdict or title lost, none written twice."""
    tally = injected(aws, name, FAULTS[name])
    print(f"{injected.__name__}: {name}: {tally.injected} injected: {dict(tally.told)}")
    assert tally.injected >= 5, tally
    assert not tally.wrong, tally
