"""Rows that are summed together, and what several sums need of them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Ints, Panel
from titleholder.stats.shared.bins import Bin
from titleholder.stats.shared.partition import Codes
from titleholder.stats.shared.reading import Answers, Bundle, Reading

Places: TypeAlias = NDArray[np.uint16]


class Block:
    """The rows of one block, or of a whole panel: a code each in every partition with slices."""

    def __init__(
        self,
        reading: Reading,
        codes: Sequence[Codes | None],
        panel: Panel,
        answers: Answers,
    ) -> None:
        self.reading = reading
        self.codes = tuple(codes)
        self.panel = panel
        self.answers = answers

    def rows(self, step: int = 1) -> tuple[Ints, ...]:
        """How many rows each code has, one row in ``step`` being looked at; (width,) each."""
        found = []
        for bundle, code in zip(self.reading.bundles, self.bundled, strict=True):
            found.append((bundle, np.bincount(code[::step], minlength=bundle.width)))
        return self.apart(found)

    def apart(self, found: list[tuple[Bundle, Any]], axis: int = 0) -> tuple[Any, ...]:
        """What was summed by the codes of bundles, along ``axis``, for each partition."""
        apart: dict[int, Any] = {}
        for bundle, summed in found:
            shape = summed.shape
            by_each = summed.reshape((*shape[:axis], *bundle.widths, *shape[axis + 1 :]))
            for i, partition in enumerate(bundle.partitions):
                others = tuple(axis + j for j in range(len(bundle.widths)) if j != i)
                apart[partition] = by_each.sum(axis=others)
        whole = found[0][1].sum(axis=axis, keepdims=True)
        return tuple(apart.get(i, whole) for i in range(len(self.codes)))

    @cached_property
    def bundled(self) -> list[Places]:
        """The code of each row in each bundle, (n,)."""
        found = []
        for bundle in self.reading.bundles:
            code = np.zeros(len(self.panel), dtype=np.uint16)
            for partition, width in zip(bundle.partitions, bundle.widths, strict=True):
                code *= np.uint16(width)
                of = self.codes[partition]
                if of is not None:
                    code += of
            found.append(code)
        return found

    @cached_property
    def truth(self) -> NDArray[np.uint8]:
        """The class that came true, (n,)."""
        return np.asarray(self.panel.y_true).astype(np.uint8)

    @cached_property
    def labels(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """What both models called each row, (n,) each."""
        one, two = (np.asarray(model.label) for model in self.answers)
        return one, two

    @cached_property
    def bins(self) -> tuple[Bin, Bin]:
        """The fine bin of both models' scores, (n,) each."""
        bins = self.reading.bins
        if bins is None:
            raise ValueError("rows that are not binned were asked for their bins")
        one, two = (bins.fine(np.asarray(model.score)) for model in self.answers)
        return one, two
