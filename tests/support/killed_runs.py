"""Whole runs that are killed, and run again: ``... killed_runs DIRECTORY EVERY [ENDPOINT]``.

Of a small project (`tests.support.tiny`), in children of a process that has imported everything
already: at the beginning and the end of each stage, and at each ``EVERY``-th change of a file or
step of a request. Then the same run is started anew and has to end in exactly one verdict.
"""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.support import seaweed, tiny
from tests.support.kills import Found, dying_at, watched
from titleholder import gate
from titleholder.adapters.stores import open_store
from titleholder.cli import main as titleholder
from titleholder.errors import Exit
from titleholder.stages import Stage

Prepared = Callable[[int], None]


def main(base: Path, every: int, endpoint: str | None) -> Found:
    """Kill at every boundary of a stage, and at some of the points in between."""
    clean = tiny.make(base / "clean")
    template = base / "template"
    shutil.copytree(clean, template)
    _finished(_child(clean, _store(clean, endpoint), endpoint, lambda: None))
    # Imports are paid for once: the parent runs a copy that nobody looks at.
    warm = shutil.copytree(template, base / "warm")
    _ran(warm, _store(warm, endpoint), endpoint)
    killed, wrong = 0, []
    for kind, prepared, step in (
        ("stage", _at_stages, 1), ("point", lambda n: watched(dying_at(n), str(base)), every),
    ):  # fmt: skip
        number = 1
        while True:
            root = shutil.copytree(template, base / f"{kind}-{number:04d}")
            store = _store(root, endpoint)
            died = _died(_child(root, store, endpoint, partial(prepared, number)))
            if not died:
                break
            killed += 1
            if told := _wrong(root, store, endpoint):
                wrong.append(f"{kind} {number}: {told}")
            shutil.rmtree(root)
            number += step
    return Found(killed, 0, 0, wrong)


def _store(root: Path, endpoint: str | None) -> str:
    if endpoint is None:
        return f"file://{root / 'store'}"
    return f"s3://{seaweed.BUCKET}/runs-{root.parent.parent.name}-{root.parent.name}/{root.name}"


def _at_stages(number: int) -> None:
    """Die at the n-th boundary of a stage: before the first, after it, before the second, ..."""
    point, run = dying_at(number), Stage.run_in

    def between(self: Stage, ws: object) -> None:
        point(f"before {self.name}")
        run(self, ws)
        point(f"after {self.name}")

    Stage.run_in = between  # this process alone, and it is about to die


def _ran(root: Path, store: str, endpoint: str | None) -> int:
    more = [] if endpoint is None else ["--endpoint", endpoint]
    with (
        contextlib.chdir(root),
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        return titleholder(["run", "--quiet", "--store", store, *more])


def _child(root: Path, store: str, endpoint: str | None, prepared: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        prepared()
        os._exit(_ran(root, store, endpoint))
    return child


def _died(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _finished(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _wrong(root: Path, url: str, endpoint: str | None) -> str:
    """What is wrong after the run was started again; empty if nothing is."""
    code = _finished(_child(root, url, endpoint, lambda: None))
    if code != Exit.ALLOW:
        return f"ended in {code} when it was started again"
    store = open_store(url, root=root, endpoint=endpoint)
    found = [k for k in store.keys("verdicts/") if not k.endswith("head.json")]
    if len(found) != 1:
        return f"{len(found)} verdicts for one question"
    if gate.ask(store, "dev", tiny.SUITE, root / "candidate.csv").exit is not Exit.ALLOW:
        return "the verdict does not open the gate"
    return ""


if __name__ == "__main__":
    directory, every, *endpoint = sys.argv[1:]
    found = main(Path(directory), int(every), endpoint[0] if endpoint else None)
    print(json.dumps(asdict(found)))
