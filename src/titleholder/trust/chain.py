"""Chains of statements: numbered, each with the digest of the one before.

    {book}/{environment}/{suite}/{sequence:08d}.json    one statement a number, never replaced
    {book}/{environment}/{suite}/head.json              a pointer that may lag, never decides

A number is taken by one conditional write, so the numbers have no gaps and no two writers share
one. The pointer only saves looking for the newest; readers look beyond it. The book of verdicts
and the book of titles are kept alike. Every statement that is read is opened by the reader's
`Trust`: with a pinned key, one unsigned or foreign link is the end of the chain's credit.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from titleholder import records
from titleholder.errors import NoVerdict, ObjectNotFound, PreconditionFailed, RecordError
from titleholder.store import Store
from titleholder.trust.pins import Opened, Trust
from titleholder.trust.statement import Digest, Placed, Sequence1, Statement, Subject, parse
from titleholder.types import Record

# How far beyond the pointer, and how far back, anyone looks.
LONGEST_WALK = 200
_BLOCK = 1000  # numbers whose keys begin alike, and as many as a bucket lists at once
_HEAD_ATTEMPTS = 16
_LOOKS = 10  # how often a chain may grow while it is read


class Chained(Protocol):
    """A statement that has a place in a chain."""

    @property
    def subject(self) -> tuple[Subject, ...]:
        """The file that it is about."""

    @property
    def predicate(self) -> Placed:
        """What it says, its place included."""


S = TypeVar("S", bound=Chained)
S_co = TypeVar("S_co", bound=Chained, covariant=True)


class Parser(Protocol[S_co]):
    """Reads a statement from its bytes, strictly; NoVerdict when they are not one."""

    def __call__(self, data: bytes, *, source: str) -> S_co:
        """The statement."""


class Head(Record, frozen=True):
    """The pointer to a link of the chain."""

    sequence: Sequence1
    digest: Digest


@dataclass(frozen=True, slots=True)
class Link(Generic[S]):
    """A statement in its place, with the bytes it was read from and their digest.

    ``signature`` is the id of the pinned key that vouches for it, or what it is called without.
    """

    key: str
    data: bytes
    digest: str
    signature: str
    statement: S

    @property
    def sequence(self) -> int:
        """The number that it says it has, which is the one that it lies under."""
        return self.statement.predicate.sequence


@dataclass(frozen=True, slots=True)
class Chain(Generic[S]):
    """The statements of one suite in one environment, in the book of their kind."""

    store: Store
    environment: str
    suite: str
    trust: Trust
    book: str
    read: Parser[S]

    @property
    def base(self) -> str:
        """The part that all its keys begin with."""
        return f"{self.book}/{self.environment}/{self.suite}"

    def key(self, sequence: int) -> str:
        """Where the statement of this number lies."""
        return f"{self.base}/{sequence:08d}.json"

    def tip(self) -> Link[S] | None:
        """The newest link: the pointer's, or one beyond it; None if the chain has not begun."""
        newest = self._pointed()
        start = newest.sequence if newest else 0
        for sequence in range(start + 1, start + 1 + LONGEST_WALK):
            following = self._link(sequence)
            if following is None:
                return newest
            if newest is not None:
                self._require_successor(newest, following)
            newest = following
        raise NoVerdict(f"{self.base}/head.json lags by more than {LONGEST_WALK} statements")

    def back_from(self, tip: Link[S], most: int | None = None) -> Iterator[Link[S]]:
        """The newest links, newest first, each checked against the one after; bounded."""
        link = tip
        for _ in range(LONGEST_WALK if most is None else most):
            yield link
            if link.sequence == 1:
                return
            previous = self._link(link.sequence - 1)
            if previous is None:
                raise _broken(f"{self.key(link.sequence - 1)} is missing")
            self._require_successor(previous, link)
            link = previous

    def signed_from(self, tip: Link[S], most: int) -> tuple[list[Link[S]], list[Link[S]]]:
        """The newest links, newest first: those that a pinned key vouches for, and those before.

        A chain may have begun before it was signed. What lies before the first link that a pinned
        key signed is told as what it is, ``unsigned`` or ``unverified``; that nobody exchanged it
        since is shown by the digests alone. NoVerdict for such a link in the midst, and for one
        that names a pinned key and does not have its signature. Without pinned keys all are of
        the first kind.
        """
        signed: list[Link[S]] = []
        before: list[Link[S]] = []
        refused: NoVerdict | None = None
        for link in replace(self, trust=Trust()).back_from(tip, tip.sequence):
            if refused is None and len(signed) == most:
                return signed, []
            try:
                signed.append(self.link(link.sequence, link.data) if self.trust.pins else link)
            except NoVerdict as error:
                refused = refused or error
                if self.trust.is_claimed(link.data, source=link.key):
                    raise
                before.append(link)
                continue
            if refused is not None:
                raise refused
        return signed, before[: most - len(signed)]

    def require_no_gap(self, tip: Link[S]) -> None:
        """NoVerdict where a number before this one is missing; two listings at most.

        Looked at are the thousand newest numbers at least, and two thousand at most.
        """
        block = tip.sequence // _BLOCK
        for one in range(max(block - 1, 0), block + 1):
            lying = set(self.store.keys(f"{self.base}/{one:05d}"))
            first, last = max(one * _BLOCK, 1), min(one * _BLOCK + _BLOCK - 1, tip.sequence)
            for number in range(first, last + 1):
                if self.key(number) not in lying:
                    raise _broken(f"{self.key(number)} is missing")

    def newest(self) -> Link[S] | None:
        """The newest link, with the store's word that nothing came after it and was taken away.

        Somebody may publish between the two questions: then the store remembers a link that was
        not there before, and it is asked for again. Only one that stays unseen was removed.
        NoVerdict then. A store that keeps no history cannot tell; that is what versioning and
        locks are for.
        """
        tip = self.tip()
        for _ in range(_LOOKS):
            following = self.key(tip.sequence + 1 if tip else 1)
            if self.store.revisions(following) == 0:
                return tip
            later = self.tip()
            if (later.sequence if later else 0) <= (tip.sequence if tip else 0):
                raise NoVerdict(
                    f"the chain was rolled back: {following} was there, and was removed",
                    cure="find out who removed it; the store remembers it as an older version",
                )
            tip = later
        raise NoVerdict(f"{self.base} grows faster than it can be read", cure="ask again")

    def require_first(self, link: Link[S]) -> None:
        """NoVerdict if something else lay under this number before."""
        if self.store.revisions(link.key) != 1:
            raise NoVerdict(
                f"{link.key} was replaced: it is not the first of that number",
                cure="find out who replaced it; what is published anew has a number of its own",
            )

    def append(self, sequence: int, data: bytes) -> None:
        """Take this number; PreconditionFailed if somebody has it already."""
        self.store.put_new(self.key(sequence), data)

    def point_to(self, link: Link[S]) -> bool:
        """Move the pointer forward, never back; whether it now points there or beyond."""
        data = records.encode(Head(link.sequence, link.digest))
        for _ in range(_HEAD_ATTEMPTS):
            try:
                stored = self.store.get(self._head_key)
            except ObjectNotFound:
                stored = None
            if stored is not None and self._head(stored.data).sequence >= link.sequence:
                return True
            try:
                if stored is None:
                    self.store.put_new(self._head_key, data)
                else:
                    self.store.put_if(self._head_key, data, stored.tag)
            except PreconditionFailed:
                continue
            return True
        return False

    @property
    def _head_key(self) -> str:
        return f"{self.base}/head.json"

    def _pointed(self) -> Link[S] | None:
        try:
            head = self._head(self.store.get(self._head_key).data)
        except ObjectNotFound:
            return None
        link = self._link(head.sequence)
        if link is None:
            raise _broken(f"its pointer names number {head.sequence}, which is missing")
        if link.digest != head.digest:
            raise _broken(f"{link.key} is not the one that its pointer names")
        return link

    def _head(self, data: bytes) -> Head:
        try:
            return records.decode(data, Head, source=self._head_key)
        except RecordError as error:
            raise _broken(error.message) from error

    def _link(self, sequence: int) -> Link[S] | None:
        key = self.key(sequence)
        try:
            data = self.store.get(key).data
        except ObjectNotFound:
            return None
        return self.link(sequence, data)

    def link(self, sequence: int, data: bytes) -> Link[S]:
        """These bytes as the statement of this number; NoVerdict if they may not be believed."""
        link = opened(data, self.key(sequence), self.environment, self.trust, self.read)
        self._require_in_place(link, sequence)
        return link

    def _require_in_place(self, link: Link[S], sequence: int) -> None:
        said = link.statement.predicate
        if said.suite != self.suite:
            raise NoVerdict(f"{link.key} was published for another suite: {said.suite}")
        if said.sequence != sequence:
            raise _broken(f"{link.key} says that it is number {said.sequence}")
        if (said.previous is None) != (sequence == 1):
            raise _broken(f"{link.key} does not say which one came before it")

    def _require_successor(self, link: Link[S], following: Link[S]) -> None:
        if following.statement.predicate.previous != link.digest:
            raise _broken(f"{link.key} is not the one that {following.key} was built on")


def verdicts(
    store: Store, environment: str, suite: str, trust: Trust | None = None
) -> Chain[Statement]:
    """The book of verdicts of a suite in an environment."""
    return Chain(store, environment, suite, trust or Trust(), "verdicts", parse)


def opened(data: bytes, key: str, environment: str, trust: Trust, read: Parser[S]) -> Link[S]:
    """The statement of this environment in these bytes, wherever they lie; NoVerdict otherwise."""
    envelope = trust.open(data, environment, source=key)
    link = Link(key, data, digest_of(data), envelope.signature, read(envelope.payload, source=key))
    if link.statement.predicate.environment != environment:
        said = link.statement.predicate.environment
        raise NoVerdict(f"{key} was published for another environment: {said}")
    _require_signing(link, envelope)
    return link


def _require_signing(link: Link[S], envelope: Opened) -> None:
    """A statement says itself whether it is signed: one that lost its envelope shows it."""
    if (link.statement.predicate.signature == "ed25519") is not envelope.enveloped:
        lost = "lost its signature" if not envelope.enveloped else "calls itself unsigned"
        raise NoVerdict(f"{link.key} {lost}: it was altered")


def digest_of(data: bytes) -> str:
    """The digest that links name each other by."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _broken(what: str) -> NoVerdict:
    return NoVerdict(
        f"the chain is broken: {what}",
        cure="find out who changed the store; restore the object, or begin a new environment",
    )
