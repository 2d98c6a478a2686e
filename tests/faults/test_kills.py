"""`kill -9` while a verdict is published: afterwards, publishing again leaves exactly one."""

from pathlib import Path

from tests.support import survivors

COUNT = 30


def test_a_killed_publisher_leaves_nothing_that_the_next_one_cannot_finish(tmp_path: Path) -> None:
    """At random instants: no acknowledged verdict lost, none twice, no gate confused."""
    assert survivors.killed(tmp_path, COUNT, seed=1) >= COUNT / 3
    wrong = {
        path.name: survivors.wrong_with(path) for path in tmp_path.iterdir() if path.name != "clean"
    }
    assert len(wrong) == COUNT and not any(wrong.values()), wrong
