"""`titleholder plan SUITE`: what each rule can detect with these rows, before anything is spent."""

import argparse
import sys
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

HELP = "what each rule can detect with these rows, before anything is spent"
EPILOG = """\
The champion is scored on the suite's current rows; no candidate is opened. The noise of the
difference is that of the last run on these rows, marked *, or assumed from --agreement. Of data in
many files all of it is what that run measured, and nothing is scored.

exit codes: 0 told, 2 usage or configuration, 3 rows that cannot be judged, 5 could not decide
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "plan", HELP, EPILOG)
    parser.add_argument("suite", metavar="SUITE")
    parser.add_argument(
        "--agreement", type=float, default=0.8, metavar="R",
        help="assumed correlation of both models' metrics over resampled rows (default 0.8)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="the prospects as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Score the champion, work out the power of each rule, and print it."""
    if not -1 <= args.agreement < 1:
        raise UsageError(
            f"--agreement {args.agreement:g}: must be a correlation below 1, and from -1 on"
        )
    from titleholder import records
    from titleholder.report import prospects
    from titleholder.stages.rehearsal import foresee
    from titleholder.stages.workspace import open_workspace

    ws = open_workspace(Path.cwd(), args.suite)
    with ws.exclusive():
        told = foresee(ws, args.agreement)
    if args.json:
        sys.stdout.write(records.encode(list(told)).decode())
    else:
        prospects.show(told)
    return Exit.ALLOW
