"""A value that stands twice, in whatever shards: told by hashes of 64 bits.

Among a hundred million values two different ones share a hash with a chance of 3 in 10,000; that
makes a FAIL that should be none, never the reverse.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from titleholder.validation.found import OFFENDING, Found

Hashes = NDArray[np.uint64]


def first_doubled(hashes: Sequence[Hashes]) -> Hashes:
    """The hashes of the first rows, in the order of ``hashes``, whose value stands twice."""
    together = np.concatenate([*hashes, np.empty(0, np.uint64)])
    ordered = np.sort(together)
    doubled = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if len(doubled) == 0:
        return doubled
    at = np.minimum(np.searchsorted(doubled, together), len(doubled) - 1)
    return np.unique(together[doubled[at] == together][:OFFENDING])


def judged(
    hashes: Sequence[Hashes], rows: int, mostly: float, named: tuple[str, ...] = ()
) -> Found:
    """``hashes`` of all values that are not missing; every row of a doubled value counts.

    ``named`` are the first of those values as text.
    """
    ordered = np.concatenate([*hashes, np.empty(0, np.uint64)])
    filled = len(ordered)
    ordered.sort()
    same = ordered[1:] == ordered[:-1]
    doubled = int(np.count_nonzero(np.append(same, False) | np.append(False, same)))
    success = filled > 0 and (filled - doubled) / filled >= mostly
    return Found(success, rows, rows - filled, doubled, named)
