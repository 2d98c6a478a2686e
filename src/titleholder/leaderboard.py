"""The leaderboard: quality against cost, what the suite's constraints allow, and whom to take.

Nothing is bought off: a model is recommended that may hold the title by its own rules, meets every
constraint with its whole interval, and is not shown behind the best of those. Among such the
cheapest is taken, then the champion, since nobody has shown a reason to change. Costs whose
intervals overlap are no reason; nor is a tail of slow calls that the usual call knows nothing of.
"""

import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from titleholder.comparison.standings import Standing, Standings
from titleholder.params.constraints import Constraint
from titleholder.types import OVERALL, Comparison, Estimate, Outcome, Record

LATENCY: Final = "p95_latency_ms"
USUAL_LATENCY: Final = "p50_latency_ms"
SIZE: Final = "size_mb"
# What quality is weighed against; less is better of each.
COSTS: Final = (LATENCY, SIZE)
# The share of a cost that has to be saved before it speaks for a model.
_DUST: Final = 0.01
# The same of a clock. Models are timed one after the other, and what else a machine does changes
# meanwhile: ten times within two minutes, the median of one and the same model was 25.5 to 31.7 ms,
# each time with an interval of about 2 ms.
_CLOCK: Final = 0.25


class Kept(Record, frozen=True):
    """What became of a constraint for one model: PASS, FAIL, INCONCLUSIVE, or ERROR unmeasured."""

    constraint: str
    outcome: Outcome
    reason: str


class Entry(Record, frozen=True):
    """One model of the leaderboard.

    ``outcome`` is that of its verdict; None for the champion, which holds the title. ``tied`` says
    that it is the best or cannot be told from it. ``dominated_by`` names a model that is shown
    better in one respect and is no worse in any; ``pareto`` says that there is none, and that
    nothing was left unmeasured that is known of others. ``usual_ms`` is the median latency, which
    has to bear out what ``latency_ms``, the 95% quantile, seems to show.
    """

    model: str
    champion: bool
    outcome: Outcome | None
    rank: float | None
    tied: bool
    quality: tuple[Estimate, ...]
    latency_ms: Estimate
    size_mb: Estimate
    dominated_by: str
    pareto: bool
    kept: tuple[Kept, ...]
    usual_ms: Estimate = Estimate()

    @property
    def cost(self) -> tuple[Estimate, ...]:
        """What it costs, in the order of `COSTS`."""
        return self.latency_ms, self.size_mb


class Leaderboard(Record, frozen=True):
    """All models of a suite, the best rank first; ``recommended`` is None where none may be.

    ``metrics`` are those that ``quality`` has values of. ``why`` says why, in one sentence.
    ``standings`` has every pair.
    """

    inputs: dict[str, str]
    suite: str
    metrics: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    entries: tuple[Entry, ...]
    recommended: str | None
    why: str
    standings: Standings

    @property
    def pareto(self) -> tuple[str, ...]:
        """The models that no other one dominates."""
        return tuple(entry.model for entry in self.entries if entry.pareto)


@dataclass(frozen=True, slots=True)
class Contender:
    """A model as it comes to the leaderboard: its verdict's outcome and its own figures.

    ``figures`` are estimates of the whole panel or model by metric.
    """

    model: str
    outcome: Outcome | None
    figures: Mapping[str, Estimate]


def figures_of(comparisons: Iterable[Comparison], *, champion: bool) -> dict[str, Estimate]:
    """A model's own estimates over all rows, of comparisons in which it is one side."""
    return {
        c.metric: c.champion if champion else c.candidate
        for c in comparisons
        if c.slice == OVERALL and c.over is None
    }


def lead(
    standings: Standings,
    contenders: Sequence[Contender],
    constraints: Sequence[Constraint],
    inputs: dict[str, str],
) -> Leaderboard:
    """The leaderboard of these models, the champion first among ``contenders``."""
    by_name = {standing.model: standing for standing in standings.models}
    plain = [_entry(one, by_name.get(one.model), standings, constraints) for one in contenders]
    entries = [_placed(entry, plain, standings) for entry in plain]
    ranked = sorted(entries, key=lambda e: math.inf if e.rank is None else e.rank)
    board = Leaderboard(
        inputs=inputs,
        suite=standings.suite,
        metrics=standings.metrics,
        constraints=tuple(constraints),
        entries=tuple(ranked),
        recommended=None,
        why="",
        standings=standings,
    )
    return decided(board, {one.model: one.outcome for one in contenders})


def decided(board: Leaderboard, outcomes: Mapping[str, Outcome | None]) -> Leaderboard:
    """The leaderboard with these outcomes of the candidates' verdicts, and whom it recommends.

    Publishing may withhold what judging gave (a spent budget): then another is recommended.
    """
    entries = tuple(
        msgspec.structs.replace(entry, outcome=outcomes.get(entry.model, entry.outcome))
        for entry in board.entries
    )
    name, why = _recommended(entries, board.standings)
    return msgspec.structs.replace(board, entries=entries, recommended=name, why=why)


# ------------------------------------------------------------------------------ entries


def _entry(
    one: Contender,
    standing: Standing | None,
    standings: Standings,
    constraints: Sequence[Constraint],
) -> Entry:
    nothing = Estimate()
    figures = dict(one.figures)
    if standing is not None:
        figures |= dict(zip(standings.metrics, standing.values, strict=False))
    return Entry(
        model=one.model,
        champion=standing is not None and standing.champion,
        outcome=one.outcome,
        rank=None if standing is None else standing.rank,
        tied=one.model in standings.best,
        quality=() if standing is None else standing.values,
        latency_ms=figures.get(LATENCY, nothing),
        size_mb=figures.get(SIZE, nothing),
        dominated_by="",
        pareto=False,
        kept=tuple(_kept(c, figures.get(c.metric, nothing)) for c in constraints),
        usual_ms=figures.get(USUAL_LATENCY, nothing),
    )


def _kept(constraint: Constraint, found: Estimate) -> Kept:
    """PASS with the whole interval within the bound, ERROR without one."""
    value, low, high = found.value, found.low, found.high
    if value is None or low is None or high is None or not math.isfinite(value + low + high):
        reason = f"{constraint.metric} was not measured, or too seldom for an interval"
        return Kept(str(constraint), Outcome.ERROR, reason)
    near, far = (low, high) if constraint.sign == "<=" else (high, low)
    within = operator.le if constraint.sign == "<=" else operator.ge
    interval = "" if low == high else f" [{low:.4g}, {high:.4g}]"
    reason = f"{constraint.metric} is {value:.4g}{interval}"
    if within(far, constraint.bound):
        return Kept(str(constraint), Outcome.PASS, reason)
    missed = not within(near, constraint.bound)
    return Kept(str(constraint), Outcome.FAIL if missed else Outcome.INCONCLUSIVE, reason)


def _placed(entry: Entry, entries: Sequence[Entry], standings: Standings) -> Entry:
    """The entry with the first model that dominates it, if one does."""
    over = next((e.model for e in entries if e is not entry and _beats(e, entry, standings)), "")
    known = all(
        own.value is not None or all(e.cost[i].value is None for e in entries)
        for i, own in enumerate(entry.cost)
    )
    pareto = not over and known and entry.rank is not None
    return msgspec.structs.replace(entry, dominated_by=over, pareto=pareto)


def _beats(one: Entry, other: Entry, standings: Standings) -> bool:
    """Whether ``one`` is shown better in one respect, and by value is no worse in any.

    Both parts imply the usual dominance of values, so that no circle of models beats itself empty.
    """
    quality = [_no_worse_in_quality(one, other, name, standings) for name in standings.metrics]
    costs = [_no_dearer(a, b) for a, b in zip(one.cost, other.cost, strict=True)]
    if not all([*quality, *costs]):
        return False
    return (
        bool(standings.better(one.model, other.model))
        or _faster(one, other)
        or _smaller(one, other)
    )


def _no_worse_in_quality(one: Entry, other: Entry, metric: str, standings: Standings) -> bool:
    for pair in standings.pairs:
        if pair.metric == metric and {pair.first, pair.second} == {one.model, other.model}:
            gain = pair.improvement.value
            if gain is None:
                return False
            return gain >= 0 if pair.second == one.model else gain <= 0
    return False


def _no_dearer(one: Estimate, other: Estimate) -> bool:
    """By value; two that were not measured are alike, one that was not is unknown."""
    if one.value is None or other.value is None:
        return one.value is None and other.value is None
    return one.value <= other.value


def _faster(one: Entry, other: Entry) -> bool:
    """Shown: the intervals of the slow calls lie apart, and so do those of the usual ones.

    Of eighty calls four decide the 95% quantile, and what the machine did meanwhile decides those
    four. A model that is faster is so at its usual call, too, and by more than a clock drifts.
    """
    usual, against = one.usual_ms, other.usual_ms
    untold = usual.value is None and against.value is None
    pairs = [(one.latency_ms, other.latency_ms), *([] if untold else [(usual, against)])]
    return all(_apart(a, b) and _saves(a, b, _CLOCK) for a, b in pairs)


def _smaller(one: Entry, other: Entry) -> bool:
    """By its file."""
    return _apart(one.size_mb, other.size_mb)


def _apart(one: Estimate, other: Estimate) -> bool:
    """Whether ``one`` is shown to be less: the intervals do not overlap."""
    return one.high is not None and other.low is not None and one.high < other.low


# ------------------------------------------------------------------------ recommendation


def _recommended(entries: Sequence[Entry], standings: Standings) -> tuple[str | None, str]:
    """Whom to take, and why."""
    if standings.skipped:
        return None, f"No model is recommended: {standings.skipped}."
    allowed = [e for e in entries if not _withheld(e) and e.rank is not None]
    if not allowed:
        told = "; ".join(f"{e.model}: {_withheld(e) or 'it has no rank'}" for e in entries)
        return None, f"No model is recommended. {told}."
    best = allowed[0]
    tied = [e for e in allowed if not standings.behind(e.model, best.model)]
    choice = _choice(tied)
    return choice.model, _why(choice, best, tied, entries, standings)


def _choice(tied: Sequence[Entry]) -> Entry:
    """Of models that cannot be told apart in quality, best rank first, the one to take.

    The champion, unless another one is shown cheaper; then the best of those.
    """
    thrifty = [e for e in tied if not any(_undercuts(o, e) for o in tied)] or list(tied)
    holder = next((e for e in tied if e.champion), None)
    if holder is None or holder in thrifty:
        return holder or thrifty[0]
    return next((e for e in thrifty if _undercuts(e, holder)), thrifty[0])


def _withheld(entry: Entry) -> str:
    """Why a model may not be recommended; empty if it may."""
    broken = [k for k in entry.kept if k.outcome is not Outcome.PASS]
    if broken:
        first = broken[0]
        how = "it misses" if first.outcome is Outcome.FAIL else "it is not shown to keep"
        return f"{how} {first.constraint} ({first.reason})"
    if entry.champion or entry.outcome is Outcome.PASS:
        return ""
    return f"its verdict is {entry.outcome}" if entry.outcome else "it has no verdict"


def _undercuts(one: Entry, other: Entry) -> bool:
    """Whether ``one`` is shown cheaper in one respect and is shown dearer in none.

    By intervals alone: a clock's noise does not turn the recommendation from night to night. What
    was measured of one model alone is unknown, and undercuts nothing.
    """
    costs = list(zip(one.cost, other.cost, strict=True))
    if any((a.value is None) != (b.value is None) for a, b in costs):
        return False
    return bool(_saved(one, other)) and not _saved(other, one)


def _saved(one: Entry, other: Entry) -> list[str]:
    """In what ``one`` is shown cheaper, by more than dust: a byte is no reason for anything."""
    shown = {
        "latency": (_faster(one, other), one.latency_ms, other.latency_ms),
        "size": (_smaller(one, other), one.size_mb, other.size_mb),
    }
    return [name for name, (apart, a, b) in shown.items() if apart and _saves(a, b, _DUST)]


def _saves(one: Estimate, other: Estimate, share: float) -> bool:
    """Whether ``one`` is less by more than a share of the other, by value."""
    if one.value is None or other.value is None:
        return False
    return other.value - one.value > share * other.value


def _alike(one: Entry, other: Entry) -> bool:
    """Whether nothing that the two cost tells them apart, though it was measured."""
    known = any(a.value is not None and b.value is not None
                for a, b in zip(one.cost, other.cost, strict=True))  # fmt: skip
    return known and not _saved(one, other) and not _saved(other, one)


def _why(
    choice: Entry,
    best: Entry,
    tied: Sequence[Entry],
    entries: Sequence[Entry],
    standings: Standings,
) -> str:
    """The recommendation in one sentence, with what spoke against the others."""
    parts = ["it holds the title" if choice.champion else "its verdict is PASS"]
    if choice.kept:
        parts.append(f"it keeps {_listed([k.constraint for k in choice.kept])}")
    if choice is best:
        parts.append("it has the best rank of those that may be taken")
    else:
        parts.append(f"it cannot be told from {best.model}, which ranks best")
    parts += _what_it_costs(choice, [e for e in tied if e is not choice])
    if choice.champion and len(tied) > 1 and not any(_undercuts(choice, e) for e in tied):
        parts.append("nobody was shown better")
    won = [e.model for e in entries if standings.better(choice.model, e.model)]
    if won:
        parts.append(f"it is shown better than {_listed(won)}")
    out = "".join(f" {e.model} is not: {_withheld(e)}." for e in entries if _withheld(e))
    return f"{choice.model} is recommended: {', '.join(parts)}.{out}"


def _what_it_costs(choice: Entry, others: Sequence[Entry]) -> Iterator[str]:
    """Whom it undercuts, and in what; and from whom its costs cannot be told apart."""
    dearer = {e.model: " and ".join(_saved(choice, e)) for e in others if _undercuts(choice, e)}
    for saved in dict.fromkeys(dearer.values()):
        whom = [model for model, in_what in dearer.items() if in_what == saved]
        yield f"it is cheaper than {_listed(whom)} ({saved})"
    alike = [e.model for e in others if _alike(choice, e)]
    if alike:
        yield f"what it costs cannot be told apart from {_listed(alike)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
