"""A pickle runs where its very bytes are trusted, shut in, and gives back predictions alone."""

import base64
import hashlib
import json
import os
import pickle
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.svm import LinearSVC

from tests.support import hostile
from titleholder import records
from titleholder.adapters import models
from titleholder.adapters.models import Asked, Model, pickle_file
from titleholder.cli import main
from titleholder.errors import BadInput, UntrustedModel
from titleholder.stages.measured import Measured
from titleholder.types import Task

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")
RNG = np.random.default_rng(1)
FRAME = pd.DataFrame(
    {"row_id": [f"r{i}" for i in range(60)], "a": RNG.normal(size=60), "b": RNG.normal(size=60)}
)
FEATURES = FRAME[["a", "b"]]
YES = np.where(FRAME["a"] > 0, "yes", "no")


class Evaluated:
    """What a pickle may be made of: any expression."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Evaluate it where it is opened."""
        return eval, (self.code,)


def _saved(directory: Path, model: object, name: str = "m.joblib") -> Path:
    path = directory / name
    joblib.dump(model, path)
    return path


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _opened(path: Path, task: Task = Task.BINARY) -> Model:
    return models.load(path, Asked(task, "yes", trust=(_digest(path),)))


def _answering(directory: Path, answers: str, **said: str) -> Model:
    """A model whose scores are what this expression over ``f`` gives."""
    parts = {
        "predict": "None",
        "predict_proba": f"lambda s, f: {answers}",
        "classes_": "['no', 'yes']",
        **said,
    }
    inside = ", ".join(f"{name!r}: {code}" for name, code in parts.items())
    return _opened(_saved(directory, Evaluated(f"type('M', (), {{{inside}}})()")))


# ------------------------------------------------------------------------- what it is good for


def test_a_trusted_model_answers_as_it_would_here(tmp_path: Path) -> None:
    """To the bit: scores of classes, labels, and values."""
    forest = RandomForestClassifier(n_estimators=8, n_jobs=-1).fit(FEATURES, YES)
    said = _opened(_saved(tmp_path, forest)).predict(FRAME, "row_id")
    assert np.array_equal(said["y_score"], forest.predict_proba(FEATURES)[:, 1])
    labels = LinearSVC().fit(FEATURES, YES)
    said = _opened(_saved(tmp_path, labels, "m.pkl")).predict(FRAME, "row_id")
    assert said["y_pred"].tolist() == labels.predict(FEATURES).tolist()
    line = LinearRegression().fit(FEATURES, FRAME["a"])
    said = _opened(_saved(tmp_path, line, "m.pickle"), Task.REGRESSION).predict(FRAME, "row_id")
    assert np.array_equal(said["y_pred"], line.predict(FEATURES))
    with pytest.raises(BadInput, match="cannot score these rows"):
        _opened(tmp_path / "m.pickle", Task.REGRESSION).predict(FRAME[["row_id", "a"]], "row_id")


def test_in_a_suite_it_is_scored_and_no_clock_here_times_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule on its latency finds nothing measured, and so does not pass."""
    hostile.project(tmp_path, "models/m.joblib")
    rows = pd.read_csv(tmp_path / "data/current.csv")
    path = _saved(tmp_path / "models", RandomForestClassifier(3).fit(rows[["x"]], rows["y"]))
    params = tmp_path / "params.yaml"
    trusting = params.read_text().replace("joblib]", f"joblib], trust: ['{_digest(path)}']")
    params.write_text(trusting)
    monkeypatch.chdir(tmp_path)
    hostile.pulled(tmp_path)
    assert main(["stage", "predict", "s"]) == 0
    said = records.read(tmp_path / ".titleholder/runs/s/predict/measured.json", Measured)
    assert set(said.models["m"]) == {"size_mb"}
    params.write_text(trusting.replace("sha256:", "sha256:x"))
    assert main(["stage", "predict", "s"]) == 2
    assert "trust" in capsys.readouterr().err


# ------------------------------------------------------------------------- when it is not opened


@pytest.mark.parametrize("trust", [(), (f"sha256:{'00' * 32}",)])
def test_a_pickle_that_is_not_trusted_is_not_opened(
    trust: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither here nor anywhere: no process is even started."""
    proof = tmp_path / "proof"
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(Evaluated(f"open({str(proof)!r}, 'w')")))
    monkeypatch.setattr(pickle_file.subprocess, "Popen", None)
    with pytest.raises(UntrustedModel, match="runs whatever code it holds") as refused:
        models.load(path, Asked(Task.BINARY, "yes", trust=trust))
    assert _digest(path) in refused.value.cure
    assert not proof.exists()


def test_trust_is_in_bytes_and_not_in_names(tmp_path: Path) -> None:
    """A file that was exchanged under its name is another one."""
    path = _saved(tmp_path, LinearRegression().fit(FEATURES, FRAME["a"]))
    trust = (_digest(path),)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(UntrustedModel, match=r"none that models\.trust names"):
        models.load(path, Asked(Task.REGRESSION, trust=trust))


def test_another_version_of_scikit_learn_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is for skops, and though the bytes are trusted."""
    monkeypatch.setattr("sklearn.base.__version__", "1.0.2")
    path = _saved(tmp_path, LinearRegression().fit(FEATURES, FRAME["a"]))
    with pytest.raises(UntrustedModel, match=r"saved by scikit-learn 1\.0\.2"):
        _opened(path, Task.REGRESSION)


def test_where_it_cannot_be_shut_in_it_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older kernel, or another system."""
    worker = shutil.copy(pickle_file._WORKER, tmp_path)
    (tmp_path / "confinement.py").write_text("def confine(_): raise OSError('no landlock')")
    monkeypatch.setattr(pickle_file, "_WORKER", Path(worker))
    path = _saved(tmp_path, LinearRegression().fit(FEATURES, FRAME["a"]))
    with pytest.raises(UntrustedModel, match=r"cannot shut in .* no landlock"):
        _opened(path, Task.REGRESSION)


# ------------------------------------------------------------------------- what it can reach

CANARY = "canary-0123456789-canary"
# Each is tried by a trusted pickle as it is opened; what it comes back with is told.
ATTEMPTS = """
import ctypes, glob, os, shutil, signal, socket, subprocess, sys, tempfile, threading
env = dict(os.environ)
credentials = open({credentials!r}).read()
listing = os.listdir({home!r})
project = open({project!r}).read()
parent = open(f'/proc/{{os.getppid()}}/environ').read()
memory = open(f'/proc/{{os.getppid()}}/mem', 'rb').read(8)
others = [open(p).read() for p in glob.glob('/proc/[0-9]*/environ')] or 1 / 0
passwords = open('/etc/passwd').read()
connected = socket.create_connection(('127.0.0.1', {port}))
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
local = socket.socket(socket.AF_UNIX)
program = subprocess.run(['/bin/true'])
replaced = os.execv('/bin/true', ['true'])
child = os.fork()
written = open({proof!r}, 'w')
beside = tempfile.NamedTemporaryFile()
package = open(os.__file__, 'a')
removed = os.unlink({credentials!r})
renamed = os.rename({credentials!r}, {proof!r})
linked = os.link({credentials!r}, {proof!r})
symbolic = os.symlink({credentials!r}, {proof!r})
made = os.mkdir({proof!r})
mode = os.chmod({credentials!r}, 0o777)
owner = os.chown({credentials!r}, 0, 0)
cut = os.truncate({credentials!r}, 0)
times = os.utime({credentials!r})
ended = os.kill(os.getppid(), 0)
alone = os.setsid()
keys = ctypes.CDLL(None, use_errno=True).syscall(250, 0, -3, 0) >= 0 or 1 / 0
"""


def test_a_trusted_pickle_reaches_no_credentials_files_or_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Canaries in the environment, the home directory and the project; a server that listens."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    credentials = home / ".aws/credentials"
    credentials.write_text(f"aws_secret_access_key = {CANARY}\n")
    project = tmp_path / "params.yaml"
    project.write_text(CANARY)
    for name in ("AWS_SECRET_ACCESS_KEY", "TITLEHOLDER_SIGNING_KEY", "HF_TOKEN", "ANYTHING"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("HOME", str(home))
    with socket.create_server(("127.0.0.1", 0)) as server:
        wanted = ATTEMPTS.format(
            credentials=str(credentials), home=str(home), project=str(project),
            proof=str(tmp_path / "proof"), port=server.getsockname()[1],
        )  # fmt: skip
        reached = _attempted(tmp_path, wanted)
    assert set(reached) == {"env"}, reached
    assert CANARY not in reached["env"] and "HOME" in reached["env"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "m.joblib", "params.yaml"]
    assert CANARY in credentials.read_text()


def _attempted(directory: Path, attempts: str) -> dict[str, str]:
    """What a pickle got hold of, told over the one way that is open to it: what it answers."""
    program = f"""
import json
found, lines = {{}}, {attempts.strip().splitlines()!r}
here = {{}}
exec(lines[0], here)
for line in lines[1:]:
    name = line.partition(' = ')[0]
    try:
        exec(line, here)
        found[name] = repr(here[name])
    except (OSError, ZeroDivisionError):
        pass
text = json.dumps(found)
model = type('M', (), {{'classes_': [text], 'predict': None, 'predict_proba': None}})()
"""
    code = f"(lambda here: (exec({program!r}, here), here['model'])[1])({{}})"
    opened = _opened(_saved(directory, Evaluated(code)))
    told: dict[str, str] = json.loads(opened.estimator.classes_[0])
    return told


# ------------------------------------------------------------------------- what comes back


ODD = {
    "[[0.5, 0.5]]": "shape",
    "[[0.5]] * len(f)": "shape",
    "[['a', 'b']] * len(f)": "could not convert",
    "1 / 0": "division",
    "open('/tmp/x', 'w')": "denied",
}


def test_an_answer_that_is_none_is_an_error(tmp_path: Path) -> None:
    """Of another shape, of no numbers, or an exception of the model's; the next one may be well."""
    kinds = ", ".join(f"lambda f: {answer}" for answer in [*ODD, "[[0.25, 0.75]] * len(f)"])
    model = _answering(tmp_path, f"[{kinds}][f['kind'].iloc[0]](f)")
    for kind, said in enumerate(ODD.values()):
        with pytest.raises(BadInput, match=said):
            model.predict(FRAME.assign(kind=kind), "row_id")
    assert set(model.predict(FRAME.assign(kind=len(ODD)), "row_id")["y_score"]) == {0.75}


def test_what_a_model_prints_is_no_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither does it reach the terminal."""
    said = _answering(tmp_path, "(print('x' * 99), [[0.5, 0.5]] * len(f))[1]")
    assert set(said.predict(FRAME, "row_id")["y_score"]) == {0.5}
    assert "xxx" not in "".join(capfd.readouterr())


FAKED = base64.b64encode(pickle.dumps(Evaluated("open('proof', 'w')"))).decode()


@pytest.mark.parametrize(
    "answers",
    [
        "__import__('os')._exit(0)",
        "[__import__('os').write(n, b'\\0' * 7 + b'\\5nope\\n') for n in range(3, 9)] and 0",
        f"[__import__('os').write(n, __import__('base64').b64decode('{FAKED}')) for n in (3, 4)]",
    ],
)
def test_what_is_no_message_ends_the_process(
    answers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a model writes where answers go: nothing of it is opened."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UntrustedModel, BadInput)):
        _answering(tmp_path, answers).predict(FRAME, "row_id")
    assert not (tmp_path / "proof").exists()


def test_a_model_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its process ended."""
    monkeypatch.setattr(pickle_file, "ANSWERING_S", 0.3)
    model = _answering(tmp_path, "__import__('time').sleep(60)")
    with pytest.raises(UntrustedModel, match="took too long"):
        model.predict(FRAME, "row_id")
    running = model.estimator._process.running
    assert running.poll() is not None
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)
