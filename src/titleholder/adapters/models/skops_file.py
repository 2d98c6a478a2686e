"""Scikit-learn models saved with skops, read without falling back to pickle.

Only types that are known to hold nothing but parameters are trusted.
"""

import warnings
from pathlib import Path
from typing import Any

from titleholder.adapters.models import archive_guard
from titleholder.adapters.models.estimator import EstimatorModel
from titleholder.errors import UntrustedModel
from titleholder.types import Task

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


def load(path: Path, task: Task, positive: str | None) -> EstimatorModel:
    """The model in a skops file; UntrustedModel for what must not be opened."""
    return EstimatorModel(_opened(path), path.name, task, positive)


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
