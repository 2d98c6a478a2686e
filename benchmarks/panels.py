"""A panel of any size with two columns of ten values each, and two correlated models."""

from pathlib import Path

import numpy as np

from titleholder.arrays import Panel, Predictions
from titleholder.types import Task

Pair = tuple[Panel, Predictions, Predictions]

POLICY = """\
task: binary
positive: "yes"
slices: [g, h]
metrics: [accuracy, precision, recall, f1, roc_auc, average_precision, log_loss, brier]
rules:
  - {id: auc, metric: roc_auc, kind: non_inferior, margin: 0.01}
  - {id: recall, metric: recall, slice: "*", kind: non_inferior, margin: 0.2, min_n: 100}
"""


def pair_of(rows: int) -> Pair:
    """The panel, the champion's answers and the candidate's."""
    rng = np.random.default_rng(20260101)
    y = (rng.random(rows) < 0.3).astype(np.int64)
    common = rng.normal(size=rows)
    models = []
    for name, skill in (("champion", 1.2), ("candidate", 1.3)):
        noise = 0.7 * common + 0.714 * rng.normal(size=rows)
        score = 1 / (1 + np.exp(-(skill * (2 * y - 1) + noise - 0.5)))
        models.append(Predictions(name, label=(score >= 0.5).astype(np.int64), score=score))
    columns = {"g": rng.integers(0, 10, rows), "h": rng.integers(0, 10, rows)}
    panel = Panel(np.arange(rows), Task.BINARY, y, classes=("no", "yes"), columns=columns)
    return panel, models[0], models[1]


def write(rows: int, folder: Path) -> list[str]:
    """Write the pair as Parquet files with a policy; the arguments of ``titleholder compare``."""
    import pandas as pd

    panel, *models = pair_of(rows)
    truth = np.where(np.asarray(panel.y_true) == 1, "yes", "no")
    frame = pd.DataFrame({"row_id": panel.row_id, "y_true": truth, **panel.columns})
    frame.to_parquet(folder / "panel.parquet")
    for model in models:
        answers = pd.DataFrame({"row_id": panel.row_id, "y_score": model.score})
        answers.to_parquet(folder / f"{model.model}.parquet")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    files = {"panel": "panel.parquet", "champion": "champion.parquet",
             "candidate": "candidate.parquet", "policy": "policy.yaml"}  # fmt: skip
    return [word for flag, name in files.items() for word in (f"--{flag}", str(folder / name))]
