"""Quality against cost, drawn: every model that has both, those that nothing beats filled."""

import re

from tests.unit.test_leaderboard import board
from titleholder.report.pareto import pareto


def test_each_cost_that_several_models_have_is_drawn() -> None:
    """Latency and size, each with a row a model behind it."""
    made = board(a=(0.8, 10.0, 5.0), b=(0.9, 20.0, 9.0), c=(0.7, 30.0, 12.0))
    drawn = pareto(made)
    assert [p.name for p in drawn] == ["pareto-0", "pareto-1"]
    assert all(len(p.rows) == 3 for p in drawn)
    told = {row[0].removeprefix("★ "): row[3] for row in drawn[0].rows}
    assert told == {entry.model: "yes" if entry.pareto else "no" for entry in made.entries}


def test_what_was_not_measured_is_not_drawn() -> None:
    """Two points are no picture, and a model without a latency is no point."""
    made = board(a=(0.8, None, 5.0), b=(0.9, 20.0, 9.0), c=(0.7, 30.0, 12.0))
    assert [p.name for p in pareto(made)] == ["pareto-1"]


def test_the_same_board_gives_the_same_drawing_in_text() -> None:
    """Names are text in the drawing, and nothing in it depends on when it was made."""
    made = board(a=(0.8, 1.0, 5.0), b=(0.9, 200.0, 9.0), c=(0.7, 30.0, 12.0))
    first, second = (str(pareto(made)[0].svg) for _ in range(2))
    assert first == second
    assert re.search(r">(★ )?b</text>", first)
