"""An open-loop replay: every request goes out when it is due, whatever the others are doing."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from titleholder import records
from titleholder.adapters.chat.caller import Caller, address, headers
from titleholder.adapters.chat.request import Request
from titleholder.adapters.chat.wire import Answer, Passing
from titleholder.arrays import Floats

if TYPE_CHECKING:
    import httpx

# Arrivals beyond this many at once wait for a thread: then the client is what is measured.
_MOST = 256


@dataclass(frozen=True)
class Load:
    """``requests`` that arrive at ``arrivals`` (n,) seconds after the start."""

    caller: Caller
    requests: Sequence[Request]
    arrivals: Floats

    @property
    def digest(self) -> str:
        """The SHA-256 of all requests and arrivals: a replay is kept as a whole."""
        said = {"load": [r.digest for r in self.requests], "arrivals": self.arrivals.tolist()}
        return records.sha256(said)

    def latencies(self) -> Floats:
        """Seconds from arrival to the end of the answer, (n,); of a failure, to its end.

        A replay that was kept is not sent again: half a replay is no replay, so it is kept whole.
        """
        kept = self.caller.kept.get(self.digest)
        if kept is not None:
            return np.array([float(word) for word in kept.text.split()])
        found = self._sent()
        told = " ".join(f"{seconds:.6f}" for seconds in found)
        self.caller.kept.put(Answer(request=self.digest, text=told, finish="replayed"))
        return np.array([float(word) for word in told.split()])

    def _sent(self) -> Floats:
        import httpx

        model = self.requests[0].model
        url = address(model, self.requests[0].row_id, len(self.requests))
        workers = min(_MOST, len(self.requests))
        limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
        with (
            httpx.Client(
                timeout=self.caller.terms.timeout_s, limits=limits, headers=headers(model),
                trust_env=False,
            ) as client,
            ThreadPoolExecutor(workers) as pool,
        ):  # fmt: skip
            stop, started = threading.Event(), time.monotonic() + 0.05
            tasks = []
            try:
                for request, due in zip(self.requests, self.arrivals, strict=True):
                    time.sleep(max(0.0, started + due - time.monotonic()))
                    tasks.append(pool.submit(self._one, client, url, request, started + due, stop))
                return np.array([task.result() for task in tasks])
            except BaseException:
                stop.set()
                raise

    def _one(
        self, client: "httpx.Client", url: str, request: Request, due: float, stop: threading.Event
    ) -> float:
        if not stop.is_set():
            with suppress(Passing):  # what failed has kept its sender waiting as long as it took
                self.caller.once(client, url, request)
        return time.monotonic() - due
