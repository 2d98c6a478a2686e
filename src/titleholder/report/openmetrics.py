"""Verdicts as OpenMetrics text, for whatever watches the rest of the house.

https://prometheus.io/docs/specs/om/open_metrics_spec/ (1.0). Moments are told, not ages: a file
does not grow older by itself, and ``time() - titleholder_verdict_published_timestamp_seconds``
does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from titleholder.report import findings as said
from titleholder.report.text import visible
from titleholder.types import Outcome, Verdict

_LABELS = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Ruled:
    """What one rule found on one slice: the judged quantity, its interval and its bound."""

    rule: str
    where: str
    metric: str
    outcome: Outcome
    value: float | None
    low: float | None
    high: float | None
    bound: float


@dataclass(frozen=True, slots=True)
class Told:
    """One verdict as it is watched; ``environment`` is empty and moments None if unpublished.

    ``questions`` were put to the rows of its panel so far, and ``questions_left`` may yet be, None
    where no budget was declared.
    """

    suite: str
    candidate: str
    outcome: Outcome
    rules: tuple[Ruled, ...]
    environment: str = ""
    published: datetime | None = None
    expires: datetime | None = None
    questions: int | None = None
    questions_left: int | None = None


def told(
    verdict: Verdict,
    environment: str = "",
    published: datetime | None = None,
    expires: datetime | None = None,
) -> Told:
    """A verdict, with every one of its findings."""
    ruled = []
    for finding in said.ordered(verdict.findings):
        held = said.judged(finding)
        ruled.append(
            Ruled(
                rule=finding.rule,
                where=said.where(finding),
                metric=finding.metric,
                outcome=finding.outcome,
                value=held.estimate.value,
                low=held.estimate.low,
                high=held.estimate.high,
                bound=held.bound,
            )
        )
    return Told(
        verdict.suite, verdict.candidate, verdict.outcome, tuple(ruled),
        environment, published, expires,
    )  # fmt: skip


def openmetrics(verdicts: Sequence[Told], errors: Mapping[str, str] | None = None) -> str:
    """The whole exposition. ``errors`` are suites that came to no verdict, with the message."""
    lines = (
        *_of_suites(verdicts, errors or {}),
        *_of_verdicts(verdicts),
        *_of_budgets(verdicts),
        *_of_rules(verdicts),
    )
    return "\n".join([*lines, "# EOF"]) + "\n"


def _of_suites(verdicts: Sequence[Told], errors: Mapping[str, str]) -> Iterator[str]:
    judged = {one.suite: 1 for one in verdicts} | dict.fromkeys(errors, 0)
    yield from _family("titleholder_suite_judged", "gauge", "Whether the suite has a verdict.")
    for suite, whether in judged.items():
        yield _sample("titleholder_suite_judged", {"suite": suite}, whether)


def _of_verdicts(verdicts: Sequence[Told]) -> Iterator[str]:
    name = "titleholder_verdict_outcome"
    yield from _family(name, "stateset", "What became of the candidate.")
    for one in verdicts:
        yield from _states(name, _of(one), one.outcome)
    moments = (
        ("published", "When the verdict was published.", attrgetter("published")),
        ("expires", "Until when the gate heeds it.", attrgetter("expires")),
    )
    for word, text, moment in moments:
        name = f"titleholder_verdict_{word}_timestamp_seconds"
        yield from _family(name, "gauge", text, unit="seconds")
        for one in verdicts:
            if (at := moment(one)) is not None:
                yield _sample(name, _of(one), at.timestamp())


def _of_budgets(verdicts: Sequence[Told]) -> Iterator[str]:
    counts = (
        ("questions", "Questions put to the rows of the panel.", attrgetter("questions")),
        ("questions_left", "Questions that may yet be.", attrgetter("questions_left")),
    )
    for word, text, count in counts:
        name = f"titleholder_holdout_{word}"
        yield from _family(name, "gauge", text)
        for one in verdicts:
            if (found := count(one)) is not None:
                yield _sample(name, _of(one), found)


def _of_rules(verdicts: Sequence[Told]) -> Iterator[str]:
    name = "titleholder_rule_outcome"
    yield from _family(name, "stateset", "What became of the rule.")
    for one in verdicts:
        for ruled in one.rules:
            yield from _states(name, _of(one) | _ruled(ruled), ruled.outcome)
    quantities = (
        ("judged", "The quantity that the rule judges.", attrgetter("value")),
        ("judged_low", "The lower end of its interval.", attrgetter("low")),
        ("judged_high", "The upper end of its interval.", attrgetter("high")),
        ("bound", "What the interval has to stay clear of.", attrgetter("bound")),
    )
    for word, text, quantity in quantities:
        name = f"titleholder_rule_{word}"
        yield from _family(name, "gauge", text)
        for one in verdicts:
            for ruled in one.rules:
                if (value := quantity(ruled)) is not None:
                    yield _sample(name, _of(one) | _ruled(ruled), value)


def _of(one: Told) -> dict[str, str]:
    placed = {"environment": one.environment} if one.environment else {}
    return {**placed, "suite": one.suite, "candidate": one.candidate}


def _ruled(ruled: Ruled) -> dict[str, str]:
    return {"rule": ruled.rule, "on": ruled.where, "metric": ruled.metric}


def _family(name: str, kind: str, text: str, *, unit: str = "") -> Iterable[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {text}"


def _states(name: str, labels: dict[str, str], outcome: Outcome) -> Iterator[str]:
    """Every outcome, of which one is 1."""
    for state in Outcome:
        yield _sample(name, {**labels, name: state}, int(state is outcome))


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{visible(text).translate(_LABELS)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value!r}"
