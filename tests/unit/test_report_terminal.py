"""What a terminal is shown, and what a file gets in its place."""

import io
import re
from typing import Any

import pytest

from titleholder.plan import Prospect
from titleholder.report import prospects
from titleholder.report.progress import Board
from titleholder.types import Kind

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """It is."""
        return True


def shown(out: Terminal) -> str:
    """What a person reads."""
    return ESCAPES.sub("", out.getvalue())


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for all columns, on any machine."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_suite_s_bar_moves_on_with_each_stage() -> None:
    """Its name, how far it has come, and at the end that it is done."""
    out = Terminal()
    with Board(2, out) as board:
        for name in ("pull", "judge"):
            with board.stage("credit", name):
                pass
    last = shown(out).splitlines()[-1]
    assert "credit" in last and "2/2" in last and "done" in last


def test_a_stage_that_failed_stays_to_be_seen() -> None:
    """With its name; the error goes on, and other suites go on."""
    out = Terminal()
    with Board(1, out) as board:
        with pytest.raises(ValueError, match="broken"), board.stage("credit", "pull"):
            raise ValueError("broken")
        with board.stage("flights", "pull"):
            pass
    text = shown(out)
    assert "pull failed" in text
    assert "flights" in text.splitlines()[-1]


def test_names_of_suites_are_no_markup() -> None:
    """A bracket is a bracket, and an escape sequence is told, not obeyed."""
    out = Terminal()
    with Board(1, out) as board, board.stage("[red]x\x1b]0;t\x07", "pull"):
        pass
    assert "[red]x" in shown(out)
    assert "\x1b]0;" not in out.getvalue()


def prospect(**said: Any) -> Prospect:
    """A rule that can pass, but for what is said."""
    whole: dict[str, Any] = {
        "rule": "auc", "metric": "roc_auc", "slice": "overall", "over": None,
        "kind": Kind.NON_INFERIOR, "n": 1200, "champion": 0.86, "bound": -0.01, "noise": 0.004,
        "measured": True, "detects_80": -0.02, "detects_95": -0.03, "equal_passes": 0.7,
        "n_clusters": None,
    }  # fmt: skip
    return Prospect(**{**whole, **said})


def test_a_plan_is_the_same_table_on_a_terminal_and_in_a_file() -> None:
    """With colours on the one and without on the other; what can never pass is said in words."""
    told = [prospect(), prospect(rule="rare", never="no rows on this slice", equal_passes=None)]
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        prospects.show(told, out)
    assert "\x1b[" in terminal.getvalue() and "\x1b[" not in file.getvalue()
    for text in (shown(terminal), file.getvalue()):
        assert "1 finding cannot pass with these rows" in text
        assert "rare (overall): no rows on this slice" in text
        assert "1,200" in text and "70%" in text
    assert prospects.plain(told) == file.getvalue()
