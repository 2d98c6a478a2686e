"""A user's own metrics: from a file, or from a package that offers them as entry points.

What others wrote is checked for what the engine rests on before it is let near a verdict, and
each error names the file or package and the field that is wrong.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from titleholder.errors import ConfigError, UsageError
from titleholder.metrics.base import Counts, Family, Means, Measured, Metric, OfClass, Ranks
from titleholder.types import Task

GROUP = "titleholder.metrics"
LISTED = "METRICS"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NEEDS = ("label", "score", "value", "cost_usd", "latency_s", "ttft_s", "tokens_in", "tokens_out",
)  # fmt: skip
_ITEM = "score_"


def load_metrics(path: Path) -> tuple[Metric, ...]:
    """The metrics that a Python file lists in ``METRICS``.

    The file is run, as any Python module is: use only files that you would run. UsageError if
    it is missing, does not run or lists nothing; ConfigError with all that is wrong in it.
    """
    listed = _run(path).get(LISTED)
    if not isinstance(listed, (list, tuple)) or not listed:
        raise UsageError(
            f"{path}: lists no metrics", cure=f"end the file with {LISTED} = [your_metric]"
        )
    problems = [p for i, found in enumerate(listed) for p in _problems(found, f"{LISTED}[{i}]")]
    names = [found.name for found in listed if isinstance(found, Metric)]
    problems += [f"two metrics are called {n!r}" for n in sorted({*names}) if names.count(n) > 1]
    if problems:
        raise ConfigError(str(path), problems)
    return tuple(listed)


def offered() -> tuple[str, ...]:
    """The names under which installed packages offer metrics or families; nothing is imported."""
    from importlib.metadata import entry_points

    return tuple(sorted({offer.name for offer in entry_points(group=GROUP)}))


@cache
def plugin(name: str) -> Metric | Family | None:
    """The metric or family that an installed package offers under this name, if one does.

    UsageError if two do, if it cannot be imported, or if it is no metric of that name.
    """
    from importlib.metadata import entry_points

    offers = entry_points(group=GROUP, name=name)
    if not offers:
        return None
    packages = sorted({offer.dist.name if offer.dist else offer.value for offer in offers})
    if len(packages) > 1:
        raise UsageError(
            f"the metric {name!r} is offered by {' and by '.join(packages)}",
            cure="uninstall one of them",
        )
    (offer, *_) = offers
    try:
        found = offer.load()
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"the metric {name!r} of {packages[0]} cannot be imported: {_short(error)}"
        ) from error
    if isinstance(found, Family) and found.name == name:
        return found
    problems = list(_problems(found, name))
    if isinstance(found, Metric) and found.name != name:
        problems.append(f"is offered as {name!r}, but calls itself {found.name!r}")
    if problems:
        raise ConfigError(f"the metric {name!r} of {packages[0]}", problems)
    return found if isinstance(found, Metric) else None


def _run(path: Path) -> dict[str, object]:
    """The names that a Python file defines."""
    if path.suffix != ".py" or not path.is_file():
        raise UsageError(f"{path}: no such Python file", cure="correct metrics_from")
    scope: dict[str, object] = {"__name__": path.stem, "__file__": str(path)}
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), scope)
    except UsageError as error:  # of titleholder's own, with its cure
        raise UsageError(f"{path}: {error.message}", cure=error.cure) from None
    except (Exception, SystemExit) as error:
        raise UsageError(f"{path}: does not run: {_short(error)}") from error
    return scope


def _problems(found: object, where: str) -> Iterator[str]:
    """All that is wrong with what should be a metric."""
    if not isinstance(found, Metric):
        yield f"{where} is a {type(found).__name__}, not a Metric"
        return
    if not _NAME.fullmatch(str(found.name)):
        yield f"{where}: the name {found.name!r} is not of the form a_b2"
    if not found.tasks or not all(isinstance(task, Task) for task in found.tasks):
        yield f"{where}: tasks must be a set of {', '.join(f'Task.{t.name}' for t in Task)}"
    known = found.measured or found.needs in _NEEDS or found.needs.startswith(_ITEM)
    if not known:
        yield f"{where}: needs {found.needs!r} is none of {', '.join(_NEEDS)}, {_ITEM}..."
    if not _is_range(found.domain):
        yield f"{where}: domain {found.domain!r} is not (lowest, highest)"
    law: object = found.law
    if not isinstance(law, (Counts, OfClass, Means, Ranks, Measured)):
        yield f"{where}: law is a {type(law).__name__}, not Counts, Means, Ranks or Measured"
    if found.grouped and not isinstance(found.law, Counts):
        yield f"{where}: only a metric of Counts can compare groups"


def _is_range(domain: object) -> bool:
    match domain:
        case (int() | float() as low, int() | float() as high):
            return low < high
    return False


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
