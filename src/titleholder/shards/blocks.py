"""Rows by number: blocks, whose sums are kept apart, and units, which are runs of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass

from titleholder.stats.shared import summary

MOST_BLOCKS = 16  # of one unit, unless asked otherwise: about two million rows


@dataclass(frozen=True, slots=True)
class Block:
    """Rows ``start`` to ``stop`` of the panel, in its own order over all files."""

    number: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Unit:
    """Blocks ``first`` to ``last``, this one not included, of a panel of ``rows`` rows."""

    first: int
    last: int
    rows: int

    @property
    def start(self) -> int:
        """The number of the first row."""
        return self.first * summary.ROWS

    @property
    def stop(self) -> int:
        """The number of the row after the last."""
        return min(self.rows, self.last * summary.ROWS)

    def blocks(self) -> Iterator[Block]:
        """The blocks, in their order."""
        for number in range(self.first, self.last):
            start = number * summary.ROWS
            yield Block(number, start, min(self.rows, start + summary.ROWS))


def units_of(rows: int, most_blocks: int = MOST_BLOCKS) -> tuple[Unit, ...]:
    """A panel of so many rows as units of at most so many blocks each.

    >>> [(unit.start, unit.stop) for unit in units_of(300_000, most_blocks=2)]
    [(0, 262144), (262144, 300000)]
    """
    blocks = -(-rows // summary.ROWS)
    return tuple(
        Unit(first, min(blocks, first + most_blocks), rows)
        for first in range(0, blocks, most_blocks)
    )
