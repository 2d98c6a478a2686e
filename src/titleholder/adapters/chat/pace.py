"""How fast an endpoint is asked: calls a minute, and the waits between tries."""

import random
import threading
import time
from dataclasses import dataclass, field

_FIRST_S, _LONGEST_S = 0.5, 30.0


@dataclass
class Pace:
    """At most ``per_minute`` calls begin in a minute, evenly spread; None is no limit."""

    per_minute: float | None
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        """Wait for this call's turn."""
        if self.per_minute is None:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 60.0 / self.per_minute
        time.sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long: the endpoint said that it is too much."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


def backoff(attempt: int, asked_for: float | None, scale: float = 1.0) -> float:
    """Seconds before the try after ``attempt`` (1, 2, ...): what was asked for, or full jitter.

    Exponential backoff with full jitter spreads callers that were refused together.
    """
    if asked_for is not None:
        return min(asked_for, _LONGEST_S * 2)
    return scale * random.uniform(0.0, min(_LONGEST_S, _FIRST_S * 2**attempt))
