"""Judges: a user's model that grades answers, by titleholder's own rubric or by a framework.

Every judge asks through the same function, so that its calls are kept, paced and paid for like
any others. A judge may fail on an item, never on a run: what it did not say in valid JSON, as a
number between 0 and 1, is an error of that item and not a score.
"""

import importlib

from titleholder.adapters.judges.base import Ask, Grade, Judge
from titleholder.adapters.judges.rubric import RubricJudge
from titleholder.errors import UsageError

__all__ = ["Ask", "Grade", "Judge", "open_judge"]


def open_judge(by: str, ask: Ask) -> Judge:
    """The judge of this name; UsageError where its framework is not installed."""
    if by == "rubric":
        return RubricJudge(ask)
    try:
        importlib.import_module(by)
    except ImportError:
        raise UsageError(
            f"chat.judge.by: {by} is not installed", cure=f'pip install "titleholder[{by}]"'
        ) from None
    module = importlib.import_module(f"titleholder.adapters.judges.by_{by}")
    judge: Judge = module.open_judge(ask)
    return judge
