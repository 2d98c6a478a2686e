"""The long form of tests/faults/test_kills.py."""

from pathlib import Path

import pytest

from tests.support import survivors

COUNT = 500


@pytest.mark.campaign
def test_five_hundred_killed_publishers_converge(tmp_path: Path) -> None:
    """Each to exactly one verdict."""
    assert survivors.killed(tmp_path, COUNT, seed=2) >= COUNT / 3
    wrong = {
        path.name: survivors.wrong_with(path) for path in tmp_path.iterdir() if path.name != "clean"
    }
    assert len(wrong) == COUNT and not any(wrong.values()), wrong
