"""The words of the domain that hold arrays: in memory only, never written as they are.

They stand apart from `titleholder.types` because numpy takes as long to import as half of what
a cold gate may cost, and the gate needs none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.types import Gauge, Task

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Ids: TypeAlias = NDArray[np.str_] | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panel:
    """The evaluation rows, in file order.

    ``row_id`` (n,) strings, or whole numbers where the file has such. ``y_true`` (n,): class codes
    0..K-1 (int64) for classification, finite floats for regression, None for already scored items.
    ``classes`` names the codes;
    for binary it is (negative, positive). ``weight`` (n,) finite and >= 0. ``cluster`` (n,)
    codes of the sampling unit. ``columns``: every other column, for slicing.
    """

    row_id: Ids
    task: Task
    y_true: NDArray[Any] | None
    classes: tuple[str, ...] = ()
    weight: Floats | None = None
    cluster: Ints | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row_id)


@dataclass(frozen=True, slots=True)
class Predictions:
    """What one model said of a panel, already joined to the panel's rows.

    ``label`` (n,) class codes. ``score``: (n,) probability of the positive class for binary,
    (n, K) for multiclass. ``value`` (n,) the regression answer. ``items``: per-row scores by
    metric name (``score_<metric>``), NaN on rows that the metric is not about. ``rated``: what
    people gave the same rows (``rated_<metric>``), NaN where nobody did. ``costs``: latency_s,
    ttft_s, cost_usd, tokens_in, tokens_out, each (n,). ``measured``: figures of the model as a
    whole, such as size_mb, by metric name, each with its interval.
    """

    model: str
    label: Ints | None = None
    score: Floats | None = None
    value: Floats | None = None
    items: Mapping[str, Floats] = field(default_factory=dict)
    rated: Mapping[str, Floats] = field(default_factory=dict)
    costs: Mapping[str, Floats] = field(default_factory=dict)
    measured: Mapping[str, Gauge] = field(default_factory=dict)

    def at(self, rows: Ints | slice) -> "Predictions":
        """What it said of some rows, by number or as a stretch; figures of the whole stay."""

        def part(values: Any) -> Any:
            return None if values is None else values[rows]

        def each(arrays: Mapping[str, Floats]) -> dict[str, Floats]:
            return {name: values[rows] for name, values in arrays.items()}

        return replace(
            self,
            label=part(self.label),
            score=part(self.score),
            value=part(self.value),
            items=each(self.items),
            rated=each(self.rated),
            costs=each(self.costs),
        )


@dataclass(frozen=True)
class Slice:
    """A named part of the panel: ``overall``, ``column=value`` or ``a=x & b=y``.

    It has the rows whose ``group`` (n,) is ``code``: every row, if it ``is_whole``. Slices that no
    row can share have one and the same array of groups.
    """

    name: str
    group: NDArray[np.unsignedinteger[Any]]
    code: int
    is_whole: bool = False

    @classmethod
    def of(cls, name: str, mask: Bools) -> "Slice":
        """The rows of ``mask`` (n,), which has them to itself."""
        return cls(name, mask.view(np.uint8), 1, bool(mask.all()))

    @cached_property
    def mask(self) -> Bools:
        """Whether it has each row of the panel, (n,)."""
        return np.asarray(self.group == self.code)

    @cached_property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.group) if self.is_whole else int(np.count_nonzero(self.mask))
