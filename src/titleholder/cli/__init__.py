"""The command line: parse, call, and map every ending to a documented exit code.

Nothing heavy is imported here: `--help` and `gate` must start at once. Each command is a module
with `add_parser` and `run`.
"""

import argparse
import errno
import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

from titleholder import __version__, threads
from titleholder.cli import extras
from titleholder.cli.declaring import Parser
from titleholder.errors import Exit, TitleholderError
from titleholder.redaction import redacted

TRACEBACK = "TITLEHOLDER_TRACEBACK"
_NOT_FINITE = "(overflow|invalid value|divide by zero) encountered"

_SPACE, _RIGHTS = "free some space there", "make it writable for this user"
_PLACE = "see that the directory is there and takes files, or name another place"
_CURES = {
    errno.ENOSPC: _SPACE, errno.EDQUOT: _SPACE, errno.EFBIG: _SPACE,
    errno.ENOENT: _PLACE, errno.ENOTDIR: _PLACE, errno.EISDIR: _PLACE,
    errno.EACCES: _RIGHTS, errno.EPERM: _RIGHTS, errno.EROFS: _RIGHTS,
}  # fmt: skip

COMMANDS = (
    "run",
    "stage",
    "benchmark",
    "compare",
    "dashboard",
    "gate",
    "announce",
    "doctor",
    "hash-rows",
    "history",
    "images",
    "init",
    "keys",
    "log",
    "metrics",
    "plan",
    "promote",
    "prune",
    "rollback",
    "selftest",
    "shift",
    "verify",
    "waive",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the returned code is one of `titleholder.errors.Exit`."""
    threads.pin()
    # A figure that is not finite is told as undefined, with its reason.
    warnings.filterwarnings("ignore", _NOT_FINITE, RuntimeWarning)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        args = _parser(words).parse_args(words)
        return _run(args)
    except TitleholderError as error:
        print(f"titleholder: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("titleholder: interrupted", file=sys.stderr)
        return int(Exit.UNDECIDED)
    except BrokenPipeError:
        # The reader went away; without this Python complains once more while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.UNDECIDED)
    except OSError as error:
        print(f"titleholder: {redacted(_of_system(error))}", file=sys.stderr)
        return int(Exit.UNDECIDED)
    except ModuleNotFoundError as error:
        lacking = extras.told(error)
        if lacking is None:
            return _fault(error)
        print(f"titleholder: {lacking}", file=sys.stderr)
        return int(Exit.USAGE)
    except Exception as error:
        return _fault(error)


def _run(args: argparse.Namespace) -> int:
    """Run a command. What ends the process from within it (a metric's own code may) says nothing.

    Its exit code least of all: 0 would allow.
    """
    try:
        return int(args.run(args))
    except SystemExit as error:
        print(
            f"titleholder: code that ran here asked to end the process ({error.code}): nothing was "
            f"decided\n  cure: {TRACEBACK}=1 shows where",
            file=sys.stderr,
        )
        if os.environ.get(TRACEBACK):
            print(redacted(traceback.format_exc()), file=sys.stderr)
        return int(Exit.UNDECIDED)


def _fault(error: Exception) -> int:
    """What nobody foresaw, as something that could not be decided."""
    if os.environ.get(TRACEBACK):
        print(redacted(traceback.format_exc()), file=sys.stderr)
    print(
        f"titleholder: internal error: {type(error).__name__}: {redacted(str(error))}\n"
        f"  cure: this is a fault of titleholder; {TRACEBACK}=1 shows where",
        file=sys.stderr,
    )
    return int(Exit.UNDECIDED)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; when a command is named, that one alone is loaded."""
    parser = Parser(
        prog="titleholder",
        description="May this candidate take the title from the champion?",
    )
    parser.add_argument("--version", action="version", version=f"titleholder {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = [name for name in COMMANDS if words[:1] == [name]]
    for name in named or COMMANDS:
        importlib.import_module(f"titleholder.cli.{name.replace('-', '_')}").add_parser(commands)
    return parser


def _of_system(error: OSError) -> str:
    """What the system refused, and what can be done about it."""
    where = f"{error.filename}: " if error.filename else ""
    cure = _CURES.get(error.errno or 0)
    return f"{where}{error.strerror or error}" + (f"\n  cure: {cure}" if cure else "")
