"""Mutation testing of what decides: ``make mutants``, and the table of docs/mutants.md.

    python -m tests.mutants TOOLS [PATTERN...]

TOOLS is where mutmut was installed, apart from the locked environment, whose packages come first.
"""

import sys


def main(tools: str, *words: str) -> None:
    """Run a command of mutmut."""
    sys.path.append(tools)
    from mutmut.__main__ import cli

    cli([*words])


if __name__ == "__main__":
    main(*sys.argv[1:])
