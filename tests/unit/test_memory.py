"""Memory that is freed and asked for again, in a process of its own."""

import platform
import subprocess
import sys

import pytest

SIZE, ARRAYS = 2 << 20, 64
SCRIPT = f"""
from resource import RUSAGE_SELF, getpagesize, getrusage
from titleholder import memory

def cleared() -> int:
    before = getrusage(RUSAGE_SELF).ru_minflt
    arrays = [b"1" * {SIZE} for _ in range({ARRAYS})]
    return (getrusage(RUSAGE_SELF).ru_minflt - before) * getpagesize()

cleared()
print(cleared())
memory.keep_freed()
cleared()
print(cleared())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_what_was_freed_is_taken_again() -> None:
    """Arrays that are made again lie where the last ones lay; untold, they are cleared anew."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    untold, told = map(int, run.stdout.split())
    assert untold > SIZE * ARRAYS / 2
    assert told < SIZE * ARRAYS / 20
