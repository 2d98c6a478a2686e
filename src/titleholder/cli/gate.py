"""`titleholder gate`: what a CD pipeline asks before it deploys a file."""

import argparse
import json
import os
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path

from titleholder.cli.address import address
from titleholder.cli.declaring import Commands, add_key, add_store, declare
from titleholder.cli.pins import pinned, require_apart
from titleholder.errors import Exit, TitleholderError
from titleholder.redaction import redacted
from titleholder.trust.gate import DEADLINE_S, LONGEST_DEADLINE_S, Answer, Believed, ask

HELP = "may this model be deployed, on the strength of its published verdict?"
EPILOG = """\
exit codes: 0 ALLOW, 1 a blocking rule failed, 2 usage or configuration, 3 inconclusive,
4 no verdict to trust (missing, expired, from the future, unsigned or forged where a key is pinned,
of another model, environment or champion, or a broken chain), 5 could not decide. Nothing but 0
allows, and then the last line of standard output is ALLOW sha256:<digest of the model>.

With --key, nothing but a verdict signed by that key for this environment is believed. Without,
unsigned verdicts are, and are called so. With --approver, a finding that did not pass may be
waived by that key, and the answer says WAIVED.

Credentials of a bucket come from variables (keys, or AWS_ROLE_ARN with
AWS_WEB_IDENTITY_TOKEN_FILE) unless --credentials names another place; profiles, programs in them
and metadata services are not asked unasked. Endpoints come from --endpoint or params.yaml alone.
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WORDS = {
    Exit.ALLOW: "ALLOW",
    Exit.REGRESSED: "REGRESSED",
    Exit.USAGE: "USAGE",
    Exit.INCONCLUSIVE: "INCONCLUSIVE",
    Exit.NO_VERDICT: "NO VERDICT",
    Exit.UNDECIDED: "UNDECIDED",
}


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "gate", HELP, EPILOG)
    parser.add_argument("--suite", type=_name, required=True, help="the suite that judged it")
    parser.add_argument(
        "--model", required=True, metavar="FILE|sha256:HEX", help="the file to be deployed"
    )
    parser.add_argument("--env", type=_name, required=True, help="the environment of the verdict")
    add_store(parser)
    add_key(parser, "public key to believe, in these environments or in all")
    parser.add_argument(
        "--approver",
        action="append",
        default=[],
        metavar="FILE[=ENV,...]",
        help="public key whose waivers count; goes with --key, and is another key",
    )
    parser.add_argument(
        "--deadline", type=_seconds, default=DEADLINE_S, metavar="SECONDS", help="default 30"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as a line of JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask, print, and return the exit code; whatever goes wrong in here is UNDECIDED."""
    try:
        answer = _asked(args)
    except TitleholderError as error:
        answer = Answer(error.exit_code, error.message, error.cure)
    except Exception as error:
        answer = Answer(Exit.UNDECIDED, redacted(f"{type(error).__name__}: {error}"))
    try:
        _print(answer, args)
    except OSError:
        # Nobody reads, or the disk is full: what could not be said was not said. Python would
        # try once more while it shuts down, and end in a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.UNDECIDED)
    return int(answer.exit)


def _asked(args: argparse.Namespace) -> Answer:
    from titleholder.adapters.stores import store_at

    started = time.monotonic()
    where = address(args.store, args.endpoint, args.credentials)
    # A single call may take most of the time there is, and leave enough to say so.
    timeout = min(10.0, args.deadline)
    store = store_at(where, Path(), timeout)
    trust, approvers = pinned(args.key), pinned(args.approver)
    require_apart(trust, approvers)
    model: Path | str = args.model if args.model.startswith("sha256:") else Path(args.model)
    left = max(args.deadline - (time.monotonic() - started), 0.001)
    return ask(store, args.env, args.suite, model, left, trust, approvers)


def _print(answer: Answer, args: argparse.Namespace) -> None:
    """One line of reason, or one of JSON; then, on ALLOW, the line that programs look for."""
    word = _WORDS[answer.exit]
    if args.json:
        told = {"outcome": word, **asdict(answer), "suite": args.suite, "env": args.env}
        lines = [json.dumps(told, sort_keys=True)]
    else:
        cure = f" (cure: {answer.cure})" if answer.cure else ""
        mark = f" [{_signed(answer.verdict)}]" if answer.verdict else ""
        lines = [_printable(f"{word}: {answer.reason}{mark}{cure}")]
        lines += [_printable(f"a waiver does not count: {why}") for why in answer.unheeded]
    if answer.exit is Exit.ALLOW:
        lines.append(f"ALLOW {answer.model}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _signed(verdict: Believed) -> str:
    """What stands behind the verdict, in words."""
    match verdict.signature:
        case "unsigned":
            return "unsigned verdict"
        case "unverified":
            return "signed verdict, not verified: no key is pinned"
        case key:
            return f"signed by {key}"


def _printable(text: str) -> str:
    """One line without control characters: what stands in a store may not steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name: letters, digits and . _ - only")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= LONGEST_DEADLINE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no time between 0 and 3600 seconds")
    return value
