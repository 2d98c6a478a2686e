"""validate, of data in many files: each unit is looked at alone, and the totals are judged.

The same record to the byte whoever looked at which unit, in whatever order. What does not add up
is refused before anything is read (`titleholder.validation.sharded`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from titleholder import threads
from titleholder.columns import like_whole, numpy_frame
from titleholder.errors import ConfigError
from titleholder.shards import reading
from titleholder.shards.blocks import Unit, units_of
from titleholder.shards.files import Shards
from titleholder.shards.runner import Runner
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace
from titleholder.stats.shared import summary
from titleholder.validation import Validation, sharded, suite_file
from titleholder.validation.found import OFFENDING
from titleholder.validation.guards import Facts
from titleholder.validation.sharded.keys import Hashes
from titleholder.validation.suite_file import Declared

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 4  # blocks that the engine looks at together: half a million rows
Named = tuple[int, tuple[str, ...]]  # the number of a frame's first row, and values in it
_WITHOUT_GAPS = ("int", "uint", "bool")  # Arrow types that pandas has no gaps in


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at, and for what: made once, and sent to whoever has a unit.

    ``columns`` are those that are read, ``gaps`` those of them in which some row has no value.
    """

    ws: Workspace
    rows: Shards
    declared: tuple[Declared, ...]
    source: str
    columns: tuple[str, ...]
    gaps: frozenset[str] = frozenset()

    def frames(self, unit: Unit) -> "Iterator[tuple[int, pd.DataFrame]]":
        """The rows of a unit in frames of a few blocks, with the number of the first row of each;
        in the types that the whole would have.
        """
        place = shards.place_of(self.ws, self.rows.place)
        for first in range(unit.first, unit.last, _AT_ONCE):
            few = Unit(first, min(unit.last, first + _AT_ONCE), unit.rows)
            read = reading.blocks(place, self.rows, few, self.columns)
            yield few.start, self.typed(_together([reading.frame(table) for _, table in read]))

    def typed(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Rows in the types that the whole would have, plainly."""
        return numpy_frame(like_whole(frame, self.gaps))


def validated(ws: Workspace, suite_path: Path, evidence: Path) -> Validation:
    """What the expectations say of the current data; the engine's pages of it go to ``evidence``.

    ConfigError for what is wrong with the suite file, and for what cannot be told from many files;
    BadInput for a file that cannot be read.
    """
    from titleholder.adapters import expectations

    rows = shards.read(ws, "current")
    declared = suite_file.read(suite_path)
    told = sharded.problems(declared, rows.rows)
    if told:
        raise ConfigError(suite_path.name, told)
    expectations.check(declared, suite_path.name)
    columns = tuple(sharded.reads(declared, list(rows.columns)))
    look = Look(ws.sent(), rows, declared, suite_path.name, columns)
    with shards.runner_of(ws) as runner:
        look = replace(look, gaps=_gaps(look, runner))
        parts = sorted(_looked_at(look, runner), key=lambda part: part.start)
        doubled = _doubled(look, parts, runner)
    empty = _without_rows(look)
    schema = expectations.examine(empty, sharded.of_schema(declared), suite_path.name)
    found, totals = sharded.total(declared, list(rows.columns), parts, schema.found, doubled)
    if not declared:
        return found
    pages = expectations.pages(empty, declared, totals, suite_path.name, evidence)
    return msgspec.structs.replace(found, evidence=pages)


def looked_at(look: Look, unit: Unit) -> list[sharded.Partial]:
    """What the rows of one unit give."""
    threads.pin()
    return [_partial(look, start, frame) for start, frame in look.frames(unit)]


def gaps_in(look: Look, unit: Unit) -> set[str]:
    """Which columns have a row without a value in this unit."""
    place = shards.place_of(look.ws, look.rows.place)
    found: set[str] = set()
    for _, table in reading.blocks(place, look.rows, unit, look.columns):
        found |= {name for name in look.columns if table[name].null_count}
    return found


def standing(look: Look, column: str, hashes: Hashes, unit: Unit) -> list[Named]:
    """The first values of a unit with one of these hashes, and the numbers of its frames' rows."""
    frames = look.frames(unit)
    return [(start, sharded.standing(frame, column, hashes)) for start, frame in frames]


def _doubled(
    look: Look, parts: list[sharded.Partial], runner: Runner
) -> dict[str, tuple[str, ...]]:
    """By column that shall be unique, the first values that stand twice: rows are read again."""
    units = units_of(look.rows.rows, look.ws.runner.blocks)
    found = {}
    for column in parts[0].hashes:
        hashes = sharded.first_doubled([part.hashes[column] for part in parts])
        if len(hashes):
            one = replace(look, columns=(column,))
            named = [n for several in runner.map(partial(standing, one, column, hashes), units)
                     for n in several]  # fmt: skip
            found[column] = tuple(text for _, texts in sorted(named) for text in texts)[:OFFENDING]
    return found


def _looked_at(look: Look, runner: Runner) -> list[sharded.Partial]:
    """All parts; of data of which nothing is asked but their number, one that holds that."""
    if not look.columns:
        return [sharded.Partial(0, Facts(look.rows.rows, (), frozenset(), {}))]
    units = units_of(look.rows.rows, look.ws.runner.blocks)
    return [part for several in runner.map(partial(looked_at, look), units) for part in several]


def _partial(look: Look, start: int, frame: "pd.DataFrame") -> sharded.Partial:
    from titleholder.adapters import expectations

    seen = expectations.examine(frame, sharded.by_engine(look.declared), look.source)
    return sharded.Partial(
        start=start,
        facts=Facts.of(frame, look.declared),
        found=seen.found,
        examined=seen.meeting,
        broken=seen.broken,
        measures=sharded.measures_of(frame, start, summary.ROWS, look.declared),
        hashes=sharded.hashes_of(frame, look.declared),
    )


def _gaps(look: Look, runner: Runner) -> frozenset[str]:
    """Where whole numbers and flags have gaps anywhere: only they have another type then."""
    asked = tuple(
        name for name in look.columns if look.rows.columns[name].startswith(_WITHOUT_GAPS)
    )
    if not asked:
        return frozenset()
    units = units_of(look.rows.rows, look.ws.runner.blocks)
    return frozenset().union(*runner.map(partial(gaps_in, replace(look, columns=asked)), units))


def _without_rows(look: Look) -> "pd.DataFrame":
    """A frame of all columns, and none of the rows."""
    first = units_of(look.rows.rows, 1)[0]
    place = shards.place_of(look.ws, look.rows.place)
    _, table = next(reading.blocks(place, look.rows, first))
    return look.typed(reading.frame(table.slice(0, 0)))


def _together(frames: "list[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd

    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
