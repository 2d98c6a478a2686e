"""Units on some threads of this process: what is computed in numpy and Arrow runs side by side."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Threads:
    """See `titleholder.shards.runner.Runner`; as many threads as processors unless said."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[T], R], units: Iterable[T]) -> Iterator[R]:
        """Each result as it is ready; no more units are begun than there are threads."""
        left = iter(units)
        with ThreadPoolExecutor(self.workers) as pool:
            running: set[Future[R]] = {
                pool.submit(function, unit) for unit in islice(left, self.workers)
            }
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(function, unit) for unit in islice(left, len(done))}
                for future in done:
                    yield future.result()
