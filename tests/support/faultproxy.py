"""A proxy in front of an S3 server that does to a request what networks do, on order."""

import contextlib
import http.client
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

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


@dataclass
class Proxy:
    """A running proxy; requests meet the faults in order, each the first of its method.

    ``at`` holds faults by the number of the request that meets them, whatever its method.
    """

    endpoint: str
    faults: deque[Fault] = field(default_factory=deque)
    at: dict[int, Fault] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

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
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        fault = self.server.proxy.next_for(self.command)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if fault is None:
            self._send(*self._forwarded(body))
            return
        time.sleep(fault.wait)
        status, headers, answer = self._forwarded(body) if fault.forward else (0, [], b"")
        if fault.flip or fault.without or fault.half or (fault.wait and fault.forward):
            kept = [(name, value) for name, value in headers if name.lower() not in fault.without]
            if fault.flip and answer:
                answer = bytes([answer[0] ^ 1]) + answer[1:]
            self._send(status, kept, answer, half=fault.half)
        elif fault.status:
            error = f"<Error><Code>{fault.code}</Code><Message>on order</Message></Error>"
            self._send(fault.status, [], error.encode() if fault.code else b"")
        self.close_connection = True

    do_PUT = do_GET  # noqa: N815 (the names are those of http.server)
    do_HEAD = do_GET  # noqa: N815

    def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        with contextlib.closing(http.client.HTTPConnection(self.server.upstream)) as connection:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()

    def _send(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, half: bool = False
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if half else body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


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
