"""What the passes over units found so far, kept until the comparison has ended.

A comparison that was killed goes on with every unit that it had finished. What is kept belongs to
one question: these rows, these answers, these parameters, this code. Whatever was kept of another
one is cleared away before it begins (`begin`), and its own when it has ended (`end`): nothing is
judged by a part of a panel, and a whole run leaves nothing for the next one.
"""

import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from titleholder import records
from titleholder.shards import orders
from titleholder.shards.blocks import Unit
from titleholder.shards.keeping import Kept
from titleholder.shards.slicing import Present
from titleholder.stages import STAGES, finished
from titleholder.stages.many import shards, single_rows, summing
from titleholder.stages.many.blocks import Scan, Source
from titleholder.stages.many.planning import Pair, Plan, Scanning, scanned
from titleholder.stages.many.single_rows import Collecting
from titleholder.stages.many.summing import Multiplying, Sums
from titleholder.stages.workspace import Workspace
from titleholder.stats.shared import summary
from titleholder.stats.shared.summary import Summary

SCRATCH = "scratch"
_MARK = "compare/sums"


def begin(ws: Workspace, answers: Mapping[str, str]) -> None:
    """Clear away what was found of another question; ``answers`` are files and their digests."""
    roles = [role for role in ("current", "reference") if shards.has(ws, role)]
    rows = [shards.read(ws, role).digest() for role in roles]
    # Of predict's, too: which column has the truth shows in no answer.
    asked = ws.params_digest({*STAGES["compare"].params, *STAGES["predict"].params})
    split = [ws.runner.blocks, summary.ROWS, orders.RANGE]
    question = records.sha256([finished.code(), asked, rows, dict(answers), split])
    mark = finished.beside(ws, _MARK)
    if not mark.is_file() or mark.read_text() != question:
        shutil.rmtree(ws.stage(SCRATCH), ignore_errors=True)
        records.write_bytes(mark, question.encode())
    records.sweep(ws.stage(SCRATCH))


def end(ws: Workspace) -> None:
    """Clear away what was kept, once all of it has become records."""
    finished.beside(ws, _MARK).unlink(missing_ok=True)
    shutil.rmtree(ws.stage(SCRATCH), ignore_errors=True)


def place(source: Source) -> Path:
    """Where the passes over the rows of one role lay what they find."""
    at = source.ws.stage(SCRATCH) / source.role
    at.mkdir(parents=True, exist_ok=True)
    return at


def of_scan(scanning: Scanning, at: Path) -> Kept[Unit, Scan]:
    """The first pass."""
    return Kept(partial(scanned, scanning), at, partial(_named, "scan"), (Scan, Present))


def of_units(plan: Plan) -> Kept[Unit, Sums]:
    """The second pass: sums, and files of rows in order."""
    classes = (Sums, Summary, orders.Run)
    function = partial(summing.summed, plan)
    return Kept(function, plan.scratch, partial(_named, "sums"), classes, _files_of)


def of_products(multiplying: Multiplying) -> Kept[Unit, dict[tuple[Pair, int], Summary]]:
    """The pass that multiplies influences."""
    function, at = partial(summing.multiplied, multiplying), multiplying.plan.scratch
    return Kept(function, at, partial(_named, "products"), (Summary,))


def of_single_rows(collecting: Collecting) -> Kept[Unit, dict[int, str]]:
    """The pass that writes single rows of slices."""
    function, at = partial(single_rows.collected, collecting), collecting.plan.scratch
    return Kept(function, at, partial(_named, "single"), (), _values)


def _named(which: str, unit: Unit) -> str:
    return f"{which}.{unit.first:06}"


def _files_of(sums: Sums) -> Iterator[str]:
    yield sums.hashes
    for run in sums.runs.values():
        yield from run.files()


def _values(found: Mapping[int, str]) -> Iterator[str]:
    yield from found.values()
