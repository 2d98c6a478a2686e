"""Hashes of rows over all shards in rising order: a panel's fingerprint, and ids that stand twice.

A unit writes its hashes sorted; equal stretches of the range of all hashes are then taken out of
all files and sorted, one after the other.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from titleholder import records
from titleholder.comparison.fingerprint import Hashes

STRETCH = 1 << 21  # hashes that are sorted at a time, about


def write(path: Path, hashes: Hashes) -> str:
    """Write the hashes of a unit's rows; the file's name."""
    with records.replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.sort(hashes), allow_pickle=False)
    return str(path)


def merged(files: Sequence[str], rows: int) -> Iterator[Hashes]:
    """All hashes of so many rows in rising order, a stretch at a time; equal ones come together."""
    stretches = max(1, -(-rows // STRETCH))
    edges = [(i << 64) // stretches for i in range(1, stretches)]
    wholes = [np.load(file, mmap_mode="r", allow_pickle=False) for file in files]
    cuts = [
        [0, *np.searchsorted(whole, np.array(edges, dtype=np.uint64)).tolist(), len(whole)]
        for whole in wholes
    ]
    for i in range(stretches):
        parts = [whole[cut[i] : cut[i + 1]] for whole, cut in zip(wholes, cuts, strict=True)]
        yield np.sort(np.concatenate(parts))


def doubled(files: Sequence[str], rows: int, most: int) -> Hashes:
    """Some of the hashes that stand more than once, ``most`` at most."""
    found = [part[1:][part[1:] == part[:-1]] for part in merged(files, rows)]
    return np.unique(np.concatenate(found))[:most]


Span = tuple[int, int] | tuple[str, str]


def are_apart(spans: Sequence[Span]) -> bool:
    """Whether no two of these ranges of ids, ends included, have one in common.

    >>> are_apart([(5, 9), (0, 4)]), are_apart([(0, 5), (5, 9)])
    (True, False)
    """
    ordered = sorted(spans)
    return all(one[1] < other[0] for one, other in pairwise(ordered))  # type: ignore[operator]
