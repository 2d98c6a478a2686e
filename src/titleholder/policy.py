"""A policy laid over the slices that the data have: which findings are owed."""

from collections.abc import Iterable, Iterator

import msgspec

from titleholder.types import OVERALL, Rule

EVERY = "*"


def owed(rules: Iterable[Rule], slices: Iterable[str]) -> Iterator[Rule]:
    """Each rule, once for each slice that it speaks of: exactly one finding is owed to each.

    ``"*"`` is every declared slice but the whole; a policy without slices is owed one finding
    on the name ``"*"`` itself, which nothing can satisfy.
    """
    named = [name for name in slices if name != OVERALL]
    for rule in rules:
        if rule.slice != EVERY:
            yield rule
            continue
        for name in named or [EVERY]:
            yield msgspec.structs.replace(rule, slice=name)
