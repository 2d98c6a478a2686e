"""DeLong's paired test of two AUCs: titleholder's interval, and MLstatkit's."""

from collections.abc import Iterator

import numpy as np

from benchmarks.panels import Pair, pair_of
from benchmarks.timing import Line, cpu_seconds, installed, table
from titleholder.metrics import REGISTRY
from titleholder.stats.methods import interval_by
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import take
from titleholder.types import IntervalMethod


def ours(pair: Pair) -> None:
    """DeLong's interval of the difference, and of both areas."""
    panel, first, second = pair
    sample = take("overall", np.ones(len(panel), dtype=bool), panel, first, second)
    interval_by(IntervalMethod.DELONG, REGISTRY["roc_auc"], Resampler(sample, Draw(1, 0)), 0.95)


def mlstatkit(pair: Pair) -> None:
    """MLstatkit's z and p-value of the difference."""
    from MLstatkit import Delong_test

    panel, first, second = pair
    Delong_test(np.asarray(panel.y_true), first.score, second.score)


def lines(rows: int) -> Iterator[Line]:
    """Both on a panel of so many rows."""
    pair = pair_of(rows)
    ours(pair)
    yield Line("titleholder, DeLong", cpu_seconds(lambda: ours(pair), 5), "median of 5")
    if installed("MLstatkit"):
        seconds = cpu_seconds(lambda: mlstatkit(pair), 3)
        yield Line("MLstatkit, Delong_test", seconds, "median of 3")
    else:
        yield Line("MLstatkit, Delong_test", None, "MLstatkit is not installed")


def report(rows: int) -> Iterator[str]:
    """The table, line by line."""
    yield f"\n### DeLong, {rows:,} rows\n"
    yield from table(list(lines(rows)))
