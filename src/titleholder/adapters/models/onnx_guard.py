"""What an ONNX file may hold: standard operators, its own weights, and nothing that runs for ever.

A graph cannot run Python, but it can name files to read (external data), operators of libraries
that would have to be loaded (custom domains), loops without an end and numbers drawn at random.
All of that is refused before any runtime sees the file.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from titleholder.errors import UntrustedModel, UsageError

MOST_BYTES = 10**9
STANDARD = ("", "ai.onnx", "ai.onnx.ml")
# Each with what stands against it.
REFUSED = {
    "Bernoulli": "draws random numbers",
    "Loop": "may never end",
    "Multinomial": "draws random numbers",
    "RandomNormal": "draws random numbers",
    "RandomNormalLike": "draws random numbers",
    "RandomUniform": "draws random numbers",
    "RandomUniformLike": "draws random numbers",
}
_NAMED = 5


def read(path: Path) -> Any:
    """The ``ModelProto`` in a file, checked; UntrustedModel with all that stands against it."""
    onnx = _library()
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UntrustedModel(f"{path}: {size / 1e6:,.0f} MB, and at most {MOST_BYTES / 1e6:,.0f}")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception as error:  # protobuf and the checker share no base class
        raise _unreadable(path, error) from None
    found = sorted(set(problems(model)))
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise UntrustedModel(
            f"{path}: {'; '.join(found[:_NAMED])}{more}",
            cure="export it again, in one file and with standard operators alone",
        )
    try:
        onnx.checker.check_model(model)
    except Exception as error:
        raise _unreadable(path, error) from None
    return model


def problems(model: Any) -> Iterator[str]:
    """Everything in a model that is not allowed, in words."""
    if not model.graph.node:
        yield "holds no graph"
    if model.functions:
        yield "defines functions of its own (inline them: onnx.inliner.inline_local_functions)"
    for message in messages(model):
        match message.DESCRIPTOR.name:
            case "NodeProto":
                yield from _node_problems(message)
            case "TensorProto" if message.external_data or message.data_location:
                yield f"keeps {message.name or 'a tensor'!r} in another file (external data)"


def messages(message: Any) -> Iterator[Any]:
    """A message and all that are nested in it: subgraphs, attributes, sparse tensors and all."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        yield one
        for field, value in one.ListFields():
            if field.message_type is not None:
                waiting.extend([value] if hasattr(value, "DESCRIPTOR") else value)


def _node_problems(node: Any) -> Iterator[str]:
    import onnx

    domain, kind = node.domain, node.op_type
    if domain not in STANDARD:
        yield f"uses {domain}::{kind}, an operator of a custom domain"
    elif not onnx.defs.has(kind, "" if domain == "ai.onnx" else domain):
        yield f"uses {kind!r}, which is no standard operator"
    elif kind in REFUSED:
        yield f"uses {kind}, which {REFUSED[kind]}"
    elif kind == "Dropout" and len(node.input) > 2 and node.input[2]:
        yield "uses Dropout as in training, which draws random numbers"


def _unreadable(path: Path, error: Exception) -> UntrustedModel:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return UntrustedModel(f"{path}: is no valid ONNX model: {first}", cure="export it again")


def _library() -> Any:
    try:
        import onnx
    except ModuleNotFoundError:
        raise UsageError(
            "ONNX models need packages that are not installed here",
            cure='pip install "titleholder[onnx]"',
        ) from None
    return onnx
