"""A real browser for tests: Debian's Chromium over its debugging pipe, nothing to install beside.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
DEADLINE_S = 30.0
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--metrics-recording-only", "--remote-debugging-pipe",
)  # fmt: skip


def find() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """One tab. Everything that it asked the network for is in ``requests``."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self.browser = browser
        self.session = session
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    @property
    def requests(self) -> list[str]:
        """Addresses that the page asked for, the page itself included."""
        events = self.events("Network.requestWillBeSent")
        return [event["request"]["url"] for event in events]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol."""
        return self.browser.call(method, params, self.session)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Events of one name that have come so far."""
        self.browser.drain()
        return [e["params"] for e in self.browser.events if e["method"] == name]

    def open(self, path: Path) -> None:
        """Load a file and wait until it is there."""
        self.browser.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.browser.wait_for("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression on the page."""
        said = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in said:
            raise RuntimeError(said["exceptionDetails"]["exception"].get("description", "?"))
        return said["result"].get("value")

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page a size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def prefer(self, scheme: str) -> None:
        """Prefer light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        said = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(said["data"])

    def pdf(self) -> bytes:
        """The page as it prints."""
        said = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(said["data"])


class Browser:
    """A running Chromium; commands go out and answers come back as NUL-ended JSON."""

    def __init__(self, to: int, out_of: int) -> None:
        self.to = to
        self.out_of = out_of
        self.events: list[dict[str, Any]] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._buffer = b""
        self._last = 0

    def page(self) -> Page:
        """A new tab."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        said = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        return Page(self, said["sessionId"])

    def call(
        self, method: str, params: dict[str, Any], session: str | None = None
    ) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data) :]
        while self._last not in self._answers:
            self._read(DEADLINE_S)
        answer = self._answers.pop(self._last)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait_for(self, event: str) -> None:
        """Read until an event of this name has come."""
        while not any(e["method"] == event for e in self.events):
            self._read(DEADLINE_S)

    def drain(self) -> None:
        """Read what is there without waiting."""
        while select([self.out_of], [], [], 0.05)[0]:
            self._read(DEADLINE_S)

    def _read(self, patience: float) -> None:
        if not select([self.out_of], [], [], patience)[0]:
            raise TimeoutError("the browser says nothing")
        part = os.read(self.out_of, 1 << 20)
        if not part:
            raise RuntimeError("the browser has gone")
        *whole, self._buffer = (self._buffer + part).split(b"\0")
        for message in map(json.loads, whole):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events.append(message)


@contextmanager
def running(executable: str) -> Iterator[Browser]:
    """A Chromium with a profile of its own, ended afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        theirs_in, ours_out = map(_high, os.pipe())
        ours_in, theirs_out = map(_high, os.pipe())
        null = os.open(os.devnull, os.O_RDWR)
        process = os.posix_spawn(
            executable,
            [executable, *_FLAGS, f"--user-data-dir={profile}"],
            {**os.environ, "HOME": profile},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),
            ],
            setpgroup=0,
        )
        for handle in (theirs_in, theirs_out, null):
            os.close(handle)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(ours_out)
            os.close(ours_in)


def _high(handle: int) -> int:
    """The same pipe under a number that does not stand in the way of 3 and 4."""
    high = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(handle)
    return high
