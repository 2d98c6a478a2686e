"""What an ONNX graph takes: one tensor of images, or one tensor a column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.errors import BadInput
from titleholder.images import codec
from titleholder.images.picture_set import Pixels
from titleholder.params.schema import Fit, Images

if TYPE_CHECKING:
    import pandas as pd

BATCH = 32
_NAMED = 5
_DAMAGED = "replace those images, or leave their rows out"
_EXPORT = "export the model with the input that the suite has, or make a panel that fits it"


@dataclass(frozen=True, slots=True)
class Given:
    """One input of a graph: sizes are None where they are left open."""

    name: str
    dtype: "np.dtype[Any]"
    sizes: tuple[int | None, ...]


def given(model: Any) -> tuple[Given, ...]:
    """The inputs that a caller has to feed."""
    import onnx

    held = {tensor.name for tensor in model.graph.initializer}
    found = []
    for value in model.graph.input:
        tensor = value.type.tensor_type
        if value.name in held:
            continue
        if not value.type.HasField("tensor_type"):
            raise BadInput(f"the model's input {value.name!r} is no tensor", cure=_EXPORT)
        sizes = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        found.append(Given(value.name, np.dtype(dtype), sizes))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ImageInput:
    """A graph's only input, as images: (n, C, H, W), or (n, H, W, C) where ``channels_last``.

    ``height`` and ``width`` are None where the graph takes any. Floats are
    ``(pixel / 255 - mean) / std``, bytes the pixels themselves.
    """

    name: str
    dtype: "np.dtype[Any]"
    batch: int
    channels: int
    height: int | None
    width: int | None
    channels_last: bool
    spec: Images

    @classmethod
    def of(cls, inputs: Sequence[Given], spec: Images) -> "ImageInput":
        """The image input of a graph; BadInput, with what it takes instead, if it has none."""
        if len(inputs) != 1 or len(inputs[0].sizes) != 4:
            shapes = "; ".join(f"{one.name} {_sizes(one.sizes)}" for one in inputs) or "nothing"
            raise BadInput(
                f"takes {shapes}, and not one tensor of images (n, C, H, W)", cure=_EXPORT
            )
        (one,) = inputs
        if one.dtype.kind != "f" and one.dtype != np.uint8:
            raise BadInput(f"takes images of {one.dtype}, not of floats or bytes", cure=_EXPORT)
        if one.dtype == np.uint8 and (spec.mean, spec.std) != ((0.0,), (1.0,)):
            raise BadInput("takes bytes as they are, and images.mean and images.std are set")
        batch, last = one.sizes[0], one.sizes[1] not in (1, 3)
        channels = one.sizes[3 if last else 1]
        if channels not in (1, 3):
            raise BadInput(
                f"takes {_sizes(one.sizes)}, where no axis is 1 or 3 channels", cure=_EXPORT
            )
        if batch not in (None, 1):
            raise BadInput(
                f"takes {batch} images at once, no more and no fewer",
                cure="export it with an open batch axis, or with a batch of 1",
            )
        height, width = one.sizes[1:3] if last else one.sizes[2:4]
        return cls(one.name, one.dtype, batch or BATCH, channels, height, width, last, spec)

    def feed(
        self, frame: "pd.DataFrame", row_id: str, whole: "pd.DataFrame | None" = None
    ) -> dict[str, NDArray[Any]]:
        """The rows' images as the tensor.

        BadInput names rows whose image does not fit, of all in ``whole`` where it is given: that
        is looked through once one was found.
        """
        if self.spec.column not in frame:
            raise BadInput(
                f"the rows have no column {self.spec.column!r}, where images should be",
                cure="check images.column in params.yaml",
            )
        pictures = []
        for data in frame[self.spec.column]:
            try:
                pictures.append(self._fitted(codec.decode(data)))
            except BadInput:
                raise self._unfit(frame if whole is None else whole, row_id) from None
        if len({picture.shape for picture in pictures}) > 1:
            raise BadInput("images of one batch differ in size", cure="images.fit: resize, or crop")
        return {self.name: self._tensor(np.stack(pictures))}

    def sizes(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, tuple[int, ...]]:
        """The shape of the input at batch one."""
        return {self.name: (1, *feed[self.name].shape[1:])}

    def _unfit(self, frame: "pd.DataFrame", row_id: str) -> BadInput:
        """What is wrong with which of these rows, with a cure for each kind of fault."""
        faults: list[str] = []
        cures: dict[str, None] = {}  # each once, in the order in which they were met
        for name, data in zip(frame[row_id], frame[self.spec.column], strict=True):
            try:
                self._fitted(codec.decode(data))
            except BadInput as fault:
                faults.append(f"{str(name)!r} {fault.message}")
                cures[fault.cure or _DAMAGED] = None
        more = f", and {len(faults) - _NAMED:,} more" if len(faults) > _NAMED else ""
        return BadInput(
            f"{len(faults):,} of {len(frame):,} images cannot be given to it: "
            f"{'; '.join(faults[:_NAMED])}{more}",
            cure="; ".join(cures),
        )

    def _fitted(self, picture: Pixels) -> Pixels:
        height, width = self.height or picture.shape[0], self.width or picture.shape[1]
        if picture.shape[:2] != (height, width):
            if self.spec.fit is not Fit.RESIZE:
                raise BadInput(
                    f"is {_size(picture)}, and it takes {height} x {width}",
                    cure=f"images.fit: resize scales images to {height} x {width}",
                )
            picture = codec.resized(picture, height, width)
        if picture.shape[2] < self.channels and self.spec.fit is Fit.RESIZE:
            picture = np.repeat(picture, self.channels, axis=2)  # grey told as equal colours
        if picture.shape[2] != self.channels:
            raise BadInput(
                f"is {_size(picture)}, and it takes {self._takes()}", cure=self._cure_of_channels()
            )
        return picture

    def _takes(self) -> str:
        return "one channel (grey)" if self.channels == 1 else f"{self.channels} channels (colour)"

    def _cure_of_channels(self) -> str:
        if self.channels == 1:
            return "make a panel of grey images, or export a model that takes three channels"
        return (
            "images.fit: resize tells grey as three equal colours; or export a model that takes "
            "one channel"
        )

    def _tensor(self, pixels: Pixels) -> NDArray[Any]:
        ordered = pixels if self.channels_last else pixels.transpose(0, 3, 1, 2)
        if self.dtype == np.uint8:
            return np.ascontiguousarray(ordered)
        aside = (-1,) if self.channels_last else (-1, 1, 1)
        mean = np.asarray(self.spec.mean, dtype=np.float32).reshape(aside)
        std = np.asarray(self.spec.std, dtype=np.float32).reshape(aside)
        scaled = (ordered.astype(np.float32) / np.float32(255) - mean) / std
        return np.ascontiguousarray(scaled.astype(self.dtype))


@dataclass(frozen=True, slots=True)
class ColumnInputs:
    """A graph with an input for each column that it reads, (n, 1) or (n,)."""

    inputs: tuple[Given, ...]
    batch: int = 100_000

    @classmethod
    def of(cls, inputs: Sequence[Given]) -> "ColumnInputs":
        """The inputs of a graph over columns; BadInput for a matrix, whose order nobody knows."""
        wide = [one.name for one in inputs if len(one.sizes) > 2 or one.sizes[1:] not in ((), (1,))]
        if wide:
            raise BadInput(
                f"its input {wide[0]!r} is a matrix, and nothing says which column is which",
                cure="export it with one input a column (n, 1), named as the data name it",
            )
        return cls(tuple(inputs))

    def feed(
        self, frame: "pd.DataFrame", row_id: str, whole: "pd.DataFrame | None" = None
    ) -> dict[str, NDArray[Any]]:
        """Each input from the column of its name; BadInput names what is missing or of no use."""
        lacking = [one.name for one in self.inputs if one.name not in frame]
        if lacking:
            raise BadInput(f"the rows lack the columns {', '.join(map(repr, lacking))}")
        return {one.name: self._column(one, frame) for one in self.inputs}

    def sizes(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, tuple[int, ...]]:
        """The shapes of the inputs at batch one."""
        return {name: (1, *values.shape[1:]) for name, values in feed.items()}

    def _column(self, one: Given, frame: "pd.DataFrame") -> NDArray[Any]:
        raw = frame[one.name]
        try:
            if one.dtype.kind in "OUS":
                values = raw.astype(str).to_numpy(dtype=str)
            elif one.dtype.kind == "f":
                values = raw.to_numpy(dtype=one.dtype, na_value=np.nan)
            else:
                values = raw.to_numpy(dtype=one.dtype)
        except (TypeError, ValueError) as error:
            raise BadInput(f"column {one.name!r} cannot be read as {one.dtype}: {error}") from None
        return values.reshape(-1, *(1 for _ in one.sizes[1:]))


def _sizes(sizes: Sequence[int | None]) -> str:
    return f"({', '.join('n' if size is None else str(size) for size in sizes)})"


def _size(picture: Pixels) -> str:
    return " x ".join(map(str, picture.shape))
