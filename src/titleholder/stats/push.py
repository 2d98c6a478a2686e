"""How far noise pushes a statistic one way: a maximum up, a calibration error up."""

import math
from dataclasses import dataclass

from titleholder.arrays import Floats

# A bias below this share of the standard error does not move coverage (Efron & Tibshirani, 10.3),
# and with fewer than a thousand resamples could not be told from none.
SMALL_BIAS = 0.1
# What noise adds to the size of a normal number whose mean is 0, over what resampling shows of
# it, is 1 / (sqrt(2) - 1) = 2.4; for any other mean it is less, for bins of a few rows it is more.
HIDDEN_BIAS = 3.0


@dataclass(frozen=True, slots=True)
class Push:
    """How far noise may have moved a value ``up`` and ``down`` of where it belongs; both >= 0."""

    up: float = 0.0
    down: float = 0.0

    @classmethod
    def of(cls, value: float, draws: Floats) -> "Push":
        """All that the bias which resampling shows may stand for; none where it is small."""
        bias, spread = moments(draws, value)
        if not abs(bias) > SMALL_BIAS * spread:
            return cls()
        return cls(up=HIDDEN_BIAS * max(bias, 0.0), down=HIDDEN_BIAS * max(-bias, 0.0))

    def scaled(self, factor: float) -> "Push":
        """That of the value times a positive factor."""
        return Push(self.up * factor, self.down * factor)


NONE = Push()


def moments(draws: Floats, centre: float) -> tuple[float, float]:
    """How far the mean of draws (B,) lies above ``centre``, and their standard deviation."""
    moved = draws - centre
    mean = float(moved.sum()) / len(draws)
    return mean, math.sqrt(max(0.0, float(moved @ moved) / len(draws) - mean * mean))
