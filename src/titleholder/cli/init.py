"""`titleholder init DIR`: a first suite in a repository, of what lies there or built in."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.address import PARAMS_FILE
from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

if TYPE_CHECKING:
    from titleholder.scaffold import Roles
    from titleholder.scaffold.drafts import Draft

HELP = "write a first suite for the data and models that lie in a directory, or copy one"
EPILOG = """\
Looks at the tables (.csv, .parquet, .jsonl) and models (.skops, .onnx) below DIR, says what it
takes for what, and writes params.yaml, a first expectation suite, dvc.yaml, a Prefect flow, a
CI file and .gitignore. What exists is never changed; what names leave open is asked for, by flag.

--from mlflow takes the models from the registry at MLFLOW_TRACKING_URI, by the aliases champion and
candidate or by --champion models:/NAME@ALIAS; --from predictions takes tables of answers alone;
--from lm-eval makes a panel of the logs of two runs (--log_samples):

  titleholder init --from lm-eval --champion runs/old --candidate runs/new

With --suite, DIR becomes a copy of a built-in suite, which `titleholder run` runs at once: credit,
employment, flights, vision, sentiment or support. The installed package carries all of support; the
data and models of the others come out of a clone of titleholder's repository, which --from names:

  titleholder init --suite support my-support
  titleholder init --suite vision --from ~/titleholder my-vision

exit codes: 0 written, 2 a part that only you can name
"""
# What a copied suite says itself.
_OF_ONES_OWN = ("name", "current", "reference", "champion", "candidate", "task", "target",
                "positive", "row_id")  # fmt: skip


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "init", HELP, EPILOG)
    parser.add_argument("directory", metavar="DIR", nargs="?", default=".", type=Path)
    parser.add_argument("--name", help="of the suite (the directory's)")
    parser.add_argument("--current", metavar="FILE", help="the evaluation rows")
    parser.add_argument("--reference", metavar="FILE", help="rows to compare them with, for shift")
    parser.add_argument("--champion", metavar="FILE", help="model or answers that hold the title")
    parser.add_argument("--candidate", metavar="FILE", action="append", default=[],
                        help="model or answers that want it; may be repeated")  # fmt: skip
    parser.add_argument("--task", help="binary, multiclass, regression or scored")
    parser.add_argument("--target", metavar="COLUMN", help="the truth")
    parser.add_argument("--positive", metavar="LABEL", help="the positive class")
    parser.add_argument("--row-id", metavar="COLUMN", help="what tells rows apart")
    parser.add_argument("--suite", metavar="NAME", help="copy this built-in suite")
    parser.add_argument("--from", metavar="WHERE", dest="source",
                        help="what the models are: mlflow, predictions or lm-eval; with --suite, "
                        "a clone of titleholder's repository")  # fmt: skip
    parser.add_argument("--ci", choices=("github", "gitlab", "none"), help="by what is there")
    parser.add_argument("--no-pipeline", action="store_true", help="no dvc.yaml and no flow")
    parser.add_argument("--dry-run", action="store_true", help="say what would be written")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look, assign the parts, and write what is lacking."""
    root: Path = args.directory
    if not root.is_dir() and args.suite is None:
        raise UsageError(f"{root}: no such directory")
    if (root / PARAMS_FILE).exists() and not args.dry_run:
        raise UsageError(
            f"{root / PARAMS_FILE} is there already, and nothing is added to it",
            cure="write the suite into it by hand; --dry-run shows what would be taken for what",
        )
    if args.suite is not None:
        return _copy(args)
    from titleholder import scaffold

    if args.source is not None and args.source not in scaffold.SOURCES:
        raise UsageError(
            f"--from {args.source}: one of {', '.join(scaffold.SOURCES)}",
            cure="a clone of titleholder's repository goes with --suite NAME",
        )

    survey = scaffold.look(root)
    said = scaffold.Said(
        args.name, args.current, args.reference, args.champion, tuple(args.candidate),
        args.task, args.target, args.positive, args.row_id,
    )  # fmt: skip
    survey, roles = scaffold.taken(survey, said, args.source)
    made = scaffold.drafts(survey, roles, _ci(args), pipeline=not args.no_pipeline)
    _say_roles(roles)
    _keep(args, made)
    for told in survey.unread:
        print(f"titleholder: left alone: {told}", file=sys.stderr)
    print(f"Next: titleholder plan {roles.name}, titleholder run {roles.name}")
    return Exit.ALLOW


def _copy(args: argparse.Namespace) -> int:
    """A built-in suite, file by file."""
    told = [f"--{name.replace('_', '-')}" for name in _OF_ONES_OWN if getattr(args, name)]
    if told:
        raise UsageError(f"--suite brings its own: {', '.join(told)} cannot be said of it")
    from titleholder.scaffold import suites

    place = suites.home(None if args.source is None else Path(args.source))
    suite = suites.suite_in(place, args.suite)
    _keep(args, suites.copied(place, args.suite, _ci(args), pipeline=not args.no_pipeline))
    inside = "" if args.directory == Path() else f"cd {args.directory} && "
    print(f'Needs: pip install "{suites.extras(suite)}"')
    print(f"Next: {inside}titleholder run {args.suite}")
    return Exit.ALLOW


def _ci(args: argparse.Namespace) -> str:
    there = (args.directory / ".gitlab-ci.yml").exists()
    return str(args.ci or ("gitlab" if there else "github"))


def _keep(args: argparse.Namespace, made: "list[Draft]") -> None:
    """Write what is not there yet, and say what was written and what was kept."""
    from titleholder import scaffold

    written, kept = scaffold.keep(args.directory, made, write=not args.dry_run)
    for draft in written:
        print(f"  {'would write' if args.dry_run else 'wrote'}  {draft.path}: {draft.what}")
    for draft in kept:
        print(f"  kept   {draft.path}: it is there already, and is yours")


def _say_roles(roles: "Roles") -> None:
    """What was taken for what, one line each."""
    said = {
        "suite": roles.name,
        "task": roles.task.value,
        "current": roles.current,
        "reference": roles.reference,
        "training": roles.training,
        "champion": roles.champion,
        "candidates": ", ".join(roles.candidates),
        "truth": roles.target,
        "positive": roles.positive,
        "row id": roles.row_id or "none: rows are told apart by their place",
        "slices": ", ".join(roles.slices) or None,
    }
    for part, value in said.items():
        if value is not None:
            print(f"  {part:<11}{value}")
