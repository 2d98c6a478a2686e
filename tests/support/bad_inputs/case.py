"""One bad input: how it is made, how it is run, and what may not come of it."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from titleholder.cli import main

USAGE, DATA, NO_VERDICT, UNDECIDED = 2, 3, 4, 5
# What tells people what to do, where there is no line of its own for it.
_HINTS = (
    "cure: ", '"cure": "', "usage: ", "did you mean", "(write ", "write ", "(there is", "must ",
    ": must be", "is missing", "is not one of", "unknown key", "stands twice", "needs at least",
    "are not read here", "is not YAML", "lies outside", "belongs to", "leave slice out", "punish",
    "use slice", "between ", "a policy is one suite's keys",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """``words`` writes the files into an empty directory and gives the command line.

    ``says`` has to be in what is said. ``judged`` marks what ends in a verdict that is
    inconclusive, rather than in a message.
    """

    name: str
    words: Callable[[Path], Sequence[str]]
    code: int
    says: tuple[str, ...] = ()
    judged: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended, and which files it left that were not there before."""

    code: int
    out: str
    err: str
    left: tuple[str, ...]


def told(case: Case, directory: Path) -> Told:
    """Run the case in this process, in its own directory."""
    words = list(case.words(directory))
    before = _held(directory)
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(directory),
        _environment(case.environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = main(words)
        except SystemExit as ended:  # argparse's own way out
            code = int(ended.code or 0)
    after = _held(directory)
    left = sorted(name for name in after if after[name] != before.get(name))
    return Told(code, out.getvalue(), err.getvalue(), tuple(left))


def wrong_with(case: Case, told: Told) -> str:
    """What the command did that it may not; empty if nothing."""
    text = told.out + told.err
    if told.code != case.code:
        return f"ended in {told.code}, not {case.code}: {text[-300:]}"
    if "Traceback" in text or "internal error" in text:
        return f"a fault of ours: {text[-300:]}"
    allowed = any(line.startswith("ALLOW") for line in told.out.splitlines())
    if allowed is not (case.code == 0):
        return "ALLOW" if allowed else "no line ALLOW"
    if told.left and not case.judged:
        return f"left {', '.join(told.left)}"
    if silent := [word for word in case.says if word not in text]:
        return f"does not say {silent[0]!r}: {text[-400:]}"
    if case.judged or allowed:
        return ""
    if not any(hint in text for hint in _HINTS):
        return f"says no cure: {text[-300:]}"
    return ""


def _held(directory: Path) -> dict[str, bytes]:
    """Every file with its bytes; locks are no output."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@contextlib.contextmanager
def _environment(said: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("TITLEHOLDER_", "GITHUB_"))]:
        del os.environ[name]
    os.environ.update(said)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
