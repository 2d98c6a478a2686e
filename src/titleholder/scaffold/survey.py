"""What lies in a directory: tables with their columns, models, and the tools that are in use."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.errors import TitleholderError
from titleholder.tables.files import read_frame

if TYPE_CHECKING:
    import pandas as pd

TABLES = (".csv", ".parquet", ".jsonl")
MODELS = (".skops", ".onnx")
PICKLES = (".joblib", ".pickle", ".pkl")
DEEPEST = 4
MOST_FILES = 2000
LARGEST = 2 << 30  # bytes; a larger table is for the suite to name, not for a look at all files

# Where no data of a project's own lie.
_FOREIGN = {
    "node_modules", "site-packages", "venv", "build", "dist", "__pycache__", "mlartifacts",
    "mlruns", "wandb", "expectations",
}  # fmt: skip

# What a column of answers is called elsewhere; the first name is titleholder's.
PREDICTED = ("y_pred", "prediction", "pred", "predicted", "yhat", "y_hat", "predictions")
SCORED = ("y_score", "score", "proba", "probability", "prob", "y_proba", "y_prob", "p")


@dataclass(frozen=True, slots=True)
class Table:
    """One table as it lies: its path below the directory, and its rows."""

    path: str
    frame: "pd.DataFrame"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, in the file's order."""
        return tuple(str(name) for name in self.frame.columns)

    @property
    def answers(self) -> bool:
        """Whether it holds what a model said."""
        return any(answer_name(name) for name in self.columns)


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was found; ``unread`` says of each table that could not be read why.

    ``made`` says that the tables were made of something else, and lie nowhere.
    """

    root: Path
    tables: tuple[Table, ...]
    models: tuple[str, ...]
    pickles: tuple[str, ...]
    unread: tuple[str, ...]
    made: bool = False

    def table(self, path: str) -> Table | None:
        """The table at a path, None where there is none."""
        return next((t for t in self.tables if t.path == path), None)


def look(root: Path) -> Survey:
    """Every table and model below ``root``, links and hidden directories left alone."""
    files = sorted(_files(root))
    tables, unread = [], []
    for path in (f for f in files if f.suffix.lower() in TABLES):
        try:
            tables.append(Table(path.relative_to(root).as_posix(), read_frame(path)))
        except TitleholderError as error:
            unread.append(error.message)

    def named(suffixes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f.relative_to(root).as_posix() for f in files if f.suffix.lower() in suffixes)

    return Survey(root, tuple(tables), named(MODELS), named(PICKLES), tuple(unread))


def answer_name(column: str) -> str | None:
    """What titleholder calls a column of answers, None for any other column.

    >>> answer_name("Prediction"), answer_name("proba"), answer_name("score_helpful")
    ('y_pred', 'y_score', 'score_helpful')
    """
    low = column.lower()
    if low in PREDICTED:
        return PREDICTED[0]
    if low in SCORED:
        return SCORED[0]
    return low if low.startswith(("y_score_", "score_")) else None


def _files(root: Path) -> Iterator[Path]:
    found = 0
    for directory, below, names in os.walk(root, followlinks=False):
        here = Path(directory)
        deep = len(here.relative_to(root).parts)
        below[:] = sorted(
            d for d in below if d not in _FOREIGN and not d.startswith(".") and deep < DEEPEST
        )
        for name in sorted(names):
            path = here / name
            if path.is_symlink() or path.stat().st_size > LARGEST:
                continue
            found += 1
            if found > MOST_FILES:
                return
            yield path
