"""A scikit-learn estimator, wherever it runs, as a model of the suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from titleholder.errors import BadInput
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class EstimatorModel:
    """A scikit-learn estimator and the columns of predictions that its task asks for.

    ``here`` is false where it runs in a process of its own, so that no clock here can time it.
    """

    estimator: Any
    name: str
    task: Task
    positive: str | None
    here: bool = True

    def predict(self, frame: "pd.DataFrame", row_id: str) -> "pd.DataFrame":
        """Predictions for the frame's rows; BadInput when the model cannot take them."""
        import pandas as pd

        try:
            columns = self._columns(self._features(frame))
        except (ValueError, KeyError, TypeError) as error:
            said = " ".join(str(error).split())[:400] or type(error).__name__
            raise BadInput(
                f"{self.name}: cannot score these rows: {said}",
                cure="check that the data have the columns and types that it was trained on",
            ) from None
        return pd.DataFrame({row_id: frame[row_id].to_numpy(), **columns})

    def call(self, frame: "pd.DataFrame", row_id: str) -> Callable[[], object]:
        """The whole prediction: the pipeline prepares its rows itself."""
        return partial(self.predict, frame, row_id)

    def costs(self) -> Mapping[str, float]:
        """Nothing beyond the size of its file is known of it."""
        return {}

    def _features(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """The columns that the model was fitted on, in their order, as far as they are there."""
        names = getattr(self.estimator, "feature_names_in_", None)
        return frame if names is None else frame[[name for name in names if name in frame]]

    def _columns(self, frame: "pd.DataFrame") -> Mapping[str, Any]:
        if self.task is Task.REGRESSION:
            return {"y_pred": self.estimator.predict(frame).astype(float)}
        if not hasattr(self.estimator, "predict_proba"):
            return {"y_pred": [_label(answer) for answer in self.estimator.predict(frame)]}
        scores = self.estimator.predict_proba(frame)
        classes = [_label(c) for c in self.estimator.classes_]
        if self.task is Task.BINARY:
            return {"y_score": scores[:, self._positive_column(classes)]}
        return {f"y_score_{c}": scores[:, i] for i, c in enumerate(classes)}

    def _positive_column(self, classes: Sequence[str]) -> int:
        positive = self.positive if self.positive is not None else classes[-1]
        if len(classes) != 2 or positive not in classes:
            raise BadInput(
                f"{self.name}: knows the classes {', '.join(classes)}, and the suite asks for "
                f"{positive!r} against the rest",
                cure="check positive: in params.yaml",
            )
        return classes.index(positive)


def _label(value: Any) -> str:
    from titleholder.comparison.slices import label_of

    return label_of(value.item() if hasattr(value, "item") else value)
