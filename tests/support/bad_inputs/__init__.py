"""A corpus of input that nothing can be decided on, in families, and what each has to be told.

Every case is a command line on files of its own. It has to end in its documented exit code, with
one message that names the file and the key or row, and what to do; nothing may be written, no
line may allow, and no traceback may show.
"""

from collections.abc import Iterator

from tests.support.bad_inputs import commands, configs, formats, policies, values
from tests.support.bad_inputs.case import Case, told, wrong_with

__all__ = ["Case", "cases", "told", "wrong_with"]


def cases() -> Iterator[Case]:
    """All of them, each under a name of its own."""
    for family in (formats, values, policies, configs, commands):
        yield from family.cases()
