"""What operations rest on, as real processes: PostgreSQL, Prefect's server on it, and a worker."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE_S = 300.0
_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql")


def postgres_bin() -> Path | None:
    """Where PostgreSQL's programs are; None where there is none."""
    found = [path.parent for place in _PLACES for path in Path(place).glob("**/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(found, default=Path(on_path).parent if on_path else None)


@contextlib.contextmanager
def postgres(programs: Path, directory: Path) -> Iterator[str]:
    """A PostgreSQL server of one's own on a free port; its address as SQLAlchemy writes it."""
    data, port = directory / "data", free_port()
    directory.mkdir(parents=True)
    become = _as_somebody_else(directory)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    made = [*become, str(programs / "initdb"), "-D", str(data), "-U", "prefect", "-A", "trust"]
    subprocess.run(made, check=True, cwd=directory, **quiet)
    settings = [f"-p{port}", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1",
                "-c", "fsync=off", "-c", "max_connections=300"]  # fmt: skip
    command = [*become, str(programs / "postgres"), "-D", str(data), *settings]
    running = subprocess.Popen(command, cwd=directory, **quiet)
    try:
        until(lambda: _listens(port), "PostgreSQL")
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
    finally:
        _end(running)


@contextlib.contextmanager
def prefect_server(database: str, environment: dict[str, str]) -> Iterator[str]:
    """Prefect's server on this database; the address of its API."""
    port = free_port()
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    said = {
        **environment, "PREFECT_API_DATABASE_CONNECTION_URL": database,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        # Ten seconds are its own patience with its database: a busy machine takes longer, and
        # whoever asked meanwhile is told HTTP 500.
        # A killed run holds its deployment's slot until its lease ends, as in deploy/compose.yaml.
        "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "120",
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60", "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
    }  # fmt: skip
    log = Path(environment["PREFECT_HOME"]) / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as told:
        running = subprocess.Popen(
            command, env=said, stdout=told, stderr=told, start_new_session=True
        )
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/api/health"), "Prefect's server")
        yield f"http://127.0.0.1:{port}/api"
    finally:
        _end(running, group=True)


@contextlib.contextmanager
def worker(root: Path, pool: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of a process pool, in a session of its own."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool,
               "--type", "process"]  # fmt: skip
    running = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield running
    finally:
        _end(running, group=True)


def until(true: Callable[[], bool], what: str, patience: float = PATIENCE_S) -> None:
    """Wait for something; TimeoutError names it."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {patience:.0f} s")
        time.sleep(0.3)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _as_somebody_else(directory: Path) -> list[str]:
    """PostgreSQL does not run as root: then as its own user, who has to reach the directory."""
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    os.chown(directory, account.pw_uid, account.pw_gid)
    for above in directory.parents:
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)
    return ["runuser", "-u", "postgres", "--"]


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=30):
        return True
    return False


def _end(running: "subprocess.Popen[bytes]", *, group: bool = False) -> None:
    if group:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
    else:
        running.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(30)
    if group:
        # What it started may still wait for its clients after it has gone itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    running.kill()
    running.wait()
