"""`titleholder hash-rows FILE`: training data as hashes, for whoever may not have the data."""

import argparse
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

HELP = "make a file of row hashes of training data, to find leaked rows without the data"
EPILOG = """\
Run it where the training data are, and hand over the file it writes; a suite names it as
data.training: [{hashes: FILE}]. Every column counts as content but the target, the key and those
that are left out: leave out what names, groups or weighs rows. --suite takes these from
params.yaml. Hashes keep rows from being read, not from being recognised by whoever can guess them.

exit codes: 0 written, 2 usage or configuration, 3 data that cannot be read, 5 could not write
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "hash-rows", HELP, EPILOG)
    parser.add_argument("file", type=Path, metavar="FILE", help=".parquet, .csv or .jsonl")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .parquet")
    parser.add_argument("--suite", metavar="NAME", help="take the columns from params.yaml")
    parser.add_argument("--target", metavar="COLUMN", help="the column with the truth")
    parser.add_argument(
        "--key", action="append", default=[], metavar="COLUMN",
        help="names a row for good, in every file; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="COLUMN",
        help="is no content of a row; may be repeated",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Hash the rows, write the file, and say what was hashed."""
    if args.out.suffix != ".parquet":
        raise UsageError(f"--out {args.out}: must end in .parquet")
    from titleholder import tables
    from titleholder.leakage import hashes_file, search

    target, apart = _columns(args)
    frame = tables.read_frame(args.file)
    for name in (*args.key, *args.leave_out, *([target] if args.target else [])):
        if name not in frame:
            raise UsageError(f"{args.file}: has no column {name!r}")
    what, rows = search.content_of(frame, apart, target, tuple(args.key))
    if not what.columns and not what.key:
        raise UsageError(f"{args.file}: nothing is left to hash", cure="name a --key")
    hashes_file.write(args.out, what, rows)
    print(f"{len(rows):,} rows by {len(what.columns)} columns: {', '.join(what.columns)}")
    print(f"  target {what.target or 'none'}, key {', '.join(what.key) or 'none'}")
    key = f", key: [{', '.join(what.key)}]" if what.key else ""
    print(f"  data.training: [{{hashes: {args.out}{key}}}]")
    return int(Exit.ALLOW)


def _columns(args: argparse.Namespace) -> tuple[str | None, set[str]]:
    """The target, and what is no content of a row."""
    apart = set(args.leave_out)
    if args.suite is None:
        return args.target, apart
    from titleholder.stages import leaks
    from titleholder.stages.workspace import open_workspace

    suite = open_workspace(Path.cwd(), args.suite).suite
    return args.target or leaks.target_of(suite), apart | leaks.apart(suite)
