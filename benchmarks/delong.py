"""DeLong's paired test of two AUCs: titleholder's interval, and MLstatkit's.

``python -m benchmarks.delong [--rows N]`` prints the table alone.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from benchmarks.panels import Pair, pair_of
from benchmarks.timing import Line, by_turns, cpu_seconds, installed, machine, table
from titleholder.metrics import REGISTRY
from titleholder.stats.methods import interval_by
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import take
from titleholder.types import IntervalMethod

TURNS = 5


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
    if installed("MLstatkit"):
        own, theirs = by_turns(TURNS, (lambda: ours(pair), 3), (lambda: mlstatkit(pair), 1))
        yield Line("titleholder, DeLong", own, f"median of {TURNS} turns of 3")
        yield Line("MLstatkit, Delong_test", theirs, f"median of {TURNS}, by turns")
    else:
        yield Line("titleholder, DeLong", cpu_seconds(lambda: ours(pair), 5), "median of 5")
        yield Line("MLstatkit, Delong_test", None, "MLstatkit is not installed")


def report(rows: int) -> Iterator[str]:
    """The table, line by line."""
    yield f"\n### DeLong, {rows:,} rows\n"
    yield from table(list(lines(rows)))


def main() -> None:
    """The table alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    print(machine())
    for line in report(parser.parse_args().rows):
        print(line, flush=True)


if __name__ == "__main__":
    main()
