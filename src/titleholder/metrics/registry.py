"""The registry: metrics by name, families by the name before the bracket, plugins on demand.

Iterating gives the metrics that have a plain name. Looking up also finds members of families
(``pinball[0.9]``) and metrics that other packages offer under the entry point group
``titleholder.metrics``, whose packages are imported only when one of their names is asked for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property

from titleholder.errors import UsageError
from titleholder.metrics.base import Family, Metric
from titleholder.metrics.plugins import plugin
from titleholder.types import Task

# In a suite's `metrics:`, all that its task has by default.
USUAL = "usual"

# Metrics that `cost.cost_metrics` makes of a suite's costs, and how it says them.
OF_COSTS = ("expected_cost", "cost_of_misses", "cost_of_false_alarms")
SAY_COSTS = "costs: {miss: ..., false_alarm: ...} in the suite"


class Registry(Mapping[str, Metric]):
    """Metrics by name; see the module."""

    def __init__(self, metrics: Iterable[Metric], families: Iterable[Family] = ()) -> None:
        self._plain = _by_name(metrics)
        self._families = {family.name: family for family in families}

    def __getitem__(self, name: str) -> Metric:
        found = self._plain.get(name) or self._member(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)

    @property
    def families(self) -> Mapping[str, Family]:
        """The built-in families, by the name before the bracket."""
        return self._families

    def with_own(self, metrics: Iterable[Metric]) -> "Registry":
        """This registry and a user's own metrics; UsageError for a name that is taken."""
        own = tuple(metrics)
        known = {USUAL, *self._plain, *self._families}
        taken = [metric.name for metric in own if metric.name in known]
        if taken:
            raise UsageError(
                f"there is a metric {taken[0]!r} already", cure="give your own another name"
            )
        return Registry((*self._plain.values(), *own), self._families.values())

    def resolve(self, name: str, task: Task | None = None) -> Metric:
        """The metric of this name; UsageError, with what was probably meant, if there is none."""
        found = self.get(name)
        if found is None or (task is not None and task not in found.tasks):
            what = f"there is no metric {name!r}"
            if found is not None:
                what = f"{name!r} is a metric of {', '.join(sorted(found.tasks))}, not of {task}"
            raise UsageError(what, cure=self.hint(name, task))
        return found

    def hint(self, name: str, task: Task | None = None) -> str:
        """What was probably meant by a name that is none, in words; empty if nobody knows."""
        base, bracket, _ = name.partition("[")
        family = self._families.get(base)
        misused = family is not None and (bracket or base not in self._plain)
        if family is not None and misused and self.get(name) is None:
            return f"{base}[...] takes {family.argument}: {', '.join(family.examples)}"
        if name in OF_COSTS and name not in self:
            return f"it takes {SAY_COSTS}"
        possible = self.names(task)
        near = get_close_matches(name, possible, n=1)
        near += [one for one in possible if one.startswith((f"{base}_", f"{base}["))]
        return f"did you mean {near[0]!r}?" if near else ""

    def names(self, task: Task | None = None) -> tuple[str, ...]:
        """Names of the metrics that a task can have (or any), families by their examples."""
        examples = (example for family in self._families.values() for example in family.examples)
        return tuple(n for n in (*self, *examples) if task is None or task in self[n].tasks)

    def select(
        self, task: Task, named: Collection[str] | None, ruled: Collection[str] = ()
    ) -> tuple[Metric, ...]:
        """What a suite measures: the metrics it names or its task's usual ones, and the ``ruled``.

        Among the named, ``usual`` stands for the usual ones. In the registry's order, then in the
        order in which others are named. Names that nobody knows are left out: a rule on one finds
        nothing measured, and says so.
        """
        usual = [m.name for m in self._usual if task in m.tasks]
        wanted: dict[str, None] = {}
        for name in (*((USUAL,) if named is None else named), *ruled):
            wanted |= dict.fromkeys(usual if name == USUAL else (name,))
        plain = [m for m in self._plain.values() if m.name in wanted]
        others = [self.get(name) for name in wanted if name not in self._plain]
        return tuple(m for m in (*plain, *others) if m is not None and task in m.tasks)

    @cached_property
    def _usual(self) -> tuple[Metric, ...]:
        return tuple(metric for metric in self._plain.values() if metric.by_default)

    def _member(self, name: str) -> Metric | None:
        base, bracket, rest = name.partition("[")
        found = self._families.get(base) or plugin(base)
        if not isinstance(found, Family):
            return None if bracket else found
        whole = bracket and rest.endswith("]") and len(rest) > 1
        member = found.make(rest[:-1]) if whole else None
        if member is not None and member.name != name:
            raise UsageError(f"the metric {name!r} calls itself {member.name!r}")
        return member


def _by_name(metrics: Iterable[Metric]) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in found:
            raise UsageError(f"two metrics are called {metric.name!r}")
        found[metric.name] = metric
    return found
