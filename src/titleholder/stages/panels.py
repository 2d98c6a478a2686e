"""Panels and predictions of a run, each read only after its digest was checked."""

from functools import cached_property

from titleholder import records, tables
from titleholder.arrays import Panel, Predictions
from titleholder.errors import RecordError
from titleholder.metrics import Registry
from titleholder.stages import manifest, measured, predict
from titleholder.stages.workspace import Workspace
from titleholder.types import Gauge


class Rows:
    """What `compare` and `report` read of a run: panels and predictions by role."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.manifest = manifest.read(ws)
        self.set = predict.read(ws)
        self.gauges = records.read(ws.stage("predict") / predict.MEASURED, measured.Measured)

    @cached_property
    def registry(self) -> Registry:
        """The metrics that the suite can name; files of its own are run once."""
        return self.manifest.registry(self.ws)

    @property
    def skipped(self) -> str:
        """Why no model was run; empty when they were."""
        return self.set.skipped

    @property
    def champion(self) -> str:
        """The champion's name."""
        return self.manifest.name_of("champion")

    def has(self, model: str, role: str) -> bool:
        """Whether a model's answers on the rows of a role are there."""
        return self.ws.relative(predict.file_of(self.ws, model, role)) in self.set.files

    def panel(self, role: str) -> Panel:
        """The rows of a role, current or reference."""
        path = self.manifest.path_of(self.ws, role)
        return tables.panel_of(tables.read_plain(path), self.ws.suite, path.name)

    def predictions(self, model: str, role: str, panel: Panel) -> Predictions:
        """A model's answers for the rows of a role, in the panel's order."""
        path = predict.file_of(self.ws, model, role)
        name = self.ws.relative(path)
        if name not in self.set.files:
            raise RecordError(f"{name}: no such predictions", cure="run the predict stage")
        manifest.verify(path, self.set.files[name].removeprefix("sha256:"))
        figures: dict[str, Gauge] = self.gauges.models.get(model, {})
        frame = tables.read_frame(path)
        found = tables.predictions_of(frame, panel, self.ws.suite, model, path.name)
        return tables.with_figures(found, figures)
