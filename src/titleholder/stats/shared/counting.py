"""Rows counted: by calls, and by bins of both models' scores."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Ints
from titleholder.fast.compiled import passes
from titleholder.stats.shared.bins import COARSE, FINE, Bin
from titleholder.stats.shared.block import Block
from titleholder.stats.shared.partition import Codes

_COARSER = (FINE // COARSE).bit_length() - 1  # bits of a fine bin that a coarse one has not
_CHUNK = 1 << 17  # rows whose keys stay near the processor


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows counted, one array a partition in each; none of what was not asked for.

    ``cells`` (width, K, K, K) by code, truth and both calls; ``fine`` (2, width, 2, FINE) by
    model, code, truth and bin; ``joint`` (width, 2, COARSE, COARSE) by code, truth and both bins.
    """

    cells: tuple[Ints, ...]
    fine: tuple[Ints, ...]
    joint: tuple[Ints, ...]


def counted(block: Block, fine: tuple[Ints, ...] | None = None) -> Counts:
    """Rows of a block by calls and bins, as its reading asks for.

    ``fine`` are those by fine bins, where they were counted already.
    """
    cells = _cells(block) if block.reading.classes else ()
    if block.reading.bins is None:
        return Counts(cells, (), ())
    return Counts(cells, _fine(block) if fine is None else fine, _joint(block))


def _fine(block: Block) -> tuple[Ints, ...]:
    """Rows by code, truth and fine bin of each model, (2, width, 2, FINE) a partition."""
    found = []
    for code, width in _coded(block):
        counts = [
            _counts(_by_truth(block, code, FINE, bins), len(code), width * 2 * FINE)
            for bins in block.bins
        ]
        found.append(np.stack(counts).reshape(2, width, 2, FINE))
    return _each(block, found, 1)


def _cells(block: Block) -> tuple[Ints, ...]:
    k, compiled = block.reading.classes, passes()
    found = []
    for bundle, code in zip(block.reading.bundles, block.bundled, strict=True):
        if compiled is None:
            counts = _counts(_by_calls(block, code), len(code), bundle.width * k**3)
        else:
            counts = np.zeros(bundle.width * k**3, dtype=np.int64)
            compiled.cells(code, block.truth, *block.labels, k, counts)
        found.append((bundle, counts.reshape(bundle.width, k, k, k)))
    return block.apart(found)


def _joint(block: Block) -> tuple[Ints, ...]:
    compiled = passes()
    count = _joint_keys(block) if compiled is None else partial(_joint_pass, compiled, block)
    shape = (-1, 2, COARSE, COARSE)
    found = [count(code, width * 2 * COARSE**2).reshape(shape) for code, width in _coded(block)]
    return _each(block, found, 0)


def _joint_keys(block: Block) -> Callable[[Codes, int], Ints]:
    both = _both(*block.bins)
    return lambda code, most: _counts(_by_truth(block, code, COARSE**2, both), len(code), most)


def _joint_pass(compiled: ModuleType, block: Block, code: Codes, most: int) -> Ints:
    counts = np.zeros(most, dtype=np.uint32)
    compiled.joint(code, block.truth, *block.bins, _COARSER, COARSE, counts)
    return counts.astype(np.int64)


Keys: TypeAlias = Callable[[slice], NDArray[np.uint32]]  # numbers of some rows, to be counted


def _counts(keys: Keys, rows: int, most: int) -> Ints:
    """How often each key below ``most`` occurs, (most,)."""
    counts = np.zeros(most, dtype=np.int64)
    for start in range(0, rows, _CHUNK):
        counts += np.bincount(keys(slice(start, start + _CHUNK)), minlength=most)
    return counts


def _by_calls(block: Block, code: NDArray[np.uint16]) -> Keys:
    """Code, truth and both calls as one number."""
    k, truth, (one, two) = np.uint32(block.reading.classes), block.truth, block.labels

    def keys(rows: slice) -> NDArray[np.uint32]:
        calls = one[rows].astype(np.uint32) * k + two[rows].astype(np.uint32)
        return np.asarray((code[rows] * k + truth[rows]) * (k * k) + calls)

    return keys


def _by_truth(block: Block, code: Codes, most: int, bins: Bin) -> Keys:
    """Code, truth and a bin below ``most`` as one number."""
    truth = block.truth

    def keys(rows: slice) -> NDArray[np.uint32]:
        of_code = code[rows] * np.uint32(2)
        of_code += truth[rows]
        of_code *= np.uint32(most)
        of_code += bins[rows]
        return of_code

    return keys


def _both(first: Bin, second: Bin) -> Bin:
    """Both coarse bins as one number, (n,)."""
    both = first >> np.uint16(_COARSER)
    both *= np.uint16(COARSE)
    both += second >> np.uint16(_COARSER)
    return both


def _coded(block: Block) -> Iterator[tuple[Codes, int]]:
    """The codes of rows, (n,), and how many there are, of each partition that has any."""
    coded = [of for of in zip(block.codes, block.reading.widths, strict=True) if of[0] is not None]
    for code, width in coded or [(np.zeros(len(block.panel), dtype=np.uint8), 1)]:
        if code is not None:
            yield code, width


def _each(block: Block, found: Sequence[Ints], axis: int) -> tuple[Ints, ...]:
    """What was counted of partitions with codes, for all: one without has the sum of any."""
    whole, coded = found[0].sum(axis=axis, keepdims=True), iter(found)
    return tuple(whole if code is None else next(coded) for code in block.codes)
