"""`titleholder history`: the chain as a table, or nothing at all where it does not hold."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import keys, verdicts
from titleholder.adapters.stores.local import LocalStore
from titleholder.cadence import Came, missing_before, unusual, usual_gap
from titleholder.cli import main
from titleholder.errors import Exit
from titleholder.trust.pins import Trust
from titleholder.trust.promotion import Book, bootstrap
from titleholder.trust.publication import publish
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


def test_a_store_that_was_never_made_holds_no_verdict(
    store: LocalStore, tell: Callable[..., tuple[int, str]]
) -> None:
    """The code is that of `gate`: no verdict, which is known, and not merely unreachable."""
    code, said = tell("--store", f"{store.url}-elsewhere")
    assert code == Exit.NO_VERDICT, said


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


def test_verdicts_from_before_the_first_signed_one_are_told_as_unsigned(
    store: LocalStore, tell: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """A chain may begin unsigned: whoever pins the key sees all of it, and what counts."""
    (tmp_path / "k.pub").write_bytes(keys.key().public.pem)
    publish(
        store, "dev", verdicts.verdict(PASS), verdicts.subject(), {}, signer=keys.key(),
        provenance=verdicts.provenance(), valid_for=timedelta(days=7),
        logical_date=FIRST + timedelta(days=6),
    )  # fmt: skip
    code, said = tell("--key", str(tmp_path / "k.pub"))
    assert code == 0
    lines = said.splitlines()
    assert sum("unsigned" in line for line in lines) == 4
    assert lines[-1].strip() == (
        "5 verdicts, an unbroken chain from the first to the newest; 4 from before the first "
        "signed one, which count for nobody"
    )
    code, said = tell("--key", str(tmp_path / "k.pub"), "--json")
    assert code == 0 and json.loads(said)["before_signing"] == 4


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


# ------------------------------------------------------------- unusual nights

BERLIN = ZoneInfo("Europe/Berlin")


def _came(times: Sequence[datetime], delay: timedelta = timedelta(minutes=3)) -> list[Came]:
    """Runs that were due at these times, each for its UTC day, a little later."""
    utc = [at.astimezone(UTC) for at in times]
    return [Came(at.date(), "model", at + delay) for at in utc]


def _local(first: date, days: int, hour: int, minute: int = 0) -> list[datetime]:
    """A schedule that keeps Berlin's time."""
    return [
        datetime.combine(first + timedelta(days=n), time(hour, minute), BERLIN) for n in range(days)
    ]


def _kinds(came: Sequence[Came], now: datetime | None = None) -> list[tuple[str, str]]:
    now = now or max(one.at for one in came)
    return [(one.kind.value, one.night.isoformat()) for one in unusual(came, now)]


def _nightly(days: int) -> list[datetime]:
    return [datetime(2026, 3, 2, 2, 15, tzinfo=UTC) + timedelta(days=n) for n in range(days)]


def test_nights_that_come_as_usual_are_not_named() -> None:
    """In UTC a year has no hour too many or too few."""
    assert _kinds(_came(_nightly(365))) == []


def test_a_night_that_was_missed_late_or_doubled_is_named() -> None:
    """Each with its night and its kind."""
    came = _came(_nightly(10))
    came[4] = Came(came[4].night, "model", came[4].at + timedelta(hours=5))
    doubled = Came(came[6].night, "model", came[6].at + timedelta(minutes=40))
    assert _kinds([*came[:2], *came[3:], doubled]) == [
        ("missed", "2026-03-04"), ("late", "2026-03-06"), ("doubled", "2026-03-08"),
    ]  # fmt: skip


def test_candidates_of_one_night_are_not_doubled() -> None:
    """Each has a verdict of its own."""
    came = _came(_nightly(6))
    assert _kinds([*came, *(Came(one.night, "another", one.at) for one in came)]) == []


def test_the_night_that_should_have_come_by_now_is_missed() -> None:
    """A scheduler that died is seen without a later night to tell of it, after a day of grace."""
    came = _came(_nightly(5))
    assert _kinds(came, came[-1].at + timedelta(days=1, hours=20)) == []
    assert _kinds(came, came[-1].at + timedelta(days=3)) == [("missed", "2026-03-07")]


@pytest.mark.parametrize(
    ("first", "moved"), [(date(2026, 3, 22), "2026-03-29"), (date(2026, 10, 18), "2026-10-25")]
)
def test_a_schedule_in_local_time_moves_when_clocks_are_changed(first: date, moved: str) -> None:
    """By an hour, to the night, in spring and in autumn; and nothing is late for that."""
    assert _kinds(_came(_local(first, 14, 4))) == [("moved", moved)]


def test_a_local_schedule_round_utc_midnight_doubles_a_day_in_spring() -> None:
    """01:30 in Berlin is the day before in summer: one UTC day has two runs."""
    found = _kinds(_came(_local(date(2026, 3, 22), 14, 1, 30)))
    assert ("doubled", "2026-03-29") in found
    assert {kind for kind, _ in found} <= {"doubled", "moved", "late"}


def test_a_local_schedule_round_utc_midnight_misses_a_day_in_autumn() -> None:
    """And the one that is missed is named."""
    found = _kinds(_came(_local(date(2026, 10, 18), 14, 1, 30)))
    assert ("missed", "2026-10-25") in found
    assert {kind for kind, _ in found} <= {"missed", "moved"}


def test_nights_that_came_as_they_liked_have_no_usual_time() -> None:
    """Runs by hand at any hour are not called late."""
    hours = [1, 9, 14, 18, 11, 16, 7, 20, 13]
    times = [datetime(2026, 3, 2 + n, h, tzinfo=UTC) for n, h in enumerate(hours)]
    assert _kinds(_came(times)) == []


def test_the_command_names_them_under_the_table(
    store: LocalStore, tell: Callable[..., tuple[int, str]]
) -> None:
    """The verdicts of the fixture are of March, and came long after."""
    assert "! no verdict for 2026-03-07, and" in tell()[1]
