"""Rules, policies and comparisons that are whole, for tests that then break one thing in them."""

from typing import Any

from msgspec.structs import replace

from titleholder.params.schema import Policy
from titleholder.types import Comparison, Estimate, Kind, Rule, Task

LEVEL = 0.95


def policy(*rules: Rule, **said: Any) -> Policy:
    """A binary policy of these rules, with the defaults but for what is said."""
    return Policy(task=Task.BINARY, rules=rules, **said)


def rule(kind: Kind, **said: Any) -> Rule:
    """A rule on accuracy: margin 0.05 for a margin kind, 0.8 for a floor, 0.2 for a ceiling."""
    bounds: dict[Kind, dict[str, float]] = {
        Kind.NON_INFERIOR: {"margin": 0.05},
        Kind.SUPERIOR: {"margin": 0.05},
        Kind.FLOOR: {"value": 0.8},
        Kind.CEILING: {"value": 0.2},
    }
    return Rule(**{"id": "r", "metric": "accuracy", "kind": kind, **bounds[kind], **said})


def interval(low: float | None, high: float | None) -> Estimate:
    """An estimate in the middle of its interval; none at all where an end is missing."""
    middle = None if low is None or high is None else (low + high) / 2
    return Estimate(value=middle, low=low, high=high)


def comparison(of: Rule | None = None, judged: Estimate | None = None, **said: Any) -> Comparison:
    """A comparison on 1,000 rows; ``judged`` is put wherever the rule ``of`` will look."""
    whole = Comparison(
        metric="accuracy",
        slice="overall",
        over=None,
        n=1000,
        n_clusters=None,
        n_min_class=400,
        method="paired bootstrap",
        level=LEVEL,
        champion=Estimate(0.85, 0.83, 0.87),
        candidate=Estimate(0.86, 0.84, 0.88),
        improvement=Estimate(0.01, -0.005, 0.025),
        relative=Estimate(0.0118, -0.006, 0.03),
        std_error=0.0077,
        relative_std_error=0.009,
    )
    if of is not None and judged is not None:
        whole = replace(whole, **{quantity(of): judged})
    return replace(whole, **said)


def quantity(of: Rule) -> str:
    """The name of the estimate that a rule judges."""
    if of.kind in (Kind.FLOOR, Kind.CEILING):
        return "candidate"
    return "relative" if of.relative else "improvement"
