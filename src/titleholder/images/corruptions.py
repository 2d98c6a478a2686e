"""Standard corruptions of images at five severities: Hendrycks & Dietterich (arXiv:1903.12261).

Six of their fifteen (and of their extra four), one or two a family: noise, blur, weather, digital.
The severities are those of their public benchmarks: of CIFAR-10-C for images up to 64 pixels,
of ImageNet-C for larger ones. The operations are written here anew, on numpy, SciPy and Pillow,
so that equal seeds give equal bytes; figures compare with theirs in kind, not digit by digit.
"""

from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np

from titleholder.arrays import Floats
from titleholder.images.codec import array_of, picture_of, pillow
from titleholder.images.picture_set import Pixels

SEVERITIES = (1, 2, 3, 4, 5)
SMALL = 64

Levels = tuple[float, float, float, float, float]
# By kind: the parameter at each severity for small images, and for large ones.
LEVELS: Mapping[str, tuple[Levels, Levels]] = {
    "gaussian_noise": ((0.04, 0.06, 0.08, 0.09, 0.10), (0.08, 0.12, 0.18, 0.26, 0.38)),
    "gaussian_blur": ((0.4, 0.6, 0.7, 0.8, 1.0), (1, 2, 3, 4, 6)),
    "brightness": ((0.05, 0.1, 0.15, 0.2, 0.3), (0.1, 0.2, 0.3, 0.4, 0.5)),
    "contrast": ((0.75, 0.5, 0.4, 0.3, 0.15), (0.4, 0.3, 0.2, 0.1, 0.05)),
    "jpeg": ((80, 65, 58, 50, 40), (25, 18, 15, 10, 7)),
    "pixelate": ((0.95, 0.9, 0.85, 0.75, 0.65), (0.6, 0.5, 0.4, 0.3, 0.25)),
}
KINDS = tuple(LEVELS)


def corrupted(pixels: Pixels, kind: str, severity: int, rng: np.random.Generator) -> Pixels:
    """The image with one corruption at a severity 1 to 5; ``rng`` is drawn from by noise alone."""
    small, large = LEVELS[kind]
    level = (small if min(pixels.shape[:2]) <= SMALL else large)[severity - 1]
    return _KINDS[kind](pixels, level, rng)


def _noise(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    return _bytes(_unit(pixels) + rng.normal(0.0, level, pixels.shape))


def _blur(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    from scipy.ndimage import gaussian_filter

    return _bytes(gaussian_filter(_unit(pixels), sigma=(level, level, 0), mode="nearest"))


def _brightness(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    """The value of hue, saturation and value rises; where it was 0, the pixel becomes grey."""
    values = _unit(pixels)
    value = values.max(axis=2, keepdims=True)
    risen = np.minimum(value + level, 1.0)
    scaled = np.divide(values * risen, value, out=np.broadcast_to(risen, values.shape).copy(),
                       where=value > 0)  # fmt: skip
    return _bytes(scaled)


def _contrast(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    values = _unit(pixels)
    mean = values.mean(axis=(0, 1), keepdims=True)
    return _bytes((values - mean) * level + mean)


def _jpeg(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    squeezed = BytesIO()
    picture_of(pixels).save(squeezed, "JPEG", quality=int(level))
    with pillow().open(squeezed, formats=("JPEG",)) as image:
        return array_of(image)


def _pixelate(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    box = pillow().Resampling.BOX
    coarse = (max(1, int(width * level)), max(1, int(height * level)))
    return array_of(picture_of(pixels).resize(coarse, box).resize((width, height), box))


def _unit(pixels: Pixels) -> Floats:
    return np.asarray(pixels.astype(float) / 255)


def _bytes(values: Floats) -> Pixels:
    return np.rint(np.clip(values, 0.0, 1.0) * 255).astype(np.uint8)


_KINDS: Mapping[str, Callable[[Pixels, float, np.random.Generator], Pixels]] = {
    "gaussian_noise": _noise,
    "gaussian_blur": _blur,
    "brightness": _brightness,
    "contrast": _contrast,
    "jpeg": _jpeg,
    "pixelate": _pixelate,
}
