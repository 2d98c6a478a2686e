"""Which file and which column plays which part: guessed where names leave no doubt, else asked.

A guess is never silent: what was taken for what is printed, and each has a flag that overrules it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from titleholder.comparison.slices import labels_of
from titleholder.errors import UsageError
from titleholder.params.registered import is_registered
from titleholder.params.schema import NAME
from titleholder.scaffold.survey import Survey, Table, answer_name
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

IDS = ("row_id", "id", "rowid", "uid", "uuid", "index", "example_id", "item_id")
TARGETS = ("y_true", "target", "label", "truth", "y", "actual", "class", "outcome", "gold")
CURRENT = ("current", "panel", "test", "eval", "evaluation", "holdout", "validation", "valid")
TRAINING = ("train", "training")
REFERENCE = ("reference", *TRAINING)
CHAMPION = ("champion", "baseline", "base", "prod", "production", "old", "v1", "a")
CANDIDATE = ("candidate", "challenger", "new", "next", "v2", "b")
POSITIVE = ("1", "yes", "true", "y", "positive", "pos")
MOST_CLASSES = 20
MOST_SLICES = 4
MOST_GROUPS = 8
MOST_TOLD = 30


@dataclass(frozen=True, slots=True)
class Said:
    """What the command line says; None leaves it to the names of files and columns."""

    name: str | None = None
    current: str | None = None
    reference: str | None = None
    champion: str | None = None
    candidates: tuple[str, ...] = ()
    task: str | None = None
    target: str | None = None
    positive: str | None = None
    row_id: str | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts of one suite. ``row_id`` is None where no column tells rows apart. ``training`` is
    what the models were trained on, as its name says: leaked rows are looked for in it.

    ``asked`` are metrics with the slices on which they are what a suite of scores is about.
    """

    name: str
    current: str
    reference: str | None
    champion: str
    candidates: tuple[str, ...]
    task: Task
    target: str | None
    positive: str | None
    row_id: str | None
    slices: tuple[str, ...]
    scores: tuple[str, ...] = field(default=())
    asked: tuple[tuple[str, str], ...] = field(default=())
    training: str | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """The champion and all candidates."""
        return (self.champion, *self.candidates)


def assign(survey: Survey, said: Said) -> Roles:
    """The parts as names say and the command line overrules.

    Raises UsageError with the flag that would settle it, for whatever stays open.
    """
    _refuse_unknown(survey, said)
    answers = [t.path for t in survey.tables if t.answers]
    models = _models(survey, said, answers)
    current = said.current or _current(survey, models)
    table = _table(survey, current)
    row_id = said.row_id or _first(table.columns, IDS)
    if row_id is not None and table.frame[row_id].duplicated().any():
        row_id = None if said.row_id is None else row_id
    scores = _scores(survey, models)
    target = said.target or _target(table, scores)
    task = Task(said.task) if said.task else _task(table, target, scores)
    reference = said.reference or _like(survey, current, models, REFERENCE)
    return Roles(
        name=name_of(survey, said),
        current=current,
        reference=reference,
        training=_like(survey, current, models, TRAINING),
        champion=models[0],
        candidates=tuple(models[1:]),
        task=task,
        target=target if task is not Task.SCORED else None,
        positive=_positive(table, target, said) if task is Task.BINARY else None,
        row_id=row_id,
        slices=_slices(table, {row_id, target}),
        scores=scores,
    )


def _refuse_unknown(survey: Survey, said: Said) -> None:
    """Files and columns that were named and are not there."""
    named = {
        "--current": said.current, "--reference": said.reference, "--champion": said.champion,
        **{f"--candidate {path}": path for path in said.candidates},
    }  # fmt: skip
    for flag, path in named.items():
        there = path is None or is_registered(path) or (survey.root / path).is_file()
        if not there:
            raise UsageError(f"{flag}: {path}: no such file below {survey.root.name or '.'}")
    if said.task is not None and said.task not in list(Task):
        raise UsageError(f"--task {said.task}: one of {', '.join(Task)}")


def _table(survey: Survey, path: str) -> Table:
    found = survey.table(path)
    if found is None:
        why = next((told for told in survey.unread if path in told), f"{path}: is no table")
        raise UsageError(why, cure="name the evaluation rows: --current FILE")
    return found


def _models(survey: Survey, said: Said, answers: Sequence[str]) -> list[str]:
    """Champion and candidates, in this order: models if there are any, else tables of answers."""
    known = [*survey.models, *(a for a in answers if a not in survey.models)]
    pool = [path for path in (survey.models or answers) if path not in (said.current,)]
    champion = said.champion or _by_stem(pool, CHAMPION)
    candidates = list(said.candidates) or [
        path for path in pool if path != champion and _stem_is(path, CANDIDATE)
    ]
    if champion is None and len(candidates) == 1 and len(pool) == 2:
        champion = next(path for path in pool if path not in candidates)
    if champion is not None and not candidates and len(pool) == 2:
        candidates = [path for path in pool if path != champion]
    if champion is not None and candidates:
        return [champion, *candidates]
    if not known and survey.pickles:
        raise UsageError(
            f"{survey.pickles[0]}: a pickle runs code when it is opened, and is not loaded",
            cure="write it as skops (skops.io.dump(model, 'model.skops')) or ONNX, or write the "
            "model's answers to a table with y_pred or y_score",
        )
    there = ", ".join(known) or "none: no .skops, no .onnx, no table with y_pred or y_score"
    raise UsageError(
        "which model holds the title, and which wants it?",
        cure=f"say so: --champion FILE --candidate FILE (there is: {there})",
    )


def _current(survey: Survey, models: Sequence[str]) -> str:
    """The evaluation rows: a table of data, or answers that carry the truth beside them."""
    data = [t.path for t in survey.tables if not t.answers and t.path not in models]
    named = _by_stem(data, CURRENT)
    if named is not None:
        return named
    rest = [path for path in data if not _stem_is(path, REFERENCE)]
    if len(rest) == 1:
        return rest[0]
    told = [t for t in survey.tables if t.path in models and _first(t.columns, TARGETS)]
    if not rest and told:
        return told[0].path
    answers = ", ".join(t.path for t in survey.tables if t.answers) or "models"
    there = ", ".join(data) or f"none beside {answers}, and none of these has the truth as y_true"
    raise UsageError(
        "which table holds the evaluation rows, with the truth?",
        cure=f"say so: --current FILE (there is: {there})",
    )


def _like(survey: Survey, current: str, models: Sequence[str], names: Sequence[str]) -> str | None:
    """The one table that is named so, if it has the columns of the evaluation rows."""
    data = [t.path for t in survey.tables if t.path != current and t.path not in models]
    found = _by_stem(data, names)
    if found is None:
        return None
    one, other = survey.table(current), survey.table(found)
    alike = one is not None and other is not None and set(one.columns) == set(other.columns)
    return found if alike else None


def _scores(survey: Survey, models: Sequence[str]) -> tuple[str, ...]:
    """The answer columns, in titleholder's names, that all tables of answers have."""
    tables = [t for t in survey.tables if t.path in models]
    named = [{name for c in t.columns if (name := answer_name(c))} for t in tables]
    return tuple(sorted(set.intersection(*named))) if named else ()


def _target(table: Table, scores: Sequence[str]) -> str | None:
    found = _first(table.columns, TARGETS)
    if found is None and not any(s.startswith("score_") for s in scores):
        raise UsageError(
            f"{table.path}: which column is the truth?",
            cure=f"say so: --target COLUMN (there is: {_told(table)})",
        )
    return found


def _task(table: Table, target: str | None, scores: Sequence[str]) -> Task:
    if target is None:
        return Task.SCORED
    column = _column(table, target, "--target")
    distinct = column.nunique()
    if distinct <= 2:
        return Task.BINARY
    whole = column.dtype.kind in "iub" or not hasattr(column.dtype, "kind")
    if column.dtype.kind not in "iuf" or (whole and distinct <= MOST_CLASSES):
        return Task.MULTICLASS
    return Task.REGRESSION


def _positive(table: Table, target: str | None, said: Said) -> str:
    labels = _labels(_column(table, str(target), "--target"))
    if said.positive is not None:
        return said.positive
    found = [label for label in labels if label.lower() in POSITIVE]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{target}: which of {', '.join(labels)} is the positive class?",
        cure="say so: --positive LABEL",
    )


def _slices(table: Table, apart: set[str | None]) -> tuple[str, ...]:
    """Columns with a few values, each of which is not rare: a start, for people to change."""
    found = []
    for name in table.columns:
        column = table.frame[name]
        if name in apart or answer_name(name) or not 2 <= column.nunique() <= MOST_GROUPS:
            continue
        if column.dtype.kind == "f":
            continue
        if column.value_counts(normalize=True).min() >= 0.01:
            found.append(name)
    return tuple(found[:MOST_SLICES])


def name_of(survey: Survey, said: Said) -> str:
    """The suite's name: the one that was said, or the directory's."""
    name = said.name or re.sub(r"[^A-Za-z0-9._-]+", "-", survey.root.resolve().name).strip("-._")
    if not re.fullmatch(NAME, name):
        raise UsageError(f"{name!r} cannot be a suite's name", cure="say another: --name NAME")
    return name


def _column(table: Table, name: str, flag: str) -> "pd.Series[Any]":
    if name not in table.columns:
        raise UsageError(
            f"{flag}: {table.path} has no column {name!r}",
            cure=f"there is: {_told(table)}",
        )
    return table.frame[name]


def _told(table: Table) -> str:
    """Columns for somebody to choose from: those of few values first, since features have many."""
    few = sorted(table.columns, key=lambda name: table.frame[name].nunique() > MOST_CLASSES)
    more = f", and {len(few) - MOST_TOLD} more" if len(few) > MOST_TOLD else ""
    return ", ".join(few[:MOST_TOLD]) + more


def _labels(column: "pd.Series[Any]") -> list[str]:
    distinct = column.dropna().unique()
    return sorted(labels_of(distinct.astype(object)).tolist())


def _first(columns: Iterable[str], names: Sequence[str]) -> str | None:
    """The column that goes by the earliest of these names, whatever its case."""
    by_name = {column.lower(): column for column in reversed(list(columns))}
    return next((by_name[name] for name in names if name in by_name), None)


def _by_stem(paths: Sequence[str], names: Sequence[str]) -> str | None:
    """The one path that is named so, None where none is or several are."""
    found = [path for path in paths if _stem_is(path, names)]
    return found[0] if len(found) == 1 else None


def _stem_is(path: str, names: Sequence[str]) -> bool:
    """Whether a word of the file's name is one of these.

    >>> _stem_is("models/churn_v2.skops", ("v2",)), _stem_is("data/retrained.csv", ("train",))
    (True, False)
    """
    words = re.split(r"[^a-z0-9]+", PurePosixPath(path).stem.lower())
    return not set(words).isdisjoint(names)
