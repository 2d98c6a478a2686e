"""The long form of tests/faults/test_forged_verdicts.py."""

import pytest

from tests.support import forgeries
from titleholder.types import Outcome

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("outcome", ["PASS", "FAIL"])
def test_of_a_hundred_thousand_forgeries_none_is_allowed(outcome: str, seed: int) -> None:
    """10,000 of each verdict with each seed."""
    told, allowed = forgeries.survey(Outcome(outcome), 10_000, seed)
    assert not allowed
    assert {kind.rpartition(": ")[2] for kind in told} == {"NO_VERDICT"}
