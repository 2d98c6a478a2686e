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
