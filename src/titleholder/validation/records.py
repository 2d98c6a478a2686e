"""What is written of a data validation. Nothing here computes; the adapter fills it in."""

import msgspec

from titleholder.types import Outcome, Record


class Expectation(Record, frozen=True):
    """What became of one expectation.

    ``index`` is its place in the suite file, from 0. ``kwargs`` is what it asks, compactly.
    ``n`` is the number of rows that it looked at; ``unexpected_share`` is of them.
    ``offending`` holds at most 20 values as text, not yet escaped for any output.
    """

    index: int
    id: str
    type: str
    column: str | None
    kwargs: str
    outcome: Outcome
    reason: str
    observed: str | None = None
    n: int | None = None
    unexpected_count: int | None = None
    unexpected_share: float | None = None
    offending: tuple[str, ...] = ()


class Validation(Record, frozen=True):
    """What became of a data set: PASS only when every declared expectation was seen to hold.

    FAIL when one does not hold, ERROR when one could not be evaluated or the data could not be
    read, INCONCLUSIVE when nothing was declared. ``evidence`` maps a name to a path in the
    stage's directory, or to ``unavailable: <why>``.
    """

    outcome: Outcome
    reason: str
    rows: int
    columns: int
    declared: int
    evaluated: int
    expectations: tuple[Expectation, ...]
    inputs: dict[str, str] = msgspec.field(default_factory=dict)
    evidence: dict[str, str] = msgspec.field(default_factory=dict)
