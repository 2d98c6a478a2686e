"""IDX files, the format of MNIST and its kin, plain or gzipped.

A file is two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit number, and the values (http://yann.lecun.com/exdb/mnist/). Only unsigned bytes are read:
no public image set uses another type.
"""

import gzip
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from titleholder.errors import BadInput, UsageError
from titleholder.images.picture_set import PictureSet, Pixels

FASHION_MNIST = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
DIGITS = tuple("0123456789")
# What the files of a part are called in every distribution of MNIST and Fashion-MNIST.
STEMS = {"train": "train", "test": "t10k"}
_BYTES = 0x08
_MOST = 2**31  # values of one file: twice ImageNet's thumbnails, far below a decompression bomb's


def read(directory: Path, part: str, classes: Sequence[str]) -> PictureSet:
    """The images of a part (train, test) with the names of their classes.

    UsageError for a file that is not there, BadInput for one that is damaged.
    """
    stem = STEMS[part]
    pictures = array(_found(directory, f"{stem}-images-idx3-ubyte"), dimensions=3)
    codes = array(_found(directory, f"{stem}-labels-idx1-ubyte"), dimensions=1)
    if len(pictures) != len(codes):
        raise BadInput(f"{directory}: {len(pictures)} images of {part}, and {len(codes)} labels")
    if len(codes) and int(codes.max()) >= len(classes):
        raise BadInput(
            f"{directory}: a label {int(codes.max())} of {part}, and only {len(classes)} classes"
        )
    return PictureSet(
        ids=[f"{part}-{i:05d}" for i in range(len(codes))],
        labels=[classes[code] for code in codes.tolist()],
        classes=tuple(classes),
        pixels=lambda i: pictures[i][:, :, None],
    )


def array(path: Path, dimensions: int) -> Pixels:
    """The values of one file; BadInput names what is wrong with it."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
            return _parsed(source, path, dimensions)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"{path}: is cut short or damaged: {error}", cure="get the file again"
        ) from None


def _parsed(source: "BinaryIO | gzip.GzipFile", path: Path, dimensions: int) -> Pixels:
    head = source.read(4)
    if len(head) < 4 or head[:2] != b"\0\0":
        raise BadInput(f"{path}: is no IDX file: it begins with {head!r}")
    if head[2] != _BYTES or head[3] != dimensions:
        raise BadInput(
            f"{path}: holds type 0x{head[2]:02x} in {head[3]} dimensions, "
            f"where unsigned bytes (0x08) in {dimensions} are read"
        )
    raw = source.read(4 * dimensions)
    if len(raw) < 4 * dimensions:
        raise BadInput(f"{path}: ends within its header")
    shape = struct.unpack(f">{dimensions}I", raw)
    # Python's own numbers: a product of four billions squared must not wrap round.
    count = int(np.prod([int(size) for size in shape], dtype=object))
    if not 0 < count <= _MOST:
        raise BadInput(f"{path}: announces {count:,} values ({' x '.join(map(str, shape))})")
    values = source.read(count + 1)
    if len(values) != count:
        more = "more" if len(values) > count else f"only {len(values):,}"
        raise BadInput(f"{path}: announces {count:,} values and holds {more}")
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _found(directory: Path, name: str) -> Path:
    for candidate in (directory / f"{name}.gz", directory / name):
        if candidate.is_file():
            return candidate
    raise UsageError(
        f"{directory}: holds neither {name}.gz nor {name}",
        cure="name the directory that holds the four files of the data set",
    )
