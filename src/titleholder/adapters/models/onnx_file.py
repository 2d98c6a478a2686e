"""Models as ONNX graphs, run by onnxruntime on one thread so that equal rows get equal answers.

The file is checked (`onnx_guard`), then opened and asked for one row in a process of its own
(`onnx_trial`), and only then opened here. Its classes are those in its metadata (``classes``, a
JSON list) or of its classifier, else the suite's, else the numbers of its outputs.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.adapters.models import Asked, onnx_costs, onnx_guard, onnx_trial
from titleholder.adapters.models.onnx_inputs import ColumnInputs, ImageInput, given
from titleholder.arrays import Floats
from titleholder.environment import without_secrets
from titleholder.errors import BadInput, UntrustedModel
from titleholder.params.schema import Scores
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

CLASSES = "classes"
SUM_TOLERANCE = 1e-3


def load(path: Path, asked: Asked) -> "OnnxModel":
    """The model in an ONNX file; UntrustedModel for what must not be opened.

    BadInput for a graph whose input is not what the suite has.
    """
    model = onnx_guard.read(path)
    try:
        inputs = given(model)
        taken = (
            ColumnInputs.of(inputs) if asked.images is None else ImageInput.of(inputs, asked.images)
        )
    except BadInput as error:
        raise BadInput(f"{path.name}: {error.message}", cure=error.cure) from None
    return OnnxModel(model, path.name, asked, taken)


@dataclass(frozen=True)
class OnnxModel:
    """A checked graph; it is tried and opened when the first rows are there (``state``)."""

    graph: Any
    name: str
    asked: Asked
    inputs: ImageInput | ColumnInputs
    state: "list[_Opened]" = field(default_factory=list)

    def predict(self, frame: "pd.DataFrame", row_id: str) -> "pd.DataFrame":
        """Predictions for the frame's rows; BadInput when the model cannot take them."""
        import pandas as pd

        size = self.inputs.batch
        parts = []
        for start in range(0, len(frame), size):
            rows = frame.iloc[start : start + size]
            feed = self._feed(rows, row_id, frame)
            parts.append(self._columns(self._run(feed, str(rows[row_id].iloc[0]))))
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return pd.DataFrame({row_id: frame[row_id].to_numpy(), **columns})

    def call(self, frame: "pd.DataFrame", row_id: str) -> Callable[[], object]:
        """The graph alone, on tensors that are ready."""
        feed = self._feed(frame, row_id, frame)
        opened = self._opened(feed, str(frame[row_id].iloc[0]))
        return partial(opened.session.run, [self._answer], feed)

    @property
    def here(self) -> bool:
        """In this process."""
        return True

    def costs(self) -> Mapping[str, float]:
        """Parameters, MACs of one row, and the memory that one answer took."""
        if not self.state:
            return {}
        (opened,) = self.state
        peak = {} if opened.peak_mb is None else {"peak_memory_mb": opened.peak_mb}
        return {**onnx_costs.counted(self.graph, opened.sizes), **peak}

    def _feed(
        self, frame: "pd.DataFrame", row_id: str, whole: "pd.DataFrame"
    ) -> dict[str, NDArray[Any]]:
        try:
            return self.inputs.feed(frame, row_id, whole)
        except BadInput as error:
            raise BadInput(f"{self.name}: {error.message}", cure=error.cure) from None

    def _run(self, feed: Mapping[str, NDArray[Any]], row: str) -> NDArray[Any]:
        opened = self._opened(feed, row)
        try:
            (answer,) = opened.session.run([self._answer], dict(feed))
        except Exception as error:  # the vendor's errors share no base class
            raise self._unanswered(feed, row, _first(error)) from None
        return np.asarray(answer)

    def _opened(self, feed: Mapping[str, NDArray[Any]], row: str) -> "_Opened":
        """The graph as a session, tried on the first row of ``feed``, which is called ``row``."""
        if self.state:
            return self.state[0]
        one = {name: values[:1] for name, values in feed.items()}
        found = onnx_trial.trial(self.graph.SerializeToString(), one, without_secrets(os.environ))
        if "refused" in found:
            raise self._unanswered(one, row, found["refused"])
        if "error" in found:
            raise UntrustedModel(f"{self.name}: {found['error']}", cure="export it again")
        self.state.append(_Opened.of(self.graph, found["peak_mb"], self.inputs.sizes(feed)))
        return self.state[0]

    def _unanswered(self, feed: Mapping[str, NDArray[Any]], row: str, told: str) -> BadInput:
        """That the graph opened and did not take these rows, with the shapes that it was given."""
        shapes = ", ".join(f"{name} {values.shape}" for name, values in feed.items())
        return BadInput(
            f"{self.name}: cannot score these rows, of which the first is {row!r}, given as "
            f"{shapes}: {told}",
            cure="make a panel of what it was trained on, or export it with fixed sizes in its "
            "input, so that images.fit: resize can scale to them",
        )

    # ------------------------------------------------------------------ what it answers

    @cached_property
    def _answer(self) -> str:
        """The output that is read: the only one of floats."""
        from onnx import TensorProto

        floats = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
        found = [
            output.name
            for output in self.graph.graph.output
            if output.type.HasField("tensor_type") and output.type.tensor_type.elem_type in floats
        ]
        if len(found) != 1:
            said = ", ".join(output.name for output in self.graph.graph.output)
            raise BadInput(
                f"{self.name}: gives {said}: {len(found)} tensors of floats, where one is read",
                cure="export scores as one tensor (skl2onnx: options={'zipmap': False})",
            )
        return str(found[0])

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that its metadata name, or else its classifier; empty without."""
        said = {entry.key: entry.value for entry in self.graph.metadata_props}.get(CLASSES)
        if said is None:
            return _labels_of(self.graph.graph.node)
        try:
            listed = json.loads(said)
        except ValueError:
            listed = None
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise BadInput(f"{self.name}: its metadata {CLASSES!r} is no JSON list of names")
        return tuple(listed)

    def _columns(self, answer: NDArray[Any]) -> dict[str, NDArray[Any]]:
        flat: Floats = answer.astype(float).reshape(len(answer), -1)
        if self.asked.task is Task.REGRESSION:
            if flat.shape[1] != 1:
                raise BadInput(f"{self.name}: gives {flat.shape[1]} numbers a row, not one")
            return {"y_pred": flat[:, 0]}
        scores = self._probabilities(flat)
        names = self._names(scores.shape[1])
        if self.asked.task is Task.MULTICLASS:
            return {f"y_score_{name}": scores[:, i] for i, name in enumerate(names)}
        positive = self.asked.positive or names[-1]
        if len(names) != 2 or positive not in names:
            raise BadInput(
                f"{self.name}: knows the classes {', '.join(names)}, and the suite asks for "
                f"{positive!r} against the rest",
                cure="check positive: in params.yaml",
            )
        return {"y_score": scores[:, names.index(positive)]}

    def _probabilities(self, scores: Floats) -> Floats:
        spec = self.asked.images
        if spec is not None and spec.scores is Scores.LOGITS:
            from scipy.special import softmax

            return np.asarray(softmax(scores, axis=1))
        off = ~(np.abs(scores.sum(axis=1) - 1) <= SUM_TOLERANCE) | (scores < 0).any(axis=1)
        if off.any():
            raise BadInput(
                f"{self.name}: {int(off.sum())} of {len(scores)} answers are no probabilities: "
                "they do not sum to 1",
                cure="write images.scores: logits, or end the graph with a softmax",
            )
        return scores

    def _names(self, count: int) -> tuple[str, ...]:
        names = self.classes or self.asked.classes or tuple(map(str, range(count)))
        if len(names) != count:
            raise BadInput(
                f"{self.name}: gives {count} scores a row, and {len(names)} classes are named",
                cure="name the classes in the order of its outputs: classes: in params.yaml, or "
                f"a JSON list as {CLASSES!r} in the model's metadata",
            )
        return names


@dataclass(frozen=True, slots=True)
class _Opened:
    """A session, and what was learned when the model was tried."""

    session: Any
    peak_mb: float | None
    sizes: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(
        cls, graph: Any, peak_mb: float | None, sizes: Mapping[str, tuple[int, ...]]
    ) -> "_Opened":
        import onnxruntime

        data = graph.SerializeToString()
        chosen, providers = onnx_trial.options(onnxruntime), ["CPUExecutionProvider"]
        onnxruntime.disable_telemetry_events()
        session = onnxruntime.InferenceSession(data, chosen, providers=providers)
        return cls(session, peak_mb, sizes)


def _labels_of(nodes: Any) -> tuple[str, ...]:
    """The labels of a graph's only classifier of ``ai.onnx.ml``, as scikit-learn's exports have."""
    found = {
        tuple(s.decode(errors="replace") for s in a.strings) or tuple(map(str, a.ints))
        for node in nodes
        for a in node.attribute
        if a.name in ("classlabels_strings", "classlabels_ints", "classlabels_int64s")
    }
    return found.pop() if len(found) == 1 else ()


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
