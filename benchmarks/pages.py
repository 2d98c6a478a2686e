"""How large the pages are and how long they take to build: a panel with 30 columns and 50 slices.

    OMP_NUM_THREADS=1 python benchmarks/pages.py [--rows 20000]

CPU seconds of this process, medians of three builds after a first one that loads the libraries.
Sizes do not depend on the machine: the same records give the same bytes.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from titleholder import drift
from titleholder.arrays import Panel, Predictions
from titleholder.bias import Audit, audit
from titleholder.bias.rates import Models
from titleholder.comparison.compare import Comparisons, measure
from titleholder.comparison.explore import explore
from titleholder.conclude import conclude
from titleholder.judge import judge
from titleholder.params.schema import BiasParams, DriftParams, Policy
from titleholder.report import bias
from titleholder.report.card import Card, build
from titleholder.stats.resampler import Draw
from titleholder.types import Kind, OnInconclusive, Rule, Source, Task

COLUMNS, WORDS, VALUES = 30, 5, 10
LIMIT = 1.5e6
RULES = (
    Rule(id="auc", metric="roc_auc", kind=Kind.NON_INFERIOR, margin=0.01),
    Rule(id="recall", metric="recall", kind=Kind.NON_INFERIOR, slice="*", margin=0.05,
         on_inconclusive=OnInconclusive.WARN),
    Rule(id="brier", metric="brier", kind=Kind.NON_INFERIOR, slice="*", margin=0.01),
    Rule(id="parity", metric="demographic_parity_difference", kind=Kind.CEILING, over="word_0",
         value=0.2),
)  # fmt: skip


def panel_of(rows: int, seed: int) -> Panel:
    """Rows with thirty columns, five of them words of ten values each."""
    rng = np.random.default_rng(seed)
    words = np.array([f"value-{i}" for i in range(VALUES)], dtype=object)
    columns = {f"word_{i}": words[rng.integers(0, VALUES, rows)] for i in range(WORDS)}
    columns |= {f"number_{i}": rng.normal(seed / 10, 1, rows) for i in range(COLUMNS - WORDS)}
    y = (rng.random(rows) < 0.25).astype(np.int64)
    ids = np.arange(rows).astype(str)
    return Panel(ids, Task.BINARY, y, ("no", "yes"), columns=columns)


def answers(panel: Panel, name: str, noise: float, seed: int) -> Predictions:
    """A model of some skill."""
    rng = np.random.default_rng(seed)
    y = np.asarray(panel.y_true)
    score = np.clip(0.3 + 0.35 * y + rng.normal(0, noise, len(y)), 0, 1)
    return Predictions(name, label=(score >= 0.5).astype(np.int64), score=score)


def card_of(rows: int) -> Card:
    """A card with every section that a suite of this size has."""
    panel, reference = panel_of(rows, 1), panel_of(rows, 2)
    champion, candidate = answers(panel, "champion", 0.2, 3), answers(panel, "candidate", 0.18, 4)
    slices = tuple(f"word_{i}" for i in range(WORDS))
    policy = Policy(task=Task.BINARY, rules=RULES, slices=slices)
    found = measure(panel, champion, candidate, policy, ["word_0"])
    comparisons = Comparisons(
        inputs={}, suite="pages", task=Task.BINARY, champion="champion", candidate="candidate",
        n=rows, level=0.95, comparisons=found.comparisons, flips=found.flips,
    )  # fmt: skip
    verdict = conclude(
        suite="pages", policy=policy, candidate="candidate",
        findings=judge(policy, found.comparisons), checks=(),
        inputs=(Source(role="current", path="data/current.parquet", sha256="0" * 64, bytes=1),),
    )  # fmt: skip
    moved = drift.judge(
        drift.table(reference.columns, panel.columns, DriftParams(), (), {}), {}, ()
    )
    return Card(
        verdict=verdict, comparisons=comparisons, drift=moved, panel=panel, champion=champion,
        candidate=candidate, explored=explore(panel, champion, candidate), slices=slices,
    )  # fmt: skip


def audit_of(card: Card) -> Audit:
    """The audit of two of its columns, crossed."""
    assert card.panel is not None and card.champion is not None and card.candidate is not None
    params = BiasParams(protected=("word_0", "word_1"))
    models = Models(card.panel, card.champion, card.candidate, Draw(2000, 1), 0.95, True)
    return Audit(
        inputs={}, suite="pages", champion="champion", candidate="candidate", positive="yes",
        favourable="yes", n=len(card.panel), level=0.95, small=100,
        axes=audit(models, params.protected or (), params), proxies=(), mitigations=(),
    )  # fmt: skip


def timed(make: Callable[[], str]) -> tuple[float, int]:
    """Median CPU seconds and the size in bytes."""
    size = len(make().encode())
    seconds = []
    for _ in range(3):
        started = time.process_time()
        make()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds), size


def main() -> int:
    """Print the table; 1 where the card is larger than it may be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    card = card_of(rows)
    found = audit_of(card)
    pages = {
        f"report card, {len(card.comparisons.flips)} slices": lambda: build(card),
        f"bias audit, {sum(len(a.groups) for a in found.axes)} groups": lambda: bias.build(found),
    }
    print(f"{rows:,} rows, {COLUMNS} columns\n\n| page | KB | CPU seconds |\n|---|--:|--:|")
    largest = 0
    for name, make in pages.items():
        seconds, size = timed(make)
        largest = max(largest, size)
        print(f"| {name} | {size / 1e3:,.0f} | {seconds:.2f} |")
    return int(largest > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
