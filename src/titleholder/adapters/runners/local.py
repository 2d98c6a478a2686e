"""One unit after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Local:
    """See `titleholder.shards.runner.Runner`."""

    def map(self, function: Callable[[T], R], units: Iterable[T]) -> Iterator[R]:
        """Each result, in the order of the units."""
        return map(function, units)
