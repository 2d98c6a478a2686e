"""What a benchmark comes down to: a panel, a policy, and how its answers become predictions."""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 0.02
# A submission, joined to nothing yet, to the columns of a predictions file.
Answers = Callable[["pd.DataFrame"], "pd.DataFrame"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """``panel`` has row_id and y_true; ``policy`` is what `compare` judges by; ``answers`` turns a
    file as the benchmark asks for into predictions. ``more`` are further policies by name,
    ``views`` the same answers by another unit, such as the question in place of the answer."""

    panel: "pd.DataFrame"
    policy: Mapping[str, Any]
    answers: Answers
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    views: Mapping[str, "Benchmark"] = field(default_factory=dict)


def rule(metric: str, margin: float = MARGIN, **other: Any) -> dict[str, Any]:
    """A rule that asks for no less than the champion."""
    return {"id": metric, "metric": metric, "kind": "non_inferior", "margin": margin, **other}


def scored(*metrics: str, **other: Any) -> dict[str, Any]:
    """A policy of items that are scored here."""
    return {"task": "scored", "rules": [rule(metric) for metric in metrics], **other}


def known(ids: Sequence[str], of: Container[str], what: str) -> None:
    """BadInput that names answers to what was never asked, or twice to the same."""
    foreign = [i for i in ids if i not in of]
    if foreign:
        raise BadInput(f"{what} has no {foreign[0]!r}", cure="are the answers of another task?")
    twice = [i for i, n in Counter(ids).items() if n > 1]
    if twice:
        raise BadInput(f"{what}: {twice[0]!r} is answered twice")


def file_in(directory: Path, *names: str) -> Path:
    """The first of these files that a directory has; UsageError with all of them otherwise."""
    for name in names:
        if (directory / name).is_file():
            return directory / name
    raise UsageError(f"{directory}: has no {' or '.join(names)}", cure="give the task's directory")


def lines_of(path: Path) -> list[tuple[int, list[str]]]:
    """The fields of a tab-separated file by line, quotes taken as they are; BadInput if empty."""
    text = path.read_text(encoding="utf-8")
    found = [(i, line.split("\t")) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not found:
        raise BadInput(f"{path}: holds no rows")
    return found


def at(path: Path, number: int, fields: list[str], place: int) -> str:
    """One field of a line; BadInput for a line that ends before it, such as that of a cut file."""
    if place >= len(fields):
        raise BadInput(
            f"{path}:{number}: has {len(fields)} fields, and {place + 1} are needed",
            cure="a file cut in half ends like this: restore it",
        )
    return fields[place].strip()
