"""A proxy in front of an S3 server that does to a request what networks do, on order."""

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """What a server answers."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def saying(self, name: str, value: str | None) -> "Answer":
        """The same with another value of a header, or (None) without it."""
        kept = tuple((n, v) for n, v in self.headers if n.lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    ``act`` does it, where it is more than the other fields can say: it is given the `Exchange`,
    and returns whether there was anything to spoil.

    ``forward``: the server gets it. ``status`` and ``code``: the answer that the client gets
    instead of the server's; without a status the connection is cut. ``flip``: the server's answer
    passes, with a byte of its body changed; ``half``: only half of its body. ``without`` names
    headers that are left out of the server's answer, ``wait`` is how long it takes (s).
    """

    method: str
    forward: bool = False
    status: int = 0
    code: str = ""
    flip: bool = False
    half: bool = False
    without: frozenset[str] = frozenset()
    wait: float = 0.0
    act: "Callable[[Exchange], bool] | None" = None


@dataclass
class Proxy:
    """A running proxy; requests meet the faults in order, each the first of its method.

    ``at`` holds faults by the number of the request that meets them, whatever its method.
    ``always`` changes every answer. ``written`` holds what was PUT through the proxy, oldest
    first, by path; ``late`` is what will be delivered once the next request has been answered.
    ``spoiled`` counts the faults that had something to spoil.
    """

    endpoint: str
    faults: deque[Fault] = field(default_factory=deque)
    at: dict[int, Fault] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    always: Callable[[Answer], Answer] | None = None
    written: dict[str, list[Answer]] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    spoiled: int = 0

    def next_for(self, method: str) -> Fault | None:
        """Note the request, and take the first fault that is meant for one like it."""
        self.seen.append(method)
        if len(self.seen) in self.at:
            return self.at.pop(len(self.seen))
        for fault in self.faults:
            if fault.method == method:
                self.faults.remove(fault)
                return fault
        return None


@contextlib.contextmanager
def in_front_of(upstream: str) -> Iterator[Proxy]:
    """A proxy on a free loopback port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    server.upstream = urlsplit(upstream).netloc
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients that go away in the middle are what this is about."""


class Exchange:
    """One request, and what can be done to it and to its answer."""

    def __init__(self, handler: "_Handler", body: bytes) -> None:
        self._handler = handler
        self.proxy: Proxy = handler.server.proxy
        self.method, self.path = handler.command, handler.path
        self.headers: dict[str, str] = {
            name: value for name, value in handler.headers.items() if name != "Expect"
        }
        self.body = body

    def forward(self, body: bytes | None = None, *, sent: int | None = None) -> Answer:
        """The server's answer to the request, or to one with another body.

        With ``sent``, the connection breaks off after so many bytes, and there is no answer.
        """
        body = self.body if body is None else body
        headers = {**self.headers, "Content-Length": str(len(body))}
        with contextlib.closing(
            http.client.HTTPConnection(self._handler.server.upstream, timeout=30)
        ) as connection:
            if sent is not None:
                connection.request(self.method, self.path, body[:sent], headers)
                return Answer(0)
            connection.request(self.method, self.path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, tuple(response.getheaders()), response.read())

    def send(
        self, answer: Answer, *, declared: int | None = None, part: bytes | None = None
    ) -> None:
        """Answer the client; ``declared`` is a length to claim, ``part`` the body that is sent."""
        handler = self._handler
        handler.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                handler.send_header(name, value)
        length = len(answer.body) if declared is None else declared
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        if self.method != "HEAD":
            self.raw(answer.body if part is None else part)

    def raw(self, data: bytes) -> None:
        """Bytes to the client, as they are; who has gone away by then does not get them."""
        with contextlib.suppress(OSError):
            self._handler.wfile.write(data)
            self._handler.wfile.flush()

    def reset(self) -> None:
        """End the connection by a reset, not by a goodbye."""
        linger = struct.pack("ii", 1, 0)
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._handler.connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        proxy: Proxy = self.server.proxy
        fault = proxy.next_for(self.command)
        due, proxy.late = proxy.late, []
        exchange = Exchange(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if fault is None:
            answer = exchange.forward()
            _note(exchange, answer)
            exchange.send(proxy.always(answer) if proxy.always else answer)
        else:
            proxy.spoiled += self._spoiled(fault, exchange)
            self.close_connection = True
        for deliver in due:
            deliver()

    do_PUT = do_GET  # noqa: N815 (the names are those of http.server)
    do_HEAD = do_GET  # noqa: N815

    def _spoiled(self, fault: Fault, exchange: Exchange) -> bool:
        """Do to the exchange what the fault says; whether that changed anything."""
        if fault.act is not None:
            return fault.act(exchange)
        time.sleep(fault.wait)
        answer = exchange.forward() if fault.forward else Answer(0)
        if fault.flip or fault.without or fault.half or (fault.wait and fault.forward):
            for name in fault.without:
                answer = answer.saying(name, None)
            body = answer.body
            if fault.flip and body:
                body = bytes([body[0] ^ 1]) + body[1:]
            exchange.send(
                replace(answer, body=body), part=body[: len(body) // 2] if fault.half else None
            )
        elif fault.status:
            error = f"<Error><Code>{fault.code}</Code><Message>on order</Message></Error>"
            exchange.send(Answer(fault.status, (), error.encode() if fault.code else b""))
        return True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """End the connection, whatever became of it."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()


def _note(exchange: Exchange, answer: Answer) -> None:
    """Remember what was written, as a reader would be answered."""
    path = exchange.path.partition("?")[0]
    if exchange.method == "PUT" and answer.status == 200:
        told = {n: v for n, v in answer.headers if n.lower() in ("etag", "date")}
        kept = ("x-amz-meta-", "x-amz-checksum-sha256")
        told |= {n: v for n, v in exchange.headers.items() if n.lower().startswith(kept)}
        exchange.proxy.written.setdefault(path, []).append(
            Answer(200, tuple(told.items()), exchange.body)
        )


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """An endpoint that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def closed_port() -> str:
    """An endpoint where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
