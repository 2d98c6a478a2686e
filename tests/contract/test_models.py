"""Model files: what is opened, what is refused, and what the answers look like."""

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from skops import io

from titleholder.adapters import models
from titleholder.adapters.models import Asked
from titleholder.errors import BadInput, UntrustedModel, UsageError
from titleholder.types import Task

RNG = np.random.default_rng(7)
FRAME = pd.DataFrame(
    {
        "row_id": [f"r{i}" for i in range(80)],
        "age": RNG.normal(40, 10, 80),
        "town": RNG.choice(["north", "south"], 80),
    }
)
YES_NO = np.where(FRAME["age"] + RNG.normal(0, 5, 80) > 40, "yes", "no")


class Unknown(LogisticRegression):
    """A type that nobody listed as harmless."""


def _pipeline(estimator: Any) -> Any:
    return make_pipeline(
        make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["town"])),
        estimator,
    )


def _saved(estimator: Any, y: Any, path: Path) -> Path:
    file = path / "model.skops"
    io.dump(_pipeline(estimator).fit(FRAME, y), file)
    return file


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=5, random_state=0),
        CalibratedClassifierCV(LogisticRegression(), cv=2),
    ],
    ids=lambda e: type(e).__name__,
)
def test_a_classifier_answers_with_the_score_of_the_positive_class(
    estimator: Any, tmp_path: Path
) -> None:
    """One score a row, with the row's id, equal to what scikit-learn says of that class."""
    path = _saved(estimator, YES_NO, tmp_path)
    said = models.load(path, Asked(Task.BINARY, "yes")).predict(FRAME, "row_id")
    other = models.load(path, Asked(Task.BINARY, "no")).predict(FRAME, "row_id")
    assert list(said) == ["row_id", "y_score"]
    assert said["row_id"].tolist() == FRAME["row_id"].tolist()
    assert np.corrcoef(said["y_score"], FRAME["age"])[0, 1] > 0
    np.testing.assert_allclose(said["y_score"] + other["y_score"], 1)


@pytest.mark.parametrize(
    "estimator", [LinearRegression(), HistGradientBoostingRegressor(max_iter=5)],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_a_regressor_answers_with_a_number(estimator: Any, tmp_path: Path) -> None:
    """In the unit of the target."""
    path = _saved(estimator, FRAME["age"] * 2, tmp_path)
    said = models.load(path, Asked(Task.REGRESSION, None)).predict(FRAME, "row_id")
    assert np.corrcoef(said["y_pred"], FRAME["age"])[0, 1] > 0.9


def test_a_model_of_many_classes_answers_with_a_score_for_each(tmp_path: Path) -> None:
    """In columns named for the classes."""
    y = np.arange(80) % 3
    said = models.load(_saved(LogisticRegression(), y, tmp_path), Asked(Task.MULTICLASS, None))
    frame = said.predict(FRAME, "row_id")
    assert list(frame) == ["row_id", "y_score_0", "y_score_1", "y_score_2"]


def test_a_model_without_probabilities_answers_with_labels(tmp_path: Path) -> None:
    """Metrics of scores are then not to be had, and say so."""
    said = models.load(_saved(LinearSVC(), YES_NO, tmp_path), Asked(Task.BINARY, "yes"))
    assert set(said.predict(FRAME, "row_id")["y_pred"]) == {"yes", "no"}


def test_a_type_that_is_not_listed_is_not_opened(tmp_path: Path) -> None:
    """It is named, so that its owner can decide."""
    with pytest.raises(UntrustedModel, match="Unknown"):
        models.load(_saved(Unknown(), YES_NO, tmp_path), Asked(Task.BINARY, "yes"))


class _Bomb:
    def __reduce__(self) -> Any:
        return (Path("fired").touch, ())


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib", ".pt", ".skops"])
def test_a_pickle_is_refused_whatever_it_is_called(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in it is run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(UntrustedModel):
        models.load(path, Asked(Task.BINARY, "yes"))
    assert not Path("fired").exists()


@pytest.mark.parametrize("keep", [0, 1, 100, 5000])
def test_half_a_model_is_refused(keep: int, tmp_path: Path) -> None:
    """However much of it is there."""
    path = _saved(LogisticRegression(), YES_NO, tmp_path)
    assert path.stat().st_size > keep
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UntrustedModel, match=r"model\.skops"):
        models.load(path, Asked(Task.BINARY, "yes"))


def test_a_zip_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """An archive alone says nothing."""
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", "{}")
    with pytest.raises(UntrustedModel):
        models.load(path, Asked(Task.BINARY, "yes"))


@pytest.mark.parametrize("name", ["model.h5", "model", "model.bin"])
def test_an_unknown_format_is_refused_with_what_is_known(name: str, tmp_path: Path) -> None:
    """The message says which formats there are."""
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UntrustedModel) as caught:
        models.load(tmp_path / name, Asked(Task.BINARY, "yes"))
    assert ".skops" in caught.value.cure


def test_predictions_are_no_model_to_run(tmp_path: Path) -> None:
    """They are read, not called."""
    with pytest.raises(UsageError, match="holds predictions"):
        models.load(tmp_path / "p.parquet", Asked(Task.BINARY, "yes"))


def test_a_model_of_another_version_of_scikit_learn_is_refused(tmp_path: Path) -> None:
    """It might answer otherwise than it did when it was trained."""
    path = _saved(LogisticRegression(), YES_NO, tmp_path)
    import sklearn

    version = sklearn.__version__
    aged = tmp_path / "aged.skops"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(aged, "w") as new:
        for item in old.infolist():
            data = old.read(item).replace(version.encode(), b"1.0.2")
            new.writestr(item, data)
    with pytest.raises(UntrustedModel, match=r"1\.0\.2"):
        models.load(aged, Asked(Task.BINARY, "yes"))


def test_a_model_is_given_the_columns_that_it_was_fitted_on(tmp_path: Path) -> None:
    """Ids, targets and slices beside them are nothing to it, and their order does not matter."""
    plain = LogisticRegression().fit(FRAME[["age"]].assign(tall=1.0), YES_NO)
    io.dump(plain, tmp_path / "plain.skops")
    model = models.load(tmp_path / "plain.skops", Asked(Task.BINARY, "yes"))
    rows = FRAME.assign(tall=1.0)[["tall", "town", "row_id", "age"]]
    said = model.predict(rows, "row_id")["y_score"]
    expected = plain.predict_proba(rows[["age", "tall"]])[:, 1]
    np.testing.assert_array_equal(said, expected)


def test_rows_without_a_column_that_the_model_needs_are_an_error_that_names_it(
    tmp_path: Path,
) -> None:
    """The message has the model's name and the column's."""
    model = models.load(_saved(LogisticRegression(), YES_NO, tmp_path), Asked(Task.BINARY, "yes"))
    with pytest.raises(BadInput, match=r"model\.skops.*town"):
        model.predict(FRAME.drop(columns="town"), "row_id")


def test_a_category_that_the_model_has_never_seen_is_an_error(tmp_path: Path) -> None:
    """Where the model itself refuses it."""
    model = models.load(_saved(LogisticRegression(), YES_NO, tmp_path), Asked(Task.BINARY, "yes"))
    with pytest.raises(BadInput, match="west"):
        model.predict(FRAME.assign(town="west"), "row_id")


def test_a_positive_class_that_the_model_does_not_know_is_an_error(tmp_path: Path) -> None:
    """A wrong `positive:` would turn every score round."""
    model = models.load(_saved(LogisticRegression(), YES_NO, tmp_path), Asked(Task.BINARY, "maybe"))
    with pytest.raises(BadInput, match=r"'maybe'"):
        model.predict(FRAME, "row_id")


def test_the_models_of_this_project_open() -> None:
    """No warning of theirs is lost on the way."""
    root = Path(__file__).parents[2]
    paths = sorted(root.glob("models/*/*.skops"))
    if not paths:
        pytest.skip("the models are not pulled here; the end-to-end tests pull them")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in paths:
            task = Task.REGRESSION if path.parent.name == "flights" else Task.BINARY
            models.load(path, Asked(task, "yes"))
