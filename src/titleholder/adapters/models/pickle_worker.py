"""Answers for rows, in a process of its own that is shut in before it opens the pickle.

    python -I pickle_worker.py READABLE-AS-JSON < messages

Reads messages (eight bytes of length, then so many bytes): the pickle first, then Arrow tables
of rows. Answers each with one message: a line of JSON, and after it, for scores and values, one
array in numpy's own format. It knows nothing of titleholder and is given no credentials.
"""

import io
import json
import os
import runpy
import struct
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO


def _main() -> None:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what the model prints is no answer
        os.dup2(nowhere, standard)
    try:
        beside = Path(__file__).with_name("confinement.py")
        runpy.run_path(str(beside))["confine"](json.loads(sys.argv[1]))
    except OSError as error:
        _reply(replies, {"error": "unconfined", "told": str(error)})
        return
    model = _message(requests)
    if model is None:
        return
    try:
        estimator = _opened(model)
        _reply(replies, _described(estimator))
    except Exception as error:  # a pickle can raise anything at all
        _reply(replies, {"error": "unreadable", "told": _first(error)})
        return
    while (rows := _message(requests)) is not None:
        try:
            _reply(replies, *_answer(estimator, rows))
        except Exception as error:
            _reply(replies, {"error": "rows", "told": _first(error)})


def _opened(model: bytes) -> Any:
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(model))
        except InconsistentVersionWarning as skew:
            told = (
                f"was saved by scikit-learn {skew.original_sklearn_version}, and this is "
                f"{skew.current_sklearn_version}: it might answer otherwise"
            )
            raise ValueError(told) from None


def _described(estimator: Any) -> dict[str, Any]:
    if not hasattr(estimator, "predict"):
        raise TypeError(f"holds a {type(estimator).__name__}, which is no model")
    names = getattr(estimator, "feature_names_in_", None)
    classes = getattr(estimator, "classes_", None)
    return {
        "scores": hasattr(estimator, "predict_proba"),
        "names": None if names is None else [str(name) for name in names],
        "classes": None if classes is None else [_plain(one) for one in classes],
    }


def _answer(estimator: Any, request: bytes) -> tuple[dict[str, Any], bytes]:
    """Scores of classes, labels, or values, for a table of rows after its kind."""
    import numpy as np
    import pyarrow as pa

    kind, table = request[:1], pa.ipc.open_stream(request[1:]).read_all().to_pandas()
    if kind == b"s":
        return {"answer": "scores"}, _array(estimator.predict_proba(table))
    found = np.asarray(estimator.predict(table))
    if getattr(estimator, "classes_", None) is not None:
        return {"answer": "labels", "labels": [_plain(one) for one in found]}, b""
    return {"answer": "values"}, _array(found)


def _array(values: Any) -> bytes:
    import numpy as np

    written = io.BytesIO()
    np.save(written, np.ascontiguousarray(values, dtype=np.float64), allow_pickle=False)
    return written.getvalue()


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, bool | int | float | str) else str(value)


def _first(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:400]


def _message(source: BinaryIO) -> bytes | None:
    length = source.read(8)
    return source.read(struct.unpack(">Q", length)[0]) if len(length) == 8 else None


def _reply(target: BinaryIO, told: dict[str, Any], array: bytes = b"") -> None:
    data = json.dumps(told).encode() + b"\n" + array
    target.write(struct.pack(">Q", len(data)) + data)
    target.flush()


if __name__ == "__main__":
    _main()
