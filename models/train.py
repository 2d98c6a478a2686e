"""Train champion and candidate of the tabular and text suites and save them with skops.

    python models/train.py                  # all suites, from data/<suite>/train or reference
    python models/train.py credit flights

No setting was searched for, and none was chosen to pass or to fail a suite.
Models see the feature columns named in ``RECIPES`` and nothing else. The same data and
library versions give the same bytes. What each model is for, and what it cannot do, is told in
models/README.md, whose table of facts this script rewrites.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

SEED = 20260101
ROOT = Path(__file__).resolve().parent.parent
FACTS_START, FACTS_END = "<!-- facts: start -->", "<!-- facts: end -->"


@dataclass(frozen=True)
class Features:
    """The columns that a suite's models may read; everything else is dropped by the pipeline."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Every feature, numbers first."""
        return [*self.numeric, *self.categorical]


@dataclass(frozen=True)
class Mitigated:
    """A further candidate: rows weighted until ``group`` and target are independent among them.

    Kamiran and Calders 2012, doi:10.1007/s10115-011-0463-8. The group is read in training alone.
    """

    name: str
    group: str
    build: Callable[[Features], Pipeline]

    def weights(self, frame: pd.DataFrame, target: str) -> pd.Series:
        """P(g) P(y) / P(g, y) of each row."""
        cell = frame.groupby([self.group, target])[target].transform("size")
        of_group = frame.groupby(self.group)[target].transform("size")
        of_target = frame.groupby(target)[self.group].transform("size")
        return of_group * of_target / (len(frame) * cell)


@dataclass(frozen=True)
class Recipe:
    """How one suite's models come to be."""

    train: str
    target: str
    features: Features
    champion: Callable[[Features], Pipeline]
    candidate: Callable[[Features], Pipeline]
    mitigated: Mitigated | None = None


def words_once(features: Features) -> Pipeline:
    """TF-IDF of single words, logistic regression."""
    return _text_model(features, TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=4000))


def words_and_pairs(features: Features) -> Pipeline:
    """TF-IDF of words and pairs of words, logistic regression."""
    vectors = TfidfVectorizer(
        sublinear_tf=True, min_df=2, ngram_range=(1, 2), max_features=5000, strip_accents="unicode"
    )
    return _text_model(features, vectors)


def _text_model(features: Features, vectors: TfidfVectorizer) -> Pipeline:
    (text,) = features.categorical
    return Pipeline(
        [
            ("columns", ColumnTransformer([("text", vectors, text)])),
            ("model", LogisticRegression(C=4.0, max_iter=2000, random_state=SEED)),
        ]
    )


# --- preprocessing, always inside the pipeline ---------------------------------------------


def linear_columns(features: Features) -> ColumnTransformer:
    """Standardised numbers (median where missing, and a flag that says so), one-hot words."""
    numeric = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", add_indicator=True)),
            ("scale", StandardScaler()),
        ]
    )
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            ("numeric", numeric, list(features.numeric)),
            ("words", words, list(features.categorical)),
        ],
        remainder="drop",
    )


def tree_columns(features: Features) -> ColumnTransformer:
    """Numbers as they are (boosting handles missing ones), words as codes.

    A word never seen in training becomes missing, for which boosting has learnt a branch. The
    codes are split on as if they were numbers: boosting's native categories would put
    ``functools.partial`` and a function into the file, and whoever loads it had to trust both.
    """
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer(
        [
            ("numeric", "passthrough", list(features.numeric)),
            ("words", words, list(features.categorical)),
        ],
        remainder="drop",
    )


# --- the models ----------------------------------------------------------------------------


def logistic(features: Features) -> Pipeline:
    """Champion of credit and employment: the model one would try first."""
    model = LogisticRegression(C=1.0, max_iter=2_000, random_state=SEED)
    return Pipeline([("columns", linear_columns(features)), ("model", model)])


def forest(features: Features) -> Pipeline:
    """Candidate of credit; leaves of five rows, since there are but 142 denials to learn from."""
    model = RandomForestClassifier(
        n_estimators=200, min_samples_leaf=5, max_features="sqrt", n_jobs=1, random_state=SEED
    )
    return Pipeline([("columns", linear_columns(features)), ("model", model)])


def boosted_classifier(features: Features) -> Pipeline:
    """Candidate of employment; no early stopping, which would set rows aside at random."""
    model = HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.1,
        early_stopping=False,
        random_state=SEED,
    )
    return Pipeline([("columns", tree_columns(features)), ("model", model)])


def ridge(features: Features) -> Pipeline:
    """Champion of flights: a straight line, held down a little."""
    return Pipeline([("columns", linear_columns(features)), ("model", Ridge(alpha=1.0))])


def boosted_regressor(features: Features) -> Pipeline:
    """Candidate of flights, as its sibling for employment."""
    model = HistGradientBoostingRegressor(
        max_iter=150,
        learning_rate=0.1,
        early_stopping=False,
        random_state=SEED,
    )
    return Pipeline([("columns", tree_columns(features)), ("model", model)])


RECIPES: dict[str, Recipe] = {
    # Race (afam) and marital status (single) are slices to judge by, never features: U.S. law
    # forbids a lender to use them.
    "credit": Recipe(
        train="reference.parquet",
        target="deny",
        features=Features(
            numeric=("pirat", "hirat", "lvrat", "chist", "mhist", "unemp"),
            categorical=("phist", "selfemp", "insurance", "condomin", "hschool"),
        ),
        champion=logistic,
        candidate=forest,
        mitigated=Mitigated("reweighed", group="afam", build=logistic),
    ),
    # The sixteen features of the published benchmark task, sex and race among them: it asks
    # how well employment can be predicted, not who should be given a job.
    "employment": Recipe(
        train="train.parquet",
        target="employed",
        features=Features(
            numeric=("AGEP", "SCHL"),
            categorical=(
                "MAR",
                "RELP",
                "DIS",
                "ESP",
                "CIT",
                "MIG",
                "MIL",
                "ANC",
                "NATIVITY",
                "DEAR",
                "DEYE",
                "DREM",
                "SEX",
                "RAC1P",
            ),
        ),
        champion=logistic,
        candidate=boosted_classifier,
    ),
    # Timetable and the last weather report before the hour of departure. No date: a model
    # trained on winter days knows nothing of a summer date.
    "flights": Recipe(
        train="train.parquet",
        target="arr_delay",
        features=Features(
            numeric=(
                "distance",
                "hour",
                "minute",
                "temp",
                "dewp",
                "humid",
                "wind_speed",
                "precip",
                "pressure",
                "visib",
            ),
            categorical=("weekday", "carrier", "origin", "dest"),
        ),
        champion=ridge,
        candidate=boosted_regressor,
    ),
    # One column of text. Trained on films alone: that they are asked about news and tweets is
    # what the suite is about.
    "sentiment": Recipe(
        train="train.parquet",
        target="sentiment",
        features=Features(numeric=(), categorical=("text",)),
        champion=words_once,
        candidate=words_and_pairs,
    ),
}


# --- saving --------------------------------------------------------------------------------


def canonical(archive: bytes) -> bytes:
    """The same skops file, without what differs from one run to the next.

    skops names objects after their memory address and zip stamps each entry with the time.
    Addresses become ordinals in order of appearance, entries are sorted and dated 1980.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(entries.pop("schema.json"))
    ordinals: dict[int, int] = {}
    renamed: dict[str, str] = {}
    renumber(schema, ordinals, renamed)
    members = {renamed[name]: content for name, content in entries.items()}
    members["schema.json"] = json.dumps(schema, indent=1).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for name in sorted(members):
            target.writestr(entry(name), members[name], compresslevel=9)
    return packed.getvalue()


def entry(name: str) -> zipfile.ZipInfo:
    """A compressed entry that says nothing of when and where it was written."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def renumber(node: Any, ordinals: dict[int, int], renamed: dict[str, str]) -> None:
    """Walk the schema once, in document order, and rewrite addresses in place."""
    if isinstance(node, dict):
        if "__id__" in node:
            node["__id__"] = ordinals.setdefault(node["__id__"], len(ordinals))
        if "file" in node and isinstance(node["file"], str):
            suffix = Path(node["file"]).suffix
            node["file"] = renamed.setdefault(node["file"], f"{len(renamed):05d}{suffix}")
        for child in node.values():
            renumber(child, ordinals, renamed)
    elif isinstance(node, list):
        for child in node:
            renumber(child, ordinals, renamed)


def save(model: Pipeline, path: Path) -> None:
    """Replace the file at once: DVC may have linked the old one to its cache."""
    content = canonical(skops.io.dumps(model))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


# --- the run -------------------------------------------------------------------------------


def train(suite: str, recipe: Recipe, data: Path, out: Path) -> list[str]:
    """Fit, save and check all models of a suite; returns their rows of the facts table."""
    frame = pd.read_parquet(data / suite / recipe.train)
    x, y = frame[recipe.features.names], frame[recipe.target]
    fitted = {
        "champion": recipe.champion(recipe.features).fit(x, y),
        "candidate": recipe.candidate(recipe.features).fit(x, y),
    }
    if recipe.mitigated is not None:
        more = recipe.mitigated
        weight = more.weights(frame, recipe.target)
        fitted[more.name] = more.build(recipe.features).fit(x, y, model__sample_weight=weight)
    rows = []
    for role, model in fitted.items():
        path = out / suite / f"{role}.skops"
        save(model, path)
        rows.append(fact(suite, role, recipe, frame, model, path))
        print(f"{suite}/{role}: {path.stat().st_size:,} bytes")
    return rows


def fact(
    suite: str, role: str, recipe: Recipe, frame: pd.DataFrame, model: Pipeline, path: Path
) -> str:
    """One row of the table, once the saved file is known to say what the model says."""
    untrusted = skops.io.get_untrusted_types(file=path)
    loaded = skops.io.load(path, trusted=untrusted)
    features = frame[recipe.features.names]
    if not np.array_equal(model.predict(features), loaded.predict(frame)):
        raise RuntimeError(f"{path} does not predict what the fitted model predicts")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    needs = ", ".join(f"`{name}`" for name in untrusted) or "none"
    kind = type(model.named_steps["model"]).__name__
    size = f"{path.stat().st_size / 1e6:.2f}"
    return f"| {suite} | {role} | `{kind}` | {len(frame):,} | {size} | `{digest}` | {needs} |"


def write_facts(rows: Sequence[str], readme: Path) -> None:
    """Rewrite the part of the model card that lies between the two markers."""
    versions = ", ".join(
        f"{name} {metadata.version(name)}"
        for name in ("scikit-learn", "numpy", "scipy", "pandas", "pyarrow", "skops")
    )
    table = [
        f"Seed {SEED}. Python {platform.python_version()}, {versions}.",
        "",
        "| suite | role | estimator | training rows | MB | SHA-256 begins | types to trust |",
        "|---|---|---|---:|---:|---|---|",
        *rows,
    ]
    before, _, rest = readme.read_text(encoding="utf-8").partition(FACTS_START)
    _, _, after = rest.partition(FACTS_END)
    body = "\n".join(table)
    text = f"{before}{FACTS_START}\n{body}\n{FACTS_END}{after}"
    readme.write_text(text, encoding="utf-8")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suites", nargs="*", help=f"{', '.join(RECIPES)} (default: all)")
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    return parser.parse_args()


def main() -> int:
    """Train what was asked for; 2 for a suite that does not exist."""
    options = arguments()
    unknown = set(options.suites) - set(RECIPES)
    if unknown:
        print(f"unknown suite: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    rows: list[str] = []
    # One thread: more change the last digits of a fit, and slow it down on busy cores.
    with threadpool_limits(limits=1):
        for suite in options.suites or RECIPES:
            rows += train(suite, RECIPES[suite], options.data, options.out)
    # A part of the suites would leave a table without the others.
    if not options.suites and (options.out / "README.md").exists():
        write_facts(rows, options.out / "README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
