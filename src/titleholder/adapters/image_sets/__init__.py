"""Public image data sets as they are distributed, read from a directory that the user has."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from titleholder.adapters.image_sets import cifar10, folders, idx
from titleholder.images.picture_set import PictureSet

Reader = Callable[[Path, str, tuple[int, int] | None], PictureSet]


def _idx(classes: tuple[str, ...], directory: Path, part: str, _: object) -> PictureSet:
    return idx.read(directory, part, classes)


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "fashion-mnist": partial(_idx, idx.FASHION_MNIST),
        "mnist": partial(_idx, idx.DIGITS),
        "cifar10": lambda directory, part, _: cifar10.read(directory, part),
        "folders": lambda directory, _, size: folders.read(directory, size),
    }
)
PARTS = tuple(idx.STEMS)
