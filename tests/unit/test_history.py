"""`titleholder history`: the chain as a table, or nothing at all where it does not hold."""

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import verdicts
from titleholder.adapters.stores.local import LocalStore
from titleholder.cadence import missing_before, usual_gap
from titleholder.cli import main
from titleholder.promotion import Book, bootstrap
from titleholder.publication import publish
from titleholder.trust import Trust
from titleholder.types import Outcome

FIRST = date(2026, 3, 2)
PASS, FAIL = Outcome.PASS, Outcome.FAIL
DAYS = st.lists(st.dates(date(2020, 1, 1), date(2020, 12, 31)), unique=True)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A directory with four verdicts of five nights."""
    there = LocalStore(tmp_path / "store")
    for number, outcome in ((0, PASS), (1, FAIL), (2, PASS), (4, FAIL)):
        _publish(there, outcome, number)
    return there


def _publish(store: LocalStore, outcome: Outcome, night: int) -> None:
    publish(
        store, "dev", verdicts.verdict(outcome), verdicts.subject(), {},
        provenance=verdicts.provenance(), valid_for=timedelta(days=7),
        logical_date=FIRST + timedelta(days=night),
    )  # fmt: skip


@pytest.fixture
def tell(store: LocalStore, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """The exit code of the command, and all that it printed."""

    def run(*flags: str) -> tuple[int, str]:
        code = main(["history", "credit", "--env", "dev", "--store", store.url, *flags])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_each_verdict_is_a_line_in_order(tell: Callable[..., tuple[int, str]]) -> None:
    """Number, night, outcome and model; and the whole chain was checked."""
    code, said = tell()
    lines = said.splitlines()
    numbered = [line.split() for line in lines[:-1] if line.split()[0].isdigit()]
    assert code == 0
    assert [(cells[0], cells[3]) for cells in numbered] == [
        ("1", "PASS"), ("2", "FAIL"), ("3", "PASS"), ("4", "FAIL"),
    ]  # fmt: skip
    assert "2026-03-06" in numbered[-1] and verdicts.MODEL[:12] in numbered[-1]
    assert lines[-1].strip() == "4 verdicts, an unbroken chain from the first to the newest"


def test_a_night_without_a_verdict_stands_where_it_is_missing(
    tell: Callable[..., tuple[int, str]],
) -> None:
    """Between the verdicts before and after it."""
    lines = tell()[1].splitlines()
    at = next(i for i, line in enumerate(lines) if "1 night without a verdict" in line)
    assert lines[at - 1].split()[0] == "3" and lines[at + 1].split()[0] == "4"


def test_a_champion_stands_in_the_table(
    store: LocalStore, tell: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """With how it got the title, and its digest."""
    model = tmp_path / "first.skops"
    model.write_bytes(b"champion")
    book = Book(store, "dev", "credit", Trust(), None)
    crowned = bootstrap(book, model, "the first")
    said = tell()[1]
    assert "★ title 1: bootstrap" in said
    assert crowned.model.removeprefix("sha256:")[:12] in said


def test_json_holds_the_same_history(tell: Callable[..., tuple[int, str]]) -> None:
    """All digits of all digests, oldest first."""
    code, said = tell("--json")
    told = json.loads(said)
    assert code == 0
    assert [one["sequence"] for one in told["verdicts"]] == [1, 2, 3, 4]
    assert {one["model"] for one in told["verdicts"]} == {verdicts.MODEL}
    assert told["verdicts_in_all"] == 4


def test_the_newest_alone_says_that_the_others_were_not_read(
    tell: Callable[..., tuple[int, str]],
) -> None:
    """A part of a chain does not pass for the whole."""
    code, said = tell("--last", "2")
    assert code == 0
    assert "the newest 2 verdicts of 4, unbroken; those before were not read" in said


@pytest.mark.parametrize("harm", ["altered", "removed", "exchanged"])
def test_a_broken_chain_is_not_told(
    store: LocalStore, tell: Callable[..., tuple[int, str]], tmp_path: Path, harm: str
) -> None:
    """Exit 4 and the reason, and no line of the table."""
    chain = tmp_path / "store" / "verdicts" / "dev" / "credit"
    second, third = chain / "00000002.json", chain / "00000003.json"
    match harm:
        case "altered":
            second.write_text(second.read_text().replace("seen so", "seen otherwise"))
        case "removed":
            second.unlink()
        case _:
            second.write_bytes(third.read_bytes())
    code, said = tell()
    assert code == 4
    assert "titleholder:" in said and "2026-03-02" not in said
    assert tell("--last", "1")[0] == 0


def test_unsigned_verdicts_are_not_told_to_who_pins_a_key(
    tell: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """Exit 4, as at the gate."""
    assert main(["keys", "new", "--out", str(tmp_path)]) == 0
    (public,) = tmp_path.glob("*.pub")
    code, said = tell("--key", str(public))
    assert code == 4
    assert "unsigned" in said


@pytest.mark.parametrize(
    ("flags", "code"), [(("--last", "0"), 2), (("--env", "../x"), 2), (("--env", "prod"), 4)]
)
def test_a_mistake_has_its_exit_code(
    tell: Callable[..., tuple[int, str]], flags: tuple[str, ...], code: int
) -> None:
    """Usage is 2; an environment without verdicts is 4."""
    found, said = tell(*flags)
    assert found == code
    assert "Traceback" not in said


def test_a_terminal_gets_colours_and_a_file_does_not() -> None:
    """The same cells both ways."""
    from titleholder.report import tables

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, fancy = io.StringIO(), Terminal()
    for out in (plain, fancy):
        tables.show(("a", "b"), [("1", "[red]x")], {"a"}, {0: "bold #d55e00"}, out)
    assert "\x1b[" in fancy.getvalue() and "\x1b[" not in plain.getvalue()
    assert "[red]x" in plain.getvalue() and "[red]x" in fancy.getvalue()


# ----------------------------------------------------------------------------- cadence


@given(DAYS)
def test_nothing_is_missing_where_days_follow_as_usual(days: list[date]) -> None:
    """Filling each gap by days in the usual distance leaves at most what does not divide it."""
    usual = usual_gap(days)
    even = [date(2020, 1, 1) + timedelta(days=usual * k) for k in range(len(days))]
    assert missing_before(even) == {}


@given(st.integers(1, 9), st.integers(3, 40), st.data())
def test_what_is_taken_out_is_missing(usual: int, count: int, data: st.DataObject) -> None:
    """Of an even row of nights, each that is taken from the middle is counted once."""
    even = [FIRST + timedelta(days=usual * k) for k in range(3 * count)]
    gone = data.draw(st.sets(st.integers(1, 3 * count - 2), max_size=count // 3))
    kept = [night for k, night in enumerate(even) if k not in gone]
    assert sum(missing_before(kept).values()) == len(gone)
