"""Nights on which a champion was watched: each adds fresh rows, or nothing.

A stream is one champion against one reference by one metric, whatever suite and environment it
serves. Its lines hold the whole state of the confidence sequence, so the newest is all it takes
to go on, and all of them together show that it was computed rightly.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from titleholder import records
from titleholder.comparison.fingerprint import Fingerprint, shared
from titleholder.errors import PreconditionFailed, RecordError, StoreError
from titleholder.ledger.page import Line, Page, Placed, names
from titleholder.ledger.questions import Short
from titleholder.stats.sequential import Run
from titleholder.store import Store
from titleholder.trust.pins import KeyPair
from titleholder.trust.statement import STATEMENT_TYPE, Day, Digest, Hex, Name, Subject, Watched
from titleholder.types import Record

NIGHT_TYPE: Final = "urn:titleholder:night:v1"
# How many of the newest nights are searched for rows that a new one has in common with them.
LOOK_BACK: Final = 32
_RACES: Final = 64
Positive = Annotated[float, Meta(gt=0.0)]


class Night(Placed, frozen=True, kw_only=True):
    """One night's estimate on fresh rows, and the run of all nights with it.

    ``value`` is how good the champion was (more is better, whatever the metric), ``std_error``
    its error. ``seen`` has the beginnings of the digests of all panels counted so far.
    """

    environment: Name
    suite: Name
    logical_date: Day
    panel: Fingerprint
    value: float
    std_error: Positive
    run: Run
    seen: Annotated[tuple[Short, ...], Meta(min_length=1)]


class Counted(Record, frozen=True):
    """An in-toto statement: so the subject, the champion's file, did on these nights."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]
    predicate_type: Literal["urn:titleholder:night:v1"] = msgspec.field(name="predicateType")
    predicate: Night


@dataclass(frozen=True, slots=True)
class Draft:
    """A night but for its place in the stream.

    ``unit`` is what `Run.unit` of a new stream will be.
    """

    stream: Digest
    champion: Subject
    environment: str
    suite: str
    logical_date: date
    panel: Fingerprint
    value: float
    std_error: float
    unit: float


@dataclass(frozen=True, slots=True)
class Nights:
    """The stream as it stands: its run, where that is noted, and why tonight added nothing."""

    run: Run
    watched: Watched
    refusal: str = ""


def stream_of(
    champion: Hex, reference: Hex, metric: str, positive: object, threshold: float
) -> Digest:
    """The name of a stream: whose answers, against which past, by what."""
    said = {
        "champion": champion,
        "reference": reference,
        "metric": metric,
        "positive": positive,
        "threshold": threshold,
    }
    return f"sha256:{records.sha256(said)}"


def page_of(store: Store, stream: Digest, signer: KeyPair | None = None) -> Page[Counted]:
    """The page of a stream."""
    return Page(store, "nights", stream, Counted, signer)


def count(store: Store, draft: Draft, signer: KeyPair | None = None) -> Nights:
    """Add a night to its stream, if its rows are fresh, and say how the stream stands.

    Rows that were counted before add nothing, in whole or in part: the night is refused.
    RecordError if the page is broken.
    """
    page = page_of(store, draft.stream, signer)
    for _ in range(_RACES):
        tip = page.tip()
        refusal = _seen(page, tip, draft.panel) if tip else ""
        if tip is not None and refusal:
            return _stands(tip, fresh=_is_of(tip, draft.panel), refusal=refusal)
        try:
            return _stands(page.append(_after(page, tip, draft)), fresh=True)
        except PreconditionFailed:
            continue
    raise StoreError(
        f"{store.url}: {_RACES} other nights went in first", cure="run it again in a while"
    )


def standing(store: Store, stream: Digest, refusal: str) -> Nights | None:
    """How a stream stands to which tonight cannot add anything; None if it has not begun."""
    tip = page_of(store, stream).tip()
    return None if tip is None else _stands(tip, fresh=False, refusal=refusal)


def nights_of(store: Store, stream: Digest) -> tuple[Counted, ...]:
    """All nights of a stream, in order; RecordError if its page is broken."""
    return tuple(line.said for line in page_of(store, stream).lines())


def retraced(store: Store, watched: Watched) -> Night:
    """The night that a verdict names, its run computed again; RecordError if it comes out else."""
    run: Run | None = None
    line: Line[Counted] | None = None
    for line in page_of(store, watched.stream).lines(watched.number):
        said = line.said.predicate
        run = Run(said.run.unit) if run is None else run
        run = run.after(said.panel.rows, said.value, said.std_error)
        if run != said.run:
            raise RecordError(f"the ledger is broken: the sums of {line.key} come out otherwise")
    if line is None or line.digest != watched.line:
        raise RecordError("the ledger does not hold the night that the verdict names")
    return line.said.predicate


def streams(store: Store) -> tuple[Digest, ...]:
    """Every stream that has begun."""
    return names(store, "nights")


def _stands(line: Line[Counted], *, fresh: bool, refusal: str = "") -> Nights:
    said = line.said.predicate
    watched = Watched(stream=said.page, number=said.sequence, line=line.digest, fresh=fresh)
    return Nights(said.run, watched, refusal)


def _is_of(line: Line[Counted], panel: Fingerprint) -> bool:
    return line.said.predicate.panel.digest == panel.digest


def _seen(page: Page[Counted], tip: Line[Counted], panel: Fingerprint) -> str:
    """Why these rows are not fresh; empty if they are, as far as can be told."""
    if _short(panel) in tip.said.predicate.seen:
        return "these very rows were counted before, and add nothing"
    newest = tip.said.predicate.sequence
    for number in range(newest, max(0, newest - LOOK_BACK), -1):
        said = (tip if number == newest else page.line(number)).said.predicate
        part = shared(said.panel, panel)
        if part > 0:
            return (
                f"about {max(part, 0.01):.0%} of these rows were counted on {said.logical_date}, "
                "and a night adds fresh rows or nothing"
            )
    return ""


def _short(panel: Fingerprint) -> str:
    return panel.digest.removeprefix("sha256:")[:16]


def _after(page: Page[Counted], tip: Line[Counted] | None, draft: Draft) -> Counted:
    before = None if tip is None else tip.said.predicate
    run = Run(draft.unit) if before is None else before.run
    night = Night(
        **page.place(tip),
        environment=draft.environment,
        suite=draft.suite,
        logical_date=draft.logical_date.isoformat(),
        panel=draft.panel,
        value=draft.value,
        std_error=draft.std_error,
        run=run.after(draft.panel.rows, draft.value, draft.std_error),
        seen=(*(before.seen if before else ()), _short(draft.panel)),
    )
    return Counted(STATEMENT_TYPE, (draft.champion,), NIGHT_TYPE, night)
