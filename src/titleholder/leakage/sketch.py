"""A panel's sketch: its smallest row hashes, which tell how much two panels have in common.

The k smallest of a set of hashes are a uniform sample without replacement of its distinct rows,
and those of a union are found among those of its parts (bottom-k sketches: Cohen and Kaplan 2007,
doi:10.1145/1281100.1281133). So sketches can be merged, and the share of one panel's rows that
stood in another is a share in a sample: exact where the panel has at most k different rows.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from titleholder.leakage.rows import Hashes

SIZE: Final = 4096


@dataclass(frozen=True, slots=True)
class Overlap:
    """The share of this panel's different rows that stood in an earlier one.

    ``margin`` is the half-width of its 95% interval; 0 where the share is exact.
    """

    share: float
    margin: float


def sketch(hashes: Hashes, size: int = SIZE) -> Hashes:
    """The ``size`` smallest different hashes, in order."""
    return np.unique(hashes)[:size]


def merged(one: Hashes, other: Hashes, size: int = SIZE) -> Hashes:
    """The sketch of both panels' rows together."""
    return sketch(np.concatenate([one, other]), size)


def overlap(now: Hashes, earlier: Hashes, size: int = SIZE) -> Overlap:
    """How much of a panel stood in an earlier one, from their sketches.

    Below the smaller of the two ends both sketches are whole, so that part is a fair sample of
    the panel's rows, of each of which it is known whether the earlier panel had it.
    """
    reach = min(_end(now, size), _end(earlier, size))
    sample = now[now <= reach]
    if not len(sample):
        return Overlap(0.0, 1.0)
    share = float(np.isin(sample, earlier).mean())
    whole = reach == np.iinfo(np.uint64).max
    spread = 1.96 * math.sqrt(share * (1 - share) / len(sample)) + 1 / len(sample)
    return Overlap(share, 0.0 if whole else spread)


def _end(hashes: Hashes, size: int) -> int:
    """How far a sketch is whole: everywhere, if it holds every row that there is."""
    return int(hashes[-1]) if len(hashes) >= size else int(np.iinfo(np.uint64).max)
