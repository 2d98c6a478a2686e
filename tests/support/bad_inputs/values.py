"""Tables whose columns, rows or values cannot be judged, in every task and format."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.support.bad_inputs.case import DATA, USAGE, Case
from tests.support.bad_inputs.formats import Spoil, spoiled
from tests.support.files import ROWS, SUFFIXES, TASKS, Files

SIDES = ("champion", "candidate")
ROW = 7
Rows = Callable[[pd.DataFrame], pd.DataFrame]


def cases() -> Iterator[Case]:
    """Every family of this module."""
    for suffix in SUFFIXES:
        yield from _columns(suffix)
        for side in SIDES:
            yield from _rows(side, suffix)
        yield from _panel_values(suffix)
    for task in TASKS:
        for side in SIDES:
            yield from _answers(task, side)
    yield from _names()
    yield from _labels()
    yield from _costs()
    yield from _too_little()
    yield from _odd_types()


def _drop(role: str, column: str) -> Spoil:
    return lambda f: f.frames.update({role: f.frames[role].drop(columns=column)})


def _rename(role: str, column: str, to: str) -> Spoil:
    return lambda f: f.frames.update({role: f.frames[role].rename(columns={column: to})})


def _change(role: str, change: Rows) -> Spoil:
    return lambda f: f.frames.update({role: change(f.frames[role])})


def _cell(role: str, column: str, value: object) -> Spoil:
    return lambda f: f.put(role, column, ROW, value)


def _columns(suffix: str) -> Iterator[Case]:
    for role in ("panel", *SIDES):
        file = f"{role}{suffix}"
        yield spoiled(f"{file}: no row_id", suffix, _drop(role, "row_id"), DATA, file, "row_id")
    for task in TASKS[:3]:
        yield spoiled(
            f"panel{suffix}, {task}: no y_true", suffix, _drop("panel", "y_true"), DATA,
            f"panel{suffix}", "y_true", task=task,
        )  # fmt: skip
    for task in TASKS:
        for side in SIDES:
            file = f"{side}{suffix}"
            yield spoiled(
                f"{file}, {task}: no answers", suffix,
                lambda f, side=side: f.frames.update({side: f.frames[side][["row_id"]]}), DATA,
                file, task=task,
            )  # fmt: skip


def _names() -> Iterator[Case]:
    for wrong in ("Row_ID", "rowid", "row id", "ids"):
        near = ("did you mean",) if wrong != "ids" else ()
        yield spoiled(
            f"panel.csv: row_id called {wrong!r}", ".csv", _rename("panel", "row_id", wrong), DATA,
            "row_id", wrong, *near,
        )  # fmt: skip
    for wrong in ("Y_true", "ytrue", "label"):
        yield spoiled(
            f"panel.csv: y_true called {wrong!r}", ".csv", _rename("panel", "y_true", wrong), DATA,
            "y_true", wrong,
        )  # fmt: skip
    for wrong in ("score", "y_scores", "Y_SCORE"):
        yield spoiled(
            f"candidate.csv: y_score called {wrong!r}", ".csv",
            _rename("candidate", "y_score", wrong), DATA, "candidate.csv", "y_score", wrong,
        )  # fmt: skip
    yield spoiled(
        "candidate.csv: a class without a score", ".csv", _drop("candidate", "y_score_owl"), DATA,
        "candidate.csv", "owl", task="multiclass",
    )  # fmt: skip
    yield spoiled("both predictions are called p.csv", ".csv", _one_name, DATA, "new/p.csv", "r199")


def _one_name(files: Files) -> None:
    for side, place in zip(SIDES, ("old", "new"), strict=True):
        (files.directory / place).mkdir()
        files.names[side] = f"{place}/p.csv"
    files.frames["candidate"] = files.frames["candidate"].iloc[:-1]


def _rows(side: str, suffix: str) -> Iterator[Case]:
    file = f"{side}{suffix}"
    last = f"r{ROWS - 1}"
    yield spoiled(
        f"{file}: a row is missing", suffix, _change(side, lambda d: d.iloc[:-1]), DATA, file, last
    )
    yield spoiled(
        f"{file}: a row is doubled", suffix,
        _change(side, lambda d: pd.concat([d, d.iloc[[ROW]]])), DATA, file, "r7", "more than once",
    )  # fmt: skip
    yield spoiled(
        f"{file}: a row is of no panel", suffix,
        lambda f: f.frames.update(panel=f.frames["panel"].iloc[:-1]), DATA, last,
    )  # fmt: skip
    yield spoiled(
        f"{file}: of another panel", suffix,
        _change(side, lambda d: d.assign(row_id=[f"x{i}" for i in range(len(d))])), DATA, file,
        "r0", "this very panel",
    )  # fmt: skip
    yield spoiled(
        f"{file}: a row has no id", suffix, _cell(side, "row_id", None), DATA, file, "row 8"
    )
    yield spoiled(
        f"{file}: ids that lost their zeros", suffix, lambda f: _unpadded(f, side), DATA, file
    )


def _unpadded(files: Files, side: str) -> None:
    for role in ("panel", *SIDES):
        width = 1 if role == side else 5
        ids = [str(i).zfill(width) for i in range(ROWS)]
        files.frames[role] = files.frames[role].assign(row_id=ids)


def _panel_values(suffix: str) -> Iterator[Case]:
    file = f"panel{suffix}"
    bad = {
        "row_id": ("r8", None),
        "y_true": (None, 2),
        "weight": (None, -1.0, "heavy"),
        "cluster": (None,),
    }
    for column, spoilt in bad.items():
        for value in spoilt:
            yield spoiled(
                f"{file}: {column} is {value!r}", suffix, _cell("panel", column, value), DATA, file
            )
    yield spoiled(
        f"{file}: weights of zero", suffix, _change("panel", lambda d: d.assign(weight=0.0)), DATA,
        file, "weight",
    )  # fmt: skip
    if suffix != ".jsonl":  # which has no way to write it
        yield spoiled(
            f"{file}: weight is infinite", suffix, _cell("panel", "weight", np.inf), DATA, file,
            "weight", "r7",
        )  # fmt: skip


_ANSWERS: dict[str, tuple[object, ...]] = {
    "binary": (None, np.inf, -np.inf, 1.5, -0.001, "high", "", "0,5", "50%"),
    "multiclass": (None, np.inf, -np.inf, 1.5, -0.001, 0.9, "high"),
    "regression": (None, np.inf, -np.inf, "twelve", "1,234.5", "$12"),
    "scored": (None, np.inf, -np.inf, "good", "4/5"),
}


def _answers(task: str, side: str) -> Iterator[Case]:
    for value in _ANSWERS[task]:
        yield spoiled(
            f"{side}.csv, {task}: an answer is {value!r}", ".csv",
            lambda f, value=value: f.put(side, f.answer, ROW, value), DATA, f"{side}.csv", "r7",
            task=task,
        )  # fmt: skip


def _labels() -> Iterator[Case]:
    for label in ("Cat", " cat", "", "mouse", "0"):
        yield spoiled(
            f"candidate.csv: y_pred says {label!r}", ".csv",
            lambda f, label=label: _predicting(f, label), DATA, "candidate.csv", task="multiclass",
        )  # fmt: skip
    for positive, code in ((True, USAGE), ("yes", USAGE), (7, USAGE), ("1.0", USAGE)):
        yield spoiled(
            f"policy.yaml: positive is {positive!r}", ".csv",
            lambda f, positive=positive: f.policy.update(positive=positive), code, "positive",
        )  # fmt: skip
    yield spoiled(
        "policy.yaml: no positive, and labels that do not say", ".csv",
        lambda f: (
            f.policy.pop("positive"),
            f.frames.update(
                panel=f.frames["panel"].assign(
                    y_true=np.where(f.frames["panel"]["y_true"] == 1, "good", "bad")
                )
            ),
        ),
        USAGE, "positive",
    )  # fmt: skip


def _predicting(files: Files, label: str) -> None:
    frame = files.frames["candidate"]
    answers = files.frames["panel"]["y_true"].tolist()
    answers[ROW] = label
    files.frames["candidate"] = frame.assign(y_pred=answers)


def _costs() -> Iterator[Case]:
    for column in ("latency_s", "cost_usd", "tokens_in", "tokens_out"):
        for value in (-1.0, None, "fast"):

            def spoil(files: Files, column: str = column, value: Any = value) -> None:
                files.frames["candidate"][column] = 0.1
                files.put("candidate", column, ROW, value)

            yield spoiled(
                f"candidate.csv: {column} is {value!r}", ".csv", spoil, DATA, "candidate.csv",
                column, "r7",
            )  # fmt: skip


def _too_little() -> Iterator[Case]:
    def every(rows: Rows) -> Spoil:
        def spoil(files: Files) -> None:
            kept = rows(files.frames["panel"]).index
            classes = (
                {f"y_score_{c}" for c in set(files.frames["panel"]["y_true"][kept])}
                if (files.task == "multiclass")
                else set()
            )
            for name, frame in files.frames.items():
                files.frames[name] = frame.loc[kept]
            if classes and len(kept) < 3:  # the classes that are left share all that there is
                for side in SIDES:
                    share = {c: 1 / len(classes) for c in sorted(classes)}
                    files.frames[side] = files.frames[side][["row_id"]].assign(**share)

        return spoil

    few: dict[str, Rows] = {
        "one row": lambda d: d.head(1),
        "two rows": lambda d: d.head(2),
        "fewer rows than the floor": lambda d: d.head(19),
    }
    for task in TASKS:
        for name, rows in few.items():
            yield spoiled(
                f"{task}: {name}", ".csv", every(rows), DATA, "INCONCLUSIVE", task=task, judged=True
            )
    for value in (0, 1):
        yield spoiled(
            f"binary: every truth is {value}", ".csv",
            every(lambda d, value=value: d[d["y_true"] == value]), DATA, "INCONCLUSIVE",
            judged=True,
        )  # fmt: skip


def _odd_types() -> Iterator[Case]:
    """What Parquet and JSON Lines can hold, and no column that decides may."""
    odd: dict[str, Callable[[int], object]] = {
        "lists": lambda i: [i],
        "structs": lambda i: {"a": i},
        "bytes": lambda i: bytes([i % 2]),
        "dates": lambda i: pd.Timestamp("2026-01-01") + pd.Timedelta(days=i),
    }
    for kind, made in odd.items():
        for role, column in (("candidate", "y_score"), ("panel", "weight")):
            yield spoiled(
                f"{role}.parquet: {column} of {kind}", ".parquet",
                lambda f, role=role, column=column, made=made: f.frames.update(
                    {role: f.frames[role].assign(**{column: [made(i) for i in range(ROWS)]})}
                ),
                DATA, f"{role}.parquet", column,
            )  # fmt: skip
        if kind in ("lists", "structs"):
            for role, column in (
                ("panel", "row_id"), ("panel", "y_true"), ("panel", "cluster"), ("panel", "region"),
            ):  # fmt: skip
                yield spoiled(
                    f"{role}.parquet: {column} of {kind}", ".parquet",
                    lambda f, column=column, made=made: f.frames.update(
                        panel=f.frames["panel"].assign(**{column: [made(i) for i in range(ROWS)]})
                    ),
                    DATA, f"{role}.parquet", column,
                )  # fmt: skip
