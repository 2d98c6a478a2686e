"""Bins of a probability that are fine where rows are, found from its leading bits alone.

The odds of a probability as a single-precision number: its leading 16 bits grow with it, in steps
of less than a hundredth anywhere between 1e-38 and all but 1. A table maps them to `FINE` bins of
about equal weight, half of it from each class, and `COARSE` unites neighbours of those.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.fast.compiled import passes

FINE = 1024
COARSE = 64
_LOOKED_AT = 1 << 14  # rows that the bins are fitted to
_CODES = 1 << 16
_CHUNK = 1 << 14  # rows that stay near the processor

Bin: TypeAlias = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Bins:
    """``bin_of`` (65536,) is the fine bin of each code, and never falls.

    Summaries add only where their bins are the same; any will do, if none holds too much.
    """

    bin_of: Bin

    @classmethod
    def of(cls, y: Ints, *scores: Floats) -> "Bins":
        """Bins for rows of truth y (n,) and these scores (n,) each, fitted to some of the rows."""
        step = max(1, len(y) // _LOOKED_AT)
        some = np.asarray(y[::step])
        codes = [codes_of(score[::step]) for score in scores]
        found = np.concatenate(codes)
        least, most = int(found.min(initial=_CODES - 1)), int(found.max(initial=0))
        weight = np.zeros(max(0, most - least) + 1)
        for code in codes:
            for label in (0, 1):
                counts = np.bincount(code[some == label] - np.uint16(least), minlength=len(weight))
                weight += counts / max(1, counts.sum())
        share = (np.cumsum(weight) - weight / 2) / max(weight.sum(), 1.0)
        bin_of = np.zeros(_CODES, dtype=np.uint16)
        bin_of[least : most + 1] = np.minimum(share * FINE, FINE - 1)
        bin_of[most + 1 :] = FINE - 1
        return cls(bin_of)

    def fine(self, score: Floats) -> Bin:
        """The fine bin of each probability, (n,)."""
        bins, compiled = np.empty(len(score), dtype=np.uint16), passes()
        if compiled is not None:
            compiled.binned(score, self.bin_of, bins)
            return bins
        for start in range(0, len(score), _CHUNK):
            rows = slice(start, start + _CHUNK)
            np.take(self.bin_of, codes_of(score[rows]), out=bins[rows], mode="clip")
        return bins


def codes_of(score: Floats) -> Bin:
    """The leading bits of the odds, (n,) of probabilities in [0, 1]."""
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        odds = np.divide(score, 1.0 - score).astype(np.float32)
    return np.right_shift(odds.view(np.uint32), np.uint32(15)).astype(np.uint16)
