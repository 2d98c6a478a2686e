"""What one more night costs the dashboard, and what making it anew costs, as history grows.

    OMP_NUM_THREADS=1 python -m benchmarks.dashboard --runs 100 500 2000

CPU seconds of this process: medians over several nights for one more night, one measurement for a
rebuild. Simulated nights with 11 findings and 6 columns each go through `publish` itself into a
directory; a night is then brought onto the dashboard as the publishing stage does it.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import ClassVar

from tests.support import nights
from titleholder.adapters.stores.local import LocalStore
from titleholder.dashboard import shelf
from titleholder.store import Stored

NIGHTS = 9


class Counting(LocalStore):
    """A directory that counts what is read from it and written to it."""

    calls: ClassVar[Counter[str]] = Counter()

    def get(self, key: str) -> Stored:
        """Count a read and its bytes."""
        found = super().get(key)
        self.calls["reads"] += 1
        self.calls["bytes"] += len(found.data)
        return found

    def put_new(self, key: str, data: bytes) -> str:
        """Count a write."""
        self.calls["writes"] += 1
        return super().put_new(key, data)

    def put_if(self, key: str, data: bytes, tag: str) -> str:
        """Count a write."""
        self.calls["writes"] += 1
        return super().put_if(key, data, tag)


def report(sizes: Sequence[int]) -> Iterator[str]:
    """A row a length of history."""
    with tempfile.TemporaryDirectory() as there:
        scratch = Path(there)
        store = Counting(scratch / "store")
        coming = nights.nights(sizes[-1] + NIGHTS * len(sizes))
        yield "| runs | one more night | reads | KiB read | writes | rebuild | largest page |"
        yield "|---:|---:|---:|---:|---:|---:|---:|"
        done = 0
        for size in sizes:
            nights.publish_nights(store, islice(coming, size - done), scratch)
            yield f"| {size:,} | {row(store, coming, scratch)} |"
            done = size + NIGHTS


def row(store: Counting, coming: Iterator[nights.Night], scratch: Path) -> str:
    """The figures at this length of history."""
    start = time.process_time()
    shelf.rebuild(store, store)
    whole = time.process_time() - start
    one, calls = [], Counter[str]()
    for night in islice(coming, NIGHTS):
        nights.publish_nights(store, iter([night]), scratch)
        store.calls.clear()
        start = time.process_time()
        shelf.update(store, "dev", "credit")
        one.append(time.process_time() - start)
        calls = store.calls.copy()
    pages = Path(store.locate("dashboard")).rglob("*.html")
    largest = max(page.stat().st_size for page in pages) / 1024
    return (
        f"{statistics.median(one):.3f} s | {calls['reads']} | {calls['bytes'] / 1024:,.0f} | "
        f"{calls['writes']} | {whole:.1f} s | {largest:,.0f} KiB"
    )


def main() -> None:
    """Print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 500, 2000])
    for line in report(sorted(parser.parse_args().runs)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
