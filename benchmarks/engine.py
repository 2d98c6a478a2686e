"""Paired comparison, side by side in one run: titleholder, and what would be taken instead.

    OMP_NUM_THREADS=1 python benchmarks/engine.py
    OMP_NUM_THREADS=1 python benchmarks/engine.py --rows 10000000

Two models, eight metrics, overall and 20 slices, B = 2000 paired replicates. CPU seconds. The
loop of resample and scikit-learn, `scipy.stats.bootstrap` and fairlearn's `MetricFrame` would
take hours, so each is run with a few replicates, and its time is extrapolated to all of them;
the table says from how many. SciPy is given one metric (accuracy, its cheapest) overall only,
fairlearn four, on one column of slices, and only where the panel is small.
"""

import argparse
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Panel, Predictions
from titleholder.compare import measure
from titleholder.params.schema import Policy
from titleholder.types import Task

B = 2000
MOST_FOR_FAIRLEARN = 100_000  # rows; more take many minutes a replicate
NAMES = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss",
         "brier")  # fmt: skip
Pair = tuple[Panel, Predictions, Predictions]


def pair_of(rows: int) -> Pair:
    """A panel with two columns of ten values each, and two correlated models."""
    rng = np.random.default_rng(20260101)
    y = (rng.random(rows) < 0.3).astype(np.int64)
    common = rng.normal(size=rows)
    models = []
    for name, skill in (("champion", 1.2), ("candidate", 1.3)):
        noise = 0.7 * common + 0.714 * rng.normal(size=rows)
        score = 1 / (1 + np.exp(-(skill * (2 * y - 1) + noise - 0.5)))
        models.append(Predictions(name, label=(score >= 0.5).astype(np.int64), score=score))
    columns = {"g": rng.integers(0, 10, rows), "h": rng.integers(0, 10, rows)}
    ids = np.arange(rows).astype(np.str_)
    panel = Panel(ids, Task.BINARY, y, classes=("no", "yes"), columns=columns)
    return panel, models[0], models[1]


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median CPU time of some calls."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def ours(pair: Pair) -> None:
    """Everything, with intervals."""
    measure(*pair, Policy(task=Task.BINARY, rules=(), metrics=NAMES, slices=("g", "h")))


def points(pair: Pair, rows: NDArray[np.int64] | slice) -> None:
    """scikit-learn's eight metrics of both models, overall and on each slice."""
    from sklearn import metrics as m

    panel, *models = pair
    y = np.asarray(panel.y_true)[rows]
    where: list[Any] = [slice(None)]
    for column in panel.columns.values():
        where += [column[rows] == value for value in range(10)]
    for model in models:
        label, score = np.asarray(model.label)[rows], np.asarray(model.score)[rows]
        for at in where:
            for of_labels in (m.accuracy_score, m.precision_score, m.recall_score, m.f1_score):
                of_labels(y[at], label[at])
            for of_scores in (
                m.roc_auc_score, m.average_precision_score, m.log_loss, m.brier_score_loss
            ):  # fmt: skip
                of_scores(y[at], score[at])


def replicate(pair: Pair) -> None:
    """One replicate of the loop: draw rows, compute everything again."""
    n = len(pair[0])
    points(pair, np.random.default_rng(0).integers(n, size=n))


def scipy_bootstrap(pair: Pair, replicates: int) -> None:
    """SciPy's paired percentile bootstrap of one difference of means."""
    from scipy.stats import bootstrap

    y = np.asarray(pair[0].y_true)
    hits = tuple((np.asarray(model.label) == y).astype(float) for model in pair[1:])
    bootstrap(
        hits, lambda a, b, axis: b.mean(axis) - a.mean(axis), paired=True, vectorized=True,
        n_resamples=replicates, method="percentile", batch=1, rng=1,
    )  # fmt: skip


def fairlearn_frame(pair: Pair, replicates: int) -> None:
    """fairlearn's bootstrap of both models, not paired; metrics of labels alone, one column."""
    from fairlearn.metrics import MetricFrame
    from sklearn import metrics as m

    panel, *models = pair
    for model in models:
        MetricFrame(
            metrics={
                "accuracy": m.accuracy_score, "precision": m.precision_score,
                "recall": m.recall_score, "f1": m.f1_score,
            },
            y_true=panel.y_true,
            y_pred=model.label,
            sensitive_features=panel.columns["g"],
            n_boot=replicates,
            ci_quantiles=[0.025, 0.975],
        )  # fmt: skip


def machine() -> str:
    """Where this runs, and with what."""
    packages = ("numpy", "scipy", "scikit-learn", "fairlearn")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def table(rows: int, repeats: int, fairlearn_replicates: int) -> None:
    """Time all of them on a panel of so many rows and print a line each."""
    pair = pair_of(rows)
    ours(pair)  # imports, once, are nobody's time
    base = cpu_seconds(lambda: ours(pair), max(5, repeats))
    print(f"\n### {rows:,} rows\n")
    print("| what | CPU seconds | ratio | how |\n|---|--:|--:|---|")

    def line(what: str, seconds: float, how: str) -> None:
        print(f"| {what} | {seconds:,.2f} | {seconds / base:,.0f} | {how} |", flush=True)

    line("titleholder, everything with intervals", base, f"median of {max(5, repeats)}")
    line("scikit-learn, points alone", cpu_seconds(lambda: points(pair, slice(None)), 1), "run")
    loop = cpu_seconds(lambda: replicate(pair), repeats)
    line("resample and scikit-learn, a loop", loop * B, f"{repeats} replicates x {B}")
    few = 20
    one = cpu_seconds(lambda: scipy_bootstrap(pair, few), 1) / few
    line("scipy.stats.bootstrap, accuracy, overall", one * B, f"{few} replicates, extrapolated")
    if fairlearn_replicates and rows <= MOST_FOR_FAIRLEARN:
        k = fairlearn_replicates
        seconds = cpu_seconds(lambda: fairlearn_frame(pair, k), 1) / k
        line("fairlearn, 4 metrics, 10 slices", seconds * B, f"{k} replicates, extrapolated")


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fairlearn-replicates", type=int, default=2, help="0 leaves it out")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"8 metrics, 21 slices, B = {B}; ratios are to titleholder.\n\n{machine()}")
    for rows in asked.rows:
        table(rows, asked.repeats, asked.fairlearn_replicates)


if __name__ == "__main__":
    main()
