"""CIFAR-10's test images as BIG-bench carries them: ``task.json`` with PNG files in base64.

The task ``cifar10_classification/base64`` of the package ``bigbench``: an image is an example's
input, its class the choice of the highest target score.
"""

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from titleholder.errors import BadInput, UsageError
from titleholder.images import codec
from titleholder.images.picture_set import PictureSet, Pixels

FILE = "task.json"


def read(directory: Path, part: str, classes: tuple[str, ...]) -> PictureSet:
    """The test images in the task's order; pixels are decoded when they are asked for.

    UsageError for another part, BadInput with the number of the example that is damaged.
    """
    if part != "test":
        raise UsageError(f"{directory / FILE}: holds the test images alone", cure="--part test")
    path = directory / FILE
    examples = _examples(path)
    labels = [_label(one, classes, f"{path}: example {i}") for i, one in enumerate(examples)]
    return PictureSet(
        ids=[f"test-{i:05d}" for i in range(len(labels))],
        labels=labels,
        classes=classes,
        pixels=lambda i: _pixels(examples[i], f"{path}: example {i}"),
    )


def _examples(path: Path) -> list[Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        examples = said["examples"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise BadInput(
            f"{path}: is no task of BIG-bench with examples: {error}",
            cure="a file cut in half ends like this: get it again",
        ) from None
    if not isinstance(examples, list) or not examples:
        raise BadInput(f"{path}: has no examples")
    return examples


def _label(example: Any, classes: tuple[str, ...], where: str) -> str:
    scores = example.get("target_scores") if isinstance(example, dict) else None
    if not isinstance(scores, dict) or set(scores) != set(classes):
        raise BadInput(f"{where}: its choices are not the classes {', '.join(classes)}")
    right = [choice for choice, score in scores.items() if score == 1]
    if len(right) != 1:
        raise BadInput(f"{where}: has {len(right)} right choices")
    return str(right[0])


def _pixels(example: Any, where: str) -> Pixels:
    try:
        return codec.decode(base64.b64decode(str(example.get("input")), validate=True))
    except (binascii.Error, BadInput) as error:
        raise BadInput(f"{where}: is no PNG in base64: {error}") from None
