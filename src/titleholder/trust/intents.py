"""What somebody began to publish: said before the evidence is written, and never taken back.

    intents/{environment}/{suite}/{run key}.json

An intent is for people. A publication that was killed, or whose store fell silent at the decisive
write, leaves one without a verdict, and `titleholder doctor` says which. Nothing is decided by it
and nobody's word is taken from it, so it is not signed.
"""

import contextlib
from typing import Final, Literal

from titleholder import records
from titleholder.errors import ObjectNotFound, PreconditionFailed, RecordError
from titleholder.store import Store
from titleholder.trust.chain import Chain
from titleholder.trust.statement import Day, Digest, Instant, Name, Statement, Subject
from titleholder.types import Record

BOOK: Final = "intents"


class Intent(Record, frozen=True):
    """Which question somebody was about to answer, of which model, and since when."""

    schema_version: Literal[1]
    environment: Name
    suite: Name
    run_key: Digest
    subject: Subject
    logical_date: Day
    begun_at: Instant


def announce(store: Store, intent: Intent) -> None:
    """Say what is about to be published; an earlier try may have said it already."""
    with contextlib.suppress(PreconditionFailed):
        store.put_new(_key(intent), records.encode(intent))


def unfinished(chain: Chain[Statement]) -> tuple[Intent, ...]:
    """What was announced for a chain's suite and has no verdict, oldest first.

    As far back as anyone looks: what was announced before the oldest link of the walk is not told.
    """
    tip = chain.tip()
    links = [] if tip is None else list(chain.back_from(tip))
    answered = {link.statement.predicate.run_key for link in links}
    whole = not links or links[-1].sequence == 1
    since = "" if whole else links[-1].statement.predicate.published_at
    begun = [_read(chain.store, key) for key in chain.store.keys(_prefix(chain))]
    still = [one for one in begun if one and one.run_key not in answered and one.begun_at >= since]
    return tuple(sorted(still, key=lambda one: (one.begun_at, one.run_key)))


def _read(store: Store, key: str) -> Intent | None:
    """The intent under a key; None for what is none, since nothing rests on it."""
    try:
        return records.decode(store.get(key).data, Intent, source=key)
    except (ObjectNotFound, RecordError):
        return None


def _prefix(chain: Chain[Statement]) -> str:
    return f"{BOOK}/{chain.environment}/{chain.suite}/"


def _key(intent: Intent) -> str:
    digest = intent.run_key.removeprefix("sha256:")
    return f"{BOOK}/{intent.environment}/{intent.suite}/{digest}.json"
