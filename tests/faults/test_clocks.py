"""Clocks that differ, days that are longer or shorter, nights that are missed: only time counts.

The real command line and a real S3 server; its Date header is what the proxy makes of it.
"""

import itertools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.fakes import MemoryStore
from tests.support import faultproxy, keys, seaweed, verdicts
from tests.support.spoilers import dated
from titleholder.adapters.stores import s3
from titleholder.adapters.stores.s3 import S3Store
from titleholder.cli import main
from titleholder.errors import Exit, StoreError
from titleholder.trust import gate
from titleholder.trust.publication import publish
from titleholder.types import Outcome

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
DIGEST = f"sha256:{verdicts.MODEL}"
# Where local clocks jump, and where calendars are long: the moment itself, in UTC.
JUMPS = {
    "Berlin, spring": ("Europe/Berlin", "2026-03-29T01:00:00"),
    "Berlin, autumn": ("Europe/Berlin", "2026-10-25T01:00:00"),
    "New York, spring": ("America/New_York", "2026-03-08T07:00:00"),
    "New York, autumn": ("America/New_York", "2026-11-01T06:00:00"),
    "Lord Howe, by half an hour": ("Australia/Lord_Howe", "2026-04-04T15:00:00"),
    "the end of the leap day": ("UTC", "2028-03-01T00:00:00"),
    "the beginning of the leap day": ("Asia/Kathmandu", "2028-02-29T00:00:00"),
    "the end of the year": ("Pacific/Auckland", "2027-01-01T00:00:00"),
}


@dataclass
class Clocks:
    """What time it is by the store and by this machine."""

    monkeypatch: pytest.MonkeyPatch
    proxy: faultproxy.Proxy

    def store(self, moment: datetime) -> None:
        """The store's Date header."""
        self.proxy.always = lambda a: a.saying("Date", format_datetime(moment, usegmt=True))

    def machine(self, moment: datetime) -> None:
        """This machine's clock, as the store's client sees it."""

        class Stopped(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:
                return moment

        self.monkeypatch.setattr(s3, "datetime", Stopped)

    def both(self, moment: datetime) -> None:
        """One time for both."""
        self.store(moment)
        self.machine(moment)


@pytest.fixture
def clocks(aws: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    """A proxy in front of the real server, whose answers are dated as the test says."""
    with faultproxy.in_front_of(aws.endpoint) as proxy:
        yield Clocks(monkeypatch, proxy)


def _published(clocks: Clocks, prefix: str, valid_for: timedelta = HOUR) -> None:
    store = S3Store(seaweed.BUCKET, prefix, endpoint=clocks.proxy.endpoint)
    publish(
        store, "dev", verdicts.verdict(Outcome.PASS), verdicts.subject(), {},
        valid_for=valid_for, signer=keys.key(), provenance=verdicts.provenance(),
    )  # fmt: skip


def _asked(clocks: Clocks, prefix: str) -> int:
    return main(
        ["gate", "--suite", "credit", "--env", "dev", "--model", DIGEST,
         "--store", f"s3://{seaweed.BUCKET}/{prefix}", "--endpoint", clocks.proxy.endpoint]
    )  # fmt: skip


@pytest.mark.parametrize("jump", JUMPS)
def test_a_verdict_holds_as_long_as_it_says_wherever_it_is(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch, jump: str
) -> None:
    """An hour is an hour, whatever the local clock, or the calendar, does in it."""
    zone, moment = JUMPS[jump]
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    prefix, at = uuid.uuid4().hex, datetime.fromisoformat(moment).replace(tzinfo=UTC)
    try:
        clocks.both(at - SECOND)
        _published(clocks, prefix)
        for later, code in (
            (-SECOND, Exit.ALLOW), (SECOND, Exit.ALLOW), (HOUR - 2 * SECOND, Exit.ALLOW),
            (HOUR, Exit.NO_VERDICT), (2 * HOUR, Exit.NO_VERDICT), (-HOUR, Exit.NO_VERDICT),
        ):  # fmt: skip
            clocks.both(at + later)
            assert _asked(clocks, prefix) == code, later
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("minutes", [-60, -6, 6, 60])
@pytest.mark.parametrize("whose", ["store", "machine"])
def test_clocks_that_differ_let_nothing_through(clocks: Clocks, whose: str, minutes: int) -> None:
    """Neither side is believed alone: nothing is published, nothing is allowed, 5."""
    prefix, off = uuid.uuid4().hex, timedelta(minutes=minutes)
    _published(clocks, prefix)
    if whose == "store":
        clocks.proxy.always = dated(off)
    else:
        clocks.machine(datetime.now(UTC) + off)
    assert _asked(clocks, prefix) == Exit.UNDECIDED
    with pytest.raises(StoreError, match="one of them is wrong"):
        _published(clocks, uuid.uuid4().hex)


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_that_nearly_agree_are_no_reason(clocks: Clocks, minutes: int) -> None:
    """Under five minutes nobody is stopped."""
    prefix = uuid.uuid4().hex
    _published(clocks, prefix)
    clocks.proxy.always = dated(timedelta(minutes=minutes))
    assert _asked(clocks, prefix) == Exit.ALLOW


@pytest.mark.parametrize(
    "nights",
    [
        ("2026-03-28", "2026-03-29", "2026-03-30"),
        ("2026-10-24", "2026-10-25", "2026-10-26"),
        ("2028-02-28", "2028-02-29", "2028-03-01"),
        ("2026-12-31", "2027-01-01", "2027-01-02"),
    ],
)
@pytest.mark.parametrize("missed", [None, 0, 1, 2])
def test_each_night_has_one_verdict_and_a_missed_one_has_none(
    nights: tuple[str, ...], missed: int | None
) -> None:
    """Run twice it is one; a night without a run ends in a closed gate until the next one."""
    store = MemoryStore()
    numbers = itertools.count(1)
    for place, night in enumerate(nights):
        store.clock = datetime.fromisoformat(f"{night}T02:15:00+00:00")
        if place == missed:
            expected = Exit.NO_VERDICT
        else:
            number = next(numbers)
            for _ in range(2):
                receipt = publish(
                    store, "dev", verdicts.verdict(Outcome.PASS), verdicts.subject(), {},
                    valid_for=timedelta(hours=24), provenance=verdicts.provenance(),
                    logical_date=date.fromisoformat(night),
                )  # fmt: skip
                assert receipt.sequence == number
                store.pass_time(HOUR)
            expected = Exit.ALLOW
        if missed is not None and place == missed and place == 0:
            continue  # nothing was ever published: there is no verdict either way
        assert gate.ask(store, "dev", "credit", DIGEST).exit is expected


def test_the_directory_of_a_machine_whose_clock_was_set_back_says_so(tmp_path: Path) -> None:
    """A verdict from the future is none, by the only clock that a directory has."""
    from titleholder.adapters.stores.local import LocalStore

    store = LocalStore(tmp_path)
    publish(
        store, "dev", verdicts.verdict(Outcome.PASS), verdicts.subject(), {},
        valid_for=timedelta(days=1), provenance=verdicts.provenance(),
        now=datetime.now(UTC) + HOUR,
    )  # fmt: skip
    assert gate.ask(store, "dev", "credit", DIGEST).exit is Exit.NO_VERDICT
