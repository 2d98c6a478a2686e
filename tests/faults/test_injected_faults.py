"""Publishing and asking on S3 with one fault at every request in turn."""

from collections.abc import Callable

import pytest

from tests.support import injections, seaweed
from tests.support.injections import Tally

# The rest, promotions too, is for `make campaign`.
SHORT = [
    (injections.publications, "cut before"),
    (injections.publications, "lost after"),
    (injections.questions, "404 before"),
]


@pytest.mark.parametrize(("injected", "name"), SHORT)
def test_one_fault_at_a_time_changes_nothing_for_good(
    aws: seaweed.Server, injected: Callable[..., Tally], name: str
) -> None:
    """No false ALLOW, no acknowledged verdict lost, none written twice."""
    tally = injected(aws, name, injections.COMMON[name])
    assert tally.injected >= 5, tally
    assert not tally.wrong, tally
