"""What people call a metric, and what it is counted in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from titleholder.metrics import REGISTRY, Metric, Registry

_UNITS = {"us": "µs", "target": "", "target^2": ""}  # the target's own unit is not declared

# What says the same as another metric, or says it turned round, gives way where room is short.
LATE = frozenset(
    {
        "gini", "false_negative_rate", "false_positive_rate", "f2", "f0_5", "jaccard", "kappa",
        "ks", "mse", "pinball_10", "pinball_90", "precision_weighted", "recall_weighted",
        "f1_weighted", "smape", "cost_of_misses", "cost_of_false_alarms",
    }
)  # fmt: skip


# A page is made of many small pieces that all name metrics: they look here, and not in a parameter
# that each would have to hand on.
_KNOWN: ContextVar[Registry] = ContextVar("known", default=REGISTRY)


@contextmanager
def knowing(registry: Registry) -> Iterator[None]:
    """While a page is made, its suite's own metrics are known by their titles."""
    token = _KNOWN.set(registry)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def known_as(metric: str) -> Metric | None:
    """The metric of this name, as the page's suite has it."""
    return _KNOWN.get().get(metric)


def title_of(metric: str) -> str:
    """The metric's name as people write it."""
    known = known_as(metric)
    return known.title if known else metric


def unit_of(metric: str) -> str:
    """The metric's unit, or nothing where it has none that could be named."""
    known = known_as(metric)
    return _UNITS.get(known.unit, known.unit) if known else ""


def is_measured(metric: str) -> bool:
    """Whether a clock or a scale gives the figure."""
    known = known_as(metric)
    return known is not None and known.measured


def left_is_better(metric: str) -> bool:
    """Whether small values are the good ones; unknown metrics are scores, larger is better."""
    known = known_as(metric)
    return known is not None and not known.higher_is_better
