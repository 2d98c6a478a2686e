"""Publishers that are killed at random instants: ``python -m tests.support.kills DIR COUNT SEED``.

A process of its own, without threads, so that it may fork. Each child publishes one verdict to a
local store of its own and notes that it was acknowledged; the parent kills it meanwhile.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.support import keys, verdicts
from titleholder.adapters.stores.local import LocalStore
from titleholder.publication import Receipt, publish
from titleholder.types import Outcome

ACKNOWLEDGED = "acknowledged"


def published(directory: Path) -> Receipt:
    """Publish the one verdict, with two pieces of evidence."""
    evidence = {name: directory / name for name in ("report.html", "comparisons.json")}
    for path in evidence.values():
        if not path.exists():
            path.write_text(path.name * 2000)
    return publish(
        LocalStore(directory / "store"), "dev", verdicts.verdict(Outcome.PASS), verdicts.subject(),
        evidence, valid_for=timedelta(days=7), provenance=verdicts.provenance(), signer=keys.key(),
    )  # fmt: skip


def main(base: Path, count: int, seed: int) -> int:
    """Kill ``count`` publishers; returns how many of them had not finished yet."""
    chance = random.Random(seed)
    longest = _timed(base / "clean")
    killed = 0
    for number in range(count):
        directory = base / f"{number:04d}"
        directory.mkdir()
        child = os.fork()
        if child == 0:
            digest = published(directory).digest
            (directory / ACKNOWLEDGED).write_text(digest)
            os._exit(0)
        time.sleep(chance.random() * longest)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
    return killed


def _timed(directory: Path) -> float:
    """How long a publisher takes that nobody kills (s), its first imports left out."""
    directory.mkdir()
    published(directory)
    again = directory / "again"
    again.mkdir()
    started = time.monotonic()
    published(again)
    return time.monotonic() - started


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
