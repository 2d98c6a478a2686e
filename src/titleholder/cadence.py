"""How often something comes, and where it did not: nights without a verdict."""

import itertools
from collections.abc import Sequence
from datetime import date


def usual_gap(nights: Sequence[date]) -> int:
    """The gap in days that most successive nights keep; 1 where nothing is known yet.

    >>> usual_gap([date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 16)])
    7
    """
    found = _gaps(nights)
    return max(set(found), key=lambda gap: (found.count(gap), -gap)) if found else 1


def missing_before(nights: Sequence[date]) -> dict[date, int]:
    """How many nights did not come before each night, where any did not, if all come as usual.

    >>> missing_before([date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)])
    {datetime.date(2026, 3, 6): 2}
    """
    ordered = sorted(set(nights))
    usual = usual_gap(ordered)
    short = {
        later: round((later - earlier).days / usual) - 1
        for earlier, later in itertools.pairwise(ordered)
    }
    return {night: count for night, count in short.items() if count > 0}


def _gaps(nights: Sequence[date]) -> list[int]:
    ordered = sorted(set(nights))
    return [(b - a).days for a, b in itertools.pairwise(ordered)]
