"""The command line in children of a process that has imported everything already.

The libraries that a whole run needs take seconds to import, and most tests of a command are not
about that. `call` runs the `main` of ``python -m titleholder`` in a process, a directory and an
environment of its own, forked from one where the imports are done.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE_S = 900.0
IMPORTED = (
    "great_expectations.expectations",
    "evidently.presets",
    "matplotlib.pyplot",
    "sklearn.linear_model",
    "skops.io",
    "titleholder.runner",
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def titleholder(root: Path, *words: str) -> Done:
    """Run ``titleholder WORDS`` in a directory, with the environment of the tests."""
    return call(words, root, os.environ)


def call(words: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Done:
    """Run ``titleholder WORDS`` and wait for its end."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(list(IMPORTED))
    with TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        told = (list(words), str(cwd), dict(environment), str(out), str(err))
        child = forking.Process(target=_main, args=told)
        child.start()
        child.join(PATIENCE_S)
        if child.exitcode is None:
            child.kill()
            raise TimeoutError(f"titleholder {' '.join(words)}")
        return Done(child.exitcode, out.read_text(), err.read_text())


def anew(words: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Done:
    """The same as a user does it: in a process that begins from nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "titleholder", *words], cwd=cwd, env=dict(environment),
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def _main(words: list[str], cwd: str, environment: dict[str, str], out: str, err: str) -> None:
    """What a child does: be where and who it is told to be, and run the command."""
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    from titleholder.cli import main

    sys.exit(main(words))
