"""Whole runs that are killed, and run again: ``killed_runs DIRECTORY EVERY NTH HOW [ENDPOINT]``.

Of a small project (`tests.support.tiny`), in children of a process that has imported everything
already: at the beginning and the end of each stage (at every ``NTH`` of these), and at each
``EVERY``-th change of a file or step of a request. Then the same run is started again, ``HOW`` is
``anew`` or ``resumed``, and has to end in exactly one verdict, with the records and the evidence
of a run that nobody killed. One that is resumed leaves alone the records of every stage that had
ended.
"""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.support import seaweed, tiny
from tests.support.kills import Found, dying_at, watched
from tests.support.project import UNEQUAL
from titleholder.adapters.stores import open_store
from titleholder.cli import main as titleholder
from titleholder.errors import Exit
from titleholder.stages import STAGES, Stage, publish
from titleholder.stages.workspace import RUNS, open_workspace
from titleholder.trust import gate

Prepared = Callable[[int], None]


@dataclass(frozen=True)
class Left:
    """What a run left: its records (but those that no two runs agree on), and its evidence."""

    records: dict[str, bytes]
    evidence: tuple[str, ...]

    @classmethod
    def of(cls, root: Path, url: str, endpoint: str | None) -> "Left | str":
        """What is there after a run that ended well; a word on what is wrong otherwise."""
        store = open_store(url, root=root, endpoint=endpoint)
        found = [k for k in store.keys("verdicts/") if not k.endswith("head.json")]
        if len(found) != 1:
            return f"{len(found)} verdicts for one question"
        base = root / RUNS / tiny.SUITE
        names = {path.relative_to(base).as_posix(): path for path in base.rglob("*")}
        told = publish.read(open_workspace(root, tiny.SUITE)).receipts[0]
        return cls(
            {
                name: path.read_bytes()
                for name, path in names.items()
                if path.is_file() and name != ".lock" and not set(name.split("/")) & set(UNEQUAL)
            },
            # Great Expectations names its pages by the time.
            tuple(one.name for one in told.evidence if "/data_docs/" not in one.name),
        )

    def difference(self, other: "Left") -> str:
        """The first name on which they differ."""
        if self.evidence != other.evidence:
            return f"evidence {sorted(set(self.evidence) ^ set(other.evidence))[:3]}"
        names = sorted(self.records.keys() | other.records.keys())
        return next(n for n in names if self.records.get(n) != other.records.get(n))


def main(base: Path, every: int, nth: int, how: str, endpoint: str | None) -> Found:
    """Kill at every boundary of a stage, and at some of the points in between."""
    again = {"anew": [], "resumed": ["--resume"]}[how]
    clean = tiny.make(base / "clean")
    template = base / "template"
    shutil.copytree(clean, template)
    _finished(_child(clean, _store(clean, endpoint), endpoint, lambda: None))
    wanted = Left.of(clean, _store(clean, endpoint), endpoint)
    if isinstance(wanted, str):
        return Found(0, 0, 0, [wanted])
    # Imports are paid for once: the parent runs a copy that nobody looks at.
    warm = shutil.copytree(template, base / "warm")
    _ran(warm, _store(warm, endpoint), endpoint)
    killed, wrong = 0, []
    for kind, prepared, step in (
        ("stage", _at_stages, nth), ("point", lambda n: watched(dying_at(n), str(base)), every),
    ):  # fmt: skip
        number = 1
        while True:
            root = shutil.copytree(template, base / f"{kind}-{number:04d}")
            store = _store(root, endpoint)
            died = _died(_child(root, store, endpoint, partial(prepared, number)))
            if not died:
                break
            killed += 1
            if told := _wrong(root, store, endpoint, again, wanted):
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


def _ran(root: Path, store: str, endpoint: str | None, again: Sequence[str] = ()) -> int:
    more = [*again] if endpoint is None else [*again, "--endpoint", endpoint]
    with (
        contextlib.chdir(root),
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        return titleholder(["run", "--quiet", "--store", store, *more])


def _child(
    root: Path,
    store: str,
    endpoint: str | None,
    prepared: Callable[[], None],
    again: Sequence[str] = (),
) -> int:
    child = os.fork()
    if child == 0:
        prepared()
        os._exit(_ran(root, store, endpoint, again))
    return child


def _died(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _finished(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _wrong(root: Path, url: str, endpoint: str | None, again: Sequence[str], wanted: Left) -> str:
    """What is wrong after the run was started again; empty if nothing is."""
    ended = _ended(root) if again else {}
    code = _finished(_child(root, url, endpoint, lambda: None, again))
    if code != Exit.ALLOW:
        return f"ended in {code} when it was started again"
    touched = [path for path, seen in ended.items() if _seen(path) != seen]
    if touched:
        return f"wrote again what was finished: {touched[0]}"
    left = Left.of(root, url, endpoint)
    if isinstance(left, str):
        return left
    if left != wanted:
        return f"left otherwise than a run that nobody killed: {left.difference(wanted)}"
    store = open_store(url, root=root, endpoint=endpoint)
    if gate.ask(store, "dev", tiny.SUITE, root / "candidate.csv").exit is not Exit.ALLOW:
        return "the verdict does not open the gate"
    return ""


def _ended(root: Path) -> dict[Path, tuple[int, int]]:
    """The records of stages that keep theirs and had ended when the run was killed."""
    runs = root / RUNS / tiny.SUITE
    names = [n for n, s in STAGES.items() if s.keep and (runs / f".finished/{n}.json").is_file()]
    files = (path for name in names for path in (runs / name).rglob("*") if path.is_file())
    return {path: _seen(path) for path in files}


def _seen(path: Path) -> tuple[int, int]:
    """What changes with every writing of a file."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


if __name__ == "__main__":
    directory, every, nth, how, *endpoint = sys.argv[1:]
    found = main(Path(directory), int(every), int(nth), how, endpoint[0] if endpoint else None)
    print(json.dumps(asdict(found)))
