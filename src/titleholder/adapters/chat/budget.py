"""A budget that is never exceeded, not even by a process that was killed.

Before each call its worst case is written down, and after it what it really cost. What was
written down and never settled counts in full: nobody knows whether that call was billed.
"""

import json
import math
import threading
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_UP, Context
from pathlib import Path

from titleholder.errors import BudgetSpent, RecordError

# Sums of prices are rounded: a budget that is used up to its last cent is not exceeded.
_EPSILON = 1e-9


@dataclass
class Budget:
    """``limit`` in USD (None: no limit) over all that is noted in the file ``path``.

    Thread-safe. ``reserve`` waits while calls under way may yet give back some of theirs.
    """

    path: Path
    limit: float | None
    _open: dict[int, float] = field(default_factory=dict)
    _next: int = 0
    _spent: float = 0.0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        """Read what earlier runs spent."""
        noted = _noted(self.path)
        self._spent = math.fsum(noted.values())
        self._next = max(noted, default=-1) + 1

    @property
    def spent(self) -> float:
        """What is known to be spent, in USD, with unsettled calls of earlier runs in full."""
        with self._changed:
            return self._spent

    def reserve(self, most: float, what: str) -> int:
        """Set ``most`` USD aside for a call; BudgetSpent, with ``what`` was next, if it cannot."""
        with self._changed:
            while not self._fits(most):
                if not self._open:
                    raise self._too_much(most, what)
                self._changed.wait()
            ticket = self._next
            self._next += 1
            self._open[ticket] = most
            self._note(ticket, most)
            return ticket

    def settle(self, ticket: int, cost: float) -> None:
        """Replace what was set aside by what the call cost."""
        with self._changed:
            self._spent += cost
            del self._open[ticket]
            self._note(ticket, cost)
            self._changed.notify_all()

    def _too_much(self, most: float, what: str) -> BudgetSpent:
        limit, least = usd(self.limit or 0.0), usd(self._spent + most, up=True)
        return BudgetSpent(
            f"{what}: the next call may cost up to {usd(most)}, and of tonight's budget of {limit} "
            f"(chat.budget_usd) {usd(self._spent)} are spent",
            cure=f"raise chat.budget_usd to {least} or more; what was answered is kept, and not "
            "paid twice",
        )

    def _fits(self, most: float) -> bool:
        if self.limit is None:
            return True
        total = self._spent + sum(self._open.values()) + most
        return total <= self.limit + _EPSILON

    def _note(self, ticket: int, usd: float) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as book:
            book.write(json.dumps({"call": ticket, "usd": usd}) + "\n")


def usd(amount: float, *, up: bool = False) -> str:
    """An amount as people write it, to three digits that count; rounded ``up`` where it must do.

    From 100 USD on to the cent and beyond.

    >>> usd(0.000029), usd(0), usd(12.5), usd(0.0212345, up=True)
    ('0.000029 USD', '0 USD', '12.5 USD', '0.0213 USD')
    """
    rounding = ROUND_UP if up else ROUND_HALF_EVEN
    found = Context(prec=3 if amount < 100 else 9, rounding=rounding).create_decimal(repr(amount))
    text = f"{found:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} USD"


def _noted(path: Path) -> dict[int, float]:
    """The last figure of each call; a line that a kill cut short was not yet followed by a call."""
    found: dict[int, float] = {}
    lines = path.read_text().split("\n") if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            said = json.loads(line)
            found[int(said["call"])] = float(said["usd"])
        except (ValueError, KeyError, TypeError):
            if number < len(lines):
                raise RecordError(
                    f"{path}:{number}: is no note of a call, so what was spent is unknown",
                    cure="restore the file, or remove it to begin a new budget",
                ) from None
    return found
