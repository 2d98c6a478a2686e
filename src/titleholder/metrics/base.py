"""What a metric is: its facts, and the law by which its sampling error is found.

A law says what has to be summed over rows to know the metric, which is also all that a
resampling of rows can change:

- `Counts`: a function of the confusion counts (accuracy, F1, MCC, fairness gaps), or `OfClass`,
  one that has to be told where in the counts the class stands that it is about;
- `Means`: a function of means over rows (log loss, RMSE, R², ECE);
- `Ranks`: a functional of the joint order of truth and score (AUC, average precision);
- `Measured`: a figure of the model as a whole, taken by a clock or a scale.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from titleholder.arrays import Bools, Floats, Panel, Predictions
from titleholder.errors import BadInput
from titleholder.metrics.ladder import Standing, Steps
from titleholder.types import Task


@dataclass(frozen=True, slots=True)
class Counts:
    """A function of confusion counts.

    ``value`` maps counts (..., K, K), indexed [truth, call], to (...): NaN where undefined.
    For a grouped metric the counts are (..., G, K, K), one table a group. ``proportion`` says,
    where it is so, that the metric is a plain share of rows on which both models can be wrong.
    """

    value: Callable[[Floats], Floats]
    proportion: "Proportion | None" = None


@dataclass(frozen=True, slots=True)
class Proportion:
    """The share of hits (or of misses) among the rows of one truth, or among all (None)."""

    truth: int | None
    misses: bool = False


@dataclass(frozen=True, slots=True)
class OfClass:
    """A function of the counts of one class, which the panel's ``classes`` give a place.

    ``counts`` maps the class's code to its law; BadInput where the panel has no such class.
    """

    label: str
    counts: Callable[[int], Counts]

    def on(self, classes: tuple[str, ...]) -> Counts:
        """The law on a panel with these classes."""
        if self.label not in classes:
            raise BadInput(
                f"a metric of the class {self.label!r} was asked of data without that class",
                cure=f"the classes are {', '.join(classes)}",
            )
        return self.counts(classes.index(self.label))


@dataclass(frozen=True, slots=True)
class Means:
    """A function of row means: ``columns`` gives (n, k), ``value`` maps means (..., k) to (...).

    ``by_row`` says that a row's columns hang on that row alone, whichever rows stand beside it.
    Where they do not, ``about`` may give columns that do: those of a truth that is centred at a
    given number, in place of the mean of the rows. The value is the same, but for rounding.
    """

    columns: Callable[[Panel, Predictions], Floats]
    value: Callable[[Floats], Floats]
    by_row: bool = False
    about: Callable[[float], Callable[[Panel, Predictions], Floats]] | None = None


@dataclass(frozen=True, slots=True)
class Ranks:
    """A functional of the order of scores, for two classes.

    ``value`` maps a ladder's steps (..., g) to (...), NaN where a class has no weight.
    ``influence`` maps steps (..., g) to the derivative by the weight of a positive and of a
    negative on each step, (..., g) each. With fewer rows than ``rare`` in a class, those mislead,
    and rows are resampled instead. ``smooth`` says that what the influence leaves out is of second
    order (of KS, whose widest step moves, and of lift, whose cut does, it is not). ``by_standing``
    is a shorter way to the value of untied scores; both classes occur. ``pushed`` maps steps and
    the value's standard error to how far noise has moved it up on average, which no influence has.
    """

    value: Callable[[Steps], Floats]
    influence: Callable[[Steps], tuple[Floats, Floats]]
    rare: int = 50
    smooth: bool = False
    by_standing: Callable[[Standing], float] | None = None
    pushed: Callable[[Steps, float], float] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that the predictions carry as a whole, under the metric's own name."""


Law: TypeAlias = Counts | OfClass | Means | Ranks | Measured


@dataclass(frozen=True, slots=True)
class Metric:
    """An entry of the registry.

    ``needs`` names what the predictions must hold: label, score, value, or nothing.
    ``target`` is set where the best value is neither end of the domain (a bias of 0): the
    improvement is then the shrinking of the distance to it.
    ``grouped`` metrics compare the groups of a column (`Rule.over`). Those that run ``by_default``
    are measured in every suite of the task; the others where a suite or a rule names them.
    ``about`` gives the rows (n,) of a panel that the metric is about, where it is not all of them:
    they alone are its sample, and are what is counted. ``code`` is what computes it, where that is
    code which lies outside this package and outside the suite's own files.
    """

    name: str
    title: str
    tasks: frozenset[Task]
    needs: str
    higher_is_better: bool
    domain: tuple[float, float]
    unit: str
    formula: str
    source: str
    law: Law
    grouped: bool = False
    target: float | None = None
    by_default: bool = True
    about: Callable[[Panel], Bools] | None = None
    code: "Code | None" = None

    @property
    def measured(self) -> bool:
        """Whether a clock or a scale gives the figure, and not the rows of the panel."""
        return isinstance(self.law, Measured)

    @property
    def averaged(self) -> bool:
        """Whether it is a plain mean over rows, so that models can be compared row by row.

        Not where it has a target: no row tells on which side of it the mean lies.
        """
        law = self.law.counts(0) if isinstance(self.law, OfClass) else self.law
        if isinstance(law, Counts):
            return law.proportion is not None
        return isinstance(law, Means) and law.value is first and self.target is None

    def on(self, classes: tuple[str, ...]) -> "Metric":
        """This metric with the law that it has on a panel with these classes."""
        return replace(self, law=self.law.on(classes)) if isinstance(self.law, OfClass) else self

    def improvement(self, champion: Any, candidate: Any) -> Any:
        """Candidate against champion, oriented so that positive is better; shapes broadcast."""
        if self.target is not None:
            return np.abs(champion - self.target) - np.abs(candidate - self.target)
        return candidate - champion if self.higher_is_better else champion - candidate


@dataclass(frozen=True, slots=True)
class Code:
    """The files of a module that others wrote: the SHA-256 of all of them, and their size."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that differ by one argument, written in brackets: ``pinball[0.9]``, ``recall[cat]``.

    ``make`` gives the member for an argument as it is written, or None where that is none.
    There is one way to write a member: 0.9 is an argument, 0.90 and .9 are not, so that a rule
    and what was measured for it always bear the same name. ``argument`` says in words what may
    stand in the brackets, ``examples`` shows it.
    """

    name: str
    argument: str
    examples: tuple[str, ...]
    make: Callable[[str], Metric | None]

    def member(self, argument: str) -> str:
        """The name of a member."""
        return f"{self.name}[{argument}]"


def number(text: str, low: float, high: float) -> float | None:
    """The number strictly between ``low`` and ``high`` that is written in its shortest form.

    >>> number("0.9", 0, 1), number("0.90", 0, 1), number("2", 0, 1), number("nan", 0, 1)
    (0.9, None, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if low < value < high and f"{value:g}" == text else None


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient; NaN, never 0, where the denominator is 0; may overflow to infinity."""
    numerator, denominator = np.asarray(numerator, float), np.asarray(denominator, float)
    if numerator.shape != denominator.shape:
        numerator, denominator = np.broadcast_arrays(numerator, denominator)
    out = np.full(numerator.shape, np.nan)
    with np.errstate(over="ignore"):
        np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def first(means: Floats) -> Floats:
    """The mean of the only column."""
    return means[..., 0]
