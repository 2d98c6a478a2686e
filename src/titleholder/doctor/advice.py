"""What a check-up says: of one thing, whether it is well, and else the cure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from titleholder.errors import TitleholderError
from titleholder.types import Record


class Health(StrEnum):
    """WELL, something to know of (WORRY), or something that would stop a run (ILL)."""

    WELL = "well"
    WORRY = "worry"
    ILL = "ill"


class Advice(Record, frozen=True):
    """One thing that was looked at."""

    about: str
    health: Health
    says: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The project that is looked at: its directory, and how long (s) a network may take."""

    root: Path
    timeout: float


Checkup: TypeAlias = Callable[[Patient], Iterator[Advice]]


def guarded(about: str, look: Callable[[], Iterator[Advice]]) -> Iterator[Advice]:
    """What a look says; an error that it raises is what it says, with its cure.

    Nothing that goes wrong here may hide what others have to say, so every exception is told.
    """
    try:
        yield from look()
    except TitleholderError as error:
        yield Advice(about, Health.ILL, error.message, error.cure)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        yield Advice(about, Health.ILL, said, "this is a fault of titleholder or its environment")
