"""Who does the work on units: one process, some threads, a cluster. See `adapters.runners`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Runner(Protocol):
    """Runs one function on many units, here or elsewhere.

    The function is one of a module (or a `functools.partial` of one), units and results are small
    and can be pickled: rows stay in files that every worker can reach. The function may be run
    twice for one unit, when a worker was lost: what it writes, it writes whole or not at all
    (`records.replacing`), and the same each time.
    """

    def map(self, function: Callable[[T], R], units: Iterable[T]) -> Iterator[R]:
        """The result of each unit as it is ready, in any order.

        What a function raises is raised here, and ends the rest.
        """
