"""The wheel and the sdist, as somebody installs them: the light core alone, on each Python here.

Minutes, most of them installing: `make campaign PART=packaging`.
"""

import os
import resource
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import tiny
from tests.support.project import REPOSITORY

pytestmark = pytest.mark.campaign
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
HEAVY = {"prefect", "dvc", "great_expectations", "evidently", "sklearn", "mlflow", "dask", "torch"}
VERSIONS = ("3.11", "3.12", "3.13")
POLICY = """\
task: binary
positive: 1
rules:
  - {id: auc, metric: roc_auc, kind: non_inferior, margin: 0.05}
"""


def _run(*words: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    return subprocess.run(
        list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist, and the wheel that is built of it."""
    place = tmp_path_factory.mktemp("dist")
    built = _run(UV, "build", "--out-dir", place, REPOSITORY)
    assert built.returncode == 0, built.stderr
    return place


@dataclass(frozen=True)
class Core:
    """An environment with the wheel and what it asks for, and a project beside it."""

    python: Path
    root: Path

    def titleholder(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The command line, every warning an error."""
        return _run(self.python, "-W", "error", "-m", "titleholder", *words, cwd=self.root)


def _interpreter(version: str) -> str | None:
    """A Python of this version, as uv finds it; nothing is downloaded."""
    for place in (Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"):
        return str(place)
    found = _run(UV, "python", "find", "--no-python-downloads", version)
    return found.stdout.strip() or None if found.returncode == 0 else None


@pytest.fixture(scope="module", params=VERSIONS)
def core(
    request: pytest.FixtureRequest, dist: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Core]:
    """One on each Python that there is."""
    interpreter = _interpreter(request.param)
    if interpreter is None:
        pytest.skip(f"no Python {request.param} on this machine")
    place = tmp_path_factory.mktemp(f"core-{request.param}")
    made = _run(UV, "venv", "--python", interpreter, place / "venv")
    assert made.returncode == 0, made.stderr
    python = place / "venv/bin/python"
    (wheel,) = dist.glob("*.whl")
    installed = _run(UV, "pip", "install", "--python", python, "--compile-bytecode", wheel)
    assert installed.returncode == 0, installed.stderr
    root = tiny.make(place / "project")
    (root / "policy.yaml").write_text(POLICY)
    yield Core(python, root)
    shutil.rmtree(place)


def test_the_core_brings_nothing_heavy(core: Core) -> None:
    """No orchestrator, no DVC, no vendor of checks or models; and less than 600 MB in all."""
    site = next(core.python.parents[1].glob("lib/python*/site-packages"))
    assert not HEAVY & {path.name for path in site.iterdir()}
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    print(f"{core.python.parents[2].name}: {size:.0f} MB installed")
    assert size < 600


def test_compare_plan_and_an_honest_refusal_work_from_the_core(core: Core) -> None:
    """Without a warning; what needs the pipeline says which extra brings it."""
    said = ["--panel", "panel.csv", "--champion", "champion.csv", "--candidate", "candidate.csv",
            "--policy", "policy.yaml"]  # fmt: skip
    compared = core.titleholder("compare", *said)
    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.splitlines()[-1].startswith("ALLOW sha256:")
    planned = core.titleholder("plan", tiny.SUITE)
    assert planned.returncode == 0, planned.stderr
    ran = core.titleholder("run", tiny.SUITE, "--quiet")
    assert ran.returncode == 2
    assert 'pip install "titleholder[pipeline]"' in ran.stderr


def test_gate_verify_and_history_work_from_the_core(core: Core) -> None:
    """On a verdict that a machine with the whole pipeline published; and a cold gate is quick."""
    ran = _run(sys.executable, "-m", "titleholder", "run", "--quiet", cwd=core.root)
    assert ran.returncode == 0, ran.stderr
    gate = ("gate", "--suite", tiny.SUITE, "--model", "candidate.csv", "--env", "dev")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for words in (gate, gate, gate):
        asked = core.titleholder(*words)
        assert asked.returncode == 0, asked.stdout + asked.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 3
    print(f"{core.python.parents[2].name}: a cold gate takes {spent:.2f} CPU s")
    for words in (("verify", f"dev/{tiny.SUITE}", "--full"), ("history", tiny.SUITE), ("prune",)):
        done = core.titleholder(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_shipped_and_the_sdist_is_the_source_alone(dist: Path) -> None:
    """py.typed lies in the wheel; the repository's data do not lie in the sdist."""
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    assert "titleholder/py.typed" in names
    assert {f"titleholder/schemas/{n}.schema.json" for n in ("verdict", "params")} <= names
    with tarfile.open(sdist) as archive:
        assert not [name for name in archive.getnames() if "/data/.remote/" in name]
    print(f"wheel {wheel.stat().st_size / 1e6:.2f} MB, sdist {sdist.stat().st_size / 1e6:.2f} MB")
