"""The long form of tests/faults/test_injected_faults.py: every kind of fault, at every request."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.campaign import ledger
from tests.support import injections, seaweed, tiny
from tests.support.project import Project
from tests.support.scenarios import SCENARIOS, Scenario, verifying

pytestmark = pytest.mark.campaign
# A request waits for the server most of its time.
AT_ONCE = 4
# Verifying asks for every piece of evidence: some forty requests, all of one kind.
OF_READING = (
    "cut before", "404 before", "503 before", "200 and nothing", "flipped, no checksum",
    "half an answer", "wrong checksum", "another object", "stale read", "a log-in page",
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with the verdict of a real run in it."""
    root = tiny.make(tmp_path_factory.mktemp("tiny") / "project")
    done = Project(root, root).titleholder("run", "--quiet")
    assert done.code == 0, done.err
    yield root / "store"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_one_fault_at_a_time_changes_nothing_for_good(
    aws: seaweed.Server, scenario: Scenario
) -> None:
    """No false ALLOW, no acknowledged verdict or title lost, none written twice."""
    _survey(aws, scenario, tuple(injections.FAULTS))


def test_a_verdict_that_is_verified_is_never_called_what_it_is_not(
    aws: seaweed.Server, kept: Path
) -> None:
    """Whatever is done to one of its pieces on their way."""
    _survey(aws, Scenario("verify", verifying(kept), reads=True), OF_READING)


def _survey(server: seaweed.Server, scenario: Scenario, names: tuple[str, ...]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tallies = list(pool.map(lambda name: injections.injected(server, scenario, name), names))
    wrong = [one for tally in tallies for one in tally.wrong]
    count = sum(tally.injected for tally in tallies)
    told: dict[str, int] = {}
    for tally in tallies:
        for ending, often in tally.told.items():
            told[ending] = told.get(ending, 0) + often
    ledger.note(
        f"faults-{scenario.name.replace(', ', '-').replace(' ', '-')}",
        f"{scenario.name} on S3 through a proxy, one fault at each request in turn", count,
        wrong=wrong, kinds=len([tally for tally in tallies if tally.injected]),
        slowest_s=round(max(tally.slowest for tally in tallies), 1),
        more=", ".join(f"{name} {often}" for name, often in sorted(told.items())),
    )  # fmt: skip
    assert not wrong
    assert count >= len(names)
