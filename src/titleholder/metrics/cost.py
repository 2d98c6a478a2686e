"""What decisions cost: a cost matrix laid over confusion counts, and the threshold it asks for.

``costs`` is (K, K), indexed [truth, call] like counts: what one such decision costs, in any
currency; negative entries are gains. Costs are stated per 1,000 decisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from titleholder.arrays import Floats
from titleholder.errors import BadInput
from titleholder.metrics.base import Counts, Metric, ratio
from titleholder.metrics.ladder import Ladder
from titleholder.types import Task

DECISIONS = 1000.0
ELKAN = "Elkan 2001, The foundations of cost-sensitive learning, IJCAI"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score from which rows are called positive, and what that costs per 1,000 decisions.

    ``at`` is infinite where it is cheapest to call nobody.
    """

    at: float
    cost: float


def cost_matrix(costs: Sequence[Sequence[float]] | Floats) -> Floats:
    """The matrix as (K, K) floats.

    BadInput unless it is square, finite, and tells some wrong call from the right one.
    """
    try:
        matrix = np.array(costs, dtype=float)
    except (TypeError, ValueError):
        raise BadInput("a cost matrix is rows of numbers, one row a truth") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise BadInput(f"a cost matrix has a row and a column for each class, not {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise BadInput("a cost matrix holds a number that is not finite")
    if (matrix == matrix[:, :1]).all():
        raise BadInput("a cost matrix by which every call costs the same decides nothing")
    return matrix


def cost_per_1000(counts: Floats, costs: Floats) -> Floats:
    """Mean cost of 1,000 decisions with these confusion counts, (..., K, K) to (...).

    NaN without rows.

    >>> import numpy as np
    >>> counts = np.array([[90.0, 5.0], [2.0, 3.0]])  # 5 false alarms at 1, 2 misses at 20
    >>> float(cost_per_1000(counts, np.array([[0.0, 1.0], [20.0, 0.0]])))
    450.0
    """
    return DECISIONS * ratio((counts * costs).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))


def costs_by_threshold(ladder: Ladder, weight: Floats, costs: Floats) -> Floats:
    """Cost per 1,000 decisions with the threshold above all scores, then at each step, (1 + g,).

    ``weight`` (n,) are the rows' weights, ``costs`` is (2, 2) with index 1 for positive.
    """
    steps = ladder.steps(weight)
    called = np.concatenate([[0.0], steps.positives_above])
    alarms = np.concatenate([[0.0], steps.negatives_above])
    counts = np.empty((len(called), 2, 2))
    counts[:, 1, 1], counts[:, 0, 1] = called, alarms
    counts[:, 1, 0] = steps.all_positives - called
    counts[:, 0, 0] = steps.all_negatives - alarms
    return cost_per_1000(counts, costs)


def best_threshold(
    y: Floats, score: Floats, costs: Floats, weight: Floats | None = None
) -> Threshold:
    """The threshold with the lowest cost on these rows; of equal ones the highest.

    ``y`` (n,) in {0, 1}, finite ``score`` (n,), ``costs`` (2, 2). A row is called positive from
    the threshold on. BadInput without rows, or where all weights are 0.

    This is the best of these very rows, and flatters itself on them: measure its cost on others.
    """
    weights = np.ones(len(y)) if weight is None else weight
    if not weights.sum() > 0:
        raise BadInput("a threshold was asked of no rows")
    ladder = Ladder.of(np.asarray(y, dtype=float), score)
    found = costs_by_threshold(ladder, weights, costs)
    # Sums in another order differ in their last digits: costs that close are equal.
    slack = 1e-12 * DECISIONS * float(np.abs(costs).max())
    cheapest = int(np.flatnonzero(found <= found.min() + slack)[0])
    at = np.inf if cheapest == 0 else score[ladder.order[ladder.starts[cheapest - 1]]]
    return Threshold(at=float(at), cost=float(found[cheapest]))


def cost_metrics(costs: Floats, unit: str = "") -> tuple[Metric, ...]:
    """What 1,000 decisions between two classes cost, and what misses and false alarms have in it.

    ``costs`` is (2, 2) with index 1 for positive; a part that costs nothing is left out. They are
    measured in every suite that names its costs.
    """
    parts = {
        "cost_of_misses": ("Cost of misses", (1, 0)),
        "cost_of_false_alarms": ("Cost of false alarms", (0, 1)),
    }
    whole = replace(expected_cost(cost_matrix(costs), Task.BINARY, unit), by_default=True)
    found = [whole]
    for name, (title, cell) in parts.items():
        if costs[cell] == 0:
            continue
        alone = np.zeros_like(costs)
        alone[cell] = costs[cell]
        low, high = DECISIONS * min(0.0, costs[cell]), DECISIONS * max(0.0, costs[cell])
        found.append(
            replace(
                expected_cost(alone, Task.BINARY, unit),
                name=name,
                title=title,
                by_default=True,
                domain=(float(low), float(high)),
            )
        )
    return tuple(found)


def expected_cost(costs: Floats, task: Task, unit: str = "") -> Metric:
    """The metric ``expected_cost``: what 1,000 decisions of a model cost with this matrix."""

    def value(counts: Floats) -> Floats:
        return cost_per_1000(counts, costs)

    low, high = float(costs.min()), float(costs.max())
    return Metric(
        "expected_cost", "Expected cost", frozenset({task}), "label", False,
        (DECISIONS * low, DECISIONS * high), unit, "1000 x mean of cost[truth, call]", ELKAN,
        Counts(value), by_default=False,
    )  # fmt: skip
