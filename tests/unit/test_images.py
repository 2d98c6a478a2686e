"""Images: coded, told in numbers, corrupted, and laid out as a panel."""

from collections import Counter
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from titleholder.errors import BadInput
from titleholder.images import codec, panel
from titleholder.images.corruptions import KINDS, LEVELS, SEVERITIES, corrupted
from titleholder.images.picture_set import PictureSet
from titleholder.images.statistics import luma, statistics

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3]))
PIXELS = SIZES.flatmap(lambda shape: arrays.arrays(np.uint8, shape))
SCENE = np.add.outer(np.arange(28) * 5, np.arange(28) * 4).astype(np.uint8)[:, :, None]


@given(PIXELS)
def test_what_was_encoded_decodes_to_the_same_pixels(pixels: Any) -> None:
    """PNG is without loss, grey and colour."""
    np.testing.assert_array_equal(codec.decode(codec.encode(pixels)), pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_every_mode_becomes_grey_or_colour(mode: str) -> None:
    """With the same brightness, whatever the file's own way of writing it."""
    to = BytesIO()
    Image.new("L", (4, 3), 255).convert(mode).save(to, "JPEG" if mode == "CMYK" else "PNG")
    pixels = codec.decode(to.getvalue())
    assert pixels.shape in ((3, 4, 1), (3, 4, 3))
    assert pixels.min() >= 253


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "is missing"),
        (float("nan"), "is missing"),
        ("text", "is str, no bytes"),
        (b"", "no PNG, JPEG or WebP"),
        (b"BM" + bytes(100), "no PNG, JPEG or WebP"),
    ],
)
def test_what_is_no_image_says_what_it_is_instead(data: Any, told: str) -> None:
    """In words that a row's name can be put before."""
    with pytest.raises(BadInput, match=told):
        codec.decode(data)


@given(st.integers(0, 200))
def test_half_an_image_is_none(keep: int) -> None:
    """However much of it is there: a picture is never completed with grey."""
    whole = codec.encode(np.random.default_rng(1).integers(0, 256, (9, 9, 3), dtype=np.uint8))
    with pytest.raises(BadInput):
        codec.decode(whole[: min(keep, len(whole) - 16)])


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    """A kilobyte can announce a hundred million."""
    to = BytesIO()
    Image.new("1", (9000, 9000)).save(to, "PNG")
    assert len(to.getvalue()) < 50_000
    with pytest.raises(BadInput, match="81,000,000 pixels"):
        codec.decode(to.getvalue())


def test_sixteen_bits_are_refused() -> None:
    """They would be cut to eight in ways that nobody chose."""
    to = BytesIO()
    Image.fromarray(np.full((3, 3), 4000, dtype=np.uint16)).save(to, "PNG")
    with pytest.raises(BadInput, match="I;16"):
        codec.decode(to.getvalue())


@given(PIXELS)
def test_statistics_are_finite_and_bounded(pixels: Any) -> None:
    """Brightness in [0, 1], contrast in [0, 1/2], sharpness not negative."""
    found = statistics(pixels)
    assert -1e-12 <= found["brightness"] <= 1 + 1e-12
    assert 0 <= found["contrast"] <= 0.5 + 1e-12
    assert found["sharpness"] >= 0


def test_statistics_of_known_images() -> None:
    """A flat grey has no contrast; a chessboard has all of it; luma weighs green most (BT.601)."""
    flat = np.full((6, 6, 1), 51, dtype=np.uint8)
    plain = {"brightness": 0.2, "contrast": 0.0, "sharpness": 0.0}
    assert statistics(flat) == pytest.approx(plain, abs=1e-12)
    chess = (np.indices((6, 6)).sum(axis=0) % 2 * 255).astype(np.uint8)[:, :, None]
    found = statistics(chess)
    assert found["contrast"] == 0.5
    # Each inner pixel differs from its four neighbours by one: the Laplacian is 4 or -4.
    assert found["sharpness"] == pytest.approx(16.0)
    green = np.zeros((1, 1, 3), dtype=np.uint8)
    green[0, 0, 1] = 255
    assert luma(green)[0, 0] == pytest.approx(0.587)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 96])
def test_a_corruption_keeps_the_shape_and_grows_with_its_severity(
    kind: str, channels: int, side: int
) -> None:
    """The distance to the clean image is larger at severity 5 than at 1, and never nothing."""
    rng = np.random.default_rng(0)
    smooth = codec.resized(rng.integers(0, 256, (9, 9, channels), dtype=np.uint8), side, side)
    distance = []
    for severity in SEVERITIES:
        found = corrupted(smooth, kind, severity, np.random.default_rng(1))
        assert found.shape == smooth.shape
        assert found.dtype == np.uint8
        distance.append(float(np.square(found.astype(float) - smooth).mean()))
    assert 0 < distance[0] < distance[-1]


def test_noise_has_the_declared_spread() -> None:
    """On a grey image far from both ends, the standard deviation is the level."""
    grey = np.full((64, 64, 1), 128, dtype=np.uint8)
    for severity, level in zip(SEVERITIES, LEVELS["gaussian_noise"][0], strict=True):
        found = corrupted(grey, "gaussian_noise", severity, np.random.default_rng(2))
        assert found.std() / 255 == pytest.approx(level, rel=0.05)


def test_contrast_shrinks_by_the_declared_factor_around_the_mean() -> None:
    """The mean stays, deviations are scaled."""
    for severity, level in zip(SEVERITIES, LEVELS["contrast"][0], strict=True):
        found = corrupted(SCENE, "contrast", severity, np.random.default_rng(0))
        assert found.mean() == pytest.approx(SCENE.mean(), abs=0.6)
        assert found.std() == pytest.approx(level * SCENE.std(), rel=0.03)


def test_brightness_raises_the_value_and_keeps_hue_and_saturation() -> None:
    """As in hue, saturation and value: the ratios of the channels stay, the largest rises."""
    pixels = np.array([[[100, 50, 25], [0, 0, 0]]], dtype=np.uint8)
    found = corrupted(pixels, "brightness", 2, np.random.default_rng(0)).astype(float)
    assert found[0, 0, 0] == pytest.approx(100 + 25.5, abs=1)
    assert found[0, 0, 1] / found[0, 0, 0] == pytest.approx(0.5, abs=0.01)
    assert found[0, 1].tolist() == [26, 26, 26]


def _set(count: int) -> PictureSet:
    pictures = np.random.default_rng(4).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)
    names = [f"p{i}" for i in range(count)]
    return PictureSet(names, ["a"] * count, ("a",), lambda i: pictures[i])


@given(st.integers(1, 3), st.integers(1, 2))
def test_corruptions_are_dealt_out_evenly(rounds: int, copies: int) -> None:
    """After every thirty copies each pair of corruption and severity has equally many."""
    found = panel.panel(_set(30 * rounds), panel.Choice(copies=copies))
    bad = found[found["condition"] == "corrupted"]
    cells = Counter(zip(bad["corruption"], bad["severity"], strict=True))
    assert len(cells) == len(KINDS) * len(SEVERITIES)
    assert set(cells.values()) == {rounds * copies}
    assert found["row_id"].is_unique
    assert (found.groupby("source").size() == 1 + copies).all()


def test_a_fingerprint_is_of_pixels_and_shape() -> None:
    """Equal for the same pixels however they are stored, another for the same bytes otherwise."""
    wide, tall = np.zeros((2, 3, 1), dtype=np.uint8), np.zeros((3, 2, 1), dtype=np.uint8)
    assert panel.fingerprint(wide) == panel.fingerprint(np.asfortranarray(wide))
    assert panel.fingerprint(wide) != panel.fingerprint(tall)
