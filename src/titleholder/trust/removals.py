"""Notes on evidence that was removed: one before anything is, one when all of it is.

    prunings/{name}/begun.json    which digests are to go, by which rule, and when
    prunings/{name}/ended.json    when that was done, and what was put back

A verdict whose evidence is gone can so be told from one whose evidence was taken away. Publishers
look at the notes, too: evidence that lay there already may be removed under their hands.
"""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from titleholder import records
from titleholder.store import Store
from titleholder.trust.statement import Hex, Instant, instant
from titleholder.types import Record

BASE = "prunings"
_BEGUN, _ENDED = "begun.json", "ended.json"


class Begun(Record, frozen=True):
    """What is to be removed, hex digests of evidence, and the rule in words."""

    schema_version: Literal[1]
    begun_at: Instant
    rule: Annotated[str, Meta(max_length=2000)]
    removed: tuple[Hex, ...]


class Ended(Record, frozen=True):
    """That it was; ``restored`` was named by a verdict that came meanwhile, and put back."""

    schema_version: Literal[1]
    ended_at: Instant
    restored: tuple[Hex, ...]


def begin(store: Store, rule: str, removed: Collection[Hex], now: datetime) -> str:
    """Note what is to be removed; the name of the note."""
    name = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    said = Begun(1, instant(now), rule, tuple(sorted(removed)))
    store.put_new(f"{BASE}/{name}/{_BEGUN}", records.encode(said))
    return name


def end(store: Store, name: str, restored: Collection[Hex], now: datetime) -> None:
    """Note that it was done."""
    said = Ended(1, instant(now), tuple(sorted(restored)))
    store.put_new(f"{BASE}/{name}/{_ENDED}", records.encode(said))


def notes(store: Store) -> frozenset[str]:
    """The keys of all notes."""
    return frozenset(store.keys(f"{BASE}/"))


def disturbed(before: frozenset[str], after: frozenset[str]) -> bool:
    """Whether evidence may have been removed between two looks at the notes.

    Somebody began or ended meanwhile, or began and has not ended.
    """
    over = {key.replace(_ENDED, _BEGUN) for key in after if key.endswith(_ENDED)}
    running = {key for key in after if key.endswith(_BEGUN)} - over
    return before != after or bool(running)


def removal_of(store: Store, sha256: Hex) -> Begun | None:
    """The newest note that says of this evidence that it was to be removed."""
    return next((note for note in _begun(store) if sha256 in note.removed), None)


def _begun(store: Store) -> Iterator[Begun]:
    for key in sorted(notes(store), reverse=True):
        if key.endswith(_BEGUN):
            yield records.decode(store.get(key).data, Begun, source=key)
