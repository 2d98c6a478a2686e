"""A store's pages on this machine's own address, for a browser on this machine.

Read only. Requests that name another host are refused, so that no page from elsewhere can have a
browser read the store (DNS rebinding). Evidence is served into a sandbox: vendors' pages run
scripts, and those are given no origin.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from urllib.parse import unquote, urlsplit

from titleholder.errors import ObjectNotFound, StoreMissing, TitleholderError, UsageError
from titleholder.store import Store, checked_key, media_type

HOST = "127.0.0.1"
FRONT = "/dashboard/index.html"
_OPEN = ("dashboard/", "verdicts/", "evidence/", "test-results/", "titles/")


@contextmanager
def serving(store: Store, port: int) -> Iterator[ThreadingHTTPServer]:
    """A server on ``port`` (0: any free one) of the loopback address, closed afterwards."""
    try:
        server = ThreadingHTTPServer((HOST, port), _handler(store))
    except OSError as error:
        raise UsageError(
            f"port {port} of {HOST} cannot be listened on: {error.strerror}",
            cure="name another: --port 8601",
        ) from error
    with server:
        yield server


def _handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """GET and HEAD of the store's objects."""

        server_version = "titleholder"
        sys_version = ""

        def do_GET(self) -> None:
            """The object under the path."""
            status, kind, body, where = self._answer()
            self.send_response(status)
            if where:
                self.send_header("Location", where)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            if not self.path.startswith("/dashboard/"):
                self.send_header("Content-Security-Policy", "sandbox allow-scripts")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def _answer(self) -> tuple[HTTPStatus, str, bytes, str]:
            if self.headers.get("Host") not in _names(self.server):
                return _said(HTTPStatus.FORBIDDEN, "this server answers to its own name alone")
            path = unquote(urlsplit(self.path).path)
            if path in ("/", "/dashboard", "/dashboard/"):
                return HTTPStatus.FOUND, "text/plain; charset=utf-8", b"", FRONT
            try:
                key = checked_key(path.removeprefix("/"))
                if not key.startswith(_OPEN):
                    return _said(HTTPStatus.NOT_FOUND, "there is nothing here")
                data = store.get(key).data
            except (ObjectNotFound, StoreMissing, UsageError) as error:
                return _said(HTTPStatus.NOT_FOUND, error.message)
            except TitleholderError as error:
                return _said(HTTPStatus.BAD_GATEWAY, error.message)
            return HTTPStatus.OK, media_type(key, data), data, ""

        def log_message(self, format: str, *args: object) -> None:
            """Keep the terminal free."""

    return Handler


def _names(server: BaseServer) -> tuple[str, str]:
    """What this server may be called by."""
    address = server.server_address
    port = address[1] if isinstance(address, tuple) else 0
    return f"{HOST}:{port}", f"localhost:{port}"


def _said(status: HTTPStatus, text: str) -> tuple[HTTPStatus, str, bytes, str]:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode(), ""
