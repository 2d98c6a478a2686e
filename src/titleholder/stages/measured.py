"""What a model costs on this machine: size, and the time of its calls.

Calls are timed by the processor time of their thread, not by the clock on the wall: suites run
side by side, and what another one does must not fail a rule on latency.

A record of its own, beside the others: two machines never agree on it, so it stands outside
the promise that equal inputs give equal records.
"""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from titleholder import tree
from titleholder.adapters.models import Model
from titleholder.arrays import Floats
from titleholder.stats.quantiles import gauge, least
from titleholder.types import Gauge, Record

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

CALLS = 80  # single-row calls: at a level of 95% their 95% quantile has an interval from 72 on
WARM_UP = 5


class Machine(Record, frozen=True):
    """Where the measuring was done."""

    python: str
    system: str
    processors: int


class Measured(Record, frozen=True):
    """Figures by model name and metric."""

    machine: Machine
    models: dict[str, dict[str, Gauge]]


class Figures(Record, frozen=True):
    """One model's figures by metric, kept until the run has measured the others, too."""

    figures: dict[str, Gauge]


def machine() -> Machine:
    """This machine, in words that name no host."""
    system = f"{platform.system()} {platform.machine()}"
    return Machine(python=platform.python_version(), system=system, processors=os.cpu_count() or 1)


def size(path: Path) -> dict[str, Gauge]:
    """The size of the file or directory, exactly known."""
    return {"size_mb": exact(tree.of(path).bytes / 1e6)}


def latency(model: Model, frame: "pd.DataFrame", row_id: str, level: float) -> dict[str, Gauge]:
    """Median and 95% quantile of the time of bare single-row calls, in ms.

    As many calls as the quantile takes for an interval at this level, and no fewer than `CALLS`.
    """
    calls = max(CALLS, least(0.95, level))
    rows = [frame.iloc[[i % len(frame)]] for i in range(calls + WARM_UP)]
    ready = [model.call(row, row_id) for row in rows]
    milliseconds = np.array([timed(call).seconds for call in ready]) * 1e3
    warm: Floats = milliseconds[WARM_UP:]
    found = {"p50_latency_ms": gauge(warm, 0.5, level), "p95_latency_ms": gauge(warm, 0.95, level)}
    return {name: figure for name, figure in found.items() if figure is not None}


def row_latency(seconds: float, rows: int) -> dict[str, Gauge]:
    """The time a row of one prediction of all rows, in microseconds."""
    return {"row_latency_us": exact(seconds * 1e6 / rows)}


def costs(model: Model) -> dict[str, Gauge]:
    """What the model itself tells of its cost."""
    return {name: exact(value) for name, value in model.costs().items()}


def exact(value: float) -> Gauge:
    """A figure that was taken once."""
    return Gauge(value=value, low=value, high=value, n=1)


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """What a call gave, and the processor time of this thread that it took."""

    value: T
    seconds: float


def timed(call: Callable[[], T]) -> Timed[T]:
    """Make a call and look at the clock."""
    started = time.thread_time()
    value = call()
    return Timed(value, time.thread_time() - started)
