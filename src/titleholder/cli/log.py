"""`titleholder log SUITE --to mlflow`: the last run's verdicts, to an experiment tracker."""

import argparse
import importlib
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit

HELP = "log the last run's verdicts to MLflow or Weights & Biases"
EPILOG = """\
A run of the tracker for each candidate: its figures and the champion's on all rows, the
improvement with its interval, the outcome as a tag, the verdict and the report card as files. The
same verdict twice is one run. What a tracker shows is a copy: the gate reads the store alone.

MLflow is that of MLFLOW_TRACKING_URI. WANDB_MODE=offline keeps Weights & Biases in ./wandb.

exit codes: 0 logged, 2 usage, 5 the tracker did not take it, or no run has been published yet
"""
TRACKERS = ("mlflow", "wandb")


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "log", HELP, EPILOG)
    parser.add_argument("suite", metavar="SUITE")
    parser.add_argument("--to", choices=TRACKERS, required=True)
    parser.add_argument(
        "--project", default="titleholder", metavar="NAME",
        help="MLflow's experiment, or the project of Weights & Biases (titleholder)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tell the tracker of each receipt, and print where it stands."""
    from titleholder.stages import compare, publish
    from titleholder.stages.workspace import open_workspace
    from titleholder.tracking import tracked

    ws = open_workspace(Path.cwd(), args.suite)
    tracker = importlib.import_module(f"titleholder.adapters.{args.to}")
    for receipt in publish.read(ws).receipts:
        name = receipt.candidate
        files = (
            ws.stage("judge") / f"{name}.json",
            ws.stage("report") / name / "report.html",
        )
        verdict = publish.verdict_of(ws, name)
        comparisons = compare.read(ws, name).comparisons
        there = tuple(file for file in files if file.is_file())
        where = tracker.log(tracked(verdict, receipt, comparisons, there), args.project)
        print(f"{args.suite}: {name}: {verdict.outcome}: {where}")
    return Exit.ALLOW
