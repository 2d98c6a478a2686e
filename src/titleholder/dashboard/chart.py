"""One rule on one slice over many nights: where its marks, band and bound stand.

Geometry alone, in per cent of a box whose top is 0. Paths are drawn in a box of 1000 by 100, which
the page stretches; marks keep their shape since each stands at a place in per cent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import median

from titleholder.cadence import usual_gap
from titleholder.dashboard.entries import Entry, Mark
from titleholder.dashboard.overview import newest_by_question
from titleholder.report import findings as said
from titleholder.report import numbers
from titleholder.report.forest import Scale, Tick
from titleholder.report.titles import title_of
from titleholder.types import Estimate

_SIDE = 1.5  # per cent left free on both sides, so that no mark is cut
_ROOM = 0.08
_TOP = 7.0
_FAR = 3.0  # ends further out than this many typical half-widths do not stretch the scale


@dataclass(frozen=True, slots=True)
class Night:
    """One run's mark in a series."""

    entry: Entry
    mark: Mark

    @property
    def day(self) -> date:
        """The night that the run stands for."""
        return date.fromisoformat(self.entry.run.night)


@dataclass(frozen=True)
class Series:
    """What one rule found on one slice of one candidate, night by night, oldest first."""

    candidate: str
    nights: tuple[Night, ...]

    @property
    def last(self) -> Mark:
        """The newest mark."""
        return self.nights[-1].mark

    @property
    def title(self) -> str:
        """The metric as people call it."""
        return title_of(self.last.metric)

    @cached_property
    def texts(self) -> list[tuple[str, str]]:
        """Value and interval of each night, rounded to what the interval supports."""
        return [texts(night.mark) for night in self.nights]


@dataclass(frozen=True, slots=True)
class Dot:
    """A mark: where it stands, and what it is; ``y`` is None where nothing was measured."""

    x: float
    y: float | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Chart:
    """A series as a drawing. ``stars`` are where another champion was met first."""

    dots: tuple[Dot, ...]
    band: str
    line: str
    bound: str
    bad: str
    ticks: tuple[Tick, ...]
    zero: float | None
    stars: tuple[float, ...]


def series_of(entries: Sequence[Entry], candidate: str) -> list[Series]:
    """Every series of a candidate that the newest run still has, in that run's order."""
    runs = [e for e in newest_by_question(entries) if e.run.candidate == candidate]
    if not runs:
        return []
    found: dict[tuple[str, str, str], list[Night]] = {m.series: [] for m in runs[-1].marks}
    for entry in runs:
        for mark in entry.marks:
            if mark.series in found:
                found[mark.series].append(Night(entry, mark))
    return [Series(candidate, tuple(nights)) for nights in found.values()]


def texts(mark: Mark) -> tuple[str, str]:
    """The judged value and its interval as text, each end on its side of the bound."""
    if mark.own:
        bounds = (mark.bound,)
        return (
            numbers.point(mark.estimate, bounds=bounds),
            numbers.interval(mark.estimate, bounds=bounds),
        )
    return said.signed_texts(mark.estimate, (mark.bound,), relative=mark.relative)


def bound_text(mark: Mark) -> str:
    """What the interval has to stay clear of."""
    sign = ("≥ " if mark.above else "≤ ") if mark.own else "> "
    times, unit = (100.0, "%") if mark.relative else (1.0, "")
    signed = not mark.own and mark.bound != 0
    return f"{sign}{numbers.plain(mark.bound * times, signed=signed)}{unit}"


def draw(series: Series) -> Chart:
    """Where everything of a series stands."""
    nights = series.nights
    scale = _scale([night.mark for night in nights])
    days = Days([night.day for night in nights])
    xs = [days.at(night.day) for night in nights]
    runs = list(_runs(nights))
    relative = series.last.relative
    own = series.last.own
    return Chart(
        dots=tuple(_dot(x, night.mark, scale) for x, night in zip(xs, nights, strict=True)),
        band="".join(_band([(xs[i], nights[i].mark) for i in run], scale) for run in runs),
        line="".join(_line([(xs[i], nights[i].mark) for i in run], scale) for run in runs),
        bound=_bound(xs, [n.mark for n in nights], scale),
        bad=_bad(xs, [n.mark for n in nights], scale),
        ticks=tuple(_ticks(scale, percent=relative)),
        zero=_y(0.0, scale) if scale.low <= 0 <= scale.high and not own else None,
        stars=tuple(_stars(xs, nights)),
    )


class Days:
    """Dates laid over 0 to 100 per cent, with a little room on both sides."""

    def __init__(self, days: Sequence[date]) -> None:
        self.first, self.last = min(days), max(days)

    def at(self, day: date) -> float:
        """Where a day stands; a single one in the middle."""
        span = (self.last - self.first).days
        share = (day - self.first).days / span if span else 0.5
        return round(_SIDE + share * (100 - 2 * _SIDE), 2)


def _scale(marks: Sequence[Mark]) -> Scale:
    """Holds every bound and value, and the ends of all but the widest intervals."""
    keep = [mark.bound for mark in marks]
    keep += [mark.value for mark in marks if mark.value is not None]
    keep += _ends([mark.estimate for mark in marks])
    if not marks[-1].own:
        keep.append(0.0)
    low, high = min(keep), max(keep)
    room = (high - low) * _ROOM or max(abs(high), 1.0) * _ROOM
    return Scale(low - room, high + room)


def _ticks(scale: Scale, *, percent: bool) -> Iterator[Tick]:
    """The numbers of the scale that stand far enough from the top to be read."""
    for tick in scale.ticks(percent=percent):
        if (at := _flip(tick.at)) > _TOP:
            yield Tick(at, tick.text)


def _ends(estimates: Sequence[Estimate]) -> list[float]:
    whole = [
        (e.value, e.low, e.high)
        for e in estimates
        if e.value is not None and e.low is not None and e.high is not None
    ]
    if not whole:
        return []
    far = _FAR * median((high - low) / 2 for _, low, high in whole)
    return [
        end for value, low, high in whole for end in (max(low, value - far), min(high, value + far))
    ]


def _runs(nights: Sequence[Night]) -> Iterator[list[int]]:
    """Stretches of nights that followed one another as usual, on one champion, with a value."""
    usual = usual_gap([night.day for night in nights])
    run: list[int] = []
    for number, night in enumerate(nights):
        broken = bool(run) and _broken(nights[run[-1]], night, usual)
        if run and (broken or night.mark.value is None):
            yield run
            run = []
        if night.mark.value is not None:
            run.append(number)
    if run:
        yield run


def _broken(before: Night, after: Night, usual: int) -> bool:
    """Whether no line leads on: a night is missing, or another champion was met."""
    late = (after.day - before.day).days > usual
    return late or before.entry.run.champion != after.entry.run.champion


def _dot(x: float, mark: Mark, scale: Scale) -> Dot:
    return Dot(x, None if mark.value is None else _y(mark.value, scale), mark)


def _line(points: Sequence[tuple[float, Mark]], scale: Scale) -> str:
    if len(points) < 2:
        return ""
    return _path([(x, _y(mark.value or 0.0, scale)) for x, mark in points])


def _band(points: Sequence[tuple[float, Mark]], scale: Scale) -> str:
    """The intervals as an area; where there is one night alone, as an upright line."""
    upper = [(x, _y(m.high, scale)) for x, m in points if m.high is not None]
    lower = [(x, _y(m.low, scale)) for x, m in points if m.low is not None]
    if not upper or len(upper) != len(lower):
        return ""
    if len(upper) == 1:
        (x, top), (_, bottom) = upper[0], lower[0]
        upper = [(x - 0.2, top), (x + 0.2, top)]
        lower = [(x - 0.2, bottom), (x + 0.2, bottom)]
    return _path([*upper, *reversed(lower)]) + "Z"


def _bound(xs: Sequence[float], marks: Sequence[Mark], scale: Scale) -> str:
    return _path(_steps(xs, marks, scale))


def _bad(xs: Sequence[float], marks: Sequence[Mark], scale: Scale) -> str:
    """The area on the side of the bound that breaks the rule."""
    edge = 100.0 if marks[-1].above else 0.0
    return _path([(0.0, edge), *_steps(xs, marks, scale), (100.0, edge)]) + "Z"


def _steps(xs: Sequence[float], marks: Sequence[Mark], scale: Scale) -> list[tuple[float, float]]:
    """The bound as steps: a rule may have had another margin then."""
    corners = [(0.0, _y(marks[0].bound, scale))]
    for x, before, after in zip(xs[1:], marks, marks[1:], strict=False):
        if before.bound != after.bound:
            corners += [(x, _y(before.bound, scale)), (x, _y(after.bound, scale))]
    return [*corners, (100.0, _y(marks[-1].bound, scale))]


def _stars(xs: Sequence[float], nights: Sequence[Night]) -> Iterator[float]:
    for x, before, after in zip(xs[1:], nights, nights[1:], strict=False):
        if before.entry.run.champion != after.entry.run.champion:
            yield x


def _y(value: float, scale: Scale) -> float:
    return _flip(scale.at(value))


def _flip(at: float) -> float:
    return round(100 - at, 2)


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A path through these places, in a box of 1000 by 100."""
    return "M" + "L".join(f"{x * 10:.0f} {y:.1f}" for x, y in points)
