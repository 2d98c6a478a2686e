"""What was found of one expectation, whoever looked: at a whole frame, or shard by shard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titleholder.validation.suite_file import compact

OFFENDING = 20  # values named per expectation


@dataclass(frozen=True, slots=True)
class Found:
    """``n`` rows were looked at, ``missing`` of them without a value, ``unexpected`` against it.

    ``observed`` is a figure as text, ``unusable`` why it says nothing; ``why`` is the reason where
    it does not hold, unless counts tell; ``raised`` is what the evaluation died of. ``offending``
    are at most `OFFENDING` values as text, in row order.
    """

    success: bool
    n: int | None = None
    missing: int | None = None
    unexpected: int | None = None
    offending: tuple[str, ...] = ()
    observed: str | None = None
    unusable: str = ""
    why: str = ""
    raised: str | None = None


def set_found(beyond: Sequence[Any], lacking: Sequence[Any]) -> Found:
    """What becomes of a set when the data hold values beyond it, or lack some of it."""
    said = []
    if beyond:
        said.append(f"beyond the set: {compact(list(beyond[:OFFENDING]))}")
    if lacking:
        said.append(f"of the set the data lack {compact(list(lacking[:OFFENDING]))}")
    offending = tuple(compact(value) for value in beyond[:OFFENDING])
    return Found(not said, offending=offending, why="; ".join(said))
