"""One call over the wire: a streamed chat completion, timed, and every ending told apart.

What may be tried again raises `Passing`, what would fail for every item raises EndpointError.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from titleholder.adapters.chat.request import Request
from titleholder.errors import EndpointError
from titleholder.types import Record

if TYPE_CHECKING:
    import httpx

_DATA = "data:"
_DONE = "[DONE]"
_ASK_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class Answer(Record, frozen=True):
    """What came back. Times are in seconds from the moment that the request was sent.

    ``error`` is empty, or says why there is no answer: ``timeout``, ``http 503``, ``cut``,
    ``nonsense``. ``ttft_s`` is the time to the first token.
    """

    request: str
    text: str = ""
    finish: str = ""
    latency_s: float = 0.0
    ttft_s: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    attempts: int = 1
    error: str = ""


class Passing(Exception):
    """A failure that another try may mend; ``wait_s`` is what the endpoint asked for, if it did.

    ``paid`` is false only where the endpoint refused the call: whatever broke later may be billed.
    """

    def __init__(
        self, kind: str, *, wait_s: float | None = None, latency_s: float = 0.0, paid: bool = True
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.wait_s = wait_s
        self.latency_s = latency_s
        self.paid = paid


def ask(client: "httpx.Client", url: str, request: Request, timeout_s: float) -> Answer:
    """Send one request and read its stream to the end, which has to come within ``timeout_s``.

    Raises Passing for a time-out, a busy or failing server, a cut stream or an answer that is no
    chat completion, and EndpointError where nothing answers at ``url`` or the key is refused.
    """
    started = time.perf_counter()
    reading = _Reading()
    with _told_apart(url, started):
        with client.stream("POST", f"{url}/chat/completions", json=request.body) as response:
            _refuse(response, url, started)
            for line in response.iter_lines():
                at = time.perf_counter() - started
                if at > timeout_s:  # the client's own limit is on silence; a trickle is slow, too
                    raise Passing("timeout", latency_s=at)
                reading.take(line, at)
        reading.finish(time.perf_counter() - started)
    return reading.answer(request)


class _Reading:
    """A stream as it is read, event by event."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.reason = ""
        self.usage: dict[str, Any] = {}
        self.first: float | None = None
        self.ended = False
        self.latency = 0.0

    def take(self, line: str, at: float) -> None:
        """One line of the stream, at ``at`` seconds; ValueError or KeyError for nonsense."""
        if not line.startswith(_DATA):
            if line and not line.startswith((":", "event:", "id:", "retry:")):
                raise ValueError(line[:80])
            return
        said = line.removeprefix(_DATA).strip()
        if said == _DONE:
            self.ended = True
            return
        event = json.loads(said)
        if "error" in event:
            raise ValueError(str(event["error"])[:80])
        self.usage = event.get("usage") or self.usage
        for choice in event["choices"][:1]:
            text = choice.get("delta", {}).get("content")
            if text:
                self.first = at if self.first is None else self.first
                self.parts.append(text)
            self.reason = choice.get("finish_reason") or self.reason

    def finish(self, at: float) -> None:
        """The stream has ended; Passing unless it ended as an answer does."""
        self.latency = at
        if not self.ended and not self.reason:
            raise Passing("cut", latency_s=at)

    def answer(self, request: Request) -> Answer:
        """The answer; tokens are as the endpoint counts them, at their most where it does not."""
        return Answer(
            request=request.digest,
            text="".join(self.parts),
            finish=self.reason,
            latency_s=self.latency,
            ttft_s=self.latency if self.first is None else self.first,
            tokens_in=int(self.usage.get("prompt_tokens", request.most_in)),
            tokens_out=int(self.usage.get("completion_tokens", request.model.sampling.max_tokens)),
        )


def _refuse(response: "httpx.Response", url: str, started: float) -> None:
    """Raise for every status but 200."""
    status = response.status_code
    if status == 200:
        return
    response.read()
    if status in _ASK_AGAIN:
        spent = time.perf_counter() - started
        raise Passing(f"http {status}", wait_s=_asked_for(response), latency_s=spent, paid=False)
    cures = {401: "the key is refused", 403: "the key is refused", 404: "no such model or path"}
    raise EndpointError(
        f"{url}: HTTP {status}: {' '.join(response.text.split())[:200]}",
        cure=cures.get(status, "look at the model file: the endpoint refuses such a request"),
    )


def _asked_for(response: "httpx.Response") -> float | None:
    """Seconds of a Retry-After header; None without one, or where it is a date."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None


@contextmanager
def _told_apart(url: str, started: float) -> Iterator[None]:
    """The vendor's exceptions as ours."""
    import httpx

    def passing(kind: str) -> Passing:
        return Passing(kind, latency_s=time.perf_counter() - started)

    try:
        yield
    except httpx.TimeoutException:
        raise passing("timeout") from None
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise EndpointError(
            f"{url}: nothing answers there: {error}",
            cure="start the endpoint or correct its address; what was answered is kept",
        ) from None
    except httpx.TransportError:
        raise passing("cut") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise passing("nonsense") from None
