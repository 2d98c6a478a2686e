"""`titleholder doctor`: is everything here that a run needs?"""

import argparse
import sys
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

HELP = "is everything here that a run needs: versions, data, keys, store, clocks, server?"
EPILOG = """\
Looks at one thing after another, and says the cure for each that is not well. Nothing is changed,
but for a probe that is written to the store and read back.

exit codes: 0 nothing stands in the way, 5 something does
"""
MARKS = {"well": "✓", "worry": "?", "ill": "✕"}


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "doctor", HELP, EPILOG)
    parser.add_argument(
        "--timeout", type=float, default=10.0, metavar="S", help="for each network call (10)"
    )
    parser.add_argument("--json", action="store_true", help="print it as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look at everything, and print what is to be known of it."""
    if not args.timeout > 0:
        raise UsageError(f"--timeout {args.timeout:g}: more than 0 seconds")
    from titleholder import doctor, records
    from titleholder.report.text import visible

    told = []
    for advice in doctor.examine(doctor.Patient(Path.cwd(), args.timeout)):
        told.append(advice)
        if not args.json:
            print(f"{MARKS[advice.health]} {visible(advice.about):<24} {visible(advice.says, 300)}")
            if advice.cure and advice.health is not doctor.Health.WELL:
                print(f"  {'':<24} cure: {visible(advice.cure, 300)}", flush=True)
    if args.json:
        sys.stdout.write(records.encode(told).decode())
    ill = any(advice.health is doctor.Health.ILL for advice in told)
    return Exit.UNDECIDED if ill else Exit.ALLOW
