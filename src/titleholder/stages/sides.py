"""Both sides of the drift table: of data in one file or in many, read now or kept from before."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from titleholder import drift, tables
from titleholder.columns import arrays_of
from titleholder.drift.column import FEW
from titleholder.drift.profile import Columns
from titleholder.drift.sample import CURRENT, REFERENCE, Sample, drawn, sampled
from titleholder.drift.table import Side, Values
from titleholder.errors import BadInput
from titleholder.shards.runner import Runner
from titleholder.stages import manifest, profiles
from titleholder.stages.many import drift as drift_many
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Sides:
    """Columns of each side as arrays or profiles, how their values are had, and samples of rows."""

    reference: Mapping[str, Any]
    current: Mapping[str, Any]
    values: Values
    samples: Callable[[], tuple[Sample, Sample]]


@contextmanager
def of_one(ws: Workspace, pulled: manifest.Manifest, kept: bool) -> Iterator[Sides]:
    """Both sides of data in one file. BadInput for a file that cannot be read."""
    path = pulled.path_of(ws, "reference")
    sha256 = pulled.source("reference").sha256
    before = profiles.read(ws, sha256) if kept else None
    most, seed = ws.suite.drift.sample, ws.suite.seed

    @cache
    def frame() -> "pd.DataFrame":
        with _named("reference"):
            return tables.read_plain(path)

    @cache
    def columns() -> Columns:
        return arrays_of(frame())

    reference: Mapping[str, Any] = columns() if before is None else before.profiles
    if before is None and kept and len(frame()) >= FEW:
        reference = {name: drift.summary(values) for name, values in columns().items()}
        rows = frame().iloc[drawn(len(frame()), most, seed, REFERENCE)]
        profiles.write(ws, sha256, dict(reference), rows)
    with _named("current"):
        current = arrays_of(tables.read_plain(pulled.path_of(ws, "current")))

    def samples() -> tuple[Sample, Sample]:
        first = sampled(columns(), most, seed, REFERENCE) if before is None else before.sample
        return first, sampled(current, most, seed, CURRENT)

    yield Sides(reference, current, lambda name: (columns().get(name), current.get(name)), samples)


@contextmanager
def of_many(ws: Workspace, pulled: manifest.Manifest, kept: bool) -> Iterator[Sides]:
    """Both sides of data in many files, while there is somebody to read them."""
    sha256 = pulled.source("reference").sha256
    looks = reference, current = tuple(
        drift_many.Look.at(ws, role) for role in ("reference", "current")
    )
    with shards.runner_of(ws) as runner:
        before = profiles.read(ws, sha256) if kept else None
        if before is None:
            with _named("reference"):
                before = _read(reference, runner)
                if kept:
                    rows = drift_many.sample(reference, REFERENCE, runner)
                    profiles.write(ws, sha256, before.profiles, rows)
                    before = replace(before, sample=Sample(arrays_of(rows), before.sample.rows))
        with _named("current"):
            now = drift_many.profiles(current, runner)

        def samples() -> tuple[Sample, Sample]:
            rows = drift_many.sample(current, CURRENT, runner)
            return before.sample, Sample(arrays_of(rows), current.rows.rows)

        yield Sides(before.profiles, now, _fetching(looks, runner), samples)


def _read(look: drift_many.Look, runner: Runner) -> profiles.Kept:
    """A reference's profiles, without any of its rows yet."""
    return profiles.Kept(drift_many.profiles(look, runner), Sample({}, look.rows.rows))


def _fetching(looks: "tuple[drift_many.Look, ...]", runner: Runner) -> Values:
    def fetch(name: str) -> "tuple[Side, Side] | None":
        found = [drift_many.column(look, name, runner) for look in looks]
        return None if any(values is None for values in found) else (found[0], found[1])

    return fetch


@contextmanager
def _named(role: str) -> Iterator[None]:
    """BadInput with the part that the file plays."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{role}: {error.message}", cure=error.cure) from None
