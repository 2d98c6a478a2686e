"""The metric registry: one file a topic, one entry a metric, found here by name."""

from collections.abc import Mapping
from types import MappingProxyType

from titleholder.metrics import (
    calibration,
    classification,
    fairness,
    operational,
    ranking,
    regression,
)
from titleholder.metrics.base import Counts, Law, Means, Measured, Metric, Ranks
from titleholder.types import Task

__all__ = ["HEADLINE", "REGISTRY", "Counts", "Law", "Means", "Measured", "Metric", "Ranks"]

_TOPICS = (classification, ranking, calibration, regression, fairness, operational)

REGISTRY: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for topic in _TOPICS for metric in topic.metrics()}
)

# The metric that stands for a task where one has to: the decay check, history, the first line.
HEADLINE: Mapping[Task, str] = MappingProxyType(
    {Task.BINARY: "roc_auc", Task.MULTICLASS: "accuracy", Task.REGRESSION: "mae"}
)
