"""Constraints of a suite: ``size_mb <= 20`` and the like, from their lines."""

import math
import re

from titleholder.types import Record

_LINE = re.compile(r"\s*(\S+)\s*(<=|>=)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")


class Constraint(Record, frozen=True):
    """A metric of the whole panel or model, and the bound that its whole interval has to keep."""

    metric: str
    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.bound:g}"


def parsed(text: str) -> Constraint | None:
    """A constraint from its line; None if it is none.

    >>> str(parsed("size_mb <= 20")), parsed("size_mb < 20"), parsed("size_mb <= x")
    ('size_mb <= 20', None, None)
    """
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    try:
        bound = float(found[3])
    except ValueError:
        return None
    return Constraint(found[1], found[2], bound) if math.isfinite(bound) else None
