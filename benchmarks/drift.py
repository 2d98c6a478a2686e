"""Drift, side by side in one run: titleholder's table, SciPy's KS and Wasserstein, Evidently.

    OMP_NUM_THREADS=1 python benchmarks/drift.py --rows 1000000 --columns 30

CPU seconds, medians over repeats; the ratio is to titleholder's table on the same rows. Evidently
takes minutes on a million rows, so it is run on ``--evidently-rows`` (0 leaves it out) beside
titleholder on as many, and its ratio is that of this smaller size.
"""

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from titleholder import drift
from titleholder.params.schema import DriftParams

Columns = dict[str, NDArray[np.float64]]


def sides(rows: int, columns: int) -> tuple[Columns, Columns]:
    """Reference and current: normal columns, a tenth of a standard deviation apart."""
    rng = np.random.default_rng(20260101)
    names = [f"c{i}" for i in range(columns)]
    reference = {name: rng.normal(size=rows) for name in names}
    return reference, {name: rng.normal(size=rows) + 0.1 for name in names}


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median CPU time of some calls."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def scipy_table(reference: Columns, current: Columns) -> None:
    """What a user would write: two calls a column."""
    from scipy import stats

    for name, values in reference.items():
        stats.ks_2samp(values, current[name], method="asymp")
        stats.wasserstein_distance(values, current[name])


def evidently_preset(reference: Columns, current: Columns) -> None:
    """Evidently's drift preset, without writing a page."""
    os.environ["DO_NOT_TRACK"] = "1"
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        snapshot = Report([DataDriftPreset()]).run(pd.DataFrame(current), pd.DataFrame(reference))
        snapshot.dict()


def compare(rows: int, columns: int, repeats: int, evidently_rows: int) -> None:
    """Print one line a way, each with its ratio to ours on the same rows."""
    print(f"{'way':<44}{'rows':>10}{'CPU s':>10}{'times ours':>12}")
    reference, current = sides(rows, columns)
    params = DriftParams()
    ours = cpu_seconds(lambda: drift.table(reference, current, params), repeats)
    row("titleholder: PSI KL JS KS Wasserstein", rows, ours, ours)
    stored = {name: drift.profile(values) for name, values in reference.items()}
    row(
        "titleholder, stored reference profile",
        rows,
        cpu_seconds(lambda: drift.table(stored, current, params), repeats),
        ours,
    )
    row("scipy: ks_2samp, wasserstein_distance", rows, cpu_seconds(
        lambda: scipy_table(reference, current), 1 if rows > 100_000 else repeats
    ), ours)  # fmt: skip
    if evidently_rows:
        reference, current = sides(evidently_rows, columns)
        evidently_preset(*sides(100, 1))  # its imports are not timed
        ours = cpu_seconds(lambda: drift.table(reference, current, params), repeats)
        row("titleholder, as many rows as Evidently", evidently_rows, ours, ours)
        theirs = cpu_seconds(lambda: evidently_preset(reference, current), 1)
        row("evidently: DataDriftPreset", evidently_rows, theirs, ours)


def row(way: str, rows: int, seconds: float, ours: float) -> None:
    """One line of the table."""
    print(f"{way:<44}{rows:>10,}{seconds:>10.3f}{seconds / ours:>12.1f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--evidently-rows", type=int, default=100_000)
    given = parser.parse_args()
    compare(given.rows, given.columns, given.repeats, given.evidently_rows)
