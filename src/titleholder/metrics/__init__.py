"""The metric registry: one file a topic, one entry a metric, found here by name."""

from collections.abc import Mapping
from types import MappingProxyType

from titleholder.metrics import (
    calibration,
    classification,
    conversation,
    correlation,
    fairness,
    multiclass,
    one_versus_rest,
    operational,
    ranking,
    recalibration,
    regression,
)
from titleholder.metrics.base import Counts, Family, Law, Means, Measured, Metric, OfClass, Ranks
from titleholder.metrics.own import row_metric
from titleholder.metrics.plugins import load_metrics
from titleholder.metrics.registry import Registry
from titleholder.types import Task

__all__ = [
    "HEADLINE", "REGISTRY", "Counts", "Family", "Law", "Means", "Measured", "Metric", "OfClass",
    "Ranks", "Registry", "load_metrics", "row_metric",
]  # fmt: skip

_TOPICS = (
    classification, multiclass, ranking, one_versus_rest, calibration, recalibration, regression,
    correlation, fairness, operational, conversation,
)  # fmt: skip
_WITH_FAMILIES = (classification, multiclass, ranking, regression)

REGISTRY = Registry(
    (metric for topic in _TOPICS for metric in topic.metrics()),
    (family for topic in _WITH_FAMILIES for family in topic.families()),
)

# The metric that stands for a task where one has to: the decay check, history, the first line.
HEADLINE: Mapping[Task, str] = MappingProxyType(
    {Task.BINARY: "roc_auc", Task.MULTICLASS: "accuracy", Task.REGRESSION: "mae"}
)
