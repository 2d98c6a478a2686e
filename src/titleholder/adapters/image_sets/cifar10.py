"""CIFAR-10 as it is distributed: the binary version, or the Python version read without pickle.

(https://www.cs.toronto.edu/~kriz/cifar.html.) The binary version is records of a label and 3,072
pixels: red, green and blue planes of 32 x 32. The Python version is pickles; they are read by an
unpickler that knows three names, each bound to a stand-in that keeps what it is given and calls
nothing, so that a file with any other name in it is refused and no code of a file can run.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from titleholder.adapters.image_sets import bigbench
from titleholder.errors import BadInput, UsageError
from titleholder.images.picture_set import PictureSet, Pixels

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_MOST = 100_000  # images of one batch; the real ones hold 10,000
_BATCHES = {
    "train": tuple(f"data_batch_{i}" for i in range(1, 6)),
    "test": ("test_batch",),
}
_ARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")


def read(directory: Path, part: str) -> PictureSet:
    """The images of a part (train, test) from whichever version lies in the directory."""
    if (directory / bigbench.FILE).is_file():
        return bigbench.read(directory, part, CLASSES)
    batches = [_batch(directory, name) for name in _BATCHES[part]]
    pixels = np.concatenate([pixels for pixels, _ in batches])
    codes = np.concatenate([codes for _, codes in batches])
    return PictureSet(
        ids=[f"{part}-{i:05d}" for i in range(len(codes))],
        labels=[CLASSES[code] for code in codes.tolist()],
        classes=CLASSES,
        pixels=lambda i: np.ascontiguousarray(pixels[i].transpose(1, 2, 0)),
    )


def _batch(directory: Path, name: str) -> tuple[Pixels, Pixels]:
    """Pixels (n, 3, 32, 32) and codes (n,) of one batch."""
    binary, pickled = directory / f"{name}.bin", directory / name
    if binary.is_file():
        pixels, codes = _binary(binary)
    elif pickled.is_file():
        pixels, codes = _pickled(pickled)
    else:
        raise UsageError(
            f"{directory}: holds neither {name}.bin nor {name}",
            cure="name the directory cifar-10-batches-bin, cifar-10-batches-py, or that of "
            "BIG-bench's task, cifar10_classification/base64",
        )
    if int(codes.max()) >= len(CLASSES):
        raise BadInput(f"{directory / name}: a label {int(codes.max())}, and ten classes")
    return pixels, codes


def _binary(path: Path) -> tuple[Pixels, Pixels]:
    size = path.stat().st_size
    if not size or size % (1 + _PIXELS) or size > _MOST * (1 + _PIXELS):
        raise BadInput(
            f"{path}: {size:,} bytes are no whole number of records of {1 + _PIXELS} bytes",
            cure="get the file again",
        )
    records = np.fromfile(path, dtype=np.uint8).reshape(-1, 1 + _PIXELS)
    return records[:, 1:].reshape(-1, *SHAPE), records[:, 0]


def _pickled(path: Path) -> tuple[Pixels, Pixels]:
    size = path.stat().st_size
    if size > 2 * _MOST * _PIXELS:
        raise BadInput(f"{path}: {size:,} bytes are more than a batch")
    try:
        held = _Inert(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        array, labels = held[b"data"], held[b"labels"]
        pixels = array.values().reshape(-1, *SHAPE)
        if not all(type(label) is int for label in labels):
            raise BadInput("its labels are no whole numbers")
        codes = np.array(labels, dtype=np.int64)
    except BadInput as error:
        raise BadInput(f"{path}: {error.message}", cure=_BINARY_INSTEAD) from None
    except Exception as error:  # an unpickler raises anything; no file may end the program
        said = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise BadInput(f"{path}: is no batch of CIFAR-10: {said}", cure=_BINARY_INSTEAD) from None
    fits = len(pixels) == len(codes) > 0 and codes.min() >= 0 and codes.max() < len(CLASSES)
    if not fits:
        raise BadInput(f"{path}: {len(pixels)} images and {len(codes)} labels do not fit together")
    return pixels, codes.astype(np.uint8)


_BINARY_INSTEAD = "use the binary version of CIFAR-10, which is plain bytes"


class _Inert(pickle.Unpickler):
    """Knows the names in a batch, and binds them to things that do nothing."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return _Named
        if module in _ARRAY and name == "_reconstruct":
            return _Array
        raise BadInput(f"holds {module}.{name}, which no batch of CIFAR-10 does")


class _Named:
    """Stands for numpy's types; forgets what it is given."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


class _Array:
    """Stands for an array: keeps its shape and its bytes."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def values(self) -> Pixels:
        """The pixels, (n, 3072); BadInput unless the state is that of such an array of bytes."""
        match self.state:
            case (int(), (int() as n, int() as width), _, False | 0, bytes() as raw):
                if width == _PIXELS and len(raw) == n * width and n <= _MOST:
                    return np.frombuffer(raw, dtype=np.uint8).reshape(n, width)
        raise BadInput(f"its data are no array of n x {_PIXELS} bytes")
