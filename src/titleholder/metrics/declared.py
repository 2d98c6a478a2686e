"""The metrics that one policy can name: the built-in ones, its own files', and its costs.

Some are computed by code that lies elsewhere (`titleholder.metrics.base.Code`): that code is an
input of a verdict, as data and models are.
"""

from pathlib import Path

import numpy as np

from titleholder.metrics import REGISTRY
from titleholder.metrics.cost import cost_metrics
from titleholder.metrics.plugins import load_metrics
from titleholder.metrics.registry import Registry
from titleholder.params.schema import Policy, Suite
from titleholder.types import Source

MODULE = "module:"


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


def named_by(policy: Policy) -> tuple[str, ...]:
    """The names under which a policy names metrics, each once: measured, ruled, and scorers."""
    chat = policy.chat if isinstance(policy, Suite) else None
    scorers = (chat.scorers if chat is not None else None) or ()
    ruled = (rule.metric for rule in policy.rules)
    return tuple(dict.fromkeys((*(policy.metrics or ()), *ruled, *scorers)))


def modules_of(policy: Policy, registry: Registry = REGISTRY) -> tuple[Source, ...]:
    """The code of others by which a policy measures, each as an input: ``module:<metric>``."""
    found = ((name, registry.get(name)) for name in named_by(policy) if "[" in name)
    return tuple(
        Source(MODULE + name, name, metric.code.sha256, metric.code.bytes)
        for name, metric in found
        if metric is not None and metric.code is not None
    )
