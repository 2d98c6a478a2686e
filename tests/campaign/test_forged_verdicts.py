"""The long form of tests/faults/test_forged_verdicts.py."""

import functools
from collections.abc import Callable

import pytest

from tests.campaign import ledger
from tests.support import forgeries
from titleholder.types import Outcome

pytestmark = pytest.mark.campaign
SEEDS = range(5)
SURVEYS: dict[str, tuple[Callable[..., object], int, str]] = {
    "PASS": (functools.partial(forgeries.survey, Outcome.PASS), 10_000, "NO_VERDICT"),
    "FAIL": (functools.partial(forgeries.survey, Outcome.FAIL), 10_000, "NO_VERDICT"),
    "rollback": (forgeries.survey_titles, 2_000, "NO_VERDICT"),
    "waiver": (forgeries.survey_waivers, 2_000, "REGRESSED"),
}


@pytest.mark.parametrize("what", SURVEYS)
def test_of_a_hundred_thousand_forgeries_none_is_allowed(what: str) -> None:
    """10,000 of each verdict, and 2,000 of each title and waiver, with each seed."""
    survey, count, ending = SURVEYS[what]
    endings: set[str] = set()
    wrong: list[str] = []
    for seed in SEEDS:
        told, allowed = survey(count, seed)
        endings |= {kind.rpartition(": ")[2] for kind in told}
        wrong += allowed
    ledger.note(
        f"forged-{what}", f"a signed {what}, changed in a field, two, its envelope, or a byte",
        count * len(SEEDS), wrong=wrong, more=f"all {', '.join(sorted(endings))}",
    )  # fmt: skip
    assert not wrong
    assert endings == {ending}
