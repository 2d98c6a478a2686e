"""`titleholder doctor`: each thing that can be wrong is told with its cure, and hides no other."""

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from titleholder import cli
from titleholder.doctor import Health, installed, server
from titleholder.doctor.advice import Advice, Patient, guarded
from titleholder.doctor.project import repository
from titleholder.errors import Exit, UsageError

PARAMS = """\
store: {url: "file://store", environment: dev}
suites:
  s:
    data: {current: panel.csv}
    models: {champion: a.csv, candidates: [b.csv]}
    task: regression
    rules: [{id: error, metric: mae, kind: non_inferior, margin: 1}]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that lacks nothing but a verdict, a key and a repository."""
    monkeypatch.chdir(tmp_path)
    for name in ("PREFECT_API_URL", "TITLEHOLDER_SIGNING_KEY", "TITLEHOLDER_SIGNING_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "params.yaml").write_text(PARAMS)
    for name in ("panel", "a", "b"):
        (tmp_path / f"{name}.csv").write_text("row_id,y_true,y_pred\n1,2,3\n")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], expected: Exit = Exit.ALLOW) -> dict[str, Any]:
    """What the doctor says as JSON, by what it is about."""
    assert cli.main(["doctor", "--json", "--timeout", "2"]) == expected
    return {advice["about"]: advice for advice in json.loads(capsys.readouterr().out)}


def test_a_sound_project_is_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Worries do not change the exit code."""
    found = told(capsys)
    assert found["store"]["health"] == "well"
    assert found["data of s"]["health"] == "well"
    assert found["nights of s"] == {
        "about": "nights of s", "health": "worry", "says": "no verdict yet",
        "cure": "titleholder run",
    }  # fmt: skip
    assert found["signing key"]["health"] == "worry"


def test_a_repository_without_commits_is_told_from_none(tmp_path: Path) -> None:
    """Verdicts name a commit; what there is to do differs."""
    patient = Patient(tmp_path, 1.0)
    (none,) = repository(patient)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (empty,) = repository(patient)
    assert "no git repository" in none.says and "without commits" in empty.says
    assert none.cure != empty.cure


def test_a_bad_configuration_hides_nothing_else(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its problems are told, and the store is looked at all the same."""
    (project / "params.yaml").write_text(PARAMS.replace("margin: 1", "margni: 1"))
    found = told(capsys, Exit.UNDECIDED)
    assert "margni" in found["params.yaml"]["says"]
    assert found["store"]["health"] == "well"


def test_a_missing_file_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what would bring it."""
    (project / "panel.csv").unlink()
    found = told(capsys, Exit.UNDECIDED)
    assert found["data of s"]["health"] == "ill"
    assert "panel.csv" in found["data of s"]["says"]


def test_a_store_that_cannot_be_written_is_ill(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where the directory should be."""
    (project / "store").write_text("in the way")
    found = told(capsys, Exit.UNDECIDED)
    assert found["store"]["health"] == "ill"


def test_a_signing_key_that_is_none_is_ill(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its bytes are not told."""
    monkeypatch.setenv("TITLEHOLDER_SIGNING_KEY", "canary-in-the-mine")
    found = told(capsys, Exit.UNDECIDED)
    assert found["signing key"]["health"] == "ill"
    assert "canary" not in json.dumps(found)


@pytest.fixture
def prefect_api(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A server that answers as Prefect's does; its version can be changed."""
    said: dict[str, Any] = {"/api/health": True, "/api/admin/version": "0.0.0"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(said.get(self.path)).encode()
            self.send_response(200 if self.path in said else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{listening.server_port}/api")
    yield said
    listening.shutdown()
    listening.server_close()


def test_a_server_of_another_version_is_a_worry(
    prefect_api: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """One of the same minor version is well."""
    assert told(capsys)["prefect"]["health"] == "worry"
    prefect_api["/api/admin/version"] = metadata.version("prefect")
    assert told(capsys)["prefect"]["health"] == "well"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api", "ftp://x", "nonsense"])
def test_a_server_that_does_not_answer_is_ill(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in the variable."""
    monkeypatch.setenv("PREFECT_API_URL", url)
    (advice,) = server.prefect(Patient(Path(), 1.0))
    assert advice.health is Health.ILL
    assert advice.cure


def test_a_package_out_of_its_bounds_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that installs cleanly and then fails at run time is seen before it does."""
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda n: "3.1.0" if n == "pandas" else real(n))
    core = next(a for a in installed.packages(Patient(Path(), 1.0)) if a.about == "packages")
    assert core.health is Health.ILL
    assert "pandas 3.1.0 (asked: <3.1,>=2.2)" in core.says


def test_an_extra_that_is_missing_whole_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of one is."""
    real = metadata.version

    def without(*names: str) -> Any:
        def version(name: str) -> str:
            if name in names:
                raise metadata.PackageNotFoundError(name)
            return real(name)

        return version

    def of(extra: str) -> Advice:
        found = installed.packages(Patient(Path(), 1.0))
        return next(a for a in found if a.about == f"packages [{extra}]")

    monkeypatch.setattr(metadata, "version", without("dask", "distributed", "prefect-dask"))
    assert of("dask").health is Health.WELL
    monkeypatch.setattr(metadata, "version", without("dask"))
    assert of("dask").health is Health.ILL
    assert "dask is missing" in of("dask").says


def test_what_others_bring_is_no_half_of_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect brings httpx, and a wheel repeats the needs of `llm` under `ragas`: neither is it."""
    wheel = ["prefect>=3; extra == 'pipeline'"]
    for extra in ("llm", "ragas"):
        wheel += [f"httpx>=0.28; extra == '{extra}'", f"krippendorff; extra == '{extra}'"]
    wheel += ["ragas>=0.4; extra == 'ragas'"]
    there = {"prefect": "3.8.0", "httpx": "0.28.1"}

    def version(name: str) -> str:
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    class Prefect:
        name = "prefect"
        requires = ("httpx>=0.23", "not a requirement")

    monkeypatch.setattr(metadata, "requires", lambda _: wheel)
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "distributions", lambda: [Prefect])

    def llm() -> Advice:
        found = installed.packages(Patient(Path(), 1.0))
        return next(a for a in found if a.about == "packages [llm]")

    assert (llm().health, llm().says) == (Health.WELL, "not installed")
    there["krippendorff"] = "0.8"
    del there["httpx"]
    assert llm().health is Health.ILL


def test_what_goes_wrong_in_one_look_is_told_and_no_other_is_lost() -> None:
    """Errors of the house keep their cure; any other is called what it is."""

    def broken(error: Exception) -> Iterator[Advice]:
        yield Advice("first", Health.WELL, "fine")
        raise error

    first, second = guarded("it", lambda: broken(UsageError("wrong", cure="right")))
    assert (first.says, second.says, second.cure) == ("fine", "wrong", "right")
    *_, last = guarded("it", lambda: broken(ValueError("odd")))
    assert (last.health, last.says) == (Health.ILL, "ValueError: odd")
