"""`titleholder history SUITE`: what was published of it, in order."""

import argparse
import re
import sys
from pathlib import Path

from titleholder.cli.address import PARAMS_FILE, address
from titleholder.cli.declaring import Commands, add_key, add_store, declare
from titleholder.cli.pins import pinned
from titleholder.errors import Exit, NoVerdict, StoreMissing, UsageError

HELP = "verdicts, titles and waivers of a suite, in order"
EPILOG = """\
Every link of the chain is checked against the one after it and its outcome is derived again; with
--key, each has to be signed from the first signed one on. Those before are shown as what they are,
and no gate with that key believes them. Where one does not follow, nothing is shown. --last N reads
and checks the newest N alone. Waivers are shown as they lie there; which count, `gate` says.

exit codes: 0 shown, 2 usage or configuration, 4 no verdict, or a chain that is not to be trusted,
5 the store could not be read
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "history", HELP, EPILOG)
    parser.add_argument("suite", metavar="SUITE")
    parser.add_argument("--env", metavar="NAME", help="environment (params.yaml)")
    add_store(parser)
    add_key(parser, "public key to believe, in these environments or in all")
    parser.add_argument("--last", type=int, metavar="N", help="the newest N verdicts alone")
    parser.add_argument("--json", action="store_true", help="print it as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the chain, and print it."""
    from titleholder import records
    from titleholder.adapters.stores import store_at
    from titleholder.report import timeline
    from titleholder.trust import history
    from titleholder.trust.chain import verdicts

    environment, suite = chosen_environment(args.env), _name(args.suite)
    if args.last is not None and args.last < 1:
        raise UsageError(f"--last {args.last}: at least 1")
    store = store_at(address(args.store, args.endpoint, args.credentials), Path())
    chain = verdicts(store, environment, suite, pinned(args.key))
    try:
        found = history.read(chain, args.last or history.EVERYTHING)
    except StoreMissing as error:  # a store that was never made holds no verdict, as for `gate`
        raise NoVerdict(error.message, cure=error.cure) from None
    if args.json:
        sys.stdout.write(records.encode(found).decode())
    else:
        timeline.show(found, store.now())
    return int(Exit.ALLOW)


def chosen_environment(given: str | None) -> str:
    """The environment that is meant: the one named, or that of params.yaml."""
    if given is not None:
        return _name(given)
    path = Path(PARAMS_FILE)
    if not path.is_file():
        raise UsageError(
            f"no --env, and no {PARAMS_FILE} in this directory", cure="name it: --env prod"
        )
    from titleholder.params.load import load_store

    return load_store(path).environment


def _name(text: str) -> str:
    from titleholder.params.schema import NAME

    if not re.fullmatch(NAME, text):
        raise UsageError(f"{text!r} is no name: letters, digits and . _ - only")
    return text
