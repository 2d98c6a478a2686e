"""How often many nights and many candidates deceive: ``python -m tests.campaign.error_rates``.

Prints the tables of docs/error_rates.md. ``python -m tests.campaign.error_rates 50`` is quicker:
50 years and panels a line.
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, median

import numpy as np

from titleholder import watch
from titleholder.arrays import Bools, Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.comparison.decay import Decay
from titleholder.holdout import left
from titleholder.judge import judge
from titleholder.ledger.questions import side
from titleholder.params.schema import DecayParams, HoldoutParams, Policy
from titleholder.stats.sequential import Run
from titleholder.types import Estimate, Kind, Outcome, Rule, Task

LEVEL = 0.95
NIGHTS = 365
YEARS = 400
PANELS = 400
TRUE = 0.8


# ------------------------------------------------------------------------------- nights


@dataclass(frozen=True, slots=True)
class Year:
    """A champion of accuracy `TRUE` on a reference, watched on ``rows`` fresh rows a night.

    From night ``since`` on it is worse by ``drop``; ``margin`` is what it may lose.
    """

    name: str
    rows: int
    reference: int
    margin: float
    drop: float
    since: int = 1


@dataclass(frozen=True, slots=True)
class Alarms:
    """On which night of a year each rule first said FAIL, None where it never did.

    ``nightly`` believes each night's own interval, ``sequence`` is the check on decay.
    """

    nightly: int | None
    sequence: int | None


def years() -> Iterator[Year]:
    """What is simulated: nothing lost, all of the margin lost, and real losses."""
    for rows in (200, 2000):
        yield Year("nothing lost", rows, 10_000, 0.02, 0.0)
        yield Year("the whole margin lost", rows, 10_000, 0.02, 0.02)
        yield Year("the whole margin lost, small reference", rows, 1000, 0.02, 0.02)
    for rows, drop in ((200, 0.1), (2000, 0.1), (2000, 0.05)):
        yield Year(f"{drop:g} lost from night 100 on", rows, 10_000, 0.02, drop, since=100)
        yield Year(f"{drop:g} lost from night 300 on", rows, 10_000, 0.02, drop, since=300)


def wilson(hits: int, n: int, level: float = LEVEL) -> Estimate:
    """Wilson's score interval of a share (1927, doi:10.1080/01621459.1927.10502953)."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = hits / n, z * z / n
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return Estimate(share, min(share, centre - half), max(share, centre + half))


def lived(year: Year, random: np.random.Generator, nights: int = NIGHTS) -> Alarms:
    """One year: the reference is drawn once, then a panel each night."""
    then = wilson(int(random.binomial(year.reference, TRUE)), year.reference)
    nightly = sequence = None
    run: Run | None = None
    params = DecayParams(metric="accuracy", margin=year.margin)
    for night in range(1, nights + 1):
        share = TRUE - (year.drop if night >= year.since else 0.0)
        tonight = _decay(year, then, wilson(int(random.binomial(year.rows, share)), year.rows))
        added = watch.tonight(tonight)
        assert added is not None
        run = (run or Run(added.unit)).after(year.rows, added.value, added.std_error)
        if nightly is None and (tonight.change.high or 0.0) < -year.margin:
            nightly = night
        if watch.check(tonight, params, run).outcome is Outcome.FAIL:
            return Alarms(nightly, night)
    return Alarms(nightly, sequence)


def _decay(year: Year, then: Estimate, now: Estimate) -> Decay:
    """What the compare stage would record of this night (MOVER, as `comparison.decay`)."""
    value = (now.value or 0.0) - (then.value or 0.0)
    down = math.hypot((now.value or 0.0) - (now.low or 0.0), (then.high or 0.0) - (then.value or 0))
    up = math.hypot((now.high or 0.0) - (now.value or 0.0), (then.value or 0.0) - (then.low or 0))
    return Decay(
        metric="accuracy",
        n_reference=year.reference,
        n_current=year.rows,
        level=LEVEL,
        reference=then,
        current=now,
        change=Estimate(value, value - down, value + up),
        worth_then=then,
        worth_now=now,
    )


# --------------------------------------------------------------------------- candidates


class Way(StrEnum):
    """What is new about each question."""

    BLIND = "a candidate made without the panel"
    CLIMBING = "a candidate made from the panel's figures"
    RULES = "a rule on other rows"


@dataclass(frozen=True, slots=True)
class Queue:
    """Questions that are put to a panel one after the other until one is answered by PASS.

    `Way.CLIMBING` candidates are made from the best one so far by a random change that is kept
    where the panel liked it, and are in truth no better than the champion; the rule wants them
    better. `Way.BLIND` ones lose exactly the margin of a rule of non-inferiority, and know nothing
    of the panel. `Way.RULES` is one such candidate, and another rule each time: on a slice that no
    rule before was about.
    """

    name: str
    way: Way
    rows: int
    tries: int = 100


BUDGETS: dict[str, HoldoutParams | None] = {
    "none": None,
    "budget: 20": HoldoutParams(budget=20),
    "budget: 5": HoldoutParams(budget=5),
    "alpha: 0.1": HoldoutParams(alpha=0.1),
}
MARGIN = 0.02


def queues() -> Iterator[Queue]:
    """What is simulated."""
    yield Queue("as bad as may be, made without the panel", Way.BLIND, rows=1000)
    yield Queue("as bad as may be, made without the panel", Way.BLIND, rows=10_000)
    yield Queue("no better, tuned by the panel's figures", Way.CLIMBING, rows=1000)
    yield Queue("one as bad as may be, by a rule on another slice each time", Way.RULES, rows=1000)


def passed(queue: Queue, random: np.random.Generator) -> int | None:
    """Which question of the queue is the first that passes, from 1 on; None if none does.

    Each one that does is a false promotion. The engine measures, and the judge decides.
    """
    truth = np.ones(queue.rows, dtype=np.int64)
    panel = Panel(
        np.array([f"r{i}" for i in range(queue.rows)]), Task.BINARY, truth, classes=("no", "yes")
    )
    champion = random.random(queue.rows) < TRUE
    best = champion.copy()
    climbing = queue.way is Way.CLIMBING
    kind = Kind.SUPERIOR if climbing else Kind.NON_INFERIOR
    margin = 0.0 if climbing else MARGIN
    rules = Policy(
        task=Task.BINARY,
        metrics=("accuracy",),
        rules=(Rule("r", "accuracy", kind, margin=margin),),
        resamples=200,
    )
    for number in range(1, queue.tries + 1):
        if queue.way is Way.RULES:
            champion = random.random(queue.rows) < TRUE
        tried = _climbed(best, random) if climbing else _losing(champion, random)
        found = measure(panel, _says(champion), _says(tried), rules)
        (finding,) = judge(rules, found.comparisons)
        if finding.outcome is Outcome.PASS:
            return number
        if tried.mean() > best.mean():
            best = tried
    return None


def _says(right: Bools) -> Predictions:
    """A model that is right on these rows, all of which are positive."""
    return Predictions("model", label=right.astype(np.int64))


def _losing(champion: Bools, random: np.random.Generator) -> Bools:
    """Answers whose true accuracy is the champion's less `MARGIN`: some gained, more lost."""
    gained = random.random(len(champion)) < 0.3
    lost = random.random(len(champion)) < (0.3 * (1 - TRUE) + MARGIN) / TRUE
    right: Bools = np.where(champion, ~lost, gained)
    return right


def _climbed(best: Bools, random: np.random.Generator) -> Bools:
    """The best answers so far, but for a twentieth of the rows that are answered anew by chance."""
    anew = random.random(len(best)) < 0.05
    right: Bools = np.where(anew, random.random(len(best)) < TRUE, best)
    return right


def within(number: int, budget: HoldoutParams | None) -> bool:
    """Whether the candidate of this number may still be approved under a budget."""
    return budget is None or not left(budget, number, number * side(LEVEL)).spent


# ------------------------------------------------------------------------------- tables


def table_of_years(count: int) -> str:
    """Shares of years with an alarm, and nights until it came."""
    lines = [
        "| what happened | rows a night | reference | alarm by a nightly interval | alarm by the "
        "sequence | before the loss | nights until it was found (median) |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for number, year in enumerate(years()):
        random = np.random.default_rng([7, number])
        found = [lived(year, random) for _ in range(count)]
        lost = year.drop > year.margin
        first = [a.sequence for a in found if a.sequence is not None]
        early = sum(night < year.since for night in first) / count if lost else math.nan
        delays = [night - year.since + 1 for night in first if night >= year.since]
        nightly = sum(alarms.nightly is not None for alarms in found) / count
        lines.append(
            f"| {year.name} | {year.rows:,} | {year.reference:,} | {nightly:.1%} "
            f"| {len(first) / count:.1%} | {_share(early)} | {_middle(delays) if lost else '–'} |"
        )
    return "\n".join(lines)


def table_of_queues(count: int) -> str:
    """Shares of panels on which a candidate was promoted wrongly, by budget."""
    names = ("no budget" if said is None else f"`{name}`" for name, said in BUDGETS.items())
    lines = [
        f"| candidates | rows | {' | '.join(names)} |",
        f"|---|--:|{'--:|' * len(BUDGETS)}",
    ]
    for number, queue in enumerate(queues()):
        random = np.random.default_rng([8, number])
        found = [passed(queue, random) for _ in range(count)]
        shares = [
            sum(n is not None and within(n, budget) for n in found) / count
            for budget in BUDGETS.values()
        ]
        told = " | ".join(f"{share:.1%}" for share in shares)
        lines.append(f"| {queue.name} | {queue.rows:,} | {told} |")
    return "\n".join(lines)


def _share(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.1%}"


def _middle(nights: list[int]) -> str:
    return f"{median(nights):.0f}" if nights else "–"


def main() -> None:
    """Both tables, to standard output."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else YEARS
    print(table_of_years(count), end="\n\n")
    print(table_of_queues(count))


if __name__ == "__main__":
    main()
