"""What was published of a suite in an environment: its verdicts, titles and waivers, in order.

Every link that is told of has been checked against the one after it, every outcome has been
derived again from its findings. Where one does not follow, nothing is told at all.
"""

from collections.abc import Sequence
from datetime import date, datetime

from titleholder.cadence import Came
from titleholder.errors import NoVerdict
from titleholder.store import Store
from titleholder.trust.chain import Chain, Link
from titleholder.trust.pins import Trust
from titleholder.trust.statement import Statement
from titleholder.trust.titles import Action, Title, judged_against, present, titles
from titleholder.trust.waivers import Waiver, parse_waiver
from titleholder.types import Outcome, Record
from titleholder.verdict import recompute

# Numbers have eight digits, so no chain is longer.
EVERYTHING = 99_999_999


class Judged(Record, frozen=True):
    """One verdict of the chain. ``model`` and ``champion`` are hex digests of the files' bytes.

    ``night`` is the UTC day that the run stands for; ``signature`` is the id of the pinned key
    that vouches for it, or what it is called without.
    """

    sequence: int
    night: str
    published_at: str
    expires_at: str
    candidate: str
    model: str
    champion: str | None
    outcome: Outcome
    reason: str
    digest: str
    signature: str


class Crowned(Record, frozen=True):
    """One title of the book of titles: who became champion, when and how."""

    sequence: int
    crowned_at: str
    action: Action
    name: str
    model: str
    reason: str
    signature: str


class Granted(Record, frozen=True):
    """One waiver as it lies in the store; whether it counts, the gate says."""

    issued_at: str
    expires_at: str
    model: str
    rule: str
    slice: str
    approver: str
    reason: str
    signature: str


class History(Record, frozen=True):
    """All of it, oldest first. ``verdicts_in_all`` counts those that were left out, too.

    ``before_signing`` counts the verdicts told of that lie before the first one which a pinned
    key vouches for: no gate with that key believes them.
    """

    environment: str
    suite: str
    verdicts: tuple[Judged, ...]
    verdicts_in_all: int
    before_signing: int
    titles: tuple[Crowned, ...]
    waivers: tuple[Granted, ...]


def came(verdicts: Sequence[Judged]) -> list[Came]:
    """The verdicts as what came for their nights, each on its model."""
    return [
        Came(
            date.fromisoformat(one.night),
            f"{one.candidate} {one.model}",
            datetime.fromisoformat(one.published_at),
        )
        for one in verdicts
    ]


def read(chain: Chain[Statement], most: int = EVERYTHING) -> History:
    """The ``most`` newest verdicts, every title and every waiver.

    NoVerdict if there is none, if a link does not follow from the one before, contradicts itself,
    is not signed by a pinned key where one is pinned (but for those before the first that is), or
    was taken away or replaced (where the store remembers).
    """
    tip = chain.newest()
    if tip is None:
        raise NoVerdict(
            f"{chain.store.url} holds no verdict for {chain.suite} in {chain.environment}",
            cure="publish one first: titleholder run",
        )
    signed, before = chain.signed_from(tip, most)
    newest = [judged(link) for link in (*signed, *before)]
    return History(
        environment=chain.environment,
        suite=chain.suite,
        verdicts=tuple(reversed(newest)),
        verdicts_in_all=tip.sequence,
        before_signing=len(before),
        titles=crowns(chain),
        waivers=granted(chain),
    )


def judged(link: Link[Statement]) -> Judged:
    """What one link says, its outcome derived again; NoVerdict if it contradicts itself."""
    said = link.statement.predicate
    return Judged(
        sequence=said.sequence,
        night=said.logical_date,
        published_at=said.published_at,
        expires_at=said.expires_at,
        candidate=said.verdict.candidate,
        model=link.statement.subject[0].digest.sha256,
        champion=judged_against(said.verdict),
        outcome=recompute(said.verdict),
        reason=said.verdict.reason,
        digest=link.digest,
        signature=link.signature,
    )


def crowns(chain: Chain[Statement]) -> tuple[Crowned, ...]:
    """Every title of the suite, oldest first; NoVerdict where that chain is broken."""
    book = titles(chain.store, chain.environment, chain.suite, chain.trust)
    tip = present(book)
    if tip is None:
        return ()
    signed, before = book.signed_from(tip, EVERYTHING)
    return tuple(crowned(link) for link in (*signed, *before))[::-1]


def crowned(link: Link[Title]) -> Crowned:
    """What one link of the book of titles says."""
    said = link.statement.predicate
    return Crowned(
        sequence=said.sequence,
        crowned_at=said.crowned_at,
        action=said.action,
        name=link.statement.subject[0].name,
        model=link.statement.holder,
        reason=said.reason,
        signature=link.signature,
    )


def granted(chain: Chain[Statement]) -> tuple[Granted, ...]:
    """Every waiver that lies in the store for this suite, oldest first.

    Approvers are not known here: a waiver is told of as unverified. What is no waiver at all is
    left out, since the gate does not heed it either.
    """
    base = f"waivers/{chain.environment}/{chain.suite}/"
    found = []
    for key in chain.store.keys(base):
        waiver = _waiver(chain.store, chain.environment, key)
        if waiver is None or waiver[0].predicate.suite != chain.suite:
            continue
        said, signature = waiver[0].predicate, waiver[1]
        found.append(
            Granted(
                issued_at=said.issued_at,
                expires_at=said.expires_at,
                model=waiver[0].subject[0].digest.sha256,
                rule=said.rule,
                slice=said.slice,
                approver=said.approver,
                reason=said.reason,
                signature=signature,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.issued_at, one.rule, one.slice)))


def _waiver(store: Store, environment: str, key: str) -> tuple[Waiver, str] | None:
    try:
        envelope = Trust().open(store.get(key).data, environment, source=key)
        return parse_waiver(envelope.payload, source=key), envelope.signature
    except NoVerdict:
        return None
