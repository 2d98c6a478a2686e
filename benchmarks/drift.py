"""Drift: titleholder's table, SciPy's KS and Wasserstein, and Evidently's preset on the same rows.

Normal columns, a tenth of a standard deviation apart. Evidently takes minutes on a million rows.
Alone: ``python -m benchmarks.drift [--rows N] [--without-evidently]``.
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from functools import partial
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Line, cpu_seconds, installed, machine, table
from titleholder import drift
from titleholder.fast import compiled
from titleholder.params.schema import DriftParams

_TURNS = 10
Columns = dict[str, NDArray[np.float64]]


def sides(rows: int, columns: int) -> tuple[Columns, Columns]:
    """Reference and current."""
    rng = np.random.default_rng(20260101)
    names = [f"c{i}" for i in range(columns)]
    reference = {name: rng.normal(size=rows) for name in names}
    return reference, {name: rng.normal(size=rows) + 0.1 for name in names}


def scipy_table(reference: Columns, current: Columns) -> None:
    """What a user would write: two calls a column."""
    from scipy import stats

    for name, values in reference.items():
        stats.ks_2samp(values, current[name], method="asymp")
        stats.wasserstein_distance(values, current[name])


def decile_psi(reference: Columns, current: Columns) -> None:
    """PSI alone, as it is mostly written: deciles of the reference, two histograms."""
    for name, values in reference.items():
        cuts = np.quantile(values, np.linspace(0.1, 0.9, 9))
        edges = np.concatenate([[-np.inf], cuts, [np.inf]])
        p, q = (np.histogram(side, edges)[0] / len(side) for side in (values, current[name]))
        np.sum((q - p) * np.log(q / p))


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


def ours(reference: Columns, current: Columns, how: str) -> Iterator[Line]:
    """The table of two sides, that beside a profile which was used before, and SciPy, by turns.

    Who else uses the machine changes by the minute: each turn has a tenth of SciPy's columns.
    """
    params, names = DriftParams(), list(reference)
    stored = {name: drift.summary(values) for name, values in reference.items()}
    drift.table(stored, current, params)  # imports and compiling are not timed
    scipy_table(*sides(100, 1))
    taken: list[tuple[float, float, float]] = []
    for turn in range(_TURNS):
        some = {name: reference[name] for name in names[turn::_TURNS]}
        work = (
            partial(drift.table, reference, current, params),
            partial(drift.table, stored, current, params),
            partial(scipy_table, some, current),
        )
        taken.append(tuple(cpu_seconds(each, 1) for each in work))
    whole, half, scipy = zip(*taken, strict=True)
    yield Line(f"titleholder: PSI, KL, JS, KS, Wasserstein{how}", median(whole), "median of 10")
    yield Line(f"titleholder, stored reference profile{how}", median(half), "median of 10")
    yield Line("SciPy: ks_2samp, wasserstein_distance, by turns with these two", sum(scipy), "run")


def lines(rows: int, columns: int, *, evidently: bool) -> Iterator[Line]:
    """Each way on the same rows."""
    reference, current = sides(rows, columns)
    params = DriftParams()
    compiled.unload()
    yield from ours(reference, current, "")
    if installed("numba"):
        compiled.load()
        yield from ours(reference, current, ", numba")
    exact = {name: drift.profile(values) for name, values in reference.items()}
    seconds = cpu_seconds(
        lambda: drift.table(exact, {n: drift.profile(v) for n, v in current.items()}, params), 1
    )
    yield Line("titleholder, values sorted (stored reference)", seconds, "run")
    seconds = cpu_seconds(lambda: decile_psi(reference, current), 1)
    yield Line("NumPy: PSI on deciles, nothing else", seconds, "run")
    if not evidently:
        yield Line("Evidently: DataDriftPreset", None, "left out")
    elif installed("evidently"):
        evidently_preset(*sides(100, 1))  # its imports are not timed
        seconds = cpu_seconds(lambda: evidently_preset(reference, current), 1)
        yield Line("Evidently: DataDriftPreset", seconds, "run")
    else:
        yield Line("Evidently: DataDriftPreset", None, "evidently is not installed")


def report(rows: int, columns: int, *, evidently: bool) -> Iterator[str]:
    """The table, line by line."""
    yield f"\n### Drift, {rows:,} rows by {columns} columns\n"
    yield from table(list(lines(rows, columns, evidently=evidently)))


def main() -> None:
    """The table alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--without-evidently", action="store_true")
    asked = parser.parse_args()
    print(machine())
    for line in report(asked.rows, 30, evidently=not asked.without_evidently):
        print(line, flush=True)


if __name__ == "__main__":
    main()
