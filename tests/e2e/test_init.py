"""`titleholder init` in directories of other people's making, from nothing to the first verdict."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support import warm
from titleholder.errors import Exit

N = 2000


def two_tables(root: Path) -> None:
    """A folder with two CSVs: the production model's answers with the truth, and a challenger's."""
    rng = np.random.default_rng(0)
    churned = rng.random(N) < 0.3
    frame = pd.DataFrame({
        "id": np.arange(N), "label": np.where(churned, "yes", "no"),
        "region": rng.choice(["north", "south"], N),
    })  # fmt: skip
    for name, noise in (("production", 0.25), ("challenger", 0.2)):
        score = np.clip(0.3 + 0.4 * churned + rng.normal(0, noise, N), 0.001, 0.999)
        told = frame if name == "production" else frame[["id"]]
        told.assign(prob=score).to_csv(root / f"{name}.csv", index=False)


def sklearn_project(root: Path) -> None:
    """Data without ids and two pipelines, laid out as scikit-learn projects are."""
    from sklearn.linear_model import LogisticRegression
    from skops import io

    rng = np.random.default_rng(1)

    def rows() -> pd.DataFrame:
        frame = pd.DataFrame(rng.normal(size=(N, 3)), columns=list("abc"))
        frame["plan"] = rng.choice(["free", "pro"], N)
        frame["target"] = (frame.a + frame.b + rng.normal(size=N) > 0).astype(int)
        return frame

    for place in ("data", "models"):
        (root / place).mkdir()
    train, test = rows(), rows()
    train.to_csv(root / "data/train.csv", index=False)
    test.to_csv(root / "data/test.csv", index=False)
    for name, strength in (("baseline", 0.01), ("candidate", 1.0)):
        model = LogisticRegression(C=strength).fit(train[list("abc")], train.target)
        io.dump(model, root / f"models/{name}.skops")


@pytest.mark.parametrize("make", [two_tables, sklearn_project])
def test_a_foreign_directory_comes_to_its_first_verdict_in_two_commands(
    tmp_path: Path, make: "object"
) -> None:
    """init, run; then the gate knows the candidate, and nothing of the user's has changed."""
    assert callable(make)
    make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    started = time.monotonic()
    written = warm.titleholder(tmp_path, "init", "--name", "mine")
    assert written.code == Exit.ALLOW, written.err
    run = warm.titleholder(tmp_path, "run", "mine", "--quiet")
    assert run.code == Exit.ALLOW, run.err
    assert "mine: " in run.out
    print(f"{make.__name__}: {time.monotonic() - started:.0f} s to the first verdict")
    candidate = next(iter(tmp_path.glob("models/**/c*.[sp]*")))
    gate = warm.titleholder(
        tmp_path, "gate", "--suite", "mine", "--model", str(candidate), "--env", "dev"
    )
    assert gate.code == Exit.ALLOW, gate.out
    assert {path: path.read_bytes() for path in before} == before
