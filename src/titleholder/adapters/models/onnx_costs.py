"""What one answer of an ONNX graph costs, counted from the graph itself.

Parameters are the numbers that were learned: floats, and the integers that stand for them once
they are quantised, with their scales. MACs are the multiply-accumulate operations of
convolutions and matrix products at batch one, as papers on mobile models count them
(arXiv:1704.04861, 3.1); what is added, pooled or compared is left out.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

_CONVOLUTIONS = ("Conv", "ConvInteger", "QLinearConv")
_PRODUCTS = ("Gemm", "MatMul", "MatMulInteger", "QLinearMatMul")


def counted(model: Any, shapes: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """``parameters`` and ``macs`` of a checked ``ModelProto``.

    ``shapes`` are those of the graph's inputs at batch one. MACs are left out where a shape
    cannot be known without running the graph: a count that misses some would flatter the model.
    """
    found = {"parameters": float(parameters(model))}
    total = macs(model, shapes)
    return found if total is None else {**found, "macs": float(total)}


def parameters(model: Any) -> int:
    """Learned numbers among the initializers and constants of the graph."""
    from onnx import TensorProto

    learned = {
        TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE,
        TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32,
    }  # fmt: skip
    constants = [
        attribute.t
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.HasField("t")
    ]
    tensors = [*model.graph.initializer, *constants]
    return sum(math.prod(t.dims) for t in tensors if t.data_type in learned)


def macs(model: Any, shapes: Mapping[str, Sequence[int]]) -> int | None:
    """Multiply-accumulate operations of one answer, or None where shapes stay unknown."""
    known = _shapes(model, shapes)
    total = 0
    for node in model.graph.node:
        if node.op_type in _CONVOLUTIONS:
            cost = _of_convolution(node, known)
        elif node.op_type in _PRODUCTS:
            cost = _of_product(node, known)
        elif any(attribute.HasField("g") for attribute in node.attribute):
            cost = None  # a branch: what it costs depends on the input
        else:
            continue
        if cost is None:
            return None
        total += cost
    return total


def _of_convolution(node: Any, known: Mapping[str, Sequence[int]]) -> int | None:
    """Each output value sums over its group's inputs under the kernel: (M, C / group, kH, kW)."""
    weight = node.input[3 if node.op_type == "QLinearConv" else 1]
    if weight not in known or node.output[0] not in known:
        return None
    return math.prod(known[node.output[0]]) * math.prod(known[weight][1:])


def _of_product(node: Any, known: Mapping[str, Sequence[int]]) -> int | None:
    """Each output value sums over the inner dimension, the last of the left factor."""
    left = node.input[0]
    if left not in known or node.output[0] not in known or not known[left]:
        return None
    turned = any(a.name == "transA" and a.i for a in node.attribute)
    return math.prod(known[node.output[0]]) * known[left][0 if turned else -1]


def _shapes(model: Any, shapes: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    """The shape of every tensor that inference finds whole, with these inputs."""
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for given in fixed.graph.input:
        if given.name in shapes:
            del given.type.tensor_type.shape.dim[:]
            for size in shapes[given.name]:
                given.type.tensor_type.shape.dim.add().dim_value = size
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, data_prop=True).graph
    found: dict[str, Sequence[int]] = {t.name: tuple(t.dims) for t in inferred.initializer}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        tensor = value.type.tensor_type
        dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]
        whole = [dim for dim in dims if dim is not None]
        if tensor.HasField("shape") and len(whole) == len(dims):
            found[value.name] = tuple(whole)
    return found
