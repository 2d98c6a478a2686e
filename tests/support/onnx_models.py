"""Small ONNX graphs, made node by node, as fixtures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SETS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]


def saved(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    weights: dict[str, Any] | None = None,
    **metadata: str,
) -> Path:
    """Write a graph; ``weights`` are its initializers by name."""
    held = [numpy_helper.from_array(np.asarray(v), n) for n, v in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "graph", list(inputs), list(outputs), held)
    model = helper.make_model(graph, opset_imports=SETS)
    model.ir_version = 8
    helper.set_model_props(model, metadata)
    path.write_bytes(model.SerializeToString())
    return path


def image_input(*sizes: int | str, kind: int = TensorProto.FLOAT) -> Any:
    """An input of images."""
    return helper.make_tensor_value_info("image", kind, list(sizes))


def brightness_model(
    path: Path,
    *,
    sizes: tuple[int | str, ...] = ("n", 1, 4, 4),
    softmax: bool = True,
    classes: Sequence[str] | None = ("dark", "light"),
) -> Path:
    """Two classes; the logit of the second rises by 8 with the mean of the image.

    Logits are (0, 8 (mean - 1/2)): what it answers can be worked out by hand.
    """
    weights = {
        "w": np.array([[0.0, 8.0]], dtype=np.float32),
        "b": np.array([0.0, -4.0], dtype=np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "one"], ["column"]),
        helper.make_node("Gemm", ["column", "w", "b"], ["logit"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logit"], ["answer"], axis=1))
    else:
        nodes.append(helper.make_node("Identity", ["logit"], ["answer"]))
    return saved(
        path, nodes, [image_input(*sizes)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 2])],
        {**weights, "one": np.array([1], dtype=np.int64)},
        **({} if classes is None else {"classes": json.dumps(list(classes))}),
    )  # fmt: skip


def convolution_model(path: Path) -> Path:
    """Four 3 x 3 filters over one channel of 8 x 8 with padding, pooled, into three classes."""
    weights = {
        "w": np.zeros((4, 1, 3, 3), dtype=np.float32),
        "b": np.zeros(4, dtype=np.float32),
        "fw": np.zeros((4, 3), dtype=np.float32),
        "fb": np.zeros(3, dtype=np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["filtered"], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["filtered"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "fw", "fb"], ["logit"]),
        helper.make_node("Softmax", ["logit"], ["answer"], axis=1),
    ]
    return saved(
        path, nodes, [image_input("n", 1, 8, 8)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 3])], weights,
    )  # fmt: skip


def identity_of(kind: str, path: Path, domain: str = "") -> Path:
    """A graph of one node of any operator."""
    node = helper.make_node(kind, ["image"], ["answer"], domain=domain)
    return saved(
        path, [node], [image_input("n", 1, 4, 4)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 1, 4, 4])],
    )  # fmt: skip


def reread(path: Path) -> Any:
    """The model in a file, to be changed and written again."""
    return onnx.load(path, load_external_data=False)


def colour_model(path: Path, weights: Any, bias: Any, size: int) -> Path:
    """Logits ``colours @ weights + bias`` of an image's mean red, green and blue, (3, classes)."""
    held = {"w": weights, "b": bias}
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "w", "b"], ["answer"]),
    ]
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", len(bias)])
    return saved(path, nodes, [image_input("n", 3, size, size)], [answer], held)
