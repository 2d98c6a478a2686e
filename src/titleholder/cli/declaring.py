"""How every command declares itself: a line of help, and what its exit codes mean."""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(commands: Commands, name: str, says: str, epilog: str = "") -> argparse.ArgumentParser:
    """The parser of a command; ``says`` is its help, and the epilog is shown as it is laid out."""
    return commands.add_parser(
        name,
        help=says,
        description=says,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """The flags that say which store is read; params.yaml does where they do not."""
    parser.add_argument(
        "--store", metavar="URL", help="file://directory or s3://bucket/prefix (params.yaml)"
    )
    parser.add_argument("--endpoint", metavar="URL", help="the S3 server, if it is not Amazon's")


def add_key(parser: argparse.ArgumentParser, says: str) -> None:
    """The flag that pins public keys."""
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE[=ENV,...]",
        help=f"{says}; may be repeated",
    )
