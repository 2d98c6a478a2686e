"""`titleholder promote SUITE`: the candidate takes the title, on the strength of a trusted PASS."""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.declaring import Commands, add_credentials, add_key, declare
from titleholder.cli.pins import pinned
from titleholder.errors import Exit, UsageError

if TYPE_CHECKING:
    from titleholder.params.schema import Suite
    from titleholder.trust.promotion import Book, Crowned

HELP = "the candidate takes the title, on the strength of a trusted PASS"
EPILOG = """\
The gate is asked about exactly these bytes; only a plain PASS against the present champion gives
the title, and the statement that gives it is signed where a signing key is set
(TITLEHOLDER_SIGNING_KEY_FILE). Where the suite's champion is models:/NAME@ALIAS in MLflow's
registry, the alias moves with the title. The first champion is crowned with --bootstrap and a
reason.

exit codes: those of `gate`: 0 it holds the title (or held it before), 1 a blocking rule failed,
2 usage or configuration, 3 inconclusive, 4 no verdict to trust, or nobody holds the title yet,
5 could not be done, or somebody else was crowned first. On 0 the last line of standard output is
TITLE sha256:<digest of the champion>.
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "promote", HELP, EPILOG)
    add_flags(parser)
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="or models:/NAME/VERSION (default: the suite's only candidate)",
    )
    parser.add_argument("--bootstrap", action="store_true", help="crown the first champion")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; for --bootstrap")
    parser.set_defaults(run=run)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags that all commands on the title have."""
    parser.add_argument("suite", metavar="SUITE", help="a suite of params.yaml")
    parser.add_argument("--env", metavar="NAME", help="environment (params.yaml)")
    parser.add_argument("--store", metavar="URL", help="file://directory or s3://bucket/prefix")
    parser.add_argument("--endpoint", metavar="URL", help="the S3 server, if it is not Amazon's")
    add_credentials(parser)
    add_key(parser, "public key to believe (default: the signing key's own)")
    parser.add_argument("--json", action="store_true", help="print the answer as a line of JSON")


def run(args: argparse.Namespace) -> int:
    """Ask the gate, give the title, and print who holds it."""
    from titleholder.trust.promotion import Crowned, bootstrap, promote

    if args.reason and not args.bootstrap:
        raise UsageError(
            "--reason goes with --bootstrap: a promotion rests on its verdict", cure="leave it out"
        )
    suite, book = opened(args)
    named: str = args.model or _only(suite, first=args.bootstrap)
    with _brought(named) as (model, version):
        found = bootstrap(book, model, args.reason) if args.bootstrap else promote(book, model)
    if isinstance(found, Crowned):
        if not args.bootstrap:
            _follow(suite.models.champion, named, version)
        return show(found, args)
    if args.json:
        sys.stdout.write(json.dumps(asdict(found), sort_keys=True) + "\n")
    cure = f"\n  cure: {found.cure}" if found.cure else ""
    print(f"titleholder: not promoted: {found.reason}{cure}", file=sys.stderr)
    return int(found.exit)


def opened(args: argparse.Namespace) -> "tuple[Suite, Book]":
    """The suite, and the book of its titles."""
    from titleholder.adapters import ed25519
    from titleholder.adapters.stores import store_at
    from titleholder.stages.workspace import StoreChoice, Workspace, open_params
    from titleholder.trust.promotion import Book

    root = Path.cwd()
    choice = StoreChoice(args.store, args.endpoint, args.env, args.credentials)
    ws = Workspace.of(root, choice.over(open_params(root)), args.suite)
    where = ws.store
    store = store_at(where, root)
    signer = ed25519.signer(os.environ)
    return ws.suite, Book(store, where.environment, args.suite, pinned(args.key), signer)


def show(found: "Crowned", args: argparse.Namespace) -> int:
    """Who holds the title, for a person or a program."""
    if args.json:
        sys.stdout.write(json.dumps(asdict(found), sort_keys=True) + "\n")
    else:
        held = "holds" if found.created else "held"
        already = "" if found.created else " already"
        signed = "unsigned" if found.signature == "unsigned" else f"signed by {found.signature}"
        print(f"{found.name} {held} the title of {args.suite}{already}: {found.action} [{signed}]")
        print(f"  {found.location}")
    print(f"TITLE {found.model}")
    return int(Exit.ALLOW)


@contextlib.contextmanager
def _brought(named: str) -> Iterator[tuple[Path, str | None]]:
    """The model's file, and its version where it came from a registry."""
    from titleholder.params.registered import model_name, registered

    wanted = registered(named)
    if wanted is None:
        yield Path(named), None
        return
    from titleholder.adapters import mlflow

    with tempfile.TemporaryDirectory() as held:
        found = mlflow.fetch(wanted, Path(held), model_name(named))
        yield found.path, found.version


def _follow(champion: str, named: str, version: str | None) -> None:
    """Let the registry's alias, where the suite's champion is one, name the new champion.

    The title was given already: TrackerError leaves it, and promoting again moves the alias.
    """
    from titleholder.params.registered import registered

    holder, winner = registered(champion), registered(named)
    if holder is None or holder.alias is None:
        return
    if winner is None or winner.name != holder.name or version is None:
        print(f"titleholder: {champion} stays: {named} is not of {holder.name}", file=sys.stderr)
        return
    from titleholder.adapters import mlflow

    mlflow.move_alias(holder.name, holder.alias, version)
    print(f"{champion} is version {version} now", file=sys.stderr)


def _only(suite: "Suite", *, first: bool) -> str:
    """The model that is meant where none is named."""
    if first:
        return suite.models.champion
    if len(suite.models.candidates) > 1:
        raise UsageError("the suite has several candidates", cure="say which: --model FILE")
    return suite.models.candidates[0]
