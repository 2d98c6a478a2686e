"""Who works on the units of a sharded suite: one process, some threads, or a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from titleholder.params.schema import RunnerKind, RunnerParams
from titleholder.shards.runner import Runner


@contextmanager
def open_runner(said: RunnerParams) -> Iterator[Runner]:
    """The runner that ``params.yaml`` names, until the context ends."""
    match said.kind:
        case RunnerKind.LOCAL:
            from titleholder.adapters.runners.local import Local

            yield Local()
        case RunnerKind.THREADS:
            from titleholder.adapters.runners.threads import Threads

            yield Threads(said.workers)
        case RunnerKind.DASK:
            from titleholder.adapters.runners.dask import connected

            with connected(said) as cluster:
                yield cluster
