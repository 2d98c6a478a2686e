"""Units of a sharded suite as Prefect tasks, on the task runner of the flow that they are part of.

With ``runner: {kind: dask}`` that is prefect-dask's: on the cluster at ``runner.scheduler``, or on
one of processes of this machine for as long as the flow runs. Each unit is then a task to be seen
and limited by its tag in Prefect, and a worker that dies costs the units that it had.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed

from titleholder.params.schema import Params, RunnerKind, RunnerParams
from titleholder.params.sharded import is_sharded

T = TypeVar("T")
R = TypeVar("R")


@task(name="unit", tags=["titleholder", "titleholder-unit"], cache_policy=NO_CACHE,
      persist_result=False)  # fmt: skip
def unit(call: "Call") -> Any:
    """One function on one unit."""
    return call.function(call.of)


class Call:
    """A function and its unit, closed: Prefect looks for futures within all that it can open."""

    def __init__(self, function: Callable[[Any], Any], of: Any) -> None:
        self.function = function
        self.of = of


class Units:
    """See `titleholder.shards.runner.Runner`; to be used within a flow."""

    def map(self, function: Callable[[T], R], units: Iterable[T]) -> Iterator[R]:
        """The result of each unit as it is ready."""
        futures = [unit.submit(Call(function, of)) for of in units]
        for future in as_completed(futures):
            yield future.result()


def are_wanted(params: Params, suite: str) -> bool:
    """Whether a suite's units are to be tasks on Dask."""
    data = params.suites[suite].data.current
    return params.runner.kind is RunnerKind.DASK and is_sharded(data)


def task_runner(said: RunnerParams) -> Any:
    """prefect-dask's task runner, as params.yaml has it."""
    from prefect_dask.task_runners import DaskTaskRunner

    if said.scheduler is not None:
        return DaskTaskRunner(address=said.scheduler)
    asked = {"n_workers": said.workers, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0",
             "memory_limit": said.memory or "auto"}  # fmt: skip
    return DaskTaskRunner(cluster_kwargs=asked)
