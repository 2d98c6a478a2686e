"""People's ratings of a run's answers: read, matched to the answers that they were given to, and
held against what the machines gave.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from titleholder import records, tables
from titleholder.arrays import Floats
from titleholder.errors import BadInput
from titleholder.params.schema import Chat, Judge
from titleholder.scorers import Item
from titleholder.scorers.agreement import Calibration, Rating, blank, by_answer, calibrate, unrated
from titleholder.stages import manifest
from titleholder.stages.workspace import Workspace
from titleholder.types import Record

if TYPE_CHECKING:
    from titleholder.stages.chats.conversations import Asked

FILE = "calibration.json"
_COLUMNS = ("row_id", "model", "metric", "rater", "rating", "answer_sha256")
# How much of an answer's digest a rating has to give.
_DIGITS = 12
_NAMED = 5


class Failed(Record, frozen=True):
    """An item that a model gave no answer to, or a judge no judgement of (``metric``), and why."""

    row_id: str
    model: str
    error: str
    metric: str = ""

    @property
    def sentence(self) -> str:
        """The item with what failed."""
        return f"{self.row_id} ({self.model}{', ' * bool(self.metric)}{self.metric}: {self.error})"


class Calibrations(Record, frozen=True):
    """What became of every metric that people rated, or that a judge gave; and what failed."""

    inputs: dict[str, str]
    calibrations: tuple[Calibration, ...]
    failed: tuple[Failed, ...] = ()

    @property
    def doubted(self) -> dict[str, str]:
        """Why a metric's scores are not trusted, by metric."""
        return {one.metric: one.doubt for one in self.calibrations if one.doubt}


def doubted(ws: Workspace) -> dict[str, str]:
    """Why metrics of this run are not trusted, by metric; empty where nothing was calibrated."""
    found = _found(ws)
    return {} if found is None else found.doubted


def failures(ws: Workspace) -> tuple[str, ...]:
    """What failed for good, each kind in a sentence that names items and the cure."""
    found = _found(ws)
    if found is None:
        return ()
    answers = [one for one in found.failed if not one.metric]
    judged = [one for one in found.failed if one.metric]
    again = "run again: what was answered is kept, and these alone are asked for"
    look = "look at what the judge wrote; it is told to write JSON with a number between 0 and 1"
    told = (
        (answers, "answers are missing, and their items count for no model", again),
        (judged, "judgements are missing, and their items count for no model", look),
    )
    return tuple(
        f"{len(which)} {what}: {_some(which)}; {cure}" for which, what, cure in told if which
    )


def _some(failed: Sequence[Failed]) -> str:
    more = len(failed) - _NAMED
    named = ", ".join(one.sentence for one in failed[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def _found(ws: Workspace) -> Calibrations | None:
    path = ws.stage("predict") / FILE
    return records.read(path, Calibrations) if path.is_file() else None


def read(
    ws: Workspace,
    found: manifest.Manifest,
    said: Chat,
    asked: Sequence["Asked"],
    items: Sequence[Item],
    table: Mapping[str, Mapping[str, Floats]],
) -> tuple[dict[tuple[str, str], Floats], tuple[Calibration, ...]]:
    """Mean ratings (n,) by model and metric, NaN where nobody rated; and each calibration."""
    if not found.has(manifest.RATINGS):
        return {}, ()
    path = found.path_of(ws, manifest.RATINGS)
    ratings = _ratings(path, asked, items, table)
    means = _means(ratings, items)
    metrics = dict.fromkeys(one.metric for one in ratings)
    return means, tuple(
        _calibration(m, ratings, items, table, said, ws.suite.seed) for m in metrics
    )


def with_judge(
    calibrations: tuple[Calibration, ...],
    judge: Judge | None,
    table: Mapping[str, Mapping[str, Floats]],
) -> tuple[Calibration, ...]:
    """The same with all that speaks against the judge: nobody rated, or it gave no judgement."""
    if judge is None:
        return calibrations
    known = {one.metric: one for one in calibrations}
    for metric in judge.metrics:
        one = known.setdefault(metric, blank(metric, 0, 0, unrated(metric)))
        lacking = 1 - float(np.mean([np.isfinite(v).mean() for v in table[metric].values()]))
        if lacking > judge.errors:
            doubt = (
                f"{metric}: {lacking:.1%} of the items have no judgement, "
                f"and at most {judge.errors:.1%} may lack one"
            )
            known[metric] = msgspec.structs.replace(one, doubt=doubt)
    return tuple(known.values())


def _ratings(
    path: Path,
    asked: Sequence["Asked"],
    items: Sequence[Item],
    table: Mapping[str, Mapping[str, Floats]],
) -> list[Rating]:
    """The ratings of a CSV; BadInput with everything that is wrong, by line."""
    frame = tables.read_frame(path)
    for column in _COLUMNS:
        tables.require(frame, column, path.name)
    rows = [item.row_id for item in items]
    given = {
        (one.name, row): records.sha256(answer.text)
        for one in asked
        for row, answer in zip(rows, one.answers, strict=True)
    }
    wrong: list[str] = []
    found: list[Rating] = []
    seen: set[tuple[str, ...]] = set()
    for line, raw in enumerate(frame.to_dict("records"), start=2):
        cells = {str(name): value for name, value in raw.items()}
        problem = _problem(cells, given, table, seen)
        if problem:
            wrong.append(f"line {line}: {problem}")
            continue
        found.append(
            Rating(
                str(cells["row_id"]), str(cells["model"]), str(cells["metric"]),
                str(cells["rater"]), float(cells["rating"]),
            )
        )  # fmt: skip
    if wrong:
        more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
        raise BadInput(
            f"{path.name}: {'; '.join(wrong[:5])}{more}",
            cure="a line is row_id, model, metric, rater, rating (0 to 1), answer_sha256",
        )
    return found


def _problem(
    cells: Mapping[str, Any],
    given: Mapping[tuple[str, str], str],
    table: Mapping[str, Mapping[str, Floats]],
    seen: set[tuple[str, ...]],
) -> str:
    """What is wrong with one line of ratings; empty if nothing is."""
    row, model, metric = (str(cells[name]) for name in ("row_id", "model", "metric"))
    digest = given.get((model, row))
    if digest is None:
        return f"there is no row {row!r} of a model {model!r}"
    if metric not in table:
        return f"{metric!r} is not scored in this suite"
    said = str(cells["answer_sha256"])
    if len(said) < _DIGITS or not digest.startswith(said):
        return f"row {row!r} of {model} was rated for another answer than it gives now"
    try:
        rating = float(cells["rating"])
    except (TypeError, ValueError):
        rating = np.nan
    if not 0 <= rating <= 1:
        return f"rating {cells['rating']!r} does not lie between 0 and 1"
    key = (row, model, metric, str(cells["rater"]))
    if key in seen:
        return f"{key[3]} rated row {row!r} of {model} twice"
    seen.add(key)
    return ""


def _means(ratings: list[Rating], items: Sequence[Item]) -> dict[tuple[str, str], Floats]:
    place = {item.row_id: i for i, item in enumerate(items)}
    means: dict[tuple[str, str], Floats] = {}
    for (model, row, metric), given in by_answer(ratings).items():
        column = means.setdefault((model, metric), np.full(len(items), np.nan))
        column[place[row]] = np.mean(list(given.values()))
    return means


def _calibration(
    metric: str,
    ratings: list[Rating],
    items: Sequence[Item],
    table: Mapping[str, Mapping[str, Floats]],
    said: Chat,
    seed: int,
) -> Calibration:
    """One metric, the rated answers of all models together; those without a score are left out."""
    place = {item.row_id: i for i, item in enumerate(items)}
    given = {
        key: by for key, by in by_answer(ratings).items()
        if key[2] == metric and np.isfinite(table[metric][key[0]][place[key[1]]])
    }  # fmt: skip
    raters = sorted({rater for by in given.values() for rater in by})
    matrix = np.array([[by.get(r, np.nan) for by in given.values()] for r in raters])
    scores = np.array([table[metric][model][place[row]] for model, row, _ in given])
    return calibrate(metric, matrix.reshape(len(raters), len(given)), scores, said.agreement, seed)
