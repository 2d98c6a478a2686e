"""`titleholder rollback SUITE`: the title goes back to an earlier champion."""

import argparse

from titleholder.cli import promote
from titleholder.cli.declaring import Commands, declare

HELP = "the title goes back to an earlier champion"
EPILOG = """\
Without --to it goes to the champion before the present one. The model that loses it stays out:
the gate refuses it for as long as the rollback stands, whatever later verdicts say.

exit codes: 0 it is done, 2 usage or configuration, or no such earlier champion, 4 nobody holds
the title, or the chain of titles is not to be trusted, 5 could not be done, or somebody else was
crowned first. On 0 the last line of standard output is TITLE sha256:<digest of the champion>.
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "rollback", HELP, EPILOG)
    promote.add_flags(parser)
    parser.add_argument("--to", metavar="sha256:HEX", help="an earlier champion, by its digest")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Give the title back, and print who holds it."""
    from titleholder.trust.promotion import rollback

    _, book = promote.opened(args)
    return promote.show(rollback(book, args.reason, args.to), args)
