"""`titleholder run [SUITE...]`: every stage of the suites, in this process."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli import outputs
from titleholder.cli.declaring import Commands, add_credentials, declare

if TYPE_CHECKING:
    from titleholder.runner import Watcher

HELP = "pull, validate, drift, predict, compare, judge, report, publish"
EPILOG = """\
exit codes: 0 every suite has a verdict, whatever it says (`titleholder gate` enforces it);
otherwise that of the worst error: 2 usage or configuration, 3 data that cannot be judged,
4 a broken chain of verdicts,
5 could not decide
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "run", HELP, EPILOG)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="all of params.yaml if none")
    parser.add_argument("--store", metavar="URL", help="file://directory or s3://bucket/prefix")
    parser.add_argument("--endpoint", metavar="URL", help="of an S3-compatible store")
    add_credentials(parser)
    parser.add_argument("--env", metavar="NAME", help="environment that the verdict is for")
    parser.add_argument(
        "--changed", metavar="REV",
        help="of these, those that read what changed since this branch left REV (pull requests)",
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true",
        help="go on where a run was cut short: stages that it finished, and whose inputs are "
        "the same, are kept",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="no progress and no tables")
    parser.add_argument("--json", action="store_true", help="the endings as one JSON document")
    outputs.add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the suites one after the other and show what came out."""
    from titleholder import runner
    from titleholder.cli import endings
    from titleholder.stages import publish
    from titleholder.stages.workspace import StoreChoice, Workspace, open_params

    outputs.require_writable(args)
    root = Path.cwd()
    choice = StoreChoice(args.store, args.endpoint, args.env, args.credentials)
    params = choice.over(open_params(root))
    names = list(dict.fromkeys(args.suites or params.suites))
    if args.changed is not None:
        from titleholder.stages import changed

        concerned = changed.suites(root, params, args.changed)
        names = [name for name in names if name in concerned]
        if not names:
            print(f"no suite reads what changed since {args.changed}", file=sys.stderr)
    spaces = [Workspace.of(root, params, name) for name in names]
    for ws in spaces[:1]:
        publish.ready(ws)
    with _watching(quiet=args.quiet or args.json) as watcher:
        found = runner.run_suites(spaces, watcher, resume=args.resume)
    boards = runner.leaderboards(found)
    judged = [one for ending in found for one in ending.judged]
    outputs.write(args, runner.verdicts(found), runner.errors(found), boards, judged)
    return endings.show(found, as_json=args.json, quiet=args.quiet)


@contextmanager
def _watching(*, quiet: bool) -> "Iterator[Watcher]":
    """A board of bars on a terminal, a line a stage elsewhere, nothing where it is quiet."""
    from titleholder import runner

    if quiet or not sys.stderr.isatty():
        yield runner.Clock(runner.silence if quiet else runner.to_stderr)
        return
    from titleholder.report.progress import Board
    from titleholder.stages import STAGES

    with Board(len(STAGES)) as board:
        yield board
