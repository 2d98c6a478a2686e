"""What a model costs to run: size and latency. The predict stage measures, judging compares."""

from collections.abc import Iterator

import numpy as np

from titleholder.metrics.base import Measured, Metric
from titleholder.types import Task

ORDER = "order statistics: doi:10.1002/9780470316498.ch2"


def metrics() -> Iterator[Metric]:
    """The entries of this topic; any task can have them."""
    figures = {
        "size_mb": ("Model size", "MB", "bytes of the model file / 10^6"),
        "p50_latency_ms": ("Latency, median", "ms", "median time of one call with one row"),
        "p95_latency_ms": ("Latency, p95", "ms", "95% quantile of the time of one call"),
        "row_latency_us": ("Time per row", "us", "time of one call with all rows / rows"),
    }
    for name, (title, unit, formula) in figures.items():
        source = ORDER if name.startswith("p") else "measured"
        yield Metric(
            name, title, frozenset(Task), "", False, (0.0, np.inf), unit, formula, source,
            Measured(),
        )  # fmt: skip
