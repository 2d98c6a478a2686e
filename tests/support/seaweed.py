"""A real S3 server for the tests: SeaweedFS's `weed mini` on free loopback ports."""

import contextlib
import os
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "verdicts"
ACCESS_KEY = "titleholder-test"
SECRET_KEY = "titleholder-test-secret"
# weed opens a gRPC port this far above each port that it is given.
GRPC_OFFSET = 10_000
READY_S = 30.0
STOP_S = 3.0
PORTS = ("s3", "master", "volume", "filer", "admin")


@dataclass(frozen=True)
class Server:
    """A running server: where it is, and the environment that makes boto3 reach it."""

    endpoint: str
    bucket: str = BUCKET

    @property
    def environment(self) -> Mapping[str, str]:
        """The usual AWS variables, and nothing of this machine's own configuration."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            **ISOLATED,
        }


# What keeps boto3 from reading this machine's configuration or asking a cloud for credentials.
ISOLATED = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Server]:
    """Start a server with its data in ``directory``, wait until it answers, and stop it."""
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    with (directory / "weed.log").open("wb") as log:
        process = subprocess.Popen(
            _command(directory, ports), env=_environment(), stdout=log, stderr=log, cwd=directory
        )
        try:
            endpoint = f"http://127.0.0.1:{ports['s3']}"
            _wait_until_ready(endpoint, process, directory / "weed.log")
            yield Server(endpoint)
        finally:
            _stop(process)


def _command(directory: Path, ports: Mapping[str, int]) -> list[str]:
    return [
        str(Path(sysconfig.get_path("scripts")) / "weed"),
        "mini",
        f"-dir={directory}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.autoCreateBucket=false",
        f"-bucket={BUCKET}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}.port={port}" for name, port in ports.items()),
    ]


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/tmp"),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        # Left alone, it collects garbage all the time once it has served a while.
        "GOGC": "400",
        "GOMEMLIMIT": "1GiB",
        "GOMAXPROCS": "2",
    }


def _free_ports(count: int) -> list[int]:
    """Ports that are free now, each with the gRPC port above it free as well."""
    held: list[socket.socket] = []
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(found) < count:
            port = _bound(stack, held, 0)
            if port is None or port + GRPC_OFFSET > 65_535:
                continue
            if _bound(stack, held, port + GRPC_OFFSET) is not None:
                found.append(port)
    return found


def _bound(stack: contextlib.ExitStack, held: list[socket.socket], port: int) -> int | None:
    probe = stack.enter_context(socket.socket())
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return None
    held.append(probe)
    return int(probe.getsockname()[1])


def _wait_until_ready(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the bucket, which the server makes a second after it has begun to answer."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    deadline = time.monotonic() + READY_S
    with contextlib.closing(client):
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.head_bucket(Bucket=BUCKET)
                client.put_bucket_versioning(
                    Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
                )
                return
            except (BotoCoreError, ClientError):
                time.sleep(0.05)
    raise RuntimeError(f"the S3 server did not start:\n{log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask once, then insist: with a client still connected it would take half a minute."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
