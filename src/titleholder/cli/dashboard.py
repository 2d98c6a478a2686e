"""`titleholder dashboard`: the pages beside the verdicts, served, copied or made again."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.address import address
from titleholder.cli.declaring import Commands, add_store, declare
from titleholder.errors import Exit, NoVerdict, ObjectNotFound, StoreMissing, UsageError

if TYPE_CHECKING:
    from titleholder.store import Store

HELP = "pages on every suite: tonight, its history, drift, missing nights"
EPILOG = """\
`publish` keeps the pages in the store, under dashboard/. Open dashboard/index.html of a store in a
directory with any browser, or let a bucket serve it. Without flags the store's pages are served on
this machine alone, until interrupted. Nothing on them is trusted by anything, and nothing is lost
with them: --rebuild makes all of them again from the chains of verdicts.

exit codes: 0 done, 2 usage or configuration, 4 no verdict, or a broken chain, 5 the store could
not be read or written
"""
PORT = 8600


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "dashboard", HELP, EPILOG)
    add_store(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--rebuild", action="store_true", help="make the store's pages again")
    what.add_argument(
        "--out", type=Path, metavar="DIR",
        help="write pages, verdicts and report cards to a directory",
    )  # fmt: skip
    what.add_argument("--port", type=int, default=PORT, metavar="N", help=f"default {PORT}; 0: any")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make, copy or serve the pages."""
    from titleholder.adapters.stores import store_at
    from titleholder.adapters.stores.local import LocalStore
    from titleholder.dashboard import shelf

    if not 0 <= args.port <= 65535:
        raise UsageError(f"--port {args.port}: a port is 0 to 65535")
    if args.out is not None and args.out.exists() and not args.out.is_dir():
        raise UsageError(f"--out {args.out}: is a file", cure="name a directory")
    store = store_at(address(args.store, args.endpoint, args.credentials), Path())
    if args.out is not None:
        target = LocalStore(args.out)
        _tell(shelf.rebuild(store, target), target)
        shelf.bring_along(store, target)
    elif args.rebuild:
        next(store.keys("verdicts/"), None)  # a store that is not there is told, and not made
        _tell(shelf.rebuild(store, store), store)
    else:
        _serve(store, args.port)
    return int(Exit.ALLOW)


def _tell(found: dict[tuple[str, str], int], target: "Store") -> None:
    from titleholder.dashboard.shelf import FRONT
    from titleholder.rounding import plural

    if not found:
        raise NoVerdict(
            "the store holds no verdict to make pages of", cure="publish one first: titleholder run"
        )
    for (environment, suite), count in found.items():
        print(f"{suite} in {environment}: {plural(count, 'verdict')}")
    print(target.locate(FRONT))


def _serve(store: "Store", port: int) -> None:
    from titleholder.adapters.loopback import FRONT, HOST, serving
    from titleholder.dashboard import shelf

    try:
        store.get(shelf.FRONT)
    except (ObjectNotFound, StoreMissing) as error:
        raise NoVerdict(
            f"{store.url} has no dashboard yet", cure=f"publish a verdict, or {shelf.ANEW}"
        ) from error
    with serving(store, port) as server:
        print(f"http://{HOST}:{server.server_address[1]}{FRONT}", flush=True)
        server.serve_forever()
