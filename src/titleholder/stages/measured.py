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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from titleholder.adapters.models import Model
from titleholder.arrays import Floats
from titleholder.stats.quantiles import gauge
from titleholder.types import Gauge, Record

if TYPE_CHECKING:
    import pandas as pd

CALLS = 80  # single-row calls: the 95% quantile has an interval from 72 on
WARM_UP = 5
LEVEL = 0.95


class Machine(Record, frozen=True):
    """Where the measuring was done."""

    python: str
    system: str
    processors: int


class Measured(Record, frozen=True):
    """Figures by model name and metric."""

    machine: Machine
    models: dict[str, dict[str, Gauge]]


def machine() -> Machine:
    """This machine, in words that name no host."""
    system = f"{platform.system()} {platform.machine()}"
    return Machine(python=platform.python_version(), system=system, processors=os.cpu_count() or 1)


def size(path: Path) -> dict[str, Gauge]:
    """The file's size, exactly known."""
    megabytes = path.stat().st_size / 1e6
    return {"size_mb": Gauge(value=megabytes, low=megabytes, high=megabytes, n=1)}


def latency(model: Model, frame: "pd.DataFrame", row_id: str) -> dict[str, Gauge]:
    """Median and 95% quantile of single-row calls in ms, and the time a row of one whole call."""
    rows = [frame.iloc[[i % len(frame)]] for i in range(CALLS + WARM_UP)]
    milliseconds = np.array([_timed(partial(model.predict, row, row_id)) for row in rows])
    warm: Floats = milliseconds[WARM_UP:] * 1e3
    row_us = _timed(partial(model.predict, frame, row_id)) * 1e6 / len(frame)
    found = {"p50_latency_ms": gauge(warm, 0.5, LEVEL), "p95_latency_ms": gauge(warm, 0.95, LEVEL)}
    figures = {name: figure for name, figure in found.items() if figure is not None}
    return {**figures, "row_latency_us": Gauge(value=row_us, low=row_us, high=row_us, n=1)}


def _timed(call: Callable[[], object]) -> float:
    started = time.thread_time()
    call()
    return time.thread_time() - started
