"""Who works on the units of a sharded suite: one process, some threads, or a Dask cluster."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from titleholder.params.schema import RunnerKind, RunnerParams
from titleholder.shards.runner import Runner

T = TypeVar("T")
R = TypeVar("R")


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


@contextmanager
def standing(said: RunnerParams) -> Iterator[Runner]:
    """The runner that ``params.yaml`` names, opened by whoever uses it first and kept until the
    context ends: all stages of all suites of a run share one cluster.
    """
    with ExitStack() as stack:
        yield _Standing(said, stack)


class _Standing:
    """See `titleholder.shards.runner.Runner`."""

    def __init__(self, said: RunnerParams, stack: ExitStack) -> None:
        self._said, self._stack = said, stack
        self._opened: Runner | None = None

    def map(self, function: Callable[[T], R], units: Iterable[T]) -> Iterator[R]:
        """Each result as it is ready."""
        if self._opened is None:
            self._opened = self._stack.enter_context(open_runner(self._said))
        return self._opened.map(function, units)
