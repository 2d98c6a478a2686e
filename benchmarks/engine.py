"""Paired comparison, side by side in one run: titleholder, and what would be taken instead.

    OMP_NUM_THREADS=1 python -m benchmarks.engine --rows 10000 1000000

Two models, eight metrics, overall and 20 slices, B = 2000 paired replicates. The loop of resample
and scikit-learn, `scipy.stats.bootstrap` and fairlearn's `MetricFrame` would take hours, so each is
run with a few replicates, and its time is multiplied; the table says from how many. TFMA is asked
for in an environment of its own: ``--tfma PYTHON``.
"""

import argparse
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.panels import Pair, pair_of
from benchmarks.timing import Line, by_turns, cpu_seconds, installed, machine, table
from titleholder.comparison.compare import measure
from titleholder.fast import compiled
from titleholder.memory import keep_freed
from titleholder.params.schema import Policy
from titleholder.types import Task

B = 2000
OFTEN = 3  # calls of ours in a turn: they are short beside a peer's
MOST_FOR_FAIRLEARN = 100_000  # rows; more take many minutes a replicate
TFMA_ROWS = 10_000
TFMA_REPLICATES = 20  # always
NAMES = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss",
         "brier")  # fmt: skip


def ours(pair: Pair) -> None:
    """Everything, with intervals."""
    measure(*pair, Policy(task=Task.BINARY, rules=(), metrics=NAMES, slices=("g", "h")))


def plainly(pair: Pair) -> None:
    """By numpy's passes."""
    compiled.unload()
    ours(pair)


def compiled_(pair: Pair, passes: ModuleType) -> None:
    """By the compiled passes, which are loaded."""
    sys.modules[passes.__name__] = passes
    ours(pair)


def scikit_learn() -> dict[str, Callable[..., Any]]:
    """The eight metrics, each of truth and score; calls are made at 0.5."""
    from sklearn import metrics as m

    def of_calls(metric: Callable[..., Any]) -> Callable[..., Any]:
        return lambda y, score, **said: metric(y, score >= 0.5, **said)

    return {
        "accuracy": of_calls(m.accuracy_score),
        "precision": of_calls(m.precision_score),
        "recall": of_calls(m.recall_score),
        "f1": of_calls(m.f1_score),
        "roc_auc": m.roc_auc_score,
        "average_precision": m.average_precision_score,
        "log_loss": lambda y, score, **said: m.log_loss(y, score, labels=[0, 1], **said),
        "brier": m.brier_score_loss,
    }


def points(pair: Pair, rows: NDArray[np.int64] | slice) -> None:
    """scikit-learn's eight metrics of both models, overall and on each slice."""
    panel, *models = pair
    y = np.asarray(panel.y_true)[rows]
    where: list[Any] = [slice(None)]
    for column in panel.columns.values():
        where += [column[rows] == value for value in range(10)]
    for model in models:
        score = np.asarray(model.score)[rows]
        for at in where:
            for metric in scikit_learn().values():
                metric(y[at], score[at])


def replicate(pair: Pair) -> None:
    """One replicate of the loop: draw rows, compute everything again."""
    n = len(pair[0])
    points(pair, np.random.default_rng(0).integers(n, size=n))


def poisson_replicate(pair: Pair) -> None:
    """One replicate in TFMA's manner, written plainly: each row weighs Poisson(1). Not TFMA."""
    panel, *models = pair
    y, weight = np.asarray(panel.y_true), np.random.default_rng(0).poisson(1.0, len(panel))
    where: list[Any] = [slice(None)]
    for column in panel.columns.values():
        where += [column == value for value in range(10)]
    for model in models:
        score = np.asarray(model.score)
        for at in where:
            for metric in scikit_learn().values():
                metric(y[at], score[at], sample_weight=weight[at])


def scipy_bootstrap(pair: Pair, replicates: int) -> None:
    """SciPy's paired percentile bootstrap of one difference of means."""
    from scipy.stats import bootstrap

    y = np.asarray(pair[0].y_true)
    hits = tuple((np.asarray(model.label) == y).astype(float) for model in pair[1:])
    bootstrap(
        hits, lambda a, b, axis: b.mean(axis) - a.mean(axis), paired=True, vectorized=True,
        n_resamples=replicates, method="percentile", batch=1, rng=1,
    )  # fmt: skip


def fairlearn_frames(pair: Pair, replicates: int) -> None:
    """fairlearn's bootstrap of all eight metrics of both models on both columns; not paired."""
    from fairlearn.metrics import MetricFrame

    panel, *models = pair
    for model in models:
        for column in panel.columns.values():
            MetricFrame(
                metrics=scikit_learn(),
                y_true=panel.y_true,
                y_pred=model.score,
                sensitive_features=column,
                n_boot=replicates,
                ci_quantiles=[0.025, 0.975],
            )


def tfma_seconds(python: str) -> float:
    """CPU seconds of TFMA's Poisson bootstrap of one model, in its own environment."""
    script = Path(__file__).with_name("tfma_peer.py")
    command = [python, str(script), str(TFMA_ROWS)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(run.stdout.split()[-1])


def lines(rows: int, repeats: int, tfma: str | None) -> Iterator[Line]:
    """Time all of them on a panel of so many rows."""
    pair = pair_of(rows)
    ways: list[tuple[Callable[[], object], int]] = [
        (partial(plainly, pair), OFTEN),
        (partial(replicate, pair), 1),
        (partial(points, pair, slice(None)), 1),
    ]
    if (passes := compiled.load()) is not None:
        ours(pair)  # imports and compiling are nobody's time
        ways.append((partial(compiled_, pair, passes), OFTEN))
    plainly(pair)
    alone, of_loop, of_points, *with_passes = by_turns(max(3, repeats), *ways)
    turns = f"median of {max(3, repeats)}"
    often = f"{turns} turns of {OFTEN}"
    yield Line("titleholder, everything with intervals", alone, often)
    for seconds in with_passes:
        yield Line("titleholder, compiled passes loaded (extra `fast`)", seconds, often)
    yield Line("scikit-learn, points alone", of_points, turns)
    yield Line("resample and scikit-learn, a loop", of_loop * B, f"{turns} replicates, x {B}")
    few = 20
    compiled.unload()
    one = cpu_seconds(lambda: scipy_bootstrap(pair, few), 1) / few
    yield Line(
        "scipy.stats.bootstrap, accuracy, overall", one * B, f"{few} replicates x {B // few}"
    )
    if rows > MOST_FOR_FAIRLEARN:
        return
    weighted = cpu_seconds(lambda: poisson_replicate(pair), repeats)
    yield Line(
        "a plain Poisson bootstrap in TFMA's manner (not TFMA)",
        weighted * B,
        f"{repeats} replicates x {B}",
    )
    if installed("fairlearn"):
        k = 2
        seconds = cpu_seconds(lambda: fairlearn_frames(pair, k), 1) / k
        yield Line("fairlearn MetricFrame(n_boot)", seconds * B, f"{k} replicates x {B // k}")
    else:
        yield Line("fairlearn MetricFrame(n_boot)", None, "fairlearn is not installed")
    if rows != TFMA_ROWS:
        return
    if tfma is None:
        yield Line("TFMA, Poisson bootstrap", None, "no environment was named: --tfma PYTHON")
        return
    times = 2 * B // TFMA_REPLICATES
    how = f"one model, {TFMA_REPLICATES} replicates, x {times} for two models and {B}"
    yield Line("TFMA, Poisson bootstrap", tfma_seconds(tfma) * times, how)


def report(sizes: list[int], repeats: int, tfma: str | None) -> Iterator[str]:
    """The tables, line by line."""
    yield f"8 metrics, overall and 20 slices, two models, B = {B}; ratios are to titleholder."
    for rows in sizes:
        yield f"\n### {rows:,} rows\n"
        yield from table(list(lines(rows, repeats, tfma)))


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tfma", help="the python of an environment with TFMA")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    keep_freed()  # as `titleholder compare` does
    print(machine(), end="\n\n")
    for line in report(asked.rows, asked.repeats, asked.tfma):
        print(line, flush=True)


if __name__ == "__main__":
    main()
