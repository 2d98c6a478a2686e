"""People are told when a suite's state changes: once, safely, and at no verdict's cost."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import cards, verdicts
from titleholder import notice, runner
from titleholder.adapters import webhook
from titleholder.errors import NotSent, StoreUnreachable
from titleholder.params.schema import DataParams, Models, Notify, StoreParams, Suite
from titleholder.stages.workspace import Workspace
from titleholder.types import Outcome, Task, Verdict

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
SUITE = Suite(
    task=Task.BINARY, rules=(verdicts.rule(),), data=DataParams("d.csv"),
    models=Models("a.csv", ("b.csv",)),
)  # fmt: skip
NAME, SECRET = "TITLEHOLDER_TEST_WEBHOOK", "T000-B000-very-secret"


@dataclass
class Heard:
    """What arrived at the webhook, and how it answers."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    status: int = 200
    delay_s: float = 0.0
    location: str = ""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A real server on this machine, whose address is in the environment."""
    told = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(told.delay_s)
            told.paths.append(self.path)
            if told.status == 200:
                told.bodies.append(json.loads(body))
            self.send_response(told.status)
            if told.location:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/services/{SECRET}"
        monkeypatch.setenv(NAME, address)
        yield told
        server.shutdown()


def tell(store: MemoryStore, told: "list[Verdict] | str") -> bool:
    """Notify through the real webhook."""
    return notice.notify(
        store, "dev", "credit", told, lambda payload: webhook.post(f"env:{NAME}", payload)
    )


def test_only_a_change_of_state_is_told(heard: Heard) -> None:
    """First time, each change of outcome, no judgement and its end; never the same twice."""
    store = MemoryStore()
    course: list[tuple[list[Verdict] | str, bool]] = [
        ([verdicts.verdict(PASS)], True),
        ([verdicts.verdict(PASS, PASS)], False),
        ([verdicts.verdict(FAIL)], True),
        ([verdicts.verdict(FAIL)], False),
        ("the store is unreachable", True),
        ("another error", False),
        ([verdicts.verdict(FAIL)], True),
        ([verdicts.verdict(PASS)], True),
    ]
    assert [tell(store, told) for told, _ in course] == [sent for _, sent in course]
    assert len(heard.bodies) == sum(sent for _, sent in course)
    assert "FAIL (before: PASS)" in heard.bodies[1]["text"]
    assert "NO JUDGEMENT" in heard.bodies[2]["text"]


def test_suites_and_environments_have_states_of_their_own(heard: Heard) -> None:
    """What was told of one says nothing of another."""
    store = MemoryStore()
    for environment, suite in (("dev", "a"), ("prod", "a"), ("dev", "b")):
        assert notice.notify(
            store, environment, suite, [verdicts.verdict(PASS)],
            lambda payload: webhook.post(f"env:{NAME}", payload),
        )  # fmt: skip
    assert len(heard.bodies) == 3


@pytest.mark.parametrize("status", [302, 400, 403, 404, 429, 500, 503])
def test_what_did_not_arrive_is_told_again(heard: Heard, status: int) -> None:
    """A refusal is an error of its own, notes nothing, and follows no redirect."""
    store = MemoryStore()
    heard.status, heard.location = status, "/elsewhere"
    with pytest.raises(NotSent, match=str(status)) as told:
        tell(store, [verdicts.verdict(PASS)])
    assert SECRET not in str(told.value)
    assert heard.paths == [f"/services/{SECRET}"]
    heard.status = 200
    assert tell(store, [verdicts.verdict(PASS)])


def test_a_webhook_that_does_not_answer_holds_nobody_up(heard: Heard) -> None:
    """The time-out ends it."""
    heard.delay_s = 1.0
    started = time.monotonic()
    with pytest.raises(NotSent, match=r"no answer within 0\.2 s"):
        webhook.post(f"env:{NAME}", {"text": "x"}, timeout=0.2)
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize(
    "address",
    [
        "", "  ", "http://hooks.example/SECRET", "file:///etc/passwd", "ftp://x/SECRET", "SECRET",
        "https://", "http://127.0.0.1.evil.example/SECRET", "http://[::1", "http://127.0.0.1:1/SECRET",
        "http://127.0.0.1:99999/SECRET", "http://127.0.0.1:80/SEC RET\n",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Only https leaves this machine; no error repeats what the variable holds."""
    monkeypatch.setenv(NAME, address)
    with pytest.raises(NotSent) as told:
        webhook.post(f"env:{NAME}", {"text": "x"}, timeout=1)
    assert NAME in str(told.value) and "SEC" not in str(told.value).replace("SECOND", "")


def test_a_note_that_cannot_be_read_tells_once_more(heard: Heard) -> None:
    """Damaged or unreachable: nobody can know whether anything changed."""
    store = MemoryStore()
    assert tell(store, [verdicts.verdict(PASS)])
    key = "notified/dev/credit.json"
    store.put_if(key, b"{}{}", store.get(key).tag)
    assert tell(store, [verdicts.verdict(PASS)])
    assert not tell(store, [verdicts.verdict(PASS)])

    def unreachable(_: str) -> Any:
        raise StoreUnreachable("no answer")

    store.get = unreachable  # type: ignore[method-assign]
    assert tell(store, "the store is unreachable")


def test_names_can_call_nobody_and_link_to_nothing() -> None:
    """Mentions, links and emphasis in names stay text; the message keeps to Slack's limits."""
    hostile = replace(
        cards.hostile().verdict, candidate="<!channel> <https://x|y> *b* @here", suite="credit"
    )
    said = notice.message("dev", "credit", [hostile], {"": "<!here>"})
    (section,) = said["blocks"]
    for text in (said["text"], section["text"]["text"]):
        assert "<" not in text and "@here" not in text
        assert len(text) <= 3000
    assert section["text"]["text"].startswith("*titleholder")


def test_a_failing_webhook_changes_no_ending(heard: Heard, tmp_path: Path) -> None:
    """The ending is the same but for a warning that names the variable and not the address."""
    heard.status = 500
    ws = Workspace(
        tmp_path, "credit", SUITE,
        StoreParams(url=f"file://{tmp_path}/store"), notify=Notify(f"env:{NAME}"),
    )  # fmt: skip
    ended = runner.Ending("credit", Outcome.ERROR, error="x", exit_code=5)
    told = runner.notified(ws, ended)
    assert replace(told, warnings=()) == ended
    assert NAME in told.warnings[0] and SECRET not in told.warnings[0]
    heard.status = 200
    assert runner.notified(ws, ended) == ended
    assert runner.notified(ws, ended) == ended
    assert len(heard.bodies) == 1
