"""What a judge is, and how what it says becomes a grade or an error."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from titleholder.errors import TitleholderError
from titleholder.scorers import Item

# Messages to the judge's words; ValueError where it gave none.
Ask = Callable[[Sequence[Mapping[str, str]]], str]

_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Grade:
    """A score in [0, 1], or None and why there is none."""

    score: float | None
    error: str = ""


class Judge(Protocol):
    """Something that grades answers."""

    def grade(self, metric: str, items: Sequence[Item], answers: Sequence[str]) -> list[Grade]:
        """A grade for each answer, in their order; UsageError for a metric it does not know."""


def graded(
    one: Callable[[Item, str], float], items: Sequence[Item], answers: Sequence[str]
) -> list[Grade]:
    """Each answer by ``one``; what it raises is that item's error.

    What ends a run, such as a budget that is spent, is not an item's affair and goes on.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda pair: _guarded(one, *pair), zip(items, answers, strict=True)))


def _guarded(one: Callable[[Item, str], float], item: Item, answer: str) -> Grade:
    try:
        return Grade(share(one(item, answer)))
    except TitleholderError:
        raise
    except Exception as error:  # frameworks raise anything
        return Grade(None, f"{type(error).__name__}: {' '.join(str(error).split())[:120]}")


def share(value: Any) -> float:
    """A number in [0, 1]; ValueError for anything else, NaN and truth values among it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{str(value)[:40]!r} is no number")
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise ValueError(f"{value} does not lie between 0 and 1")
    return float(value)


def parsed(text: str) -> Any:
    """The JSON that a judge wrote, without the fence around it; ValueError for anything else."""
    fenced = _FENCE.match(text.strip())
    return json.loads(fenced.group(1) if fenced else text, parse_constant=_refuse)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
