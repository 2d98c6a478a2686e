"""From a file to parameters, or to one ConfigError with everything that is wrong in it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from titleholder.errors import ConfigError
from titleholder.params.check import own_problems, policy_problems, suite_problems
from titleholder.params.document import Document, Path_, read
from titleholder.params.named import Metrics
from titleholder.params.schema import Params, Policy, RunnerParams, StoreParams, Suite
from titleholder.params.shape import Problem, convert, problems
from titleholder.params.sharded import runner_problems

# The metrics that a policy can name: the built-in ones and its own.
MetricsFor: TypeAlias = Callable[[Policy], Metrics]


def load(path: Path, metrics_for: MetricsFor) -> Params:
    """All that params.yaml declares.

    UsageError when the file is missing; ConfigError with every problem of shape, and of the
    meaning of those suites whose shape is right.
    """
    document = read(path)
    found = list(problems(document.data, Params))
    if not isinstance(document.data, dict):
        raise _config_error(document, found)
    suites = document.data.get("suites")
    for name, data in suites.items() if isinstance(suites, dict) else ():
        where: Path_ = ("suites", name)
        if not any(problem.path[:2] == where for problem in found):
            suite = convert(data, Suite)
            # A file of metrics is run when it is loaded: not before its path is known to be one.
            unfit = list(own_problems(suite, where))
            found += unfit or suite_problems(suite, metrics_for(suite), where)
    if not any(problem.path[:1] == ("runner",) for problem in found):
        runner = convert(document.data.get("runner", {}), RunnerParams)
        found += runner_problems(runner, ("runner",))
    if not suites:
        found.append(Problem(("suites",), "there are none (write at least one)"))
    if found:
        raise _config_error(document, found)
    return convert(document.data, Params)


def load_policy(path: Path, metrics_for: MetricsFor) -> Policy:
    """The policy in a file: a suite's keys from `task` on."""
    document = read(path)
    if isinstance(document.data, dict) and "suites" in document.data:
        raise ConfigError(
            document.name,
            [
                f"{document.name}: holds whole suites; a policy is one suite's keys from task on "
                "(task, positive, slices, rules, ...), without suites: and its name"
            ],
        )
    found = list(problems(document.data, Policy))
    if not found:
        policy = convert(document.data, Policy)
        unfit = list(own_problems(policy, ()))
        found = unfit or list(policy_problems(policy, metrics_for(policy), ()))
    if found:
        raise _config_error(document, found)
    return convert(document.data, Policy)


def load_store(path: Path) -> StoreParams:
    """The store section alone: what the gate needs, without a look at any suite."""
    document = read(path)
    data = document.data.get("store", {}) if isinstance(document.data, dict) else document.data
    found = list(problems(data, StoreParams, ("store",)))
    if found:
        raise _config_error(document, found)
    return convert(data, StoreParams)


def _config_error(document: Document, found: list[Problem]) -> ConfigError:
    """One error with all problems, in the file's order, each told once."""
    told = dict.fromkeys(f"{document.at(problem.path)}: {problem.message}" for problem in found)
    return ConfigError(document.name, sorted(told, key=_line))


def _line(told: str) -> int:
    number = told.split("  ")[0].rpartition(":")[2]
    return int(number) if number.isdigit() else 0
