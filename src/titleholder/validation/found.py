"""What was found of one expectation, whoever looked: at a whole frame, or shard by shard."""

from dataclasses import dataclass

OFFENDING = 20  # values named per expectation


@dataclass(frozen=True, slots=True)
class Found:
    """``n`` rows were looked at, ``missing`` of them without a value, ``unexpected`` against it.

    ``observed`` is a figure as text, ``unusable`` why it says nothing; ``raised`` is what the
    evaluation died of. ``offending`` are at most `OFFENDING` values as text, in row order.
    """

    success: bool
    n: int | None = None
    missing: int | None = None
    unexpected: int | None = None
    offending: tuple[str, ...] = ()
    observed: str | None = None
    unusable: str = ""
    raised: str | None = None
