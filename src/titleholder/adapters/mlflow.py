"""MLflow: models from its registry, results as its runs, and the alias of a champion.

Only the model's own file is read, and only of flavours whose files cannot run code: ONNX in one
file, and scikit-learn in skops. MLflow's loaders are never called, since they would unpickle. The
server is that of `MLFLOW_TRACKING_URI` (and `MLFLOW_REGISTRY_URI`), with the credentials that
MLflow itself would take.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from titleholder import records
from titleholder.errors import (
    TitleholderError,
    TrackerError,
    UntrustedModel,
    UsageError,
)
from titleholder.params.registered import Registered
from titleholder.tracking import Tracked

SERVER = "MLFLOW_TRACKING_URI"
EXPERIMENT = "titleholder"
VERDICT = "titleholder.verdict"
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model's file, and which version of the registry it is."""

    path: Path
    version: str


def fetch(wanted: Registered, directory: Path, stem: str) -> Fetched:
    """Bring a registered model's file to ``directory/<stem>.<its suffix>``.

    UntrustedModel for a flavour that could run code; TrackerError where the registry does not
    have it or does not answer.
    """
    with _client() as client:
        version = resolve(client, wanted)
        with tempfile.TemporaryDirectory() as held:
            folder = _downloaded(wanted.name, version, Path(held))
            file = model_file(folder, f"models:/{wanted.name}/{version}")
            target = directory / f"{stem}{file.suffix}"
            records.write_bytes(target, file.read_bytes())
    return Fetched(target, version)


def version_of(wanted: Registered) -> str:
    """The version that an address means now."""
    with _client() as client:
        return resolve(client, wanted)


@dataclass(frozen=True, slots=True)
class Kept:
    """A model of the registry: its aliases with their versions, and its newest version."""

    name: str
    aliases: Mapping[str, str]
    newest: str


def kept() -> list[Kept]:
    """Every model of the registry that has a version."""
    with _client() as client:
        found = []
        for model in client.search_registered_models():
            versions = client.search_model_versions(f"name = '{model.name}'")
            numbers = sorted(int(version.version) for version in versions)
            if numbers:
                aliases = {str(a): str(v) for a, v in dict(model.aliases).items()}
                found.append(Kept(str(model.name), aliases, str(numbers[-1])))
        return found


def move_alias(name: str, alias: str, version: str) -> None:
    """Let an alias name this version from now on."""
    with _client() as client:
        client.set_registered_model_alias(name, alias, version)


def resolve(client: Any, wanted: Registered) -> str:
    """The version behind an alias, or the version itself once the registry is known to have it."""
    if wanted.version is not None:
        return str(client.get_model_version(wanted.name, wanted.version).version)
    return str(client.get_model_version_by_alias(wanted.name, wanted.alias).version)


def model_file(folder: Path, uri: str) -> Path:
    """The one file that is the model, by what ``MLmodel`` says of its flavours."""
    import yaml

    try:
        said = yaml.safe_load((folder / "MLmodel").read_bytes())
        flavors = said["flavors"]
        name = _data(flavors)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise UntrustedModel(
            f"{uri}: has no readable MLmodel", cure="log the model again"
        ) from None
    if name is None:
        known = ", ".join(sorted(map(str, flavors)))
        raise UntrustedModel(
            f"{uri}: holds {known}, which is opened by running what it holds",
            cure="log it as ONNX (save_as_external_data=False), or with "
            "mlflow.sklearn.log_model(..., serialization_format='skops')",
        )
    if PurePosixPath(name).name != name or not (folder / name).is_file():
        raise UntrustedModel(f"{uri}: MLmodel names {name!r}, which is no file beside it")
    return folder / name


def log(tracked: Tracked, experiment: str) -> str:
    """Log one candidate's verdict as a run, and say where; the same verdict twice is one run."""
    with _client() as client:
        found = client.get_experiment_by_name(experiment)
        number = client.create_experiment(experiment) if found is None else found.experiment_id
        former = client.search_runs([number], f"tags.`{VERDICT}` = '{tracked.digest}'")
        if former:
            return _address(number, former[0].info.run_id)
        run = client.create_run(number, tags=dict(tracked.tags), run_name=tracked.name)
        run_id = run.info.run_id
        try:
            _fill(client, run_id, tracked)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        # The tag comes last: a run without it was never finished, and is not found again.
        client.set_tag(run_id, VERDICT, tracked.digest)
        client.set_terminated(run_id, "FINISHED")
        return _address(number, run_id)


def _fill(client: Any, run_id: str, tracked: Tracked) -> None:
    from mlflow.entities import Metric, Param

    metrics = [Metric(_key(n), value, 0, 0) for n, value in tracked.figures.items()]
    params = [Param(name, value) for name, value in tracked.params.items()]
    client.log_batch(run_id, metrics=metrics, params=params)
    for file in tracked.files:
        client.log_artifact(run_id, str(file))


def _key(name: str) -> str:
    """A metric's name in the letters that MLflow allows: ``top_k[3]`` becomes ``top_k(3)``."""
    allowed = "_-. :/"
    bare = name.replace("[", ".").replace("]", "")
    return "".join(c if c.isalnum() or c in allowed else "_" for c in bare)


def _data(flavors: Mapping[str, Any]) -> str | None:
    """The model's file name where its flavour is allowed, else None."""
    if "onnx" in flavors:
        return str(flavors["onnx"]["data"])
    sklearn = flavors.get("sklearn")
    if sklearn is not None and sklearn.get("serialization_format") == "skops":
        return str(sklearn["pickled_model"])
    return None


def _downloaded(name: str, version: str, to: Path) -> Path:
    import mlflow

    uri = f"models:/{name}/{version}"
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(to)))


def _address(experiment: str, run_id: str) -> str:
    return f"{os.environ[SERVER].rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"


@contextlib.contextmanager
def _client() -> Iterator[Any]:
    """MLflow's client, patient for a while and silent; its errors are ours."""
    if not os.environ.get(SERVER):
        raise UsageError(
            f"{SERVER} is not set: which MLflow server?", cure=f"export {SERVER}=http://host:5000"
        )
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError:
        raise UsageError(
            "MLflow is not installed here", cure='pip install "titleholder[mlflow]"'
        ) from None
    try:
        yield MlflowClient()
    except TitleholderError:
        raise
    except (MlflowException, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise TrackerError(
            f"MLflow at {os.environ[SERVER]}: {first}",
            cure="check the address, the credentials, and the name of the model",
        ) from None
