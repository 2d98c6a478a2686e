"""`kill -9` while a verdict or a title is written, and many writers at once."""

from pathlib import Path

import pytest

from tests.support import killed


@pytest.mark.parametrize("deed", ["publish", "promote"])
def test_what_a_killed_process_leaves_can_be_finished_by_the_next_one(
    tmp_path: Path, deed: str
) -> None:
    """At every labelled point, and at random: nothing acknowledged is lost, nothing is twice."""
    found = killed.killed(deed, tmp_path, 5, seed=1)
    assert found.points >= 10
    assert not found.wrong


def test_of_sixteen_at_once_each_is_told_the_truth(tmp_path: Path) -> None:
    """One question makes one verdict, sixteen make sixteen, one title has one winner."""
    assert set(killed.crowded(tmp_path).values()) == {""}
