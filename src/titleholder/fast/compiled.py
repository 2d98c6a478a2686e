"""Passes over very many rows as machine code, where the extra ``fast`` is installed.

What comes of a pass is the same to the last byte with and without it: counts are whole numbers,
reals are added in the order of rows here and there, and whatever takes more than a sum or a product
(logarithms, bins of scores) is left to numpy. So nothing that is recorded tells whether it was
there. numba takes a second to import and to load what it once compiled: it is asked for where rows
are so many that this is paid back, or where `load` was called before.
"""

import importlib
import importlib.util
import sys
from types import ModuleType

PAID_BACK = 12_000_000  # rows of a panel
_PASSES = "titleholder.fast.passes"


def passes(rows: int = 0) -> ModuleType | None:
    """The compiled passes, if they are loaded already or worth it for so many rows; else None."""
    loaded = sys.modules.get(_PASSES)
    if getattr(loaded, "READY", False):  # and not half imported by another thread
        return loaded
    return None if rows < PAID_BACK else load()


def load() -> ModuleType | None:
    """The compiled passes; None where numba is not installed, or was told not to compile."""
    if importlib.util.find_spec("numba") is None:
        return None
    if importlib.import_module("numba").config.DISABLE_JIT:
        return None
    return importlib.import_module(_PASSES)


def unload() -> None:
    """Take numpy's passes from now on, to hold one against the other."""
    sys.modules.pop(_PASSES, None)
