"""The long form of tests/faults/test_kills.py, with whole runs, on a directory and on S3."""

from pathlib import Path

import pytest

from tests.campaign import ledger
from tests.support import killed, seaweed

pytestmark = pytest.mark.campaign
# How many are killed at random instants, beside those at each labelled point.
AT_RANDOM = {"publish": (300, 30), "promote": (60, 15), "rollback": (30, 5), "waive": (30, 5)}


@pytest.mark.parametrize("deed", AT_RANDOM)
@pytest.mark.parametrize("where", ["local", "s3"])
def test_a_killed_process_leaves_what_the_next_one_can_finish(
    tmp_path: Path, deed: str, where: str, request: pytest.FixtureRequest
) -> None:
    """At each labelled point and at random instants, on a directory and on S3."""
    server: seaweed.Server | None = request.getfixturevalue("aws") if where == "s3" else None
    count = AT_RANDOM[deed][where == "s3"]
    found = killed.killed(deed, tmp_path, count, seed=2, server=server)
    store = "S3" if where == "s3" else "a directory"
    ledger.note(
        f"kills-{deed}-{where}", f"`kill -9` during {deed} on {store}",
        found.points + found.at_random, wrong=found.wrong,
        more=f"{found.points} at labelled points, {found.at_random} at random; "
        f"{found.finished} more had finished",
    )  # fmt: skip
    assert not found.wrong


@pytest.mark.parametrize("how", ["anew", "resumed"])
@pytest.mark.parametrize(("where", "every"), [("local", 25), ("s3", 60)])
def test_a_killed_run_is_run_again_to_one_verdict(
    tmp_path: Path, where: str, every: int, how: str, request: pytest.FixtureRequest
) -> None:
    """At both ends of each of its stages, and at points in between; anew, or where it was."""
    server: seaweed.Server | None = request.getfixturevalue("aws") if where == "s3" else None
    found = killed.killed_runs(tmp_path, every, how, server)
    store = "S3" if where == "s3" else "a directory"
    ledger.note(
        f"kills-run-{where}-{how}", f"`kill -9` during run, publishing to {store}; then {how}",
        found.points,
        wrong=found.wrong, more=f"each end of each stage, and each {every}th point in between",
    )  # fmt: skip
    assert found.points >= 16
    assert not found.wrong


@pytest.mark.parametrize("where", ["local", "s3"])
def test_sixteen_at_once(tmp_path: Path, where: str, request: pytest.FixtureRequest) -> None:
    """One question, a question each, one title, a title each."""
    server: seaweed.Server | None = request.getfixturevalue("aws") if where == "s3" else None
    found = killed.crowded(tmp_path, server)
    store = "S3" if where == "s3" else "a directory"
    ledger.note(
        f"crowds-{where}", f"16 processes at once on {store}", 16 * len(found), kinds=len(found),
        wrong=[told for told in found.values() if told], more=", ".join(found),
    )  # fmt: skip
    assert set(found.values()) == {""}
