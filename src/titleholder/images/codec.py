"""Images as bytes and as pixels. Only PNG, JPEG and WebP are read: formats that phones make."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from titleholder.errors import BadInput, UsageError
from titleholder.images.picture_set import Pixels

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 64_000_000
_GREY = ("1", "L", "LA")
_COLOUR = ("P", "RGB", "RGBA", "CMYK", "YCbCr")


def decode(data: Any) -> Pixels:
    """The pixels of an encoded image, (H, W, C); BadInput, which says why, for anything else.

    Grey stays grey (C = 1), all else becomes red, green and blue; transparency is dropped.
    """
    if not isinstance(data, bytes):
        said = (
            "is missing" if data is None or data != data else f"is {type(data).__name__}, no bytes"
        )
        raise BadInput(said)
    library = pillow()
    try:
        with library.open(BytesIO(data), formats=FORMATS) as image:
            return _pixels(image)
    except library.DecompressionBombError:
        raise BadInput(f"has more than {MOST_PIXELS:,} pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError, Warning) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        said = "no PNG, JPEG or WebP" if "cannot identify" in said else said[:120]
        raise BadInput(f"does not decode: {said}") from None


def encode(pixels: Pixels) -> bytes:
    """The pixels as PNG, without loss."""
    to = BytesIO()
    picture_of(pixels).save(to, "PNG", optimize=True)
    return to.getvalue()


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Scaled to this size, bilinear with antialiasing."""
    bilinear = pillow().Resampling.BILINEAR
    return array_of(picture_of(pixels).resize((width, height), bilinear))


def picture_of(pixels: Pixels) -> "Image":
    """Pillow's image of the pixels."""
    library = pillow()
    image: Image = library.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    return image


def array_of(image: "Image") -> Pixels:
    """The pixels of Pillow's image, grey or colour, (H, W, C)."""
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def pillow() -> Any:
    """Pillow's module of images; UsageError where it is not installed."""
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise UsageError(
            "images need a package that is not installed here",
            cure='pip install "titleholder[onnx]"',
        ) from None
    return Image


def _pixels(image: "Image") -> Pixels:
    if image.width * image.height > MOST_PIXELS:
        raise BadInput(f"has {image.width * image.height:,} pixels, and {MOST_PIXELS:,} are read")
    if image.mode not in (*_GREY, *_COLOUR):
        raise BadInput(f"is of mode {image.mode}: eight bits, grey or colour, are read")
    return array_of(image.convert("L" if image.mode in _GREY else "RGB"))
