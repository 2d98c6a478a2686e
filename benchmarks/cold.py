"""`titleholder compare` as a whole process, beside the imports that such a script starts with."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.panels import write
from benchmarks.timing import Line, cpu_of_process, table

IMPORTS = "import numpy, pandas, scipy.stats"


def command(rows: int, folder: Path) -> list[str]:
    """The command line that compares two files of so many rows."""
    return [sys.executable, "-m", "titleholder", "compare", "--quiet", *write(rows, folder)]


def report(rows: int) -> Iterator[str]:
    """The table, line by line."""
    yield f"\n### A whole process, cold, {rows:,} rows\n"
    with tempfile.TemporaryDirectory() as folder:
        ours = command(rows, Path(folder))
        bare = [sys.executable, "-c", IMPORTS]
        # By turns, so that what else the machine does falls on both alike.
        pairs = [(cpu_of_process(bare, 1), cpu_of_process(ours, 1)) for _ in range(9)]
    imports, whole = (statistics.median(side) for side in zip(*pairs, strict=True))
    yield from table([
        Line(f'python -c "{IMPORTS}"', imports, "median of 9, by turns"),
        Line("titleholder compare, from files", whole, "median of 9, by turns"),
    ])  # fmt: skip


def large(rows: int) -> Iterator[str]:
    """CPU seconds and peak memory of one comparison of very many rows, from files."""
    yield f"\n### A whole process, {rows:,} rows\n"
    with tempfile.TemporaryDirectory() as folder:
        asked = command(rows, Path(folder))
        runner = f"import subprocess; subprocess.run({asked!r}, check=True)"
        measured = (
            f"{runner}; import resource as r; u = r.getrusage(r.RUSAGE_CHILDREN); "
            "print(u.ru_utime + u.ru_stime, u.ru_maxrss)"
        )
        out = subprocess.run(
            [sys.executable, "-c", measured], check=True, capture_output=True, text=True
        )
    seconds, kilobytes = out.stdout.split()[-2:]
    yield f"{float(seconds):.1f} CPU seconds, at most {int(kilobytes) / 2**20:.2f} GiB."
