"""`titleholder keys new`: a key pair to sign verdicts with."""

import argparse
import os
from pathlib import Path

from titleholder.cli.declaring import Commands, declare

HELP = "make a key pair to sign verdicts with"
EPILOG = """\
The private key (titleholder.key, readable by its owner alone) belongs where `publish` runs, in
TITLEHOLDER_SIGNING_KEY_FILE or, its text, in TITLEHOLDER_SIGNING_KEY. The public key
(titleholder.pub) belongs where the gate runs: `titleholder gate --key titleholder.pub`.
Neither file is ever overwritten.

exit codes: 0 both files were written, 2 one of them is there already or the directory is none,
5 the system refused
"""
PRIVATE = "titleholder.key"
PUBLIC = "titleholder.pub"


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "keys", HELP, EPILOG)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help=HELP, description=HELP)
    new.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="default: here")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write both files and print the key's id."""
    from titleholder.adapters import ed25519
    from titleholder.errors import Exit, UsageError

    out: Path = args.out
    if not out.is_dir():
        raise UsageError(f"{out}: no such directory", cure=f"create it first: mkdir -m 700 {out}")
    private, public = out / PRIVATE, out / PUBLIC
    for path in (private, public):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already", cure="keep it, or name another --out")
    key = ed25519.generate()
    _write(private, key.pem, 0o600)
    _write(public, key.public.pem, 0o644)
    print(f"private key  {private}")
    print(f"public key   {public}")
    print(f"key id       {key.key_id}")
    return int(Exit.ALLOW)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Create the file with this mode from its first moment on; never replace one."""
    from titleholder.errors import UsageError

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise UsageError(f"{path} is there already", cure="name another --out") from None
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
