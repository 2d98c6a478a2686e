"""Train the vision suite's models on Fashion-MNIST, and export them as ONNX.

    python models/train_vision.py --images DIR            # all three, and the int8 variant
    python models/train_vision.py --images DIR resnet

``DIR`` holds the four files of Fashion-MNIST as they are distributed (``*-ubyte.gz``; Debian:
package ``dataset-fashion-mnist``). Needs ``torch==2.13.0``, ``onnx`` and ``onnxruntime`` in an
environment of its own; titleholder itself runs without torch.

Three families at the size of a phone's budget: ResNet (arXiv:1512.03385), VGG (arXiv:1409.1556)
and MobileNetV2 (arXiv:1801.04381), each a few layers deep. No setting was searched for, none was
chosen to pass or to fail a rule, and the test images were not looked at: what the suite says of
them is news to these models. One thread and fixed seeds; another version or processor can give
other weights.

The graphs take float images (n, 1, 28, 28) in [0, 1], normalise them inside, and end in a
softmax. The order of the classes stands in the metadata.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from titleholder.adapters.image_sets import idx  # noqa: E402
from titleholder.images.picture_set import PictureSet  # noqa: E402

SEED = 20260101
IMAGES = 30_000  # of the 60,000 training images
EPOCHS = 5
BATCH = 64
RATE = 3e-3
MEAN, STD = 0.2860, 0.3530  # of the training pixels in [0, 1]
CALIBRATION = 512  # training images that set the ranges of the int8 variant
QUANTISED = "vgg"


# --- three families ------------------------------------------------------------------------


def conv(inputs: int, outputs: int, size: int, *, stride: int = 1, groups: int = 1) -> nn.Module:
    """A convolution that keeps the size (over the stride), and its normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Residual(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = conv(inputs, outputs, 3, stride=stride)
        self.second = conv(outputs, outputs, 3)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv(inputs, outputs, 1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """The block's answer."""
        return functional.relu(self.second(functional.relu(self.first(x))) + self.shortcut(x))


class Inverted(nn.Module):
    """Expansion, depthwise convolution, projection; a shortcut where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, widening: int = 4) -> None:
        super().__init__()
        wide = inputs * widening
        self.body = nn.Sequential(
            conv(inputs, wide, 1), nn.ReLU6(),
            conv(wide, wide, 3, stride=stride, groups=wide), nn.ReLU6(),
            conv(wide, outputs, 1),
        )  # fmt: skip
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """The block's answer."""
        return x + self.body(x) if self.residual else self.body(x)


def head(inputs: int, classes: int) -> nn.Module:
    """Mean over the plane, and one linear layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def resnet(classes: int) -> nn.Module:
    """ResNet-8: three stages of one block."""
    return nn.Sequential(
        conv(1, 16, 3), nn.ReLU(),
        Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
        head(64, classes),
    )  # fmt: skip


def vgg(classes: int) -> nn.Module:
    """Plain stacks of 3 x 3 convolutions with pooling between them."""
    layers: list[nn.Module] = []
    inputs = 1
    for stack in ((32, 32), (64, 64), (128,)):
        for outputs in stack:
            layers += [conv(inputs, outputs, 3), nn.ReLU()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, head(inputs, classes))


def mobilenet(classes: int) -> nn.Module:
    """MobileNetV2: five inverted residuals."""
    return nn.Sequential(
        conv(1, 16, 3), nn.ReLU6(),
        Inverted(16, 24, 2), Inverted(24, 24, 1),
        Inverted(24, 40, 2), Inverted(40, 40, 1), Inverted(40, 40, 1),
        conv(40, 96, 1), nn.ReLU6(),
        head(96, classes),
    )  # fmt: skip


FAMILIES: dict[str, Callable[[int], nn.Module]] = {
    "resnet": resnet, "vgg": vgg, "mobilenet": mobilenet,
}  # fmt: skip


class Whole(nn.Module):
    """Images in [0, 1] to probabilities: what is exported."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, image: Tensor) -> Tensor:
        """Probabilities, (n, K)."""
        return functional.softmax(self.body((image - MEAN) / STD), dim=1)


# --- training ------------------------------------------------------------------------------


def tensors(pictures: PictureSet, count: int) -> tuple[Tensor, Tensor]:
    """Images (n, 1, H, W) in [0, 1] and codes (n,) of a seeded sample.

    It is that of ``titleholder images ... --part train --rows N``, whose fingerprints the suite
    holds against its panel.
    """
    chosen = np.random.default_rng(SEED).permutation(len(pictures))[:count]
    code = {label: i for i, label in enumerate(pictures.classes)}
    images = np.stack([pictures.pixels(int(i)).transpose(2, 0, 1) for i in chosen])
    codes = [code[pictures.labels[int(i)]] for i in chosen]
    return torch.from_numpy(images.astype(np.float32) / 255), torch.tensor(codes)


def batches(count: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Places of an epoch's rows in a new order; the last, short batch is left out."""
    order = torch.randperm(count, generator=generator)
    yield from order[: count - count % BATCH].split(BATCH)


def augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """A batch moved by up to two pixels, one move for all, and half of it mirrored."""
    right, down = torch.randint(0, 5, (2,), generator=generator).tolist()
    padded = functional.pad(images, (2, 2, 2, 2))
    moved = padded[:, :, down : down + images.shape[2], right : right + images.shape[3]]
    mirrored = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored, moved.flip(3), moved)


def train(body: nn.Module, images: Tensor, codes: Tensor) -> nn.Module:
    """The model after so many epochs of AdamW with one cycle of the rate."""
    generator = torch.Generator().manual_seed(SEED)
    optimiser = torch.optim.AdamW(body.parameters(), lr=RATE, weight_decay=1e-4)
    steps = EPOCHS * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    body.train()
    for epoch in range(EPOCHS):
        started, total = time.process_time(), 0.0
        for rows in batches(len(images), generator):
            answer = body((augmented(images[rows], generator) - MEAN) / STD)
            loss = functional.cross_entropy(answer, codes[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        mean = total / (len(images) // BATCH)
        print(f"  epoch {epoch + 1}: loss {mean:.3f}, {time.process_time() - started:.0f} CPU s")
    return body.eval()


# --- files ---------------------------------------------------------------------------------


def export(model: nn.Module, classes: list[str], path: Path) -> None:
    """The graph as ONNX, with its classes, without anything that names this machine."""
    with tempfile.TemporaryDirectory() as directory:
        raw = Path(directory) / "raw.onnx"
        torch.onnx.export(
            model, (torch.zeros(2, 1, 28, 28),), str(raw), input_names=["image"],
            output_names=["probability"], dynamo=False, opset_version=17,
            dynamic_axes={"image": {0: "n"}, "probability": {0: "n"}},
        )  # fmt: skip
        named(onnx.load(raw), classes, path)


def quantise(source: Path, images: Tensor, classes: list[str], path: Path) -> None:
    """The graph up to its softmax in eight bits, the ranges taken from training images."""
    with tempfile.TemporaryDirectory() as directory:
        folded, raw = Path(directory) / "folded.onnx", Path(directory) / "raw.onnx"
        quant_pre_process(str(source), str(folded), skip_symbolic_shape=True)
        graph = onnx.load(folded).graph
        quantize_static(
            str(folded), str(raw), Calibration(images), quant_format=QuantFormat.QDQ,
            # Probabilities in steps of 1/256 would neither sum to one nor rank the last classes.
            nodes_to_exclude=[n.name for n in graph.node if n.op_type == "Softmax"],
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, per_channel=True,
        )  # fmt: skip
        named(onnx.load(raw), classes, path)


class Calibration(CalibrationDataReader):
    """Training images in batches."""

    def __init__(self, images: Tensor) -> None:
        self.rest = iter(images[:CALIBRATION].split(BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next batch."""
        batch = next(self.rest, None)
        return None if batch is None else {"image": batch.numpy()}


def named(model: onnx.ModelProto, classes: list[str], path: Path) -> None:
    """Write a graph with its classes in the metadata, and no notes on how it was traced."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.value_info[:]
    del model.metadata_props[:]
    model.metadata_props.add(key="classes", value=json.dumps(classes))
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # never through DVC's link into its cache
    path.write_bytes(model.SerializeToString(deterministic=True))
    print(f"  {path.name}: {path.stat().st_size:,} bytes")


def main() -> int:
    """Train what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--images", type=Path, required=True, help="where Fashion-MNIST lies")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "vision")
    options = parser.parse_args()
    unknown = set(options.families) - set(FAMILIES)
    if unknown:
        parser.error(f"no such family: {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures = idx.read(options.images, "train", idx.FASHION_MNIST)
    images, codes = tensors(pictures, IMAGES)
    for family in options.families or FAMILIES:
        torch.manual_seed(SEED)
        body = FAMILIES[family](len(pictures.classes))
        print(f"{family}: {sum(p.numel() for p in body.parameters()):,} parameters")
        path = options.out / f"{family}.onnx"
        export(Whole(train(body, images, codes)).eval(), list(pictures.classes), path)
        if family == QUANTISED:
            quantise(path, images, list(pictures.classes), path.with_stem(f"{family}-int8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
