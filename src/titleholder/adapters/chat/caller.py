"""Many requests to one model: kept answers first, the rest asked side by side.

Whatever ends a run, each answer that had come is kept; the next run asks for the others alone.
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from titleholder.adapters.chat.budget import Budget, usd
from titleholder.adapters.chat.keep import Kept
from titleholder.adapters.chat.model import ChatModel
from titleholder.adapters.chat.pace import Pace, backoff
from titleholder.adapters.chat.request import Request
from titleholder.adapters.chat.wire import Answer, Passing, ask
from titleholder.errors import BadInput, NotRecorded, TitleholderError, UsageError

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Terms:
    """How an endpoint may be asked: how long, how often, how many at once, and with what pauses.

    ``wait_scale`` shrinks the waits between tries.
    """

    timeout_s: float = 60.0
    attempts: int = 5
    concurrency: int = 4
    per_minute: float | None = None
    wait_scale: float = 1.0


@dataclass
class Caller:
    """Asks requests under terms and within a budget; ``calls`` counts what went over the wire."""

    kept: Kept
    budget: Budget
    terms: Terms
    calls: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answers(self, requests: Sequence[Request]) -> list[Answer]:
        """The answer to each request, in their order.

        An item that fails for good has an `Answer` with an ``error``, which is not kept: the
        next run tries it again. Raises NotRecorded, EndpointError or BudgetSpent.
        """
        found = {r.digest: self.kept.get(r.digest) for r in requests}
        missing = list({r.digest: r for r in requests if found[r.digest] is None}.values())
        if missing:
            found |= {answer.request: answer for answer in self._asked(missing)}
        return [answer for r in requests if (answer := found[r.digest]) is not None]

    def _asked(self, missing: Sequence[Request]) -> list[Answer]:
        import httpx

        model = missing[0].model
        url = address(model, missing[0].row_id, len(missing))
        _refuse_unpriced(model, self.budget)
        self._stop.clear()
        limits = httpx.Limits(max_connections=self.terms.concurrency)
        with (
            httpx.Client(
                timeout=self.terms.timeout_s, limits=limits, headers=headers(model), trust_env=False
            ) as client,
            ThreadPoolExecutor(self.terms.concurrency) as pool,
        ):
            pace = Pace(self.terms.per_minute)
            tasks = [pool.submit(self._one, client, url, pace, r) for r in missing]
            try:
                return [answer for task in tasks if (answer := task.result()) is not None]
            except BaseException:
                self._stop.set()  # those under way end and are kept; no other one begins
                raise

    def _one(self, client: "httpx.Client", url: str, pace: Pace, request: Request) -> Answer | None:
        """One request; None where the run has been called off. What ends the run calls it off."""
        try:
            return self._tried(client, url, pace, request)
        except TitleholderError:
            self._stop.set()
            raise

    def _tried(
        self, client: "httpx.Client", url: str, pace: Pace, request: Request
    ) -> Answer | None:
        failed = Passing("")
        for attempt in range(1, self.terms.attempts + 1):
            pace.wait()
            if self._stop.is_set():
                return None
            try:
                answer = self.once(client, url, request)
            except Passing as error:
                failed = error
                if attempt < self.terms.attempts:
                    pause = backoff(attempt, error.wait_s, self.terms.wait_scale)
                    if error.wait_s is not None:
                        pace.hold(pause)
                    self._stop.wait(pause)
                continue
            answer = msgspec.structs.replace(answer, attempts=attempt)
            self.kept.put(answer)
            return answer
        return Answer(
            request=request.digest, error=failed.kind, latency_s=failed.latency_s,
            ttft_s=failed.latency_s, attempts=self.terms.attempts,
        )  # fmt: skip

    def once(self, client: "httpx.Client", url: str, request: Request) -> Answer:
        """One call, paid for; one that broke off counts with all that was set aside for it."""
        prices = request.model.prices
        most = 0.0 if prices is None else request.most(prices)
        ticket = self.budget.reserve(most, f"row {request.row_id}")
        cost = most
        try:
            with self._lock:
                self.calls += 1
            answer = ask(client, url, request, self.terms.timeout_s)
            cost = 0.0 if prices is None else prices.of(answer.tokens_in, answer.tokens_out)
            return answer
        except Passing as error:
            cost = most if error.paid else 0.0
            raise
        finally:
            self.budget.settle(ticket, cost)


def address(model: ChatModel, row_id: str, count: int) -> str:
    """The endpoint's base URL; NotRecorded, with the item and the cure, where none is named."""
    url = os.environ.get(model.endpoint, "").rstrip("/")
    if not url:
        others = "" if count == 1 else f" (and {count - 1} more)"
        raise NotRecorded(
            f"row {row_id!r}{others}: {model.model} has no recorded answer to this, and there is "
            f"no endpoint to ask: {model.endpoint} is not set",
            cure=f"{model.endpoint}=http://host/v1 names an OpenAI-compatible endpoint; without "
            "one, use the panel and the model files that the recording was made with",
        )
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{model.endpoint}: {url!r} is no http:// or https:// address")
    return url


def headers(model: ChatModel) -> dict[str, str]:
    """The key as a header, if the model file names a variable and it is set."""
    key = os.environ.get(model.key or "", "")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _refuse_unpriced(model: ChatModel, budget: Budget) -> None:
    if budget.limit is not None and model.prices is None:
        raise BadInput(
            f"{model.model}: its file has no prices:, so nobody knows what a call costs, and the "
            f"budget of {usd(budget.limit)} (chat.budget_usd) could not be kept",
            cure="write prices: {usd_per_million_in: ..., usd_per_million_out: ...} in the model's "
            "file, 0 and 0 for one that costs nothing; or chat.budget_usd: null, for no budget",
        )
