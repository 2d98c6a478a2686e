"""What is kept of a column: enough for every distance, and mergeable by addition.

``profile(a) + profile(b)`` equals ``profile(concatenate([a, b]))``, so shards can be read one at
a time and a reference can be profiled once and held against many nights. `profile` keeps the
sorted values of numbers, which makes every distance exact; `summary` keeps a sketch of them
(`titleholder.drift.sketch`), which is small and quick and knows how far it may be off.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.drift.sketch import Sketch, sketch

Floats: TypeAlias = NDArray[np.float64]
Columns: TypeAlias = Mapping[str, NDArray[Any]]

MOST_LABELS = 10_000  # that are kept of a column; with more it is text or an identifier
_PLAIN = "fiu"  # dtypes of numbers
_NUMBERS = (int, float, np.integer, np.floating)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A numeric column: ``values`` are the finite ones, ascending, float64."""

    n: int
    missing: int
    infinite: int
    values: Floats

    @property
    def kind(self) -> str:
        """What the column holds, as records name it."""
        return "numeric"

    def __add__(self, other: "Numbers") -> "Numbers":
        both = np.concatenate([self.values, other.values])
        both.sort(kind="stable")  # two sorted runs: merged in one pass
        return Numbers(
            self.n + other.n, self.missing + other.missing, self.infinite + other.infinite, both
        )


@dataclass(frozen=True, slots=True)
class Categories:
    """A column of labels with how often each occurs; booleans are the labels False and True."""

    n: int
    missing: int
    counts: Mapping[str, int]
    boolean: bool = False

    @property
    def kind(self) -> str:
        """What the column holds, as records name it."""
        return "boolean" if self.boolean else "categorical"

    @property
    def infinite(self) -> int:
        """Infinities among the values: only numbers can be infinite."""
        return 0

    def __add__(self, other: "Categories") -> "Categories | Opaque":
        counts = Counter(self.counts)
        counts.update(other.counts)
        return bounded(
            Categories(
                self.n + other.n,
                self.missing + other.missing,
                dict(counts),
                self.boolean and other.boolean,
            )
        )


@dataclass(frozen=True, slots=True)
class Opaque:
    """A column that holds nothing to measure: all missing, empty, of a type like a date, or of
    too many labels to keep them (then it is categorical, too).
    """

    n: int
    missing: int
    kind: str = field(default="unknown")

    @property
    def infinite(self) -> int:
        """Infinities among the values: only numbers can be infinite."""
        return 0


Profile: TypeAlias = Numbers | Sketch | Categories | Opaque


def profile(values: NDArray[Any]) -> Profile:
    """Summarise one column, (n,).

    Numbers and booleans by dtype; object and string arrays by what they hold: all numbers,
    all booleans, or else labels. None, NaN, NaT and pandas' NA are missing; infinities are not.
    Integers beyond 2**53 are rounded to float64.
    """
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"a column has one dimension, not {values.ndim}")
    if values.dtype.kind == "M":
        return Opaque(len(values), int(np.isnat(values).sum()), "datetime")
    found = _READERS.get(values.dtype.kind, _opaque)(values)
    return bounded(found) if isinstance(found, Categories) else found


def bounded(part: Categories) -> Categories | Opaque:
    """Labels, or only how many rows there were, when there are more labels than are kept.

    Who has seen only some of the rows may keep them still; all rows together never do.
    """
    if len(part.counts) <= MOST_LABELS:
        return part
    return Opaque(part.n, part.missing, part.kind)


def summary(values: NDArray[Any]) -> Profile:
    """Summarise one column, (n,), in bounded space: as `profile` does, but numbers by a sketch."""
    if values.ndim == 1 and values.dtype.kind in _PLAIN:
        return sketch(values)
    found = profile(values)
    return as_sketch(found) if isinstance(found, Numbers) else found


def as_sketch(part: Numbers) -> Sketch:
    """The sketch of values that are held already."""
    held = sketch(part.values)
    return replace(held, n=part.n, missing=part.missing, infinite=part.infinite)


def merge(parts: "list[Profile]") -> Profile:
    """Add the profiles of shards; an all-missing shard joins any kind.

    ValueError when shards hold different kinds.
    """
    known = [part for part in parts if not (isinstance(part, Opaque) and part.kind == "unknown")]
    blank = [part for part in parts if isinstance(part, Opaque) and part.kind == "unknown"]
    total = known[0] if known else Opaque(0, 0)
    for part in known[1:]:
        total = _added(total, part)
    return with_missing(total, sum(part.n for part in blank), sum(part.missing for part in blank))


def with_missing(part: Profile, rows: int, missing: int) -> Profile:
    """The same column with further rows, so many of them missing, that hold nothing."""
    n, absent = part.n + rows, part.missing + missing
    if isinstance(part, Numbers | Sketch):
        return replace(part, n=n, missing=absent)
    if isinstance(part, Categories):
        return Categories(n, absent, part.counts, part.boolean)
    return Opaque(n, absent, part.kind)


def as_numbers(part: Categories) -> Numbers:
    """Booleans as 0.0 and 1.0, for a column that is numeric on the other side."""
    zeros, ones = part.counts.get("False", 0), part.counts.get("True", 0)
    return Numbers(part.n, part.missing, 0, np.repeat([0.0, 1.0], [zeros, ones]))


def _added(one: Profile, two: Profile) -> Profile:
    if one.kind != two.kind and not (_is_labels(one) and _is_labels(two)):
        raise ValueError(f"shards disagree: {one.kind} and {two.kind}")
    if isinstance(one, Sketch) and isinstance(two, Sketch):
        return one + two
    if isinstance(one, Numbers) and isinstance(two, Numbers):
        return one + two
    if isinstance(one, Categories) and isinstance(two, Categories):
        return one + two
    if isinstance(one, Opaque) or isinstance(two, Opaque):
        kind = one.kind if isinstance(one, Opaque) else two.kind
        return Opaque(one.n + two.n, one.missing + two.missing, kind)
    raise ValueError("values and sketches of one column do not add up")


def _is_labels(part: Profile) -> bool:
    return part.kind in ("categorical", "boolean")


def _numbers(values: NDArray[Any]) -> Numbers:
    """Sort once; NaN and the infinities end up at the ends, where they are counted and cut."""
    ordered = values.astype(np.float64)
    ordered += 0.0  # -0.0 is 0.0, or the record would depend on which of them sorts first
    ordered.sort()
    filled = int(np.searchsorted(ordered, np.inf, side="right"))
    low = int(np.searchsorted(ordered, -np.inf, side="right"))
    high = int(np.searchsorted(ordered, np.inf, side="left"))
    n = len(ordered)
    return Numbers(n, n - filled, low + filled - high, ordered[low:high])


def _durations(values: NDArray[Any]) -> Numbers:
    seconds = values.astype("timedelta64[ns]").astype(np.float64) / 1e9
    seconds[np.isnat(values)] = np.nan
    return _numbers(seconds)


def _booleans(values: NDArray[Any]) -> Categories:
    true = int(values.sum())
    counts = {"False": len(values) - true, "True": true}
    present = {name: count for name, count in counts.items() if count}
    return Categories(len(values), 0, present, True)


def _labels(values: NDArray[Any]) -> Categories:
    decoded = np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values
    return Categories(len(values), 0, dict(Counter(decoded.tolist())))


def _objects(values: NDArray[Any]) -> Profile:
    tally = _tally(values.tolist())
    missing = sum(count for value, count in tally.items() if _is_missing(value))
    held = {value: count for value, count in tally.items() if not _is_missing(value)}
    n = len(values)
    if not held:
        return Opaque(n, missing)
    if all(isinstance(value, bool | np.bool_) for value in held):
        return Categories(n, missing, _named(held), True)
    if all(isinstance(value, _NUMBERS) for value in held):
        numbers = np.repeat([_as_float(value) for value in held], list(held.values()))
        return _merge_missing(_numbers(numbers), missing)
    if all(hasattr(value, "year") for value in held):
        return Opaque(n, missing, "datetime")
    return Categories(n, missing, _named(held))


def _merge_missing(part: Numbers, missing: int) -> Numbers:
    return Numbers(part.n + missing, part.missing + missing, part.infinite, part.values)


def _tally(values: list[Any]) -> Counter[Hashable]:
    try:
        return Counter(values)
    except TypeError:  # lists, dicts and arrays have no hash; their text has
        return Counter(value if _is_missing(value) else str(value) for value in values)


def _is_missing(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or type(value).__name__ in {"NAType", "NaTType"}


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond 1.8e308
        return math.inf if value > 0 else -math.inf


def _named(held: Mapping[Any, int]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for value, count in held.items():
        counts[str(value)] += count
    return dict(counts)


def _opaque(values: NDArray[Any]) -> Opaque:
    return Opaque(len(values), 0, str(values.dtype))


_READERS: Mapping[str, Callable[[NDArray[Any]], Profile]] = {
    "f": _numbers,
    "i": _numbers,
    "u": _numbers,
    "m": _durations,
    "b": _booleans,
    "O": _objects,
    "T": _objects,
    "U": _labels,
    "S": _labels,
}
