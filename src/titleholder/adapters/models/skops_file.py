"""Scikit-learn models saved with skops, read without falling back to pickle.

Only types that are known to hold nothing but parameters are trusted.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder.adapters.models import archive_guard
from titleholder.errors import BadInput, UntrustedModel
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

# Types of scikit-learn that skops does not know, and that hold arrays and numbers alone.
TRUSTED = frozenset(
    {
        "numpy.dtype",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.AbsoluteError",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss._loss.CyAbsoluteError",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)


def load(path: Path, task: Task, positive: str | None) -> "SkopsModel":
    """The model in a skops file; UntrustedModel for what must not be opened."""
    return SkopsModel(_opened(path), path.name, task, positive)


@dataclass(frozen=True, slots=True)
class SkopsModel:
    """A scikit-learn estimator and the columns of predictions that its task asks for."""

    estimator: Any
    name: str
    task: Task
    positive: str | None

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


def _opened(path: Path) -> Any:
    from sklearn.exceptions import InconsistentVersionWarning
    from skops import io

    archive_guard.require_plain(path)
    try:
        untrusted = sorted(set(io.get_untrusted_types(file=path)) - TRUSTED)
        if untrusted:
            raise UntrustedModel(
                f"{path}: holds types that are not trusted: {', '.join(untrusted)}",
                cure="save a model of scikit-learn's own types, or give its predictions",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            return io.load(path, trusted=sorted(TRUSTED))
    except InconsistentVersionWarning as skew:
        raise UntrustedModel(
            f"{path}: was saved by scikit-learn {skew.original_sklearn_version}, "
            f"and this is {skew.current_sklearn_version}: it might answer otherwise",
            cure="install that version, or train and save the model again",
        ) from None
    except UntrustedModel:
        raise
    except Exception as error:  # a crafted file can make skops raise anything at all
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UntrustedModel(
            f"{path}: is not a readable skops file: {first}", cure="save the model again"
        ) from None


def _label(value: Any) -> str:
    from titleholder.slices import label_of

    return label_of(value.item() if hasattr(value, "item") else value)
