"""`titleholder verify`: is a published verdict what it claims to be?"""

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.address import address
from titleholder.cli.declaring import Commands, add_key, add_store, declare
from titleholder.cli.pins import pinned
from titleholder.errors import UsageError

if TYPE_CHECKING:
    from titleholder.params.schema import StoreParams
    from titleholder.store import Store
    from titleholder.verification import Place, Report

HELP = "is this verdict what it claims to be?"
EPILOG = """\
VERDICT is a file, the address that `run` printed (of a file in a local store or an s3:// one), or
env/suite or env/suite/number in the store; env/suite is the newest.

What is found out again: schema, signature (with --key), the chain, the digests of all evidence,
every finding and check from the evidence, the outcome. --full runs the statistics again on the
stored predictions and this project's panel, which have to come out the same to the byte, and data
validation, drift and leakage on the data that are here; the models are not asked again, unless data
are in many files and this directory has not kept their answers. `verify` says nothing of a file to
be deployed, nor whether the verdict has expired: that is for `gate`.

exit codes: those of `gate` for the verdict's outcome where nothing failed: 0 PASS, 1 a blocking
rule failed, 3 inconclusive; 2 usage or configuration, 4 something in it is not what it claims to
be, 5 it could not be found out (store unreachable; evidence was pruned; with --full, another
panel here)
"""
_IN_STORE = re.compile(
    r"(?P<store>.+)/verdicts/(?P<env>[^/]+)/(?P<suite>[^/]+)/(?P<number>\d{8})\.json"
)
_PLACE = re.compile(r"(?P<env>[\w.-]+)/(?P<suite>[\w.-]+)(/(?P<number>\d{1,8}))?", re.ASCII)


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "verify", HELP, EPILOG)
    parser.add_argument("verdict", metavar="VERDICT", help="a file, an address, or env/suite[/n]")
    add_store(parser)
    add_key(parser, "public key to believe, in these environments or in all")
    parser.add_argument("--full", action="store_true", help="repeat the statistics, too")
    parser.add_argument("--json", action="store_true", help="print the report as a line of JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify, print, and return the exit code."""
    from titleholder.verification import verify

    source, store = _source(args)
    if args.full and store is None:
        raise UsageError("--full needs the evidence", cure="name the store: --store URL")
    project = Path() if args.full else None
    report = verify(
        source,
        store,
        pinned(args.key),
        project=project,
        places=_places(args) if args.full else None,
    )
    _print(report, as_json=args.json)
    return int(report.exit)


def _source(args: argparse.Namespace) -> "tuple[bytes | Place, Store | None]":
    """The verdict's bytes or its place, and the store that it is of, if that is known."""
    from titleholder.verification import Place

    text, url = args.verdict, args.store
    inside = _IN_STORE.fullmatch(text)
    if inside and url is None:
        base = inside["store"]
        base = base if "://" in base else f"file://{Path(base).resolve()}"
        place = Place(inside["env"], inside["suite"], int(inside["number"]))
        return place, _opened(base, args)
    path = Path(text)
    if path.is_file():
        store = None if url is None else _opened(url, args)
        return path.read_bytes(), store
    named = _PLACE.fullmatch(text)
    if named is None:
        raise UsageError(
            f"{text}: no such file, and not env/suite or env/suite/number",
            cure="write a file, an address that `run` printed, or prod/credit with --store",
        )
    number = None if named["number"] is None else int(named["number"])
    return Place(named["env"], named["suite"], number), _opened(url, args)


def _opened(url: str | None, args: argparse.Namespace) -> "Store":
    from titleholder.adapters.stores import store_at

    return store_at(address(url, args.endpoint, args.credentials), Path())


def _places(args: argparse.Namespace) -> "StoreParams":
    """Where data lie that are in a bucket: at the endpoint of the store, as for `run`."""
    return address(args.store, args.endpoint, args.credentials)


def _print(report: "Report", *, as_json: bool) -> None:
    """A line a step, and the outcome last; or one line of JSON."""
    if as_json:
        sys.stdout.write(json.dumps(asdict(report), sort_keys=True) + "\n")
        return
    for step in report.steps:
        print(_printable(f"{step.found:<12} {step.name:<10} {step.told}"))
    if report.outcome is None:
        print("NOT VERIFIED")
    else:
        print(_printable(f"{report.outcome} {report.digest} {report.location}"))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text.rstrip())
