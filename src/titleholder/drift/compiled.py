"""Counting as machine code, where the extra ``fast`` is installed; the same bytes with and without.

numba takes a second to import and to load what it once compiled: it is asked for where values are
so many that this is paid back, or where `load` was called before.
"""

import importlib
import importlib.util
import sys
from types import ModuleType

PAID_BACK = 3_000_000_000  # values in all columns of a side
_PASSES = "titleholder.drift.passes"


def passes() -> ModuleType | None:
    """The compiled passes if they are loaded already, else None."""
    return sys.modules.get(_PASSES)


def load() -> ModuleType | None:
    """The compiled passes; None where numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    return importlib.import_module(_PASSES)
