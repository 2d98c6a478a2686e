"""`titleholder stage NAME SUITE`: one stage of one suite; what dvc.yaml calls."""

import argparse
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit
from titleholder.stages import STAGES

HELP = "run one stage of one suite (what dvc.yaml calls)"


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "stage", HELP)
    parser.add_argument("name", choices=list(STAGES), metavar="NAME", help=", ".join(STAGES))
    parser.add_argument("suite", metavar="SUITE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it; the exit code says whether the stage did its work, never what it found."""
    from titleholder.stages.workspace import open_workspace

    ws = open_workspace(Path.cwd(), args.suite)
    with ws.exclusive():
        STAGES[args.name].run_in(ws)
    return Exit.ALLOW
