"""What numba compiles; see `titleholder.drift.compiled`."""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def count(bits: Any, dropped: Any, rows: Any) -> None:
    """Add to ``rows`` how many of ``bits`` (n,) have each number above their low bits."""
    for number in bits:
        rows[number >> dropped] += np.int64(1)
