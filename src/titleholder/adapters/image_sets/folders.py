"""Folders of image files, a folder a class: how ImageNet and most of one's own sets are kept."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from titleholder.errors import BadInput, UsageError
from titleholder.images import codec
from titleholder.images.picture_set import PictureSet, Pixels

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")


def read(directory: Path, size: tuple[int, int] | None) -> PictureSet:
    """Every image file two levels down; classes are the folders in the order of their names.

    Images become colour. With a size (H, W), the shorter side is scaled to it over 0.875 and the
    middle cut out, as ImageNet's centre crop is taken. Files are read when they are asked for:
    BadInput names the one that does not decode.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory}: no such directory")
    folders = sorted(p for p in directory.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [f for folder in folders for f in sorted(folder.iterdir()) if _is_image(f)]
    if not files:
        raise UsageError(
            f"{directory}: holds no folders with images ({', '.join(SUFFIXES)})",
            cure="a folder a class, named as the class: n01440764/ILSVRC2012_val_00000293.JPEG",
        )
    return PictureSet(
        ids=[f"{file.parent.name}/{file.name}" for file in files],
        labels=[file.parent.name for file in files],
        classes=[folder.name for folder in folders],
        pixels=lambda i: _pixels(files[i], size),
    )


def in_order(pictures: PictureSet, path: Path) -> PictureSet:
    """The same images, their classes as a file lists them, in the order of a model's outputs.

    A class a line, named by its first word, such as ``n01440764 tench, Tinca tinca`` of ImageNet's
    ``LOC_synset_mapping.txt``. BadInput names folders that it does not list.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file", cure="a class a line, in the outputs' order")
    lines = path.read_text(encoding="utf-8").splitlines()
    classes = [line.split()[0] for line in lines if line.strip()]
    twice = [name for name, n in Counter(classes).items() if n > 1]
    if twice:
        raise BadInput(f"{path}: lists {twice[0]} twice")
    foreign = [name for name in pictures.classes if name not in set(classes)]
    if foreign:
        raise BadInput(
            f"{path}: does not list {', '.join(foreign[:5])}, of which there are folders",
            cure="folders are named as the first word of a line: by their WordNet ids",
        )
    return replace(pictures, classes=classes)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _pixels(path: Path, size: tuple[int, int] | None) -> Pixels:
    try:
        pixels = codec.decode(path.read_bytes())
    except BadInput as error:
        raise BadInput(f"{path}: {error.message}", cure="remove or replace that file") from None
    colour = pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)
    return colour if size is None else centre(colour, *size)


def centre(pixels: Pixels, height: int, width: int) -> Pixels:
    """The middle of an image, (height, width), after its shorter side was scaled to fit."""
    scale = max(height / pixels.shape[0], width / pixels.shape[1]) / 0.875
    tall = max(height, round(pixels.shape[0] * scale))
    wide = max(width, round(pixels.shape[1] * scale))
    scaled = codec.resized(pixels, tall, wide)
    top, left = (tall - height) // 2, (wide - width) // 2
    return scaled[top : top + height, left : left + width]
