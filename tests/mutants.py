"""Mutation testing of what decides: ``make mutants``, and the table of docs/mutants.md.

    python -m tests.mutants TOOLS COMMAND [PATTERN...]

TOOLS is where mutmut was installed, apart from the locked environment, whose packages come first.
Sentences are left as they are: what a message says is no decision.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def main(tools: str, *words: str) -> None:
    """Run a command of mutmut."""
    sys.path.append(str(Path(tools).resolve()))  # mutmut changes the directory
    from mutmut.__main__ import cli
    from mutmut.mutation import mutators

    of_strings = mutators.operator_string

    def of_names(node: Any) -> Iterable[Any]:
        return () if " " in getattr(node, "value", "") else of_strings(node)

    mutators.mutation_operators[:] = [
        (kind, of_names if operator is of_strings else operator)
        for kind, operator in mutators.mutation_operators
    ]
    cli([*words])


if __name__ == "__main__":
    main(*sys.argv[1:])
