"""The metrics that one policy can name: the built-in ones, its own files', and its costs."""

from pathlib import Path

import numpy as np

from titleholder.metrics import REGISTRY
from titleholder.metrics.cost import cost_metrics
from titleholder.metrics.plugins import load_metrics
from titleholder.metrics.registry import Registry
from titleholder.params.schema import Policy


def registry_of(policy: Policy, root: Path) -> Registry:
    """The registry of a policy whose ``metrics_from`` lie below ``root``.

    The files are run, as any Python module is. UsageError for one that is missing, does not run
    or takes a name that is taken; ConfigError with all that is wrong with its metrics.
    """
    own = [metric for path in policy.metrics_from for metric in load_metrics(root / path)]
    if policy.costs is not None:
        said = policy.costs
        matrix = np.array([[said.correct_rejection, said.false_alarm], [said.miss, said.hit]])
        own += cost_metrics(matrix, said.unit)
    return REGISTRY.with_own(own) if own else REGISTRY
