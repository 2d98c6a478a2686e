"""Chat models on a gold set: ask, score, judge, calibrate. What `predict` does of such models.

All models are asked before any is scored: a row that one of them has no answer to, or no
judgement of, counts for none, and is counted itself.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from titleholder import records, scorers, tables
from titleholder.adapters import chat, hub_metrics, judges
from titleholder.arrays import Bools, Floats
from titleholder.errors import ConfigError
from titleholder.params.schema import Chat, Judge
from titleholder.scorers import Item, embeddings
from titleholder.scorers.agreement import Calibration
from titleholder.stages import manifest
from titleholder.stages.chats import calibration, traffic
from titleholder.stages.chats.calibration import Failed
from titleholder.stages.workspace import PARAMS_FILE, Workspace
from titleholder.types import Gauge

if TYPE_CHECKING:
    import pandas as pd

CACHE = Path(".titleholder/chat")
_OF_THE_HUB = f"{hub_metrics.TEXTS.name}["


@dataclass(frozen=True, slots=True)
class Asked:
    """One model, and what it answered to each item."""

    name: str
    model: chat.ChatModel
    answers: Sequence[chat.Answer]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Frames by model: ``scores`` for comparing, ``answers`` to read; figures under load; what
    failed for good."""

    scores: Mapping[str, "pd.DataFrame"]
    answers: Mapping[str, "pd.DataFrame"]
    figures: Mapping[str, dict[str, Gauge]]
    calibrations: tuple[Calibration, ...]
    failed: tuple[Failed, ...]


def is_chat(path: Path) -> bool:
    """Whether a model file is one of a chat model."""
    return path.suffix.lower() in chat.SUFFIXES


def predict(
    ws: Workspace, found: manifest.Manifest, models: Mapping[str, Path], frame: "pd.DataFrame"
) -> Predicted:
    """Answers and scores of every chat model, by name.

    Raises BadInput for a gold set or ratings that are wrong, EndpointError, BudgetSpent or
    NotRecorded where answers cannot be had; those that had come are kept.
    """
    said = ws.suite.chat or Chat()
    items = items_of(ws, frame)
    _refuse_unknown(said)
    desk = Desk(ws, found, said)
    asked = [desk.ask(name, chat.load(path), items) for name, path in models.items()]
    failed = [
        Failed(item.row_id, one.name, answer.error)
        for one in asked
        for item, answer in zip(items, one.answers, strict=True)
        if answer.error
    ]
    table = _scored(desk, items, asked, failed)
    rated, calibrations = calibration.read(ws, found, said, asked, items, table)
    return Predicted(
        scores={a.name: _scores(ws, a, items, table, rated) for a in asked},
        answers={a.name: _answers(ws, a, items) for a in asked},
        figures={a.name: traffic.replay(desk, a.model, items) for a in asked},
        calibrations=calibration.with_judge(calibrations, said.judge, table),
        failed=tuple(failed),
    )


class Desk:
    """Where questions are asked from: the kept answers, tonight's budget, and the terms."""

    def __init__(self, ws: Workspace, found: manifest.Manifest, said: Chat) -> None:
        role = manifest.RECORDING
        recording = found.path_of(ws, role) if found.has(role) else None
        night = ws.night or datetime.now(UTC).date()
        self.said, self.ws, self.found = said, ws, found
        self.directory = ws.root / CACHE / ws.name
        self.kept = chat.Kept(self.directory, recording)
        self.budget = chat.Budget(self.directory / f"spent-{night}.jsonl", said.budget_usd)
        self.terms = chat.Terms(
            timeout_s=said.timeout_s,
            attempts=said.attempts,
            concurrency=said.concurrency,
            per_minute=said.per_minute,
            wait_scale=float(os.environ.get("TITLEHOLDER_CHAT_WAIT", "1")),
        )

    def caller(self) -> chat.Caller:
        """What asks under this desk's terms."""
        return chat.Caller(self.kept, self.budget, self.terms)

    def requests(self, model: chat.ChatModel, items: Sequence[Item]) -> list[chat.Request]:
        """Each item as a request to a model."""
        repeats = scorers.repeats_of(items)
        return [
            chat.Request(i.row_id, model, chat.messages_of(model, i.messages, i.contexts), repeat)
            for i, repeat in zip(items, repeats, strict=True)
        ]

    def asker(self, model: chat.ChatModel) -> judges.Ask:
        """A function that asks a model and gives its words; ValueError where none came."""

        def ask(messages: Sequence[Mapping[str, str]]) -> str:
            request = chat.Request("of the judge", model, [dict(m) for m in messages])
            (answer,) = self.caller().answers([request])
            if answer.error:
                raise ValueError(answer.error)
            return answer.text

        return ask

    def ask(self, name: str, model: chat.ChatModel, items: Sequence[Item]) -> Asked:
        """A model's answers to the items, in their order."""
        return Asked(name, model, self.caller().answers(self.requests(model, items)))


def items_of(ws: Workspace, frame: "pd.DataFrame") -> list[Item]:
    """The suite's gold set; BadInput names the rows that are wrong."""
    where = Path(ws.suite.data.current).name
    columns = ws.suite.columns
    ids = tables.ids_of(frame, columns.row_id, where)
    items = scorers.gold_of(frame, [str(i) for i in ids], where)
    clusters = None
    if columns.cluster is not None:
        tables.require(frame, columns.cluster, where)
        clusters = frame[columns.cluster].tolist()
    scorers.refuse_loose_repeats(items, clusters, where)
    return items


def _refuse_unknown(said: Chat) -> None:
    known = (*scorers.SCORERS, scorers.BY_MEANING)
    unknown = [n for n in said.scorers or () if n not in known and not n.startswith(_OF_THE_HUB)]
    if unknown:
        there = ", ".join((*known, f"{_OF_THE_HUB}...]"))
        hint = f"there is no scorer {unknown[0]!r} (there is: {there})"
        raise ConfigError(PARAMS_FILE, [f"chat.scorers: {hint}"])


# ---------------------------------------------------------------------------- scores

Table = Mapping[str, Mapping[str, Floats]]  # metric, then model: (n,), NaN where not about


def _scored(
    desk: Desk, items: Sequence[Item], asked: Sequence[Asked], failed: list[Failed]
) -> Table:
    """Every score of every model; NaN on rows that any of them has no answer to.

    Judgements that failed are added to ``failed``.
    """
    told = np.all([[not a.error for a in one.answers] for one in asked], axis=0)
    table: dict[str, dict[str, Floats]] = {}
    for name in desk.said.scorers or scorers.SCORERS:
        score = _scorer(name)
        table[name] = {
            one.name: _column([score(i, a.text) for i, a in zip(items, one.answers, strict=True)],
                              told)
            for one in asked
        }  # fmt: skip
    if desk.said.judge is not None:
        table |= _judged(desk, desk.said.judge, items, asked, told, failed)
    return table


def _scorer(name: str) -> scorers.Scorer:
    if name.startswith(_OF_THE_HUB):
        score = hub_metrics.scorer(name)
        return lambda item, answer: np.nan if item.answer is None else score(item.answer, answer)
    if name != scorers.BY_MEANING:
        return scorers.SCORERS[name]
    embed = embeddings.load()
    return lambda item, answer: scorers.fact_coverage(item, answer, embed)


def _column(values: Sequence[float], told: Bools) -> Floats:
    return np.where(told, np.array(values, dtype=float), np.nan)


def _judged(
    desk: Desk,
    said: Judge,
    items: Sequence[Item],
    asked: Sequence[Asked],
    told: Bools,
    failed: list[Failed],
) -> dict[str, dict[str, Floats]]:
    """The judge's scores, and ``judge_error_rate``; a row that lacks one judgement has none."""
    model = chat.load(desk.found.path_of(desk.ws, manifest.JUDGE))
    judge = judges.open_judge(said.by, desk.asker(model))
    table: dict[str, dict[str, Floats]] = {}
    without = {one.name: np.zeros(len(items)) for one in asked}
    whose = [item for item, answered in zip(items, told, strict=True) if answered]
    for metric in said.metrics:
        found = {}
        for one in asked:
            texts = [a.text for a in one.answers]
            graded = judge.grade(metric, whose,
                                 [x for x, t in zip(texts, told, strict=True) if t])  # fmt: skip
            failed += [
                Failed(item.row_id, one.name, grade.error, metric)
                for item, grade in zip(whose, graded, strict=True)
                if grade.error
            ]
            column = np.full(len(items), np.nan)
            column[told] = [np.nan if g.score is None else g.score for g in graded]
            found[one.name] = column
            without[one.name][told] += [bool(g.error) for g in graded]
        whole = np.all([np.isfinite(c) for c in found.values()], axis=0)
        table[metric] = {name: np.where(whole, c, np.nan) for name, c in found.items()}
    table["judge_error_rate"] = {
        name: np.where(told, np.minimum(count, 1.0), np.nan) for name, count in without.items()
    }
    return table


# ---------------------------------------------------------------------------- frames


def _scores(
    ws: Workspace,
    asked: Asked,
    items: Sequence[Item],
    table: Table,
    rated: Mapping[tuple[str, str], Floats],
) -> "pd.DataFrame":
    """One model's predictions file: a row an item."""
    import pandas as pd

    columns: dict[str, object] = {ws.suite.columns.row_id: [i.row_id for i in items]}
    for metric, scores in table.items():
        values = scores[asked.name]
        about = np.isfinite(values)
        columns[f"score_{metric}"] = values
        if not about.all():
            columns[f"about_{metric}"] = about.astype(np.int64)
        if (asked.name, metric) in rated:
            columns[f"rated_{metric}"] = rated[asked.name, metric]
    answers, prices = asked.answers, asked.model.prices
    columns["score_error_rate"] = [float(bool(a.error)) for a in answers]
    columns["score_timeout_rate"] = [float(a.error == "timeout") for a in answers]
    columns |= {
        name: [float(getattr(a, name)) for a in answers]
        for name in ("latency_s", "ttft_s", "tokens_in", "tokens_out")
    }
    if prices is not None:
        columns["cost_usd"] = [prices.of(a.tokens_in, a.tokens_out) for a in answers]
    return pd.DataFrame(columns)


def _answers(ws: Workspace, asked: Asked, items: Sequence[Item]) -> "pd.DataFrame":
    """What was answered, to read and to rate: the digest is what a rating belongs to."""
    import pandas as pd

    return pd.DataFrame(
        {
            ws.suite.columns.row_id: [i.row_id for i in items],
            "question": [i.question for i in items],
            "answer": [a.text for a in asked.answers],
            "answer_sha256": [records.sha256(a.text) for a in asked.answers],
            "finish": [a.finish for a in asked.answers],
            "error": [a.error for a in asked.answers],
            "attempts": [a.attempts for a in asked.answers],
            "request": [a.request for a in asked.answers],
        }
    )
