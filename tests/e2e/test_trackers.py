"""MLflow, Weights & Biases: models by address, results as runs, an alias only a PASS moves."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from skops import io

from tests.support import mlflow_server, warm
from titleholder.adapters import mlflow
from titleholder.adapters.mlflow import VERDICT, model_file
from titleholder.errors import Exit, TrackerError, UntrustedModel, UsageError
from titleholder.params.registered import Registered, registered

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "toy"
SKOPS = {"sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}}
EXPECTATIONS = {
    "name": "toy",
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "y"}},
    ],
}


@dataclass(frozen=True)
class Toy:
    """A project whose models are in a registry, and the registry."""

    root: Path
    address: str

    @property
    def client(self) -> "MlflowClient":
        """MLflow's own client, imported where it is wanted: it takes seconds."""
        from mlflow import MlflowClient

        return MlflowClient(self.address)

    def titleholder(self, *arguments: str, **more: str) -> warm.Done:
        """Run the command line."""
        return warm.call(arguments, self.root, self._environment(**more))

    def anew(self, *arguments: str) -> warm.Done:
        """Run the command line in a process that begins from nothing."""
        return warm.anew(arguments, self.root, self._environment())

    def _environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ, **mlflow_server.QUIET, "MLFLOW_TRACKING_URI": self.address,
            "HOME": str(self.root), **more,
        }  # fmt: skip

    def champion(self) -> str:
        """The version that the alias names."""
        return str(self.client.get_model_version_by_alias(NAME, "champion").version)


def _frame(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    a, b = rng.normal(size=rows), rng.normal(size=rows)
    y = np.where(a + b + rng.normal(0, 0.5, rows) > 0, "yes", "no")
    return pd.DataFrame({"row_id": [f"r{i}" for i in range(rows)], "a": a, "b": b, "y": y})


def _suite() -> dict[str, Any]:
    return {
        "data": {"current": "current.csv"},
        "expectations": "toy.json",
        "columns": {"target": "y"},
        "models": {
            "champion": f"models:/{NAME}@champion",
            "candidates": [f"models:/{NAME}/2", f"models:/{NAME}/3"],
        },
        "task": "binary",
        "positive": "yes",
        "resamples": 200,
        "rules": [{"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.05}],
    }


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """A champion by alias, a candidate as good as it, a useless one, and a pickle; judged once."""
    root, kept = tmp_path_factory.mktemp("toy"), tmp_path_factory.mktemp("registry")
    rng = np.random.default_rng(11)
    train, current = _frame(rng, 400), _frame(rng, 1500)
    current.to_csv(root / "current.csv", index=False)
    (root / "toy.json").write_text(json.dumps(EXPECTATIONS))
    (root / "params.yaml").write_text(yaml.safe_dump({"suites": {"toy": _suite()}}))
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "begin"]):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
    with mlflow_server.running(kept) as address:
        useless = train.assign(y=rng.permutation(train["y"]))
        for i, (rows, regularised) in enumerate([(train, 1.0), (train, 0.9), (useless, 1.0)]):
            model = LogisticRegression(C=regularised).fit(rows[["a", "b"]], rows["y"])
            (kept / str(i)).mkdir()
            io.dump(model, kept / str(i) / "model.skops")
            mlflow_server.register(
                address, NAME, kept / str(i) / "model.skops", SKOPS, kept / str(i)
            )
        (kept / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch fired'\ntR.")
        pickled = {"sklearn": {"pickled_model": "model.pkl", "serialization_format": "pickle"}}
        mlflow_server.register(address, NAME, kept / "model.pkl", pickled, kept)
        found = Toy(root, address)
        found.client.set_registered_model_alias(NAME, "champion", "1")
        done = found.titleholder("promote", "toy", "--bootstrap", "--reason", "the first")
        assert done.code == 0, done.err
        ran = found.titleholder("run", "toy")
        assert ran.code == 0, ran.err
        yield found


def test_models_are_judged_by_their_address(toy: Toy) -> None:
    """An alias is resolved when the run begins, and the record says which version it was."""
    verdict = json.loads((toy.root / ".titleholder/runs/toy/judge/toy-2.json").read_text())
    sources = {source["role"]: source for source in verdict["inputs"]}
    assert verdict["outcome"] == "PASS"
    assert sources["champion"]["path"] == "models:/toy@champion"
    assert sources["champion"]["revision"] == "models:/toy/1"
    assert sources["candidate:toy-2"]["revision"] == "models:/toy/2"


def test_a_directory_with_a_registry_comes_to_its_first_verdict(toy: Toy, tmp_path: Path) -> None:
    """init takes champion and candidate by their aliases, run judges them, the gate knows them."""
    started = time.monotonic()
    (tmp_path / "test.csv").write_bytes((toy.root / "current.csv").read_bytes())
    toy.client.set_registered_model_alias(NAME, "challenger", "2")
    other = Toy(tmp_path, toy.address)
    for words in (
        ["init", "--from", "mlflow", "--name", "mine", "--target", "y"], ["run", "--quiet"],
        ["gate", "--suite", "mine", "--env", "dev", "--model",
         ".titleholder/runs/mine/pull/registry/toy-challenger.skops"],
    ):  # fmt: skip
        done = other.titleholder(*words)
        assert done.code == 0, done.out + done.err
    print(f"MLflow project: {time.monotonic() - started:.0f} s to the first verdict")


def test_results_become_runs_and_the_same_verdict_is_one_run(toy: Toy) -> None:
    """Figures, tags, the verdict and the report card; a second time finds the first."""
    for log in (toy.anew, toy.titleholder):
        done = log("log", "toy", "--to", "mlflow")
        assert done.code == 0, done.err
    (experiment,) = toy.client.search_experiments(filter_string="name = 'titleholder'")
    runs = {r.info.run_name: r for r in toy.client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"toy/toy-2", "toy/toy-3"}
    good = runs["toy/toy-2"].data
    assert good.tags["titleholder.outcome"] == "PASS"
    assert good.tags[VERDICT].startswith("sha256:")
    assert runs["toy/toy-3"].data.tags["titleholder.outcome"] == "FAIL"
    low, high = (good.metrics[f"roc_auc.improvement_{end}"] for end in ("low", "high"))
    assert low <= good.metrics["roc_auc"] - good.metrics["roc_auc.champion"] <= high
    files = {f.path for f in toy.client.list_artifacts(runs["toy/toy-2"].info.run_id)}
    assert files == {"toy-2.json", "report.html"}


def test_the_alias_moves_on_a_pass_alone(toy: Toy) -> None:
    """Refused for the candidate that failed, moved for the one that passed, and only then."""
    refused = toy.titleholder("promote", "toy", "--model", "models:/toy/3")
    assert (refused.code, toy.champion()) == (1, "1")
    given = toy.anew("promote", "toy", "--model", "models:/toy/2")
    assert given.code == 0, given.err
    assert given.out.splitlines()[-1].startswith("TITLE sha256:")
    assert toy.champion() == "2"


@pytest.fixture
def here(toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This process, with the registry's address; an empty directory."""
    for name, value in {**mlflow_server.QUIET, "MLFLOW_TRACKING_URI": toy.address}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return tmp_path


def test_a_pickle_in_the_registry_is_refused_and_not_opened(toy: Toy, here: Path) -> None:
    """With what to log instead; nothing in it runs, and nothing of it is kept."""
    with pytest.raises(UntrustedModel, match="opened by running what it holds") as caught:
        mlflow.fetch(Registered(NAME, None, "4"), here, "toy-4")
    assert "serialization_format='skops'" in caught.value.cure
    assert not [*here.iterdir(), *toy.root.rglob("fired")]


@pytest.mark.parametrize(
    "wanted", [Registered(NAME, None, "99"), Registered(NAME, "nobody", None)], ids=["", "alias"]
)
def test_what_the_registry_does_not_have_is_an_error_of_ours(wanted: Any, here: Path) -> None:
    """Exit code 5, with the server's address and what it said."""
    with pytest.raises(TrackerError, match=r"MLflow at http://127\.0\.0\.1:\d+: ") as caught:
        mlflow.fetch(wanted, here, "toy")
    assert caught.value.exit_code == Exit.UNDECIDED


def test_a_server_that_is_not_there_is_told_with_its_address(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that nobody named is asked for."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(TrackerError, match=r"MLflow at http://127\.0\.0\.1:9"):
        mlflow.fetch(Registered(NAME, "champion", None), here, "toy")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(UsageError, match="MLFLOW_TRACKING_URI is not set"):
        mlflow.fetch(Registered(NAME, "champion", None), here, "toy")


def test_weights_and_biases_take_results_offline(toy: Toy, tmp_path: Path) -> None:
    """A run a candidate, in a directory, without a network or an account."""
    done = toy.titleholder(
        "log", "toy", "--to", "wandb", WANDB_MODE="offline", WANDB_DIR=str(tmp_path)
    )
    assert done.code == 0, done.err
    runs = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    held = b"".join(f.read_bytes() for run in runs for f in run.glob("*.wandb"))
    assert b"roc_auc.improvement" in held


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("flavors: {onnx: {data: ../../etc/passwd}}", "no file beside it"),
        ("flavors: {onnx: {data: absent.onnx}}", "no file beside it"),
        ("flavors: {python_function: {loader_module: evil}}", "opened by running"),
        ("flavors: {sklearn: {pickled_model: m.pkl}}", "opened by running"),
        ("flavors: {onnx: {}}", "no readable MLmodel"),
        ("flavors: [onnx]", "no readable MLmodel"),
        ("!!python/object/apply:os.system [touch fired]", "no readable MLmodel"),
        ("", "no readable MLmodel"),
    ],
)
def test_what_an_mlmodel_says_is_not_believed(said: str, told: str, tmp_path: Path) -> None:
    """Names stay in the model's own directory, and flavours on the list."""
    (tmp_path / "MLmodel").write_text(said)
    with pytest.raises(UntrustedModel, match=told):
        model_file(tmp_path, "models:/m/1")


@pytest.mark.parametrize("address", ["models:/a", "models:/a/", "models:/a/0", "models:/a/b/1"])
def test_an_address_without_alias_or_version_is_none(address: str) -> None:
    """The newest version is whatever somebody logged last: nobody asked for that one."""
    assert registered(address) is None
