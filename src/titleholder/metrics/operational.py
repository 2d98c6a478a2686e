"""What a model costs to run: size, latency, money. The predict stage measures, judging compares.

Size and latency are figures of the model as a whole; money and tokens are known row by row,
from the columns of the predictions file, and are compared on the same rows.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Means, Measured, Metric, first
from titleholder.types import Task

ORDER = "order statistics: doi:10.1002/9780470316498.ch2"

# Which quantile of the time of one row each latency is.
LATENCY_QUANTILES: Mapping[str, float] = {
    "p50_latency_ms": 0.5,
    "p95_latency_ms": 0.95,
    "p99_latency_ms": 0.99,
}
# The same of the time to the first token.
TTFT_QUANTILES: Mapping[str, float] = {"p50_ttft_ms": 0.5, "p95_ttft_ms": 0.95}
# Under load: with requests arriving when they do, waiting included.
LOAD_QUANTILES: Mapping[str, float] = {
    "p50_load_latency_ms": 0.5,
    "p95_load_latency_ms": 0.95,
}


def cost_columns(name: str, scale: float) -> Callable[[Panel, Predictions], Floats]:
    """A column of costs, times ``scale``, (n, 1)."""

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        return scale * predictions.costs[name][:, None]

    return columns


def metrics() -> Iterator[Metric]:
    """The entries of this topic; any task can have them."""

    def entry(name: str, title: str, unit: str, formula: str, source: str) -> Metric:
        # Eighty timed calls hold no interval for a 99% quantile; tokens and load are of chats,
        # parameters and operations of graphs.
        usual = name in ("size_mb", "p50_latency_ms", "p95_latency_ms", "row_latency_us")
        return Metric(
            name, title, frozenset(Task), "", False, (0.0, np.inf), unit, formula, source,
            Measured(), by_default=usual,
        )  # fmt: skip

    yield entry("size_mb", "Model size", "MB", "bytes of the model file / 10^6", "measured")
    for name, q in LATENCY_QUANTILES.items():
        title = "Latency, median" if q == 0.5 else f"Latency, p{100 * q:g}"
        formula = f"{100 * q:g}% quantile of the time of one row (latency_s)"
        yield entry(name, title, "ms", formula, ORDER)
    for name, q in TTFT_QUANTILES.items():
        formula = f"{100 * q:g}% quantile of the time to the first token (ttft_s)"
        yield entry(name, f"Time to first token, p{100 * q:g}", "ms", formula, ORDER)
    for name, q in LOAD_QUANTILES.items():
        formula = f"{100 * q:g}% quantile from arrival to answer, replayed traffic"
        yield entry(name, f"Latency under load, p{100 * q:g}", "ms", formula, ORDER)
    yield entry(
        "row_latency_us", "Time per row", "us", "time of answering all rows / rows", "measured"
    )
    yield entry("parameters", "Parameters", "", "learned numbers in the model", "arXiv:1704.04861")
    yield entry(
        "macs", "Multiply-accumulates", "", "of convolutions and matrix products, one row",
        "arXiv:1704.04861",
    )  # fmt: skip
    yield entry(
        "peak_memory_mb", "Peak memory", "MB",
        "most memory of a process that opens the model and answers one row, beyond its libraries",
        "measured",
    )  # fmt: skip
    yield _spent("cost_usd_per_1000", "Cost of 1,000 rows", "USD", "cost_usd", 1000.0)
    yield _spent("tokens_in", "Tokens read per row", "tokens", "tokens_in", 1.0)
    yield _spent("tokens_out", "Tokens written per row", "tokens", "tokens_out", 1.0)


def _spent(name: str, title: str, unit: str, column: str, scale: float) -> Metric:
    formula = f"mean of {column}" if scale == 1 else f"{scale:g} x mean of {column}"
    return Metric(
        name, title, frozenset(Task), column, False, (0.0, np.inf), unit, formula,
        "the predictions file", Means(cost_columns(column, scale), first), by_default=False,
    )  # fmt: skip
