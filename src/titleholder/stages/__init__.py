"""The pipeline as a table: what each stage is called, runs, reads and writes.

`dvc.yaml`, the Prefect flow and the command line all follow this one table; a wiring test holds
them equal. Stages are imported when they run: each brings a vendor that takes seconds to load.
"""

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from titleholder import memory, records, threads
from titleholder.errors import RecordError, TitleholderError
from titleholder.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Stage:
    """One step for one suite.

    ``after`` names the stages whose records it reads; it writes only the directory of its own
    name. ``params`` are the suite's keys that its records depend on; `Workspace.params_digest`
    of them stands in each record. Where its records follow from these alone they ``keep``: a run
    that was killed goes on behind them. The others ask what may have changed meanwhile: the data,
    the waivers, the store.
    """

    name: str
    after: tuple[str, ...]
    params: tuple[str, ...]
    keep: bool = False

    def run(self, root: Path, suite: str) -> None:
        """Run this stage of a suite of the project in ``root``."""
        from titleholder.stages.workspace import open_workspace

        self.run_in(open_workspace(root, suite))

    def run_in(self, ws: Workspace) -> None:
        """Run this stage in a workspace that is open already, and mark it as finished.

        The last one ends the run, and takes the marks of all stages away.
        """
        from titleholder.stages import finished, still

        self._require_earlier(ws)
        module = importlib.import_module(f"titleholder.stages.{self.name}")
        threads.pin()
        memory.keep_freed()
        inputs = finished.inputs_of(ws, self.after, self.params)
        finished.begun(ws, self.name)
        records.sweep(ws.stage(self.name))
        if self.after:
            still.require_copy(ws)
        seen = still.marks(ws) if self.after else {}
        with _as_given(ws):
            module.run(ws)
        if self.after:
            still.require_same(seen, still.marks(ws))
        if self.name == LAST:
            finished.forget(ws)
        else:
            finished.note(ws, self.name, inputs)

    def stands(self, ws: Workspace) -> bool:
        """Whether a run that was cut short finished this stage, and nothing changed since."""
        from titleholder.stages import finished

        if not self.keep:
            return False
        return finished.stands(ws, self.name, finished.inputs_of(ws, self.after, self.params))

    def _require_earlier(self, ws: Workspace) -> None:
        """RecordError that names the first stage this one reads of, and that has not run."""
        for name in self.after:
            if not ws.stage(name).is_dir():
                raise RecordError(
                    f"{ws.name}: {self.name} reads what {name} records, and {name} has not run",
                    cure=f"titleholder stage {name} {ws.name}, or all: titleholder run {ws.name}",
                )


@contextlib.contextmanager
def _as_given(ws: Workspace) -> Iterator[None]:
    """An error names the project's files, not the copies that were read."""
    try:
        yield
    except TitleholderError as error:
        error.message = ws.as_given(error.message)
        raise


_TABLE = (
    Stage("pull", (), ("chat", "data", "expectations", "metrics", "metrics_from", "models")),
    Stage("validate", ("pull",), ("columns", "data", "expectations"), keep=True),
    Stage("drift", ("pull",), ("columns", "drift", "seed"), keep=True),
    Stage(
        "predict",
        ("pull", "validate"),
        ("chat", "classes", "columns", "images", "level", "models", "positive", "seed", "task"),
        keep=True,
    ),
    Stage(
        "compare",
        ("pull", "predict"),
        (
            "classes", "columns", "costs", "decay", "drift", "leaderboard", "level", "methods",
            "metrics",
            "metrics_from", "positive", "resamples", "seed", "segments", "slices", "task", "tests",
            "threshold",
        ),
        keep=True,
    ),
    Stage(
        "judge",
        ("pull", "validate", "drift", "compare"),
        (
            "constraints", "data", "decay", "drift", "leakage", "level", "min_n", "min_n_class",
            "rules", "task",
        ),
        keep=True,
    ),
    Stage("report", ("pull", "validate", "drift", "predict", "compare", "judge"), ("bias",)),
    Stage(
        "publish",
        ("pull", "validate", "drift", "predict", "compare", "judge", "report"),
        ("decay", "holdout"),
    ),
)  # fmt: skip

STAGES: Mapping[str, Stage] = MappingProxyType({stage.name: stage for stage in _TABLE})
# Its end is the end of the run.
LAST = _TABLE[-1].name
