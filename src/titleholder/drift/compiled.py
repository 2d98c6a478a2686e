"""Counting as machine code, where the extra ``fast`` is installed; the same bytes with and without.

numba takes a second to import and to load what it once compiled: it is asked for where values are
so many that this is paid back, or where `load` was called before.
"""

import importlib
import importlib.util
import sys
from threading import local
from types import ModuleType

import numpy as np

from titleholder.arrays import Ints

PAID_BACK = 3_000_000_000  # values in all columns of a side
_PASSES = "titleholder.drift.passes"
_kept = local()


def passes() -> ModuleType | None:
    """The compiled passes if they are loaded already, else None."""
    return sys.modules.get(_PASSES)


def load() -> ModuleType | None:
    """The compiled passes; None where numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    return importlib.import_module(_PASSES)


def room(size: int) -> Ints:
    """So many zeros, the same ones each time in a thread: to ask for new ones takes as long as
    to count half a million rows. Whoever writes to them leaves zeros.
    """
    if len(getattr(_kept, "room", ())) != size:
        _kept.room = np.zeros(size, np.int64)
    found: Ints = _kept.room
    return found
