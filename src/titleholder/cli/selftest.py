"""`titleholder selftest SUITE`: false alarms and missed regressions of the suite's own rules."""

import argparse
import sys
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

HELP = "false-alarm rate and detection rate of the suite's rules, on its own data"
EPILOG = """\
Pairs of models are made of the champion's own answers: equally good ones, and ones with a planted
loss of known size. No candidate is opened. The table also goes on the next report card. Of data in
many files it is made of 100,000 rows, the same ones each time, and says so.

exit codes: 0 told, 2 usage or configuration, 3 rows that cannot be judged, 5 could not decide
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "selftest", HELP, EPILOG)
    parser.add_argument("suite", metavar="SUITE")
    parser.add_argument(
        "--trials", type=int, default=40, metavar="N", help="pairs of each kind (default 40)"
    )
    parser.add_argument("--json", action="store_true", help="the record as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the trials, keep the record for the report card, and print the table."""
    if not 1 <= args.trials <= 10_000:
        raise UsageError(f"--trials {args.trials}: must be between 1 and 10,000")
    from titleholder import memory, records
    from titleholder.report import trials
    from titleholder.stages import rehearsal
    from titleholder.stages.workspace import open_workspace

    memory.keep_freed()
    ws = open_workspace(Path.cwd(), args.suite)
    with ws.exclusive():
        found = rehearsal.try_rules(ws, args.trials)
    if args.json:
        sys.stdout.write(records.encode(found).decode())
    else:
        sys.stdout.write(trials.plain(found))
    return Exit.ALLOW
