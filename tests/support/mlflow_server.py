"""A real MLflow server on SQLite, and models in its registry without MLflow's loaders."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import yaml

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes more, for jobs of its own
}
PATIENCE_S = 240


@contextlib.contextmanager
def running(directory: Path) -> Iterator[str]:
    """The address of a server that keeps everything in a directory, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{directory}/mlflow.db", "--workers", "1",
        "--artifacts-destination", str(directory / "artifacts"),
    ]  # fmt: skip
    with (directory / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=directory, env={**os.environ, **QUIET}, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError("the MLflow server did not start")


def register(
    address: str, name: str, file: Path, flavors: dict[str, dict[str, object]], directory: Path
) -> str:
    """Log a model's directory, register it as the next version, and give that version."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    folder = directory / f"{name}-{file.stem}"
    folder.mkdir()
    (folder / file.name).write_bytes(file.read_bytes())
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors}))
    client = MlflowClient(address)
    run = client.create_run("0")
    client.log_artifacts(run.info.run_id, str(folder), "model")
    with contextlib.suppress(MlflowException):
        client.create_registered_model(name)
    source = f"{run.info.artifact_uri}/model"
    return str(client.create_model_version(name, source, run.info.run_id).version)
