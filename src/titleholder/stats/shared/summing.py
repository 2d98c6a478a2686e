"""Sums of rows' real values and of products of them, by code."""

from typing import TypeAlias

import numpy as np

from titleholder.arrays import Floats
from titleholder.fast.compiled import passes
from titleholder.stats.shared.block import Block, Places
from titleholder.stats.shared.reading import ALL, SECOND, rows_of_panel

_CHUNK = 1 << 15  # rows whose real values stay near the processor while they are summed
# Each order after the first two is the product of two of the `SECOND`.
_FACTORS = ((0, 0), (0, 1), (1, 1), (2, 0), (2, 1), (4, 0), (4, 1), (2, 2), (2, 3), (2, 4), (4, 3),
            (4, 4))  # fmt: skip

Both: TypeAlias = tuple[Floats, Floats]  # the champion's values and the candidate's, (n,) each


def summed(block: Block, begin: int = 0, most: int | None = None) -> tuple[Floats, ...]:
    """Sums of each column's a and d, (columns, SECOND + ALL, width) a partition.

    They are of all rows, or of at most so many from ``begin`` on.
    """
    reading, end = block.reading, len(block.panel) if most is None else begin + most
    end = min(end, len(block.panel))
    shape = (len(reading.columns), len(SECOND) + len(ALL))
    totals = [np.zeros((*shape, bundle.width)) for bundle in reading.bundles]
    some: list[list[Both]] = [[] for _ in reading.columns]
    first = 0 if reading.thinned > 1 else len(SECOND)
    last = first + (len(SECOND) if reading.thinned > 1 else len(ALL))
    for start in range(begin, end if reading.columns else begin, _CHUNK):
        rows = slice(start, min(end, start + _CHUNK))
        panel = rows_of_panel(block.panel, rows)
        one, two = (model.at(rows) for model in block.answers)
        for i, columns in enumerate(reading.columns):
            both = columns(panel, one)[:, 0], columns(panel, two)[:, 0]
            for code, total in zip(block.bundled, totals, strict=True):
                _add(code[rows], both, total[i, first:last])
            if reading.thinned > 1:
                champion, candidate = (of[:: reading.thinned].copy() for of in both)
                some[i].append((champion, candidate))
    if reading.thinned > 1:
        _add_thinned([code[begin : end : reading.thinned] for code in block.bundled], some, totals)
    else:
        for total in totals:
            total[:, : len(SECOND)] = total[:, len(SECOND) : 2 * len(SECOND)]
    return block.apart(list(zip(reading.bundles, totals, strict=True)), axis=2)


def _add_thinned(codes: list[Places], some: list[list[Both]], totals: list[Floats]) -> None:
    """Add the sums of `ALL` orders of some of the rows."""
    for i, parts in enumerate(some):
        champion, candidate = (np.concatenate(side) for side in zip(*parts, strict=True))
        for code, total in zip(codes, totals, strict=True):
            _add(code, (champion, candidate), total[i, len(SECOND) :])


def _add(code: Places, both: Both, total: Floats) -> None:
    """Add the sums of the first orders of `ALL` to ``total`` (orders, width), row after row."""
    compiled = passes()
    if compiled is not None:
        if len(total) == len(SECOND):
            compiled.add_second(code, *both, total)
        else:
            compiled.add_all(code, *both, total)
        return
    products, place = [both[0], both[1] - both[0]], code.astype(np.intp)
    for one, other in _FACTORS[: len(total) - 2]:
        products.append(products[one] * products[other])
    for order, product in enumerate(products):
        total[order] += np.bincount(place, product, total.shape[1])
