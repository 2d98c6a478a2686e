"""A value that stands twice, in whatever shards: told by hashes of 64 bits.

Among a hundred million values two different ones share a hash with a chance of 3 in 10,000; that
makes a FAIL that should be none, never the reverse.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from titleholder.validation.found import Found

Hashes = NDArray[np.uint64]


def judged(hashes: Sequence[Hashes], rows: int, mostly: float) -> Found:
    """``hashes`` of all values that are not missing; every row of a doubled value counts."""
    ordered = np.concatenate([*hashes, np.empty(0, np.uint64)])
    filled = len(ordered)
    ordered.sort()
    same = ordered[1:] == ordered[:-1]
    doubled = int(np.count_nonzero(np.append(same, False) | np.append(False, same)))
    success = filled > 0 and (filled - doubled) / filled >= mostly
    return Found(success, n=rows, missing=rows - filled, unexpected=doubled)
