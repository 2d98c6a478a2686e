"""What numba compiles; see `titleholder.drift.compiled`."""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def counted(bits: Any, dropped: Any, room: Any) -> Any:
    """The numbers that ``bits`` (n,) have above their low bits, ascending, and how often each.

    ``room`` has a zero for each that there may be, and is left as it was.
    """
    for number in bits:
        room[number >> dropped] += np.int64(1)
    found = 0
    for rows in room:
        found += rows > 0
    at, counts = np.empty(found, np.int64), np.empty(found, np.int64)
    k = 0
    for number in range(len(room)):
        if room[number] > 0:
            at[k], counts[k] = number, room[number]
            room[number] = 0
            k += 1
    return at, counts
