"""Questions put to a panel: one for each candidate that was held against a champion on its rows.

The number of a question is its place on the panel's page and never changes: asked again, it is
the same question, whoever else has asked meanwhile. So a run that is repeated has the same
exposure, and of two that race each has a number of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from titleholder import records
from titleholder.errors import PreconditionFailed, RecordError, StoreError
from titleholder.ledger.page import Line, Page, Placed, names
from titleholder.metrics import REGISTRY
from titleholder.params.schema import Policy
from titleholder.store import Store
from titleholder.trust.pins import KeyPair
from titleholder.trust.statement import (
    STATEMENT_TYPE,
    Count,
    Day,
    Digest,
    Exposure,
    Hex,
    Name,
    Subject,
)
from titleholder.types import Estimate, Finding, Kind, Outcome, Record, decides

QUESTION_TYPE: Final = "urn:titleholder:question:v1"
Short: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Level: TypeAlias = Annotated[float, Meta(gt=0.5, lt=1.0)]
_RACES: Final = 64


class Question(Placed, frozen=True, kw_only=True):
    """What was asked of the panel's rows, by whom, and what was found when it was first asked.

    ``question`` names it: candidate, champion, and the intervals that decide. ``run``
    is the run key of the first verdict on it. ``spent`` is the error that all questions up to
    this one may have cost together; ``asked`` has the beginnings of their names, in order.
    """

    rows: Count
    question: Hex
    champion: Hex
    environment: Name
    suite: Name
    logical_date: Day
    run: Digest
    outcome: Outcome
    level: Level
    spent: Annotated[float, Meta(ge=0.0)]
    asked: Annotated[tuple[Short, ...], Meta(min_length=1)]


class Asked(Record, frozen=True):
    """An in-toto statement: this was asked of the subject, a candidate's file."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]
    predicate_type: Literal["urn:titleholder:question:v1"] = msgspec.field(name="predicateType")
    predicate: Question


@dataclass(frozen=True, slots=True)
class Draft:
    """A question but for its place on the page."""

    panel: Digest
    rows: int
    candidate: Subject
    champion: Hex
    question: Hex
    environment: str
    suite: str
    logical_date: date
    run: Digest
    outcome: Outcome
    level: float


def question_of(candidate: Hex, champion: Hex, policy: Policy, findings: Iterable[Finding]) -> Hex:
    """The name of a question: these two files, measured in this way, and the intervals that decide.

    Bounds are left out: others held against the same intervals ask the rows nothing new, since an
    interval that holds the truth is right about all of them at once. Everything else asks anew: a
    threshold, a seed, a level, another method, and whatever makes other intervals under the same
    parameters (weights, clusters, costs, an expression, a metric's own code, other features). So
    does a rule on another metric or slice, and one that no longer decides: each interval may err on
    its own, and trying one after the other until one passes adds their errors up. Figures of the
    model itself, such as its latency, are left out: they are not of these rows.
    """
    asked: dict[str, object] = {
        "candidate": candidate,
        "champion": champion,
        "decides": sorted(_decided(f) for f in findings if _decides(f)),
        "level": policy.level,
        "positive": policy.positive,
        "resamples": policy.resamples,
        "seed": policy.seed,
        "task": policy.task,
        "threshold": policy.threshold,
    }
    if policy.methods:
        asked["methods"] = dict(policy.methods)
    return records.sha256(asked)


def _decides(finding: Finding) -> bool:
    measured = finding.metric in REGISTRY and REGISTRY[finding.metric].measured
    return decides(finding) and not measured


def _decided(finding: Finding) -> list[str]:
    """What was judged, and the interval that it was judged by."""
    own = finding.kind in (Kind.FLOOR, Kind.CEILING)
    what = "candidate" if own else "relative" if finding.relative else "improvement"
    where = [finding.metric, finding.slice, finding.over or ""]
    rows = [str(finding.n), str(finding.n_clusters)]
    return [*where, what, *rows, *_digits(finding.candidate if own else finding.improvement)]


def _digits(of: Estimate) -> list[str]:
    """Value and ends as far as two machines agree on them: six digits of the largest."""
    numbers = of.value, of.low, of.high
    size = max((abs(number) for number in numbers if number is not None), default=0.0)
    parts = [
        "none" if number is None else f"{round(number / (size or 1.0), 6) + 0.0:.6f}"
        for number in numbers
    ]
    return [f"{size:.5e}", *parts]


def side(level: float) -> float:
    """The error that one question may cost: that of a rule, one-sided.

    >>> round(side(0.95), 6)
    0.025
    """
    return (1 - level) / 2


def page_of(store: Store, panel: Digest, signer: KeyPair | None = None) -> Page[Asked]:
    """The page of a panel."""
    return Page(store, "panels", panel, Asked, signer)


def ask(store: Store, draft: Draft, signer: KeyPair | None = None) -> Exposure:
    """Note the question, unless it stands there already, and say which number it has.

    RecordError if the page is broken, StoreErrors if nothing is known to be noted.
    """
    page = page_of(store, draft.panel, signer)
    for _ in range(_RACES):
        tip = page.tip()
        standing = _standing(page, tip, draft.question)
        if standing is not None:
            return exposure_of(standing)
        try:
            return exposure_of(page.append(_after(page, tip, draft)))
        except PreconditionFailed:
            continue
    raise StoreError(
        f"{store.url}: {_RACES} other questions went in first", cure="run it again in a while"
    )


def asked_of(store: Store, panel: Digest) -> tuple[Asked, ...]:
    """All that was asked of a panel, in order; RecordError if its page is broken."""
    return tuple(line.said for line in page_of(store, panel).lines())


def retraced(store: Store, exposure: Exposure) -> Asked:
    """The question of an exposure, once its whole past adds up; RecordError if it does not."""
    spent, names_so_far = 0.0, tuple[str, ...]()
    line: Line[Asked] | None = None
    for line in page_of(store, exposure.panel).lines(exposure.number):
        said = line.said.predicate
        spent += side(said.level)
        names_so_far = (*names_so_far, said.question[:16])
        if (said.spent, said.asked) != (spent, names_so_far):
            raise RecordError(f"the ledger is broken: {line.key} does not add up")
    if line is None or exposure_of(line) != exposure:
        raise RecordError("the ledger does not hold the question that the verdict names")
    return line.said


def panels(store: Store) -> tuple[Digest, ...]:
    """Every panel that something was asked of."""
    return names(store, "panels")


def exposure_of(line: Line[Asked]) -> Exposure:
    """The place of a question, and what was spent when it was asked."""
    said = line.said.predicate
    return Exposure(panel=said.page, number=said.sequence, line=line.digest, spent=said.spent)


def _standing(page: Page[Asked], tip: Line[Asked] | None, question: Hex) -> Line[Asked] | None:
    """The line on which this question stands already."""
    if tip is None or question[:16] not in tip.said.predicate.asked:
        return None
    line = page.line(tip.said.predicate.asked.index(question[:16]) + 1)
    if line.said.predicate.question != question:
        raise RecordError(f"the ledger is broken: {line.key} is not the question it is listed as")
    return line


def _after(page: Page[Asked], tip: Line[Asked] | None, draft: Draft) -> Asked:
    before = None if tip is None else tip.said.predicate
    question = Question(
        **page.place(tip),
        rows=draft.rows,
        question=draft.question,
        champion=draft.champion,
        environment=draft.environment,
        suite=draft.suite,
        logical_date=draft.logical_date.isoformat(),
        run=draft.run,
        outcome=draft.outcome,
        level=draft.level,
        spent=(before.spent if before else 0.0) + side(draft.level),
        asked=(*(before.asked if before else ()), draft.question[:16]),
    )
    return Asked(STATEMENT_TYPE, (draft.candidate,), QUESTION_TYPE, question)
