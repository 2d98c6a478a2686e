"""drift, of data in many files: each unit gives a profile of its columns, and profiles add up.

The same record to the byte whoever read which unit, in whatever order: numbers become counts on a
grid, labels counts (`titleholder.drift.profile`). Where a sketch does not settle what it may
decide, the values of that column are read, as long as memory holds them.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder import drift, threads
from titleholder.columns import array_of
from titleholder.drift.profile import Opaque, Profile
from titleholder.drift.sample import drawn
from titleholder.fast import compiled
from titleholder.shards import reading
from titleholder.shards.blocks import Unit, units_of
from titleholder.shards.files import Shards
from titleholder.shards.runner import Runner
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

MOST_VALUES = 1 << 25  # of one column of one side that are sorted in memory: a quarter GiB
_PAID_BACK = 3_000_000_000  # values in all columns of a side for which passes are compiled
_BYTES = ("binary", "large_binary", "fixed_size_binary")  # images are for models alone


@dataclass(frozen=True, slots=True)
class Look:
    """The files of one side, the columns that are read, and who reads them."""

    ws: Workspace
    rows: Shards
    columns: tuple[str, ...]

    @classmethod
    def at(cls, ws: Workspace, role: str) -> "Look":
        """All columns of a source but bytes."""
        rows = shards.read(ws, role)
        names = reading.names(shards.place_of(ws, rows.place), rows)
        plain = (name for name in names if not rows.columns[name].startswith(_BYTES))
        return cls(ws.sent(), rows, tuple(plain))

    def units(self) -> tuple[Unit, ...]:
        """The rows as units of work."""
        return units_of(self.rows.rows, self.ws.runner.blocks)


def profiles(look: Look, runner: Runner) -> dict[str, Profile]:
    """The profile of every column of one side."""
    total: dict[str, Profile] = {name: Opaque(0, 0) for name in look.columns}
    for found in runner.map(partial(profiled, look), look.units()):
        total = {name: _merged(total[name], found[name]) for name in look.columns}
    return total


def profiled(look: Look, unit: Unit) -> dict[str, Profile]:
    """The profile of every column of one unit."""
    threads.pin()
    if look.rows.rows * len(look.columns) >= _PAID_BACK:
        compiled.load()
    total: dict[str, Profile] = {name: Opaque(0, 0) for name in look.columns}
    place = shards.place_of(look.ws, look.rows.place)
    for _, table in reading.blocks(place, look.rows, unit, look.columns):
        frame = reading.frame(table)
        total = {
            name: _merged(total[name], drift.summary(array_of(frame[name])))
            for name in look.columns
        }
    return total


def sample(look: Look, side: int, runner: Runner) -> "pd.DataFrame":
    """The rows that serve as evidence, in their order."""
    import pandas as pd

    suite = look.ws.suite
    numbers = drawn(look.rows.rows, suite.drift.sample, suite.seed, side)
    found = sorted(
        (one for several in runner.map(partial(picked, look, numbers), look.units())
         for one in several),
        key=lambda one: one[0],
    )  # fmt: skip
    return pd.concat([rows for _, rows in found], ignore_index=True)


def picked(look: Look, numbers: NDArray[np.int64], unit: Unit) -> "list[tuple[int, pd.DataFrame]]":
    """Those of the rows that lie in a unit, by blocks that hold any."""
    if not np.any((numbers >= unit.start) & (numbers < unit.stop)):
        return []
    found = []
    place = shards.place_of(look.ws, look.rows.place)
    for block, table in reading.blocks(place, look.rows, unit, look.columns):
        here = numbers[(numbers >= block.start) & (numbers < block.stop)] - block.start
        if len(here):
            found.append((block.start, reading.frame(table.take(here))))
    return found


def column(look: Look, name: str, runner: Runner) -> NDArray[Any] | None:
    """All values of a column, in their order; None where memory would not hold them."""
    if look.rows.rows > MOST_VALUES or name not in look.columns:
        return None
    parts = sorted(runner.map(partial(held, look, name), look.units()), key=lambda one: one[0])
    return np.concatenate([part for _, part in parts])


def held(look: Look, name: str, unit: Unit) -> tuple[int, NDArray[Any]]:
    """One column of a unit, and the number of its first row."""
    threads.pin()
    place = shards.place_of(look.ws, look.rows.place)
    read = reading.blocks(place, look.rows, unit, [name])
    return unit.start, np.concatenate([array_of(reading.frame(table)[name]) for _, table in read])


def _merged(one: Profile, two: Profile) -> Profile:
    """Both together; what cannot be one column is no column that can be scored."""
    try:
        return drift.merge([one, two])
    except ValueError:
        return Opaque(one.n + two.n, one.missing + two.missing, "several kinds")
