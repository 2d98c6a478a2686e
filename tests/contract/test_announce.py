"""`titleholder announce`: an event for each suite that reads the model, or why there is none."""

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from titleholder import cli
from titleholder.errors import Exit

PARAMS = """\
suites:
  one: &it
    data: {current: panel.csv}
    models: {champion: old.skops, candidates: [models/new.skops]}
    task: regression
    rules: [{id: error, metric: mae, kind: non_inferior, margin: 1}]
""".replace(" &it", "")
MODEL = b"a model"


class Server:
    """A Prefect server's events endpoint: what it was sent, and how it answers."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.status = 204
        self.failing = 0  # how many more requests fail, though they may have been taken
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/api/events" and server.status == 204:
                    server.events += json.loads(body)
                server.failing -= 1
                self.send_response(server.status if server.failing < 0 else 500)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/api"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    made = Server()
    threading.Thread(target=made.http.serve_forever, daemon=True).start()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two suites, both of which read one new model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    second = PARAMS.partition("\n")[2].replace("one:", "two:").replace("old.", "other.")
    (tmp_path / "params.yaml").write_text(PARAMS + second)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/new.skops").write_bytes(MODEL)
    (tmp_path / "stray.skops").write_bytes(b"")
    return tmp_path


def test_each_suite_that_reads_the_model_has_an_event(server: Server) -> None:
    """With the suite, the path and the digest of the bytes, as a trigger reads them."""
    words = ["announce", "--model", "models/new.skops", "--server", server.url]
    assert cli.main(words) == Exit.ALLOW
    digest = hashlib.sha256(MODEL).hexdigest()
    assert [event["payload"] for event in server.events] == [
        {"suite": suite, "suites": [suite], "model": "models/new.skops", "sha256": digest}
        for suite in ("one", "two")
    ]
    assert {event["event"] for event in server.events} == {"titleholder.model.updated"}
    resources = [event["resource"]["prefect.resource.id"] for event in server.events]
    assert resources == ["titleholder.suite.one", "titleholder.suite.two"]
    assert len({event["id"] for event in server.events}) == 2


def test_prefects_own_client_would_read_the_event(server: Server) -> None:
    """It is valid by the schema of the installed Prefect."""
    from flows import settings

    settings.apply()
    from prefect.events import Event

    assert cli.main(["announce", "--model", "models/new.skops", "--server", server.url]) == 0
    assert [Event.model_validate(event).resource.id for event in server.events]


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        (["--model", "gone.skops"], Exit.USAGE, "gone.skops: no such file"),
        (["--model", "stray.skops"], Exit.USAGE, "no suite of params.yaml reads this model"),
        (["--model", "models/new.skops", "--server", "ftp://x"], Exit.USAGE, "no address"),
        (["--model", "models/new.skops", "--server", "http://127.0.0.1:9/api", "--timeout", "1"],
         Exit.UNDECIDED, "does not answer"),
    ],
)  # fmt: skip
def test_what_cannot_be_announced_is_told_with_its_cure(
    server: Server,
    words: list[str],
    exit_code: Exit,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is sent then."""
    given = words if "--server" in words else [*words, "--server", server.url]
    assert cli.main(["announce", *given]) == exit_code
    told = capsys.readouterr().err
    assert says in told
    assert "cure:" in told or "no such file" in told
    assert server.events == []


def test_a_busy_server_is_asked_again_with_the_same_events(server: Server) -> None:
    """It may have taken them before it failed, and knows them again by their ids."""
    server.failing = 2
    words = ["announce", "--model", "models/new.skops", "--server", server.url]
    assert cli.main(words) == Exit.ALLOW
    assert len(server.events) == 3 * 2
    assert len({event["id"] for event in server.events}) == 2


def test_a_server_that_goes_on_failing_is_no_success(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is asked for as long as it may take, and no longer."""
    server.failing = 1000
    words = ["announce", "--model", "models/new.skops", "--server", server.url, "--timeout", "1"]
    assert cli.main(words) == Exit.UNDECIDED
    assert "HTTP 500" in capsys.readouterr().err


def test_a_server_that_refuses_is_no_success(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it says."""
    server.status = 422
    words = ["announce", "--model", "models/new.skops", "--server", server.url]
    assert cli.main(words) == Exit.UNDECIDED
    assert "HTTP 422" in capsys.readouterr().err


def test_without_a_server_nothing_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    """Silence would look like success."""
    assert cli.main(["announce", "--model", "models/new.skops"]) == Exit.USAGE
    assert "--server" in capsys.readouterr().err
