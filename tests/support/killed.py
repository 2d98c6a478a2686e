"""The programs that kill and that crowd, started in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import seaweed
from tests.support.kills import Found
from tests.support.project import REPOSITORY


def killed(
    deed: str, base: Path, count: int, seed: int, server: seaweed.Server | None = None
) -> Found:
    """Do the deed in processes that are killed; see `tests.support.kills`."""
    place = base / f"{deed}-{'local' if server is None else 's3'}"
    place.mkdir()
    said = _run("tests.support.kills", [deed, str(place), str(count), str(seed)], server)
    return Found(**said)


def crowded(base: Path, server: seaweed.Server | None = None) -> dict[str, str]:
    """Sixteen at once, in four ways; see `tests.support.crowds`."""
    place = base / f"crowd-{'local' if server is None else 's3'}"
    place.mkdir()
    return dict(_run("tests.support.crowds", [str(place)], server))


def killed_runs(
    base: Path,
    every: int,
    how: str = "anew",
    server: seaweed.Server | None = None,
    *,
    boundaries: int = 1,
) -> Found:
    """Whole runs that are killed, and run again; see `tests.support.killed_runs`."""
    place = base / f"runs-{'local' if server is None else 's3'}-{how}"
    place.mkdir()
    words = [str(place), str(every), str(boundaries), how]
    return Found(**_run("tests.support.killed_runs", words, server))


def _run(program: str, words: list[str], server: seaweed.Server | None) -> Any:
    environment = {**os.environ, **({} if server is None else server.environment)}
    more = [] if server is None else [server.endpoint]
    done = subprocess.run(
        [sys.executable, "-m", program, *words, *more], cwd=REPOSITORY, env=environment,
        capture_output=True, text=True, check=False, timeout=2400,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{program}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
