"""Sums over blocks of rows that say all of a slice but the exact order of its scores.

Summaries add: counts are integers, and sums of reals are kept by block and added in the order of
blocks, so that the total is the same to the last bit whoever summed which block, and in which
order the summaries were put together.

`Reading` says what is summed, and has to be the same for all that are added. `Summary.of_block`
makes the summary of one block of `ROWS` rows (the last may be shorter), `Summary.__add__` puts two
together, and `titleholder.stats.shared.known` goes from a whole summary to estimates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from titleholder.arrays import Floats, Ints, Panel
from titleholder.stats.shared.block import Block
from titleholder.stats.shared.counting import Counts, counted
from titleholder.stats.shared.partition import Codes
from titleholder.stats.shared.reading import ALL as ALL
from titleholder.stats.shared.reading import SECOND as SECOND
from titleholder.stats.shared.reading import Answers as Answers
from titleholder.stats.shared.reading import Reading as Reading
from titleholder.stats.shared.reading import rows_of_panel as rows_of_panel
from titleholder.stats.shared.reading import thinned_to as thinned_to
from titleholder.stats.shared.summing import summed

ROWS = 1 << 17


@dataclass(frozen=True, slots=True)
class Summary:
    """What was summed of some blocks; one array a partition in each tuple.

    ``rows`` (width,) are counts; ``cells`` (width, K, K, K) by truth and both calls; ``fine``
    (2, width, 2, FINE) by model, truth and bin; ``joint`` (width, 2, COARSE, COARSE) by truth and
    both models' bins. ``sums`` of each block are of the products of the champion's value a and the
    candidate's difference to it d, (columns, SECOND + ALL, width); ``thinned`` (width,) counts
    the rows that those of ``ALL`` orders are of.
    """

    cells: tuple[Ints, ...]
    fine: tuple[Ints, ...]
    joint: tuple[Ints, ...]
    rows: tuple[Ints, ...]
    thinned: tuple[Ints, ...]
    sums: dict[int, tuple[Floats, ...]]

    @classmethod
    def of_block(
        cls,
        number: int,
        reading: Reading,
        codes: Sequence[Codes | None],
        panel: Panel,
        answers: Answers,
    ) -> "Summary":
        """The summary of one block: all arguments are of its rows alone."""
        block = Block(reading, codes, panel, answers)
        return cls.of(block, counted(block), {number: summed(block)})

    @classmethod
    def of(cls, block: Block, counts: Counts, sums: dict[int, tuple[Floats, ...]]) -> "Summary":
        """What was counted and summed of a block, or of several as one."""
        rows = tuple(c.sum(axis=(1, 2, 3)) for c in counts.cells) or block.rows()
        thinned = block.reading.thinned
        return cls(
            cells=counts.cells,
            fine=counts.fine,
            joint=counts.joint,
            rows=rows,
            thinned=rows if thinned == 1 else block.rows(thinned),
            sums=sums,
        )

    def __add__(self, other: "Summary") -> "Summary":
        """Both together; ValueError where both hold the same block."""
        twice = self.sums.keys() & other.sums.keys()
        if twice:
            raise ValueError(f"block {min(twice)} is in both summaries")
        return replace(
            self,
            cells=_added(self.cells, other.cells),
            fine=_added(self.fine, other.fine),
            joint=_added(self.joint, other.joint),
            rows=_added(self.rows, other.rows),
            thinned=_added(self.thinned, other.thinned),
            sums={**self.sums, **other.sums},
        )

    def total(self, partition: int) -> Floats:
        """Sums over all blocks, (columns, SECOND + ALL, width), in the order of blocks."""
        total: Floats = sum(
            (self.sums[number][partition] for number in sorted(self.sums)), np.zeros(())
        )
        return total


def summarise(block: Block, fine: tuple[Ints, ...] | None = None) -> Summary:
    """The summary of all rows of a panel, summed block by block; ``fine`` as `counted` takes it."""
    starts = range(0, len(block.panel), ROWS)
    if not starts:
        raise ValueError("a panel without rows has no summary")
    sums = {number: summed(block, start, ROWS) for number, start in enumerate(starts)}
    return Summary.of(block, counted(block, fine), sums)


def _added(one: tuple[Ints, ...], other: tuple[Ints, ...]) -> tuple[Ints, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))
