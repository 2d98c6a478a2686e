"""Traffic replayed: requests sent when they arrived, so that latency is measured under real
concurrency. A request that comes while others are being answered is not put off until they are,
and its clock runs from when it was due (no coordinated omission).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from titleholder import tables
from titleholder.adapters import chat
from titleholder.arrays import Floats
from titleholder.errors import BadInput
from titleholder.metrics.operational import LOAD_QUANTILES
from titleholder.scorers import Item
from titleholder.stages import manifest
from titleholder.stats.quantiles import gauge
from titleholder.types import Gauge

if TYPE_CHECKING:
    from titleholder.stages.chats.conversations import Desk

ARRIVAL = "arrival_s"


def replay(desk: "Desk", model: chat.ChatModel, items: Sequence[Item]) -> dict[str, Gauge]:
    """Latency quantiles of a model under the suite's traffic; empty without a traffic file."""
    if not desk.found.has(manifest.TRAFFIC):
        return {}
    arrivals = arrivals_of(desk.found.path_of(desk.ws, manifest.TRAFFIC))
    latencies = load_of(desk, model, items, arrivals).latencies() * 1000
    level = desk.ws.suite.level
    found = {metric: gauge(latencies, q, level) for metric, q in LOAD_QUANTILES.items()}
    return {metric: figure for metric, figure in found.items() if figure is not None}


def load_of(
    desk: "Desk", model: chat.ChatModel, items: Sequence[Item], arrivals: Floats
) -> chat.Load:
    """The replay of a model: the items in turn, as often as requests arrive."""
    requests = desk.requests(model, items)
    sent = [requests[i % len(requests)] for i in range(len(arrivals))]
    return chat.Load(desk.caller(), sent, arrivals)


def arrivals_of(path: Path) -> Floats:
    """Seconds from the start at which requests arrive, rising; BadInput for anything else."""
    frame = tables.read_frame(path)
    lines = np.array([f"line {i}" for i in range(2, len(frame) + 2)])
    arrivals = tables.numbers(frame, ARRIVAL, path.name, lines)
    if (arrivals < 0).any() or (np.diff(arrivals) < 0).any():
        at = int(np.flatnonzero(np.diff(arrivals, prepend=0.0) < 0)[0]) + 2
        raise BadInput(
            f"{path.name}: line {at}: {ARRIVAL} must not fall: seconds since the start",
            cure="sort the file by arrival",
        )
    return arrivals
