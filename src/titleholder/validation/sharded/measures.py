"""Statistics of a column that add up: block by block of rows, in the order of blocks.

Sums of reals depend on how they are grouped. Blocks are fixed by the numbers of their rows, so the
totals are the same however blocks were split among shards; whole numbers add exactly anyhow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.validation import suite_file
from titleholder.validation.found import Found, set_found
from titleholder.validation.guards import is_missing
from titleholder.validation.sharded.mergeable import DISTINCT, NON_NULL
from titleholder.validation.suite_file import Declared

MOST_DISTINCT = 10_000  # values of one column that are held


@dataclass(frozen=True, slots=True)
class Moments:
    """Of the values of one block that are not missing; ``squares`` are deviations from its mean."""

    n: int
    total: float
    low: float
    high: float
    squares: float


@dataclass(frozen=True, slots=True)
class Measures:
    """A column's blocks by number, and its distinct values; None where they are too many.

    ``broken`` says why it has no moments.
    """

    rows: int
    missing: int
    blocks: Mapping[int, Moments] = field(default_factory=dict)
    distinct: frozenset[Any] | None = frozenset()
    broken: str = ""


def measured(number: int, values: NDArray[Any], *, moments: bool, distinct: bool) -> Measures:
    """One block of a column, (n,)."""
    missing = is_missing(values)
    held = values[~missing]
    kept = _distinct(held) if distinct else frozenset()
    if not moments or len(held) == 0:
        return Measures(len(values), int(missing.sum()), {}, kept)
    if values.dtype.kind not in "fiu":
        broken = f"its values are of type {values.dtype}: only numbers are measured in many files"
        return Measures(len(values), int(missing.sum()), {}, kept, broken)
    return Measures(len(values), int(missing.sum()), {number: _moments(held)}, kept)


def together(parts: Sequence[Measures]) -> Measures:
    """All blocks of a column, from whatever shards they came."""
    distinct: frozenset[Any] | None = frozenset()
    for part in parts:
        distinct = None if distinct is None or part.distinct is None else distinct | part.distinct
        if distinct is not None and len(distinct) > MOST_DISTINCT:
            distinct = None
    return Measures(
        sum(part.rows for part in parts),
        sum(part.missing for part in parts),
        {number: part.blocks[number] for part in parts for number in part.blocks},
        distinct,
        max((part.broken for part in parts), default=""),
    )


def judged(one: Declared, measures: Measures) -> Found:
    """What the totals say to an expectation about a statistic or about distinct values."""
    if one.type in DISTINCT:
        return _of_distinct(one, measures)
    if measures.broken and one.type != NON_NULL:
        return Found(False, raised=measures.broken)
    figure = one.type.removeprefix("expect_column_").removesuffix("_to_be_between")
    return between(_figure(figure, measures), one.kwargs)


def between(observed: float | None, asked: Mapping[str, Any]) -> Found:
    """A figure between the bounds that an expectation asks for, as the engine takes them.

    >>> between(3, {"min_value": 3}).success
    True
    >>> between(3, {"min_value": 3, "strict_min": True}).success
    False
    """
    if observed is None or math.isnan(observed):
        return Found(False, observed="null")
    if not math.isfinite(observed):
        return Found(False, observed=f'"{observed}"', unusable=f"observed {observed}")
    low, high = asked.get("min_value"), asked.get("max_value")
    numbers = [bound for bound in (low, high) if bound is not None]
    if not all(isinstance(bound, int | float) for bound in numbers):
        return Found(False, raised=f"its bounds are no numbers: {suite_file.compact(numbers)}")
    above = low is None or (observed > low if asked.get("strict_min") else observed >= low)
    below = high is None or (observed < high if asked.get("strict_max") else observed <= high)
    return Found(above and below, observed=suite_file.compact(observed))


def _figure(figure: str, measures: Measures) -> float | None:
    if figure == "proportion_of_non_null_values":
        return 1 - measures.missing / measures.rows if measures.rows else None
    ordered = [measures.blocks[number] for number in sorted(measures.blocks)]
    if not ordered:
        return None
    n = sum(block.n for block in ordered)
    totals = [block.total for block in ordered]
    whole = all(isinstance(total, int) for total in totals)
    total = sum(totals) if whole else math.fsum(totals)
    if figure == "stdev":
        return _deviation(ordered)
    of = {
        "min": min(block.low for block in ordered),
        "max": max(block.high for block in ordered),
        "sum": total,
        "mean": total / n,
    }
    return of[figure]


def _deviation(ordered: Sequence[Moments]) -> float | None:
    """With n - 1; blocks put together as Chan, Golub and LeVeque 1983, doi:10.2307/2683386."""
    n, mean, squares = 0, 0.0, 0.0
    for block in ordered:
        apart = block.total / block.n - mean
        both = n + block.n
        squares += block.squares + apart * apart * (n * block.n / both)
        mean += apart * (block.n / both)
        n = both
    return math.sqrt(squares / (n - 1)) if n > 1 else None


def _of_distinct(one: Declared, measures: Measures) -> Found:
    values = measures.distinct
    if values is None:
        return Found(
            False,
            raised=f"over {MOST_DISTINCT:,} distinct values: too many to hold from many files "
            "(check them row by row, with expect_column_values_to_be_in_set)",
        )
    if one.type == "expect_column_unique_value_count_to_be_between":
        return between(len(values), one.kwargs)
    if one.type == "expect_column_proportion_of_unique_values_to_be_between":
        filled = measures.rows - measures.missing
        return between(len(values) / filled if filled else 0, one.kwargs)
    return _of_set(one, values)


def _of_set(one: Declared, values: frozenset[Any]) -> Found:
    asked = list(one.kwargs.get("value_set") or ())
    beyond = sorted((value for value in values if value not in asked), key=suite_file.compact)
    lacking = [value for value in asked if value not in values]
    counts = {
        "expect_column_distinct_values_to_be_in_set": (beyond, []),
        "expect_column_distinct_values_to_contain_set": ([], lacking),
        "expect_column_distinct_values_to_equal_set": (beyond, lacking),
    }
    return set_found(*counts[one.type])


def _distinct(held: NDArray[Any]) -> frozenset[Any] | None:
    found = frozenset(held.tolist())
    return found if len(found) <= MOST_DISTINCT else None


def _moments(held: NDArray[Any]) -> Moments:
    if held.dtype.kind in "iu":
        total = _exact_sum(held)
        squares = float(((held - total / len(held)) ** 2).sum())
        return Moments(len(held), total, int(held.min()), int(held.max()), squares)
    wide = held.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = float(((wide - wide.mean()) ** 2).sum())
        return Moments(len(held), float(wide.sum()), float(held.min()), float(held.max()), squares)


def _exact_sum(held: NDArray[Any]) -> int:
    """The sum of whole numbers, also where it leaves their type."""
    high, low = held >> 32, held & 0xFFFFFFFF
    return (int(high.sum(dtype=np.int64)) << 32) + int(low.sum(dtype=np.int64))
