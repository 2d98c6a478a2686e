"""What is written of a search for leaked rows. Nothing here computes."""

from typing import Annotated

from msgspec import Meta

from titleholder.types import Record

Natural = Annotated[int, Meta(ge=0)]


class Twins(Record, frozen=True):
    """Contents that stand ``times`` times in panel and training data taken together.

    ``both`` of them stand on both sides, ``here`` in the panel alone, ``there`` in the training
    data alone.
    """

    times: Natural
    here: Natural
    both: Natural
    there: Natural


class Coincidences(Record, frozen=True):
    """A panel held against one set of training data.

    ``error`` says why they could not be compared; then nothing else was counted. Of the panel's
    ``rows``, ``normal`` have the (normalised) content of some training row, ``exact`` have it to
    the last bit, ``with_target`` in the target, too (None where a side has none), and ``keyed``
    have its key (None without key columns). ``twins`` is by number of times, from 2, and
    ``exact_twins`` of exact contents; ``rare`` of the ``normal`` rows belong to ``twins``.
    ``exposed`` training rows stand in no panel row and among themselves so rarely that a copy of
    one would show among the twins. ``examples`` are panel rows, by their id, that have the key (or
    else the content) of a training row.
    """

    training: str
    rows: Natural = 0
    training_rows: Natural = 0
    columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    normal: Natural = 0
    exact: Natural = 0
    with_target: Natural | None = None
    key: tuple[str, ...] = ()
    keyed: Natural | None = None
    twins: tuple[Twins, ...] = ()
    exact_twins: tuple[Twins, ...] = ()
    rare: Natural = 0
    exposed: Natural = 0
    examples: tuple[str, ...] = ()
    error: str = ""


class Leakage(Record, frozen=True):
    """What was found of leaked rows, one entry a training set that the suite names."""

    inputs: dict[str, str]
    sets: tuple[Coincidences, ...]
