"""Model files, by format: scikit-learn models saved with skops, ONNX graphs, and ready predictions.

A model file is code until proven otherwise: each format has a list of what is allowed. A pickle is
opened only where the suite trusts its very bytes, and then in a process that is shut in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from titleholder.errors import UntrustedModel, UsageError
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

    from titleholder.params.schema import Images

PREDICTION_FILES = (".parquet", ".csv", ".jsonl")
PICKLES = (".pkl", ".pickle", ".joblib")
TENSORS = (".pt", ".pth")


class Model(Protocol):
    """Something that answers for rows."""

    def predict(self, frame: "pd.DataFrame", row_id: str) -> "pd.DataFrame":
        """Predictions for the frame's rows, in the columns of a predictions file."""

    def call(self, frame: "pd.DataFrame", row_id: str) -> Callable[[], object]:
        """One bare call of the model on these rows, to be timed: what could be prepared is."""

    @property
    def here(self) -> bool:
        """Whether it runs in this process, so that a clock here can time it."""

    def costs(self) -> Mapping[str, float]:
        """What is known of its cost without a clock, by metric name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a suite asks of its models: the task, and how rows become a model's input.

    ``trust`` holds the digests (``sha256:``...) of pickles that it vouches for.
    """

    task: Task
    positive: str | None = None
    classes: tuple[str, ...] = ()
    images: "Images | None" = None
    trust: tuple[str, ...] = ()


def load(path: Path, asked: Asked) -> Model:
    """The model in a file, by its suffix; UntrustedModel for what must not be opened.

    In a directory it is the one file called ``model`` with such a suffix.
    """
    if path.is_dir():
        return load(_within(path), asked)
    match path.suffix.lower():
        case ".skops":
            from titleholder.adapters.models import skops_file

            return skops_file.load(path, asked.task, asked.positive)
        case ".onnx":
            from titleholder.adapters.models import onnx_file

            return onnx_file.load(path, asked)
        case suffix if suffix in PREDICTION_FILES:
            raise UsageError(f"{path}: holds predictions, and there is no model to run")
        case suffix if suffix in PICKLES:
            from titleholder.adapters.models import pickle_file

            return pickle_file.load(path, asked.task, asked.positive, asked.trust)
        case suffix if suffix in TENSORS:
            raise UntrustedModel(
                f"{path}: is a pickle, which runs whatever code it holds when it is opened",
                cure="export it as .onnx or give its predictions",
            )
        case suffix:
            raise UntrustedModel(
                f"{path}: {suffix or 'no suffix'} is not a model format that is known here",
                cure="use .skops, .onnx, or a predictions file (.parquet, .csv, .jsonl)",
            )


def _within(directory: Path) -> Path:
    found = sorted(directory.glob("model.*"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise UntrustedModel(
            f"{directory}: is a model if it holds one file called model.*, and it holds {names}",
            cure="name the file that is run model.skops, say",
        )
    return found[0]
