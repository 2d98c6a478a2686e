"""The champion on the current rows, outside of a run: what `plan` and `selftest` start from.

No candidate is opened, and no record of a run is written but that of pull.
"""

from dataclasses import dataclass, replace

import msgspec

from titleholder import records, tables
from titleholder.adapters import models
from titleholder.arrays import Panel, Predictions
from titleholder.errors import RecordError, UsageError
from titleholder.metrics import Registry
from titleholder.params.schema import Snapshot
from titleholder.params.sharded import is_sharded
from titleholder.plan import Basis, Prospect, by_key, plan, prospects
from titleholder.selftest import SelfTest, selftest
from titleholder.stages import STAGES, compare, manifest, predict
from titleholder.stages.many import some_rows
from titleholder.stages.workspace import Workspace
from titleholder.types import Comparison

SELFTEST = "selftest"
FILE = "selftest.json"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The panel, the champion's answers, and what a former run compared on these very rows."""

    panel: Panel
    champion: Predictions
    former: tuple[Comparison, ...]
    registry: Registry


def foresee(ws: Workspace, agreement: float) -> tuple[Prospect, ...]:
    """What each rule can tell with the current rows.

    Of data in many files this is read off the last run on these rows and this champion: UsageError
    where there was none, or where it measured something else. Raises what `rehearse` raises, too.
    """
    if not is_sharded(ws.suite.data.current):
        found = rehearse(ws)
        basis = Basis(agreement, by_key(found.former), found.registry)
        return plan(found.panel, found.champion, ws.suite, basis)
    former, now = _former(ws), _pulled(ws)
    if former is None or not former.stands(ws, now):
        raise UsageError(
            f"{ws.name}: of data in many files plan tells what a run has measured of these rows, "
            "this champion and these slices and metrics, and there is none",
            cure=f"titleholder run {ws.name}, or a suite with the same rules on one of the files",
        )
    basis = Basis(agreement, by_key(former.comparisons), now.registry(ws))
    return prospects(former.comparisons, ws.suite, basis)


def rehearse(ws: Workspace) -> Rehearsal:
    """Pull the suite's inputs and score the champion on the current rows.

    Raises what `pull` raises, UntrustedModel for a model that must not be opened, and BadInput for
    rows that it cannot take.
    """
    former, found = _former(ws), _pulled(ws)
    path = found.path_of(ws, "current")
    frame = tables.read_frame(path)
    panel = tables.panel_of(frame, ws.suite, path.name)
    model = found.path_of(ws, "champion")
    if model.suffix in models.PREDICTION_FILES:
        answers = tables.read_frame(model)
    else:
        opened = models.load(model, predict.asked(ws.suite))
        answers = opened.predict(frame, ws.suite.columns.row_id)
    name = found.name_of("champion")
    champion = tables.predictions_of(answers, panel, ws.suite, name, model.name)
    same = former is not None and former.current == found.source("current").sha256
    seen = former.comparisons if former and same else ()
    return Rehearsal(panel, champion, seen, found.registry(ws))


@dataclass(frozen=True, slots=True)
class _Former:
    """What the last run compared of its first candidate, and of which rows and champion."""

    current: str
    champion: str
    params: str
    comparisons: tuple[Comparison, ...]

    def stands(self, ws: Workspace, now: manifest.Manifest) -> bool:
        """Whether all of it would come out the same again."""
        return bool(self.comparisons) and (self.current, self.champion, self.params) == (
            now.source("current").sha256,
            now.source("champion").sha256,
            ws.params_digest(STAGES["compare"].params),
        )


def _pulled(ws: Workspace) -> manifest.Manifest:
    """The suite's inputs as they lie: nothing is decided by them, and no copy is left behind."""
    ws = replace(ws, snapshot=Snapshot.NONE)
    STAGES["pull"].run_in(ws)
    return manifest.read(ws)


def _former(ws: Workspace) -> _Former | None:
    """What the last run compared of its first candidate, if there was a run."""
    try:
        found = manifest.read(ws)
        last = compare.read(ws, found.candidates()[0])
    except (RecordError, IndexError, OSError):
        return None
    current, champion = (found.source(role).sha256 for role in ("current", "champion"))
    return _Former(current, champion, last.inputs.get("params", ""), last.comparisons)


def try_rules(ws: Workspace, trials: int) -> SelfTest:
    """Run the self-test on the champion's answers and keep its record for the report card.

    Of data in many files it is run on some rows, which the record says (`many.some_rows`).
    """
    if is_sharded(ws.suite.data.current):
        now = _pulled(ws)
        some = some_rows.taken(ws, now, some_rows.MOST)
        panel, champion, registry, rows = some.panel, some.champion, now.registry(ws), some.rows
    else:
        found = rehearse(ws)
        panel, champion, registry, rows = found.panel, found.champion, found.registry, None
    told = selftest(ws.name, panel, champion, ws.suite, trials, registry, rows)
    told = msgspec.structs.replace(told, inputs=_inputs(ws))
    records.write(ws.stage(SELFTEST) / FILE, told)
    return told


def tried(ws: Workspace) -> SelfTest | None:
    """The last self-test, if it was made of the present rows, champion and rules."""
    try:
        last = records.read(ws.stage(SELFTEST) / FILE, SelfTest)
    except RecordError:
        return None
    return last if last.inputs == _inputs(ws) else None


def _inputs(ws: Workspace) -> dict[str, str]:
    found = manifest.read(ws)
    keys = {*STAGES["compare"].params, *STAGES["judge"].params}
    return {
        "current": f"sha256:{found.source('current').sha256}",
        "champion": f"sha256:{found.source('champion').sha256}",
        "params": ws.params_digest(keys),
    }
