"""People's ratings, how far they agree, and whether a machine's scores agree with them.

Krippendorff's alpha (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability), interval
data: 1 is agreement, 0 what chance gives. A machine is trusted where the lower end of the 95%
interval of its alpha with the mean rating lies above what the suite asks for; rated answers are
resampled.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats
from titleholder.types import Record

FEWEST = 20  # rated answers: with fewer, nobody can say whether a machine agrees
_RESAMPLES = 500
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Rating:
    """What one person gave one answer on one metric."""

    row_id: str
    model: str
    metric: str
    rater: str
    rating: float


class Calibration(Record, frozen=True):
    """One metric's machine against people.

    ``people`` is alpha among raters (null with one), ``machine`` alpha of the machine with their
    mean, with its interval; ``bias`` the mean of score minus rating. ``doubt`` says why the
    machine is not trusted; empty where it is.
    """

    metric: str
    answers: int
    raters: int
    people: float | None
    machine: float | None
    low: float | None
    high: float | None
    bias: float | None
    doubt: str


def calibrate(metric: str, ratings: Floats, scores: Floats, least: float, seed: int) -> Calibration:
    """How a machine's ``scores`` (n,) go with ``ratings`` (raters, n) of the same, NaN blank."""
    n, raters = len(scores), ratings.shape[0]
    if n < FEWEST:
        doubt = f"{metric}: {n} of its scores were rated by people, and {FEWEST} are the least"
        return blank(metric, n, raters, doubt)
    mean = np.nanmean(ratings, axis=0)
    machine = alpha(np.stack([mean, scores]))
    low, high = _interval(np.stack([mean, scores]), seed)
    return Calibration(
        metric=metric,
        answers=n,
        raters=raters,
        people=alpha(ratings) if raters > 1 else None,
        machine=machine,
        low=low,
        high=high,
        bias=float(np.mean(scores - mean)),
        doubt=_doubt(metric, low, high, least),
    )


def alpha(ratings: Floats) -> float | None:
    """Krippendorff's alpha of (raters, items), NaN where blank; None where nothing varies."""
    import krippendorff

    seen = ratings[np.isfinite(ratings)]
    if len(np.unique(seen)) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = float(krippendorff.alpha(reliability_data=ratings, level_of_measurement="interval"))
    return found if np.isfinite(found) else None


def blank(metric: str, answers: int, raters: int, doubt: str) -> Calibration:
    """A calibration that found nothing but a doubt."""
    return Calibration(
        metric=metric, answers=answers, raters=raters, people=None, machine=None, low=None,
        high=None, bias=None, doubt=doubt,
    )  # fmt: skip


def unrated(metric: str) -> str:
    """Why a judge that nobody compared with people is not trusted."""
    return f"{metric}: no person rated an answer, so nobody knows whether its judge is right"


def by_answer(ratings: list[Rating]) -> Mapping[tuple[str, str, str], dict[str, float]]:
    """Ratings by model, row and metric: what each rater gave."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for one in ratings:
        found.setdefault((one.model, one.row_id, one.metric), {})[one.rater] = one.rating
    return found


def _interval(pair: Floats, seed: int) -> tuple[float | None, float | None]:
    """Percentile interval of alpha on resampled answers; a resample without variance counts 0."""
    rng = np.random.default_rng(seed)
    draws = [pair[:, rng.integers(0, pair.shape[1], pair.shape[1])] for _ in range(_RESAMPLES)]
    found = [alpha(draw) or 0.0 for draw in draws]
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return float(low), float(high)


def _doubt(metric: str, low: float | None, high: float | None, least: float) -> str:
    if low is not None and high is not None and low >= least:
        return ""
    return (
        f"{metric}: what scores it does not agree with people: Krippendorff's alpha "
        f"[{low:.2f}, {high:.2f}] does not lie above {least:g}, so it may warn and not block"
    )
