"""What time it is by an S3 store, held against this machine's clock."""

import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from titleholder.errors import StoreError

# As far as the gate lets clocks differ. Amazon's own limit for a signed request is 15 minutes.
SKEW = timedelta(minutes=5)


class StoreClock:
    """The Date header of the last answer, plus the time that has passed since."""

    def __init__(self, machine: Callable[[], datetime]) -> None:
        self._machine = machine
        self._heard: tuple[datetime, float] | None = None

    def listen(self, answer: Mapping[str, Any]) -> None:
        """Remember what an answer said of the time, if it said anything."""
        said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        with contextlib.suppress(ValueError):
            self._heard = (parsedate_to_datetime(said).astimezone(UTC), time.monotonic())

    @property
    def heard(self) -> bool:
        """Whether any answer had a date."""
        return self._heard is not None

    def now(self, url: str) -> datetime:
        """The store's time, UTC; StoreError where it is unknown or this machine's is another.

        Neither clock is believed alone: or whoever answers with an old date could let a verdict
        through that has expired.
        """
        if self._heard is None:
            raise StoreError(f"{url} answers without a date, so its clock is unknown")
        said, at = self._heard
        now = said + timedelta(seconds=time.monotonic() - at)
        if not abs(now - self._machine()) <= SKEW:
            raise StoreError(
                f"by the clock of {url} it is {now:%FT%TZ}, and by this machine's it is "
                f"{self._machine():%FT%TZ}: one of them is wrong",
                cure="set this machine's clock, for instance with NTP, or find out who answers "
                "in the store's place",
            )
        return now
