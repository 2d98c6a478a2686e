"""Metrics of the order that scores put rows in: ROC AUC, Gini, KS, average precision, lift.

Scores need only be ordered. Ties count half (AUC) or enter together (average precision, KS).
Each metric has its value on a ladder of scores, (...), and its influence: the derivative by the
weight of a positive and of a negative on each step, (..., g) each, which sum to zero over rows.
"""

from collections.abc import Callable, Iterator

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Family, Metric, Ranks, number, ratio
from titleholder.metrics.ladder import Standing, Steps
from titleholder.metrics.widest import ks, ks_influence, ks_pushed
from titleholder.types import Task

SIDDIQI = "Siddiqi, Credit Risk Scorecards (2006)"

Influence = tuple[Floats, Floats]


def auc(steps: Steps) -> Floats:
    """Probability that a random positive outranks a random negative, ties half; (...)."""
    outranking = steps.positives_above - 0.5 * steps.positives
    pairs = steps.all_positives * steps.all_negatives
    return ratio((steps.negatives * outranking).sum(axis=-1), pairs)


def auc_by_standing(found: Standing) -> float:
    """The same from where the positives stand: in whole numbers, but for one division."""
    outranked_by = found.places - found.positives * (found.positives + 1) // 2
    pairs = found.positives * (found.rows - found.positives)
    return (pairs - outranked_by) / pairs


def auc_influence(steps: Steps) -> Influence:
    """DeLong's placement values, less the area, over the class's weight."""
    positives, negatives = steps.all_positives[..., None], steps.all_negatives[..., None]
    outranked = (negatives - steps.negatives_above + 0.5 * steps.negatives) / negatives
    outranking = (steps.positives_above - 0.5 * steps.positives) / positives
    area = _sum(steps.positives * outranked) / positives
    return (outranked - area) / positives, (outranking - area) / negatives


def gini(steps: Steps) -> Floats:
    """2 AUC - 1, the accuracy ratio of the scorecard trade; (...)."""
    return 2 * auc(steps) - 1


def gini_by_standing(found: Standing) -> float:
    """The same from where the positives stand."""
    return 2 * auc_by_standing(found) - 1


def gini_influence(steps: Steps) -> Influence:
    """Twice that of the AUC."""
    of_positive, of_negative = auc_influence(steps)
    return 2 * of_positive, 2 * of_negative


def average_precision(steps: Steps) -> Floats:
    """Mean precision over the steps of recall, without interpolation; (...).

    Positives alone would have 1, whatever the model: nothing was there to be told from them.
    """
    rows_above = steps.positives_above + steps.negatives_above
    found = steps.positives * steps.positives_above
    share = found / np.where(rows_above > 0, rows_above, np.inf)
    told_apart = np.where(steps.all_negatives > 0, steps.all_positives, 0.0)
    return ratio(share.sum(axis=-1), told_apart)


def average_precision_by_standing(found: Standing) -> float:
    """The same from where the positives stand: k of the rows down to the k-th are positives."""
    return found.precision / found.positives


def average_precision_influence(steps: Steps) -> Influence:
    """Derivative of the average precision.

    With A and C the weights of positives and of all rows at or above a score, and P that of
    all positives, AP = sum_i w_i y_i A_i / C_i / P. A row enters through its own term, through
    P, and through A and C of every positive at or below it.
    """
    rows_above = steps.positives_above + steps.negatives_above
    # Rows of no weight may stand first: nothing is above them, and nothing hangs on them.
    per_row = 1.0 / np.where(rows_above > 0, rows_above, np.inf)
    precision = steps.positives_above * per_row
    positives = steps.all_positives[..., None]
    area = _sum(steps.positives * precision) / positives
    share = steps.positives * per_row
    gain, cost = _at_or_below(share), _at_or_below(share * precision)
    return (precision - area + gain - cost) / positives, -cost / positives


def lift(share: float) -> Callable[[Steps], Floats]:
    """Rate of positives among the ``share`` of rows that score highest, over the overall rate.

    A step that is only partly among them counts in part: tied rows in the order of chance.
    """

    def value(steps: Steps) -> Floats:
        taken = _taken(steps, share)
        return ratio((steps.positives * taken).sum(axis=-1), share * steps.all_positives)

    return value


def lift_influence(share: float) -> Callable[[Steps], Influence]:
    """That of the rows above the cut, which a further row among them or below moves.

    What a move of the cut costs is the rate of positives beside it, taken from all rows within
    a tenth of the ``share`` of it: at the cut itself stands a single row, or none.
    """

    def influence(steps: Steps) -> Influence:
        taken = _taken(steps, share)
        beside = _taken(steps, 1.1 * share) - _taken(steps, 0.9 * share)
        each = steps.positives + steps.negatives
        rate = ratio(_sum(steps.positives * beside), _sum(each * beside))
        found, positives = _sum(steps.positives * taken), steps.all_positives[..., None]
        own = rate * (share - taken)
        of_positive = (taken + own - found / positives) / (share * positives)
        return of_positive, own / (share * positives)

    return influence


def _taken(steps: Steps, share: float) -> Floats:
    """How much of each step is among the highest ``share`` of all rows, (..., g) in 0 to 1."""
    each = steps.positives + steps.negatives
    above = steps.positives_above + steps.negatives_above
    wanted = share * above[..., -1:]
    room = np.clip(wanted - (above - each), 0.0, each)
    return np.divide(room, each, out=np.zeros_like(room), where=each > 0)


def _at_or_below(on_steps: Floats) -> Floats:
    """Sum over this step and all later ones, which have lower scores; (..., g)."""
    return np.cumsum(on_steps[..., ::-1], axis=-1)[..., ::-1]


def _sum(on_steps: Floats) -> Floats:
    """Sum over all steps, (..., 1)."""
    return np.asarray(on_steps.sum(axis=-1, keepdims=True))


def families() -> Iterator[Family]:
    """The families of this topic."""

    def make(argument: str) -> Metric | None:
        share = number(argument, 0.0, 1.0)
        if share is None:
            return None
        return Metric(
            f"lift[{argument}]", f"Lift at {100 * share:g}%", frozenset({Task.BINARY}), "score",
            True, (0.0, 1 / share), "",
            f"rate of positives in the highest {100 * share:g}% of scores / rate of all",
            SIDDIQI, Ranks(lift(share), lift_influence(share), rare=500),
        )  # fmt: skip

    yield Family("lift", "a share of the rows, between 0 and 1", ("lift[0.1]",), make)


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    binary = frozenset({Task.BINARY})
    delong, unit = "doi:10.2307/2531595", (0.0, 1.0)
    yield Metric(
        "roc_auc", "ROC AUC", binary, "score", True, unit, "",
        "P(score of a positive > score of a negative) + P(tie) / 2", delong,
        Ranks(auc, auc_influence, smooth=True, by_standing=auc_by_standing),
    )  # fmt: skip
    yield Metric(
        "gini", "Gini", binary, "score", True, (-1.0, 1.0), "", "2 AUC - 1", delong,
        Ranks(gini, gini_influence, smooth=True, by_standing=gini_by_standing),
    )  # fmt: skip
    yield Metric(
        "average_precision", "Average precision", binary, "score", True, unit, "",
        "sum over steps of (R_k - R_(k-1)) P_k", "doi:10.1145/1143844.1143874",
        Ranks(average_precision, average_precision_influence, rare=500, smooth=True,
              by_standing=average_precision_by_standing),
    )  # fmt: skip
    yield Metric(
        "ks", "Kolmogorov-Smirnov", binary, "score", True, unit, "", "max |TPR - FPR|",
        SIDDIQI, Ranks(ks, ks_influence, rare=500, pushed=ks_pushed),
    )  # fmt: skip
