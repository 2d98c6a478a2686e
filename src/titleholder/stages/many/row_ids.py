"""That no row stands twice in a panel of many files, found in bounded memory."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from titleholder import threads
from titleholder.comparison import fingerprint
from titleholder.errors import NotComparable
from titleholder.shards import prints
from titleholder.shards.blocks import Unit
from titleholder.shards.runner import Runner
from titleholder.stages.many.blocks import Source

NAMED = 5
_LOOKED_UP = 1000  # hashes that are looked up when some stand twice


def require_single(
    source: Source,
    spans: Sequence[prints.Span],
    units: Sequence[Unit],
    runner: Runner,
    scratch: Path,
) -> None:
    """NotComparable with some of the ids that stand in two blocks; in one, reading refuses them.

    Where the blocks' ranges of ids do not meet (``spans``), nothing has to be looked at.
    """
    if prints.are_apart(spans):
        return
    files = list(runner.map(partial(ids_written, source, scratch), units))
    hashes = prints.doubled(sorted(files), source.rows.rows, _LOOKED_UP)
    if not len(hashes):
        return
    seen: dict[str, int] = {}
    for ids in runner.map(partial(ids_with, source, hashes), units):
        for one in ids:
            seen[one] = seen.get(one, 0) + 1
    doubled = sorted(one for one, count in seen.items() if count > 1)
    if doubled:
        some = ", ".join(repr(one) for one in doubled[:NAMED])
        row_id = source.suite.columns.row_id
        raise NotComparable(
            f"{source.rows.place}: values of {row_id} stand more than once, such as {some}",
            cure="one row an id",
        )


def ids_written(source: Source, scratch: Path, unit: Unit) -> str:
    """Write the hashes of a unit's ids, for those that stand twice to meet."""
    threads.pin()
    hashes = [fingerprint.id_hashes(panel.row_id) for _, panel, _ in source.read(unit)]
    return prints.write(scratch / f"ids.{unit.first:06}.npy", np.concatenate(hashes))


def ids_with(source: Source, hashes: fingerprint.Hashes, unit: Unit) -> list[str]:
    """The ids of a unit that have one of these hashes."""
    threads.pin()
    found: list[str] = []
    for _, panel, _ in source.read(unit):
        held = np.isin(fingerprint.id_hashes(panel.row_id), hashes)
        found += panel.row_id[held].astype(str).tolist()
    return found
