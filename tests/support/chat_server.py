"""A scripted OpenAI-compatible endpoint on loopback, with everything that can go wrong with one.

A script is a function from the request's body and the number of the call to a `Turn`. The server
counts calls and keeps bodies, so that a test can say what was asked and how often.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Turn:
    """How one request is answered.

    ``status`` other than 200 is answered with ``text``. ``delay_s`` passes before the first
    token, ``pause_s`` between tokens. ``cut`` ends the connection after so many tokens. ``raw``
    is sent in place of events. ``usage`` false leaves the token counts out.
    """

    text: str = "hello there"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    pause_s: float = 0.0
    cut: int | None = None
    raw: str | None = None
    usage: bool = True


Script = Callable[[dict[str, Any], int], Turn]


@dataclass
class ChatServer:
    """A running server: its base URL, and the bodies of all calls so far."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    most_at_once: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def calls(self) -> int:
        """How many requests have come."""
        return len(self.bodies)

    @property
    def asked(self) -> list[str]:
        """The user's last words of each call."""
        return [body["messages"][-1]["content"] for body in self.bodies]

    def begin(self, body: dict[str, Any], headers: dict[str, str]) -> int:
        """Note a call, and give its number from 0."""
        with self._lock:
            self.bodies.append(body)
            self.headers.append(headers)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            return len(self.bodies) - 1

    def end(self) -> None:
        """Note the end of a call."""
        with self._lock:
            self._at_once -= 1


def echo(body: dict[str, Any], call: int) -> Turn:
    """Says again what the user said."""
    return Turn(text=f"You said: {body['messages'][-1]['content']}")


@contextmanager
def serving(script: Script = echo) -> Iterator[ChatServer]:
    """The server on a free port, until the block ends."""
    found = ChatServer("")

    class Handler(_Handler):
        server_state = found
        turn = staticmethod(script)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: ChatServer
    turn: Script

    def do_POST(self) -> None:
        """One chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        call = self.server_state.begin(body, dict(self.headers.items()))
        try:
            self._answer(type(self).turn(body, call))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.server_state.end()

    def _answer(self, turn: Turn) -> None:
        time.sleep(turn.delay_s)
        self.send_response(turn.status)
        for name, value in turn.headers:
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.close_connection = True
        if turn.status != 200:
            self._whole(turn.text.encode(), "text/plain")
        elif turn.raw is not None:
            self._whole(turn.raw.encode(), "text/event-stream")
        else:
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self._stream(turn)

    def _stream(self, turn: Turn) -> None:
        pieces = [piece + " " for piece in turn.text.split(" ")]
        pieces[-1] = pieces[-1][:-1]
        for i, piece in enumerate(pieces):
            if i == turn.cut:
                self.wfile.flush()
                return
            self._event({"choices": [{"index": 0, "delta": {"content": piece}}]})
            time.sleep(turn.pause_s)
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if turn.usage:
            usage = {"prompt_tokens": 10, "completion_tokens": len(pieces)}
            self._event({"choices": [], "usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, event: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _whole(self, data: bytes, kind: str) -> None:
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""
