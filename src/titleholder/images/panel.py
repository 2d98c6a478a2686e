"""A panel of images: each as it is, and, if wanted, corrupted; with what they look like.

An image and its corrupted copies share their `source`, which is the cluster: five versions of one
shoe are one observation of shoes. Corruptions and severities are dealt out in turn, so that every
pair has equally many images, and the accuracy on all corrupted rows is the mean over corruptions
and severities (one less the unnormalised mCE of arXiv:1903.12261).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from titleholder.errors import UsageError
from titleholder.images import codec
from titleholder.images.corruptions import KINDS, SEVERITIES, corrupted
from titleholder.images.picture_set import PictureSet, Pixels
from titleholder.images.statistics import statistics

if TYPE_CHECKING:
    import pandas as pd

CLEAN = "none"
_CELLS = tuple(product(KINDS, SEVERITIES))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which images of a set: a seeded shuffle, cut to ``rows`` after leaving out ``skip``.

    Two choices of one seed whose ranges do not overlap share no image. ``copies`` corrupted
    versions of each come beside it.
    """

    rows: int | None = None
    skip: int = 0
    copies: int = 0
    seed: int = 20260101


def panel(pictures: PictureSet, choice: Choice) -> "pd.DataFrame":
    """The rows, a column ``image`` of PNG bytes among them; UsageError for too few images."""
    import pandas as pd

    if not 0 <= choice.copies <= len(_CELLS):
        raise UsageError(f"{choice.copies} corrupted copies: from 0 to {len(_CELLS)} of one image")
    order = np.random.default_rng(choice.seed).permutation(len(pictures))
    end = None if choice.rows is None else choice.skip + choice.rows
    chosen = order[choice.skip : end]
    if not len(chosen) or (choice.rows is not None and len(chosen) < choice.rows):
        raise UsageError(
            f"{choice.rows or 'some'} images after {choice.skip}: there are {len(pictures)}",
            cure="ask for fewer",
        )
    cells = np.random.default_rng([choice.seed, 1]).permutation(len(_CELLS))
    rows = [
        row
        for place, index in enumerate(chosen.tolist())
        for row in _versions(pictures, index, place * choice.copies, cells.tolist(), choice)
    ]
    return pd.DataFrame(rows)


def _versions(
    pictures: PictureSet, index: int, turn: int, cells: list[int], choice: Choice
) -> Iterator[dict[str, Any]]:
    """One image, clean, and then its corrupted copies from this turn of the cells on."""
    source, pixels = pictures.ids[index], pictures.pixels(index)
    yield _row(source, source, pictures.labels[index], (CLEAN, 0), pixels)
    for copy in range(choice.copies):
        cell = cells[(turn + copy) % len(cells)]
        kind, severity = _CELLS[cell]
        rng = np.random.default_rng([choice.seed, index, cell])
        version = corrupted(pixels, kind, severity, rng)
        name = f"{source}/{kind}-{severity}"
        yield _row(name, source, pictures.labels[index], (kind, severity), version)


def fingerprint(pixels: Pixels) -> str:
    """128 bits that name an image by its pixels, however its file was written."""
    shape = "x".join(map(str, pixels.shape)).encode()
    return hashlib.blake2b(shape + b":" + pixels.tobytes(), digest_size=16).hexdigest()


def _row(
    row_id: str, source: str, label: str, corruption: tuple[str, int], pixels: Pixels
) -> dict[str, Any]:
    kind, severity = corruption
    height, width, channels = pixels.shape
    return {
        "row_id": row_id, "source": source, "label": label,
        "condition": "clean" if kind == CLEAN else "corrupted",
        "corruption": kind, "severity": severity,
        **{name: round(value, 6) for name, value in statistics(pixels).items()},
        "height": height, "width": width, "channels": channels,
        "fingerprint": fingerprint(pixels),
        "image": codec.encode(pixels),
    }  # fmt: skip
