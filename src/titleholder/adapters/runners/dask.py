"""Units on a Dask cluster: one that is there already, or one of processes of this machine."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from titleholder.errors import TitleholderError, UsageError, WorkersLost
from titleholder.params.schema import RunnerParams

T = TypeVar("T")
R = TypeVar("R")

WAIT_S = 30.0  # for a scheduler to answer
LOST = 3  # workers that may die of one unit before it is given up


@dataclass(frozen=True, slots=True)
class Cluster:
    """See `titleholder.shards.runner.Runner`. A worker that dies costs the units that it had."""

    client: Any

    def map(self, function: Callable[[T], R], units: Iterable[T]) -> Iterator[R]:
        """Each result as it is ready."""
        from dask.distributed import as_completed
        from distributed.scheduler import KilledWorker

        futures = [self.client.submit(function, unit, pure=False, retries=0) for unit in units]
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except KilledWorker as error:
                    raise WorkersLost(
                        f"{LOST} workers died of one unit: {error.last_worker.name} was the last",
                        cure="give workers more memory, or take smaller units; what is finished "
                        "is kept, and the next run goes on from there",
                    ) from None
                future.release()
        finally:
            self.client.cancel(futures)


@contextmanager
def connected(said: RunnerParams) -> Iterator[Cluster]:
    """The cluster at the scheduler's address; without one, processes of this machine."""
    try:
        import dask
        from dask.distributed import Client, LocalCluster
    except ImportError:
        raise UsageError(
            "runner: dask needs Dask, which is not installed",
            cure="pip install 'titleholder[dask]', or write runner: {kind: threads}",
        ) from None
    with ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": LOST}))
        at: Any = said.scheduler
        if at is None:
            # Its page on any port that is free: of one that is taken, Dask would warn.
            at = stack.enter_context(
                LocalCluster(
                    n_workers=said.workers, threads_per_worker=1, dashboard_address="127.0.0.1:0",
                    memory_limit=said.memory or "auto",
                )
            )  # fmt: skip
        try:
            client = stack.enter_context(Client(at, timeout=WAIT_S))
        except (OSError, ValueError) as error:
            raise _unreached(said, error) from None
        yield Cluster(client)


def _unreached(said: RunnerParams, error: Exception) -> TitleholderError:
    return WorkersLost(
        f"no Dask scheduler answers at {said.scheduler}: {error}",
        cure="start one (dask scheduler), or leave runner.scheduler out to work on this machine",
    )
