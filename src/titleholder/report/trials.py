"""What `titleholder selftest` says, as plain text."""

from titleholder.report import numbers
from titleholder.report.aligned import aligned
from titleholder.report.text import visible
from titleholder.selftest import Alarm, Scenario, SelfTest
from titleholder.stats.proportions import wilson

_HEAD = (
    "pairs", "regressed", "left open", "allowed", "points beyond bound", "points worse", "planted",
)  # fmt: skip
_MOST = 3  # alarms that are named
_RIGHT = frozenset(_HEAD[1:-1])


def plain(found: SelfTest) -> str:
    """A table with a row a scenario, and how to read it."""
    rows = [_cells(scenario) for scenario in found.scenarios]
    trials = found.scenarios[0].trials if found.scenarios else 0
    lines = [
        f"{visible(found.suite)}: {trials} pairs of each kind, {_size(found)}, made of the "
        f"answers of {visible(found.champion)}",
        "",
        *aligned(_HEAD, rows, _RIGHT),
        "",
        *(f"  {line}" for line in reading(found)),
    ]
    return "\n".join(lines) + "\n"


def _size(found: SelfTest) -> str:
    whole = f" of {found.rows:,}" if found.n < found.rows else ""
    return f"{found.n:,}{whole} rows each"


def reading(found: SelfTest) -> list[str]:
    """What the table comes to, in sentences, and of which rows it is if not of all."""
    equal = [s for s in found.scenarios if not s.loss]
    said = []
    if found.n < found.rows:
        said.append(
            f"A sample: pairs are made of {found.n:,} of the panel's {found.rows:,} rows. Over all "
            "of them slices are larger and intervals narrower: rules find smaller losses, and "
            "leave less open, than is told here."
        )
    for scenario in equal:
        rate = wilson(scenario.regressed, scenario.trials, found.level)
        said.append(
            f"False alarms: {numbers.percent(scenario.regressed / scenario.trials, 0)} of equally "
            f"good pairs called regressed (at most {numbers.percent(rate.high, 0)} with "
            f"{found.level:.0%} confidence). Without intervals, "
            f"{numbers.percent(scenario.beyond / scenario.trials, 0)} would be rejected by an "
            f"estimate beyond its bound, {numbers.percent(scenario.worse / scenario.trials, 0)} by "
            "one that is worse at all."
        )
        said += _by_rules(scenario)
    missed = sum(s.allowed for s in found.scenarios if s.loss)
    pairs = sum(s.trials for s in found.scenarios if s.loss)
    if pairs:
        said.append(
            f"Planted losses: {missed} of {pairs} allowed. What is left open is not allowed either."
        )
    return said


def _by_rules(scenario: Scenario) -> list[str]:
    """Which rules raised the alarms, and those that no model like the champion can keep."""
    named = [f"{_named(a)} on {a.pairs} of {scenario.trials}" for a in scenario.alarms[:_MOST]]
    return [
        *([f"They were raised by {', '.join(named)}."] if named else []),
        *(
            f"{_named(alarm)} is a bound that the champion itself breaks: a candidate that is "
            "as good cannot pass it."
            for alarm in scenario.alarms[:_MOST]
            if alarm.own and alarm.pairs > scenario.trials / 2
        ),
    ]


def _named(alarm: Alarm) -> str:
    return f"{visible(alarm.rule, 40)} ({visible(alarm.slice, 40)})"


def _cells(scenario: Scenario) -> tuple[str, ...]:
    n = scenario.trials
    counts = (
        scenario.regressed, scenario.open, scenario.allowed, scenario.beyond, scenario.worse,
    )  # fmt: skip
    return (
        visible(scenario.name),
        *(numbers.percent(count / n, 0) for count in counts),
        visible(scenario.loss) or "nothing",
    )
