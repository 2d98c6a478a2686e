"""The exact order of scores over all shards, by ranges of the score, on disk between the steps.

1. A unit writes each model's rows in falling order of score: `write` a key of the score, and the
   row's truth and slices as a code. Rows that are alike in both are one entry with a count, where
   that makes the files shorter.
2. `merge` takes one range of scores out of all units' files and brings it in order. Equal scores
   have equal keys, so no run of ties lies in two ranges.
3. `descend` goes down the ranges of one partition from the highest score, and gives the metrics of
   order of each of its slices (`titleholder.shards.laws`).

No step holds more than one unit's rows, or those of one range. All that is counted are integers,
so that nothing hangs on units or ranges.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder import records
from titleholder.arrays import Bools, Floats, Ints
from titleholder.errors import BadInput
from titleholder.metrics.ladder import Steps
from titleholder.shards.laws import Totals, law_of
from titleholder.stats.shared.partition import Codes, Partition

RANGE = 1 << 20  # rows of one range of scores, about
_ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
_MOST_BITS = 63

Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a row's truth and slices are packed: ``widths`` of the partitions, ``bits`` of each."""

    widths: tuple[int, ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, partitions: Sequence[Partition]) -> "Shape":
        """That of some partitions, the first of which has every row."""
        shape = cls(tuple(p.width for p in partitions), tuple(p.members for p in partitions))
        if 1 + sum(shape.bits) > _MOST_BITS:
            raise BadInput(
                f"{len(partitions)} declared slices take more bits than a row's code has",
                cure="slice by fewer columns, or by coarser ones",
            )
        return shape

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of the code of each partition."""
        return tuple((width - 1).bit_length() for width in self.widths)

    @property
    def kind(self) -> type[np.unsignedinteger[Any]]:
        """The narrowest type that holds a code."""
        wanted = 1 + sum(self.bits)
        kinds = ((8, np.uint8), (16, np.uint16), (32, np.uint32), (64, np.uint64))
        return next(kind for bits, kind in kinds if wanted <= bits)

    def codes(self, y: Ints, codes: Sequence[Codes | None]) -> NDArray[Any]:
        """Truth in the lowest bit and the slices above it, (n,)."""
        packed, shift = y.astype(self.kind), 1
        for code, bits in zip(codes, self.bits, strict=True):
            if code is not None:
                packed |= code.astype(self.kind) << self.kind(shift)
            shift += bits
        return packed

    def code(self, packed: NDArray[Any], partition: int) -> NDArray[np.uint8]:
        """The code of one partition again, (n,)."""
        shift = 1 + sum(self.bits[:partition])
        mask = self.kind((1 << self.bits[partition]) - 1)
        return np.asarray((packed >> self.kind(shift)) & mask, dtype=np.uint8)


def keys_of(score: Floats) -> Keys:
    """Scores (n,) in [0, 1] as numbers that rise as they fall; equal scores have equal ones."""
    keys: Keys = _ONE - (score + 0.0).view(np.uint64)  # adding makes 0.0 of -0.0
    return keys


def bounds_of(sample: Floats, rows: int) -> Keys:
    """Keys that ranges begin at, but for the first, from a sample of the scores; rising."""
    ranges = max(1, round(rows / RANGE))
    ordered = np.sort(keys_of(sample))
    at = (np.arange(1, ranges) * len(ordered)) // ranges
    return np.unique(ordered[at])


@dataclass(frozen=True, slots=True)
class Run:
    """One unit's rows of one model: files with this stem, and where each range begins in them."""

    stem: str
    offsets: tuple[int, ...]
    counted: bool

    def only(self, number: int) -> "Run":
        """The same with one range alone, which is then number 0: all that its merge has to know."""
        return replace(self, offsets=self.offsets[number : number + 2])

    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return _named(self.stem, ("key", "code"), counted=self.counted)


def write(stem: Path, score: Floats, packed: NDArray[Any], bounds: Keys) -> Run:
    """Write a unit's rows (n,) in order; the files are whole, or not there."""
    keys = keys_of(score)
    order = np.argsort(keys, kind="stable")
    keys, packed = keys[order], packed[order]
    count = None
    if 2 * (1 + int((keys[1:] != keys[:-1]).sum())) < len(keys):
        keys, packed, count = _alike(keys, packed)
    for name, values in (("key", keys), ("code", packed), ("count", count)):
        if values is not None:
            _save(Path(f"{stem}.{name}.npy"), values)
    inner = np.searchsorted(keys, bounds).tolist()
    return Run(str(stem), (0, *inner, len(keys)), count is not None)


def _alike(keys: Keys, packed: NDArray[Any]) -> tuple[Keys, NDArray[Any], NDArray[np.uint32]]:
    """Rows of one key and code as one entry each, with their count."""
    order = np.lexsort((packed, keys))
    keys, packed = keys[order], packed[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]) | (packed[1:] != packed[:-1])
    starts = np.flatnonzero(new)
    return keys[starts], packed[starts], np.diff(starts, append=len(keys)).astype(np.uint32)


def _named(stem: str, parts: Sequence[str], *, counted: bool) -> tuple[str, ...]:
    return tuple(f"{stem}.{part}.npy" for part in (*parts, *(["count"] if counted else [])))


def _save(path: Path, values: NDArray[Any]) -> None:
    with records.replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def _load(path: str, start: int, stop: int) -> NDArray[Any]:
    whole = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(whole[start:stop])


@dataclass(frozen=True, slots=True)
class Merged:
    """One range in order, in files with this stem, and the `Totals` of each slice in it.

    ``totals`` are by partition, (width, 3): rows, positives, distinct scores.
    """

    number: int
    stem: str
    counted: bool
    totals: tuple[Ints, ...]

    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return _named(self.stem, ("code", "new"), counted=self.counted)


def merge(number: int, runs: Sequence[Run], shape: Shape, to: Path) -> Merged:
    """Range ``number`` of all units' runs, each with that one alone (`Run.only`), in one order."""
    keys, packed, counts = [], [], []
    counted = any(run.counted for run in runs)
    for run in runs:
        start, stop = run.offsets
        keys.append(_load(f"{run.stem}.key.npy", start, stop))
        packed.append(_load(f"{run.stem}.code.npy", start, stop))
        if run.counted:
            counts.append(_load(f"{run.stem}.count.npy", start, stop))
        elif counted:
            counts.append(np.ones(stop - start, dtype=np.uint32))
    key = np.concatenate(keys)
    order = np.argsort(key, kind="stable")
    key, code = key[order], np.concatenate(packed)[order]
    count = np.concatenate(counts)[order] if counted else None
    new = np.ones(len(key), dtype=bool)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    for name, values in (("code", code), ("new", new), ("count", count)):
        if values is not None:
            _save(Path(f"{to}.{name}.npy"), values)
    part = _Range(code, np.cumsum(new), count)
    totals = tuple(part.totals(shape, p) for p in range(len(shape.widths)))
    return Merged(number, str(to), counted, totals)


@dataclass(frozen=True, slots=True)
class _Range:
    """Entries of one range in falling order: code, number of the step, and count or None."""

    code: NDArray[Any]
    step: Ints
    count: NDArray[np.uint32] | None

    @classmethod
    def read(cls, merged: Merged) -> "_Range":
        parts = {name: np.load(f"{merged.stem}.{name}.npy", allow_pickle=False)
                 for name in ("code", "new", *(["count"] if merged.counted else []))}  # fmt: skip
        return cls(parts["code"], np.cumsum(parts["new"]), parts.get("count"))

    def members(self, shape: Shape, partition: int) -> Iterator[tuple[int, "_Range"]]:
        """The entries of each code of a partition, in their order."""
        if shape.widths[partition] == 1:
            yield 0, self
            return
        own = shape.code(self.code, partition)
        order = np.argsort(own, kind="stable")
        ends = np.cumsum(np.bincount(own, minlength=shape.widths[partition]))
        for place, (start, stop) in enumerate(pairwise((0, *ends.tolist()))):
            if stop > start:
                rows = order[start:stop]
                count = None if self.count is None else self.count[rows]
                yield place, _Range(self.code[rows], self.step[rows], count)

    def totals(self, shape: Shape, partition: int) -> Ints:
        """Rows, positives and distinct scores of each code, (width, 3)."""
        found = np.zeros((shape.widths[partition], 3), dtype=np.int64)
        for place, own in self.members(shape, partition):
            found[place] = own.rows, own.positives, 1 + int((own.step[1:] != own.step[:-1]).sum())
        if not len(self.code):
            found[:] = 0
        return found

    @property
    def positive(self) -> Bools:
        """Which entries are of the positive class."""
        one = self.code.dtype.type(1)
        return np.asarray(self.code & one, dtype=bool)

    @property
    def rows(self) -> int:
        """How many rows the entries stand for."""
        return len(self.code) if self.count is None else int(self.count.sum(dtype=np.int64))

    @property
    def positives(self) -> int:
        """How many of them are positive."""
        if self.count is None:
            return int(self.positive.sum())
        return int(self.count[self.positive].sum(dtype=np.int64))


@dataclass(slots=True)
class _Descent:
    """One slice on the way down: what has been passed."""

    totals: Totals
    rows: int = 0
    positives: int = 0
    last: int = 0  # place of the last positive that was passed

    def pieces(self, own: _Range) -> tuple[Ints, Steps]:
        """The places of the positives and the steps of a range, and all that is passed by it."""
        return self._tied(own) if self.totals.tied else self._untied(own)

    def _untied(self, own: _Range) -> tuple[Ints, Steps]:
        at = np.flatnonzero(own.positive) + 1 + self.rows
        negatives = np.zeros(2 * len(at))
        negatives[::2] = np.diff(at, prepend=self.last) - 1
        positives = np.zeros(2 * len(at))
        positives[1::2] = 1.0
        passed = self.last - self.positives
        steps = Steps(
            positives, negatives,
            positives.cumsum() + self.positives, negatives.cumsum() + passed,
        )  # fmt: skip
        self.rows += own.rows
        self.positives += len(at)
        self.last = int(at[-1]) if len(at) else self.last
        return at, steps

    def _tied(self, own: _Range) -> tuple[Ints, Steps]:
        starts = np.flatnonzero(np.diff(own.step, prepend=own.step[0] - 1))
        count = np.ones(len(own.code)) if own.count is None else own.count.astype(float)
        each = np.add.reduceat(count, starts)
        positives = np.add.reduceat(count * own.positive, starts)
        negatives = each - positives
        passed = self.rows - self.positives
        steps = Steps(
            positives, negatives,
            positives.cumsum() + self.positives, negatives.cumsum() + passed,
        )  # fmt: skip
        self.rows += own.rows
        self.positives += own.positives
        return np.empty(0, dtype=np.int64), steps

    def last_step(self) -> Steps:
        """The negatives below the last positive, which end a ladder without ties."""
        left = float(self.totals.rows - self.last)
        return Steps(
            np.zeros(1), np.array([left]),
            np.array([float(self.positives)]), np.array([float(self.rows - self.positives)]),
        )  # fmt: skip


def descend(
    ranges: Sequence[Merged], shape: Shape, partition: int, metrics: Mapping[str, int]
) -> dict[tuple[str, int], float]:
    """The metrics of order of every slice of a partition, by metric and number of the slice.

    ``metrics`` are names and the fewest rows of a class that they are taken of; slices with fewer
    than the least of those are left out.
    """
    summed = sum(merged.totals[partition] for merged in ranges)
    everything = sum(merged.totals[0] for merged in ranges)
    rows, _, steps = np.asarray(everything).tolist()[0]
    briefly = rows == steps
    least = max(1, min(metrics.values(), default=1))
    descents: dict[int, _Descent] = {}
    for place, (rows, positives, steps) in enumerate(np.asarray(summed).tolist()):
        inside = place > 0 or shape.widths[partition] == 1
        if inside and min(positives, rows - positives) >= least:
            descents[place] = _Descent(Totals(rows, positives, steps, briefly))
    makers = {name: law_of(name) for name in metrics}
    laws = {
        (name, place): make(descent.totals)
        for place, descent in descents.items()
        for name, make in makers.items()
        if make is not None
    }
    for merged in sorted(ranges, key=lambda one: one.number):
        for place, own in _Range.read(merged).members(shape, partition):
            if place in descents and len(own.code):
                at, steps = descents[place].pieces(own)
                for name in metrics:
                    if (name, place) in laws:
                        laws[name, place].places(at)
                        laws[name, place].steps(steps)
    found = {}
    for (name, place), law in laws.items():
        if not descents[place].totals.tied:
            law.steps(descents[place].last_step())
        found[name, _member(shape, partition, place)] = law.value()
    return found


def _member(shape: Shape, partition: int, place: int) -> int:
    whole = shape.widths[partition] == 1
    return shape.members[partition][0 if whole else place - 1]
