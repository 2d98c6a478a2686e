"""What an image looks like, in three numbers: the columns on which the drift of images is seen.

All are of the luma (ITU-R BT.601) in [0, 1].
"""

import numpy as np

from titleholder.arrays import Floats
from titleholder.images.picture_set import Pixels

_LUMA = np.array([0.299, 0.587, 0.114])


def statistics(pixels: Pixels) -> dict[str, float]:
    """``brightness``, the mean; ``contrast``, the standard deviation (doi:10.1364/JOSAA.7.002032);
    ``sharpness``, the variance of the Laplacian over neighbours (doi:10.1109/ICPR.2000.903548).
    """
    light = luma(pixels)
    return {
        "brightness": float(light.mean()),
        "contrast": float(light.std()),
        "sharpness": float(laplacian(light).var()) if min(light.shape) > 2 else 0.0,
    }


def luma(pixels: Pixels) -> Floats:
    """How bright each pixel is, (H, W) in [0, 1]."""
    values = pixels.astype(float) / 255
    return np.asarray(values[:, :, 0] if pixels.shape[2] == 1 else values @ _LUMA)


def laplacian(light: Floats) -> Floats:
    """Four neighbours less four times the pixel, where all neighbours exist, (H - 2, W - 2)."""
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    return np.asarray(around - 4 * light[1:-1, 1:-1])
