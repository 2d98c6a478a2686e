"""`titleholder metrics [NAME]`: the metrics that a rule may name, and one of them in full."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError
from titleholder.types import Task

if TYPE_CHECKING:
    from titleholder.metrics import Metric, Registry
    from titleholder.report.metrics import Measured
    from titleholder.stages.workspace import Workspace

HELP = "the metrics that a rule may name, or one in full with the methods it is compared by"
EPILOG = """\
NAME may be one of a family: 'f_beta[0.5]', 'recall[cat]'. With --suite, its files of metrics
(metrics_from), its costs and the metrics of packages that it names are told, too; its files are
run, as in a run. A name that is none is told the nearest.

exit codes: 0 told, 2 usage or configuration, a name that is none, or one of another task
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "metrics", HELP, EPILOG)
    parser.add_argument("name", nargs="?", metavar="NAME", help="one in full")
    parser.add_argument("--task", choices=[task.value for task in Task], help="of this task alone")
    parser.add_argument("--suite", metavar="NAME", help="of a suite's task, with the suite's own")
    parser.add_argument("--json", action="store_true", help="print it as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List metrics, or tell one."""
    from titleholder.metrics import REGISTRY

    task, registry, of = Task(args.task) if args.task else None, REGISTRY, None
    if args.suite is not None:
        from titleholder.stages.workspace import open_workspace

        ws = open_workspace(Path.cwd(), args.suite)
        task = _task(ws, task)
        registry, of = _of_suite(ws)
    if args.name is None:
        return _list(args, registry, task, of)
    from titleholder import records
    from titleholder.report import metric

    chosen = _resolved(registry, args.name, task)
    found = metric.described(chosen)
    if args.json:
        sys.stdout.write(records.encode(found).decode())
    else:
        metric.show(chosen, found)
    return int(Exit.ALLOW)


def _resolved(registry: "Registry", name: str, task: Task | None) -> "Metric":
    try:
        return registry.resolve(name, task)
    except UsageError as error:
        cure = error.cure or "titleholder metrics lists all, with --suite those of a suite, too"
        raise UsageError(error.message, cure=cure) from None


def _list(
    args: argparse.Namespace, registry: "Registry", task: Task | None, of: "Measured | None"
) -> int:
    from titleholder import records
    from titleholder.metrics.plugins import offered
    from titleholder.report import metrics

    found = metrics.Listing(registry, task, of, offered())
    if args.json:
        sys.stdout.write(records.encode(found.record()).decode())
    else:
        metrics.show(found)
    return int(Exit.ALLOW)


def _task(ws: "Workspace", asked: Task | None) -> Task:
    """The suite's task; UsageError where another was asked for."""
    task = ws.suite.task
    if asked is not None and asked != task:
        raise UsageError(f"--task {asked}: the task of {ws.name} is {task}", cure="leave it out")
    return task


def _of_suite(ws: "Workspace") -> "tuple[Registry, Measured]":
    """The registry of a suite, what it names besides, and what it measures."""
    from titleholder.metrics.declared import named_by, registry_of
    from titleholder.report.metrics import Measured

    registry = registry_of(ws.suite, ws.root)
    found = (registry.get(name) for name in named_by(ws.suite) if name not in tuple(registry))
    named = tuple(metric for metric in found if metric is not None)
    selected = registry.select(ws.suite.task, ws.suite.metrics)
    return registry, Measured(ws.name, named, {metric.name for metric in selected})
