"""CPU time of calls and of whole processes, and the lines of a table."""

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "fairlearn", "evidently", "MLstatkit")


@dataclass(frozen=True, slots=True)
class Line:
    """One way to an answer: its CPU seconds (None where it did not run), and how those were had."""

    what: str
    seconds: float | None
    how: str


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median CPU time of some calls."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def by_turns(turns: int, *works: tuple[Callable[[], object], int]) -> tuple[float, ...]:
    """The median CPU time of each, called so many times a turn.

    Who else uses the machine changes by the minute: by turns it is the same for all.
    """
    taken = [[cpu_seconds(work, times) for work, times in works] for _ in range(turns)]
    return tuple(statistics.median(seconds) for seconds in zip(*taken, strict=True))


def cpu_of_process(command: Sequence[str], repeats: int) -> float:
    """The median CPU time of whole processes, from their start to their end."""
    taken = []
    for _ in range(repeats):
        before = _children()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(_children() - before)
    return statistics.median(taken)


def installed(package: str) -> bool:
    """Whether a peer is there to be measured."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def table(lines: Sequence[Line]) -> Iterator[str]:
    """A table in Markdown; ratios are to the first line."""
    ours = lines[0].seconds or float("nan")
    yield "| what | CPU seconds | ratio | how |"
    yield "|---|--:|--:|---|"
    for line in lines:
        if line.seconds is None:
            yield f"| {line.what} | - | - | {line.how} |"
        else:
            ratio = line.seconds / ours
            said = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2f}"
            yield f"| {line.what} | {_seconds(line.seconds)} | {said} | {line.how} |"


def machine() -> str:
    """Where this runs, and with what."""
    names = [name for name in PACKAGES if installed(name)]
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
