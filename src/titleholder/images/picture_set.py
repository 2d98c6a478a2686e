"""Labelled images of one source, whatever format they came in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PictureSet:
    """``ids`` and ``labels`` name each image; ``pixels(i)`` is the i-th, (H, W, C) uint8.

    ``classes`` are all labels that the source knows, in its own order, which is that of the
    outputs of models trained on it. Pixels are read when they are asked for.
    """

    ids: Sequence[str]
    labels: Sequence[str]
    classes: Sequence[str]
    pixels: Callable[[int], Pixels]

    def __len__(self) -> int:
        return len(self.ids)
