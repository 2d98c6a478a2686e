"""Giving the title: bootstrap, promotion on a trusted PASS, rollback. Each leaves its statement."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from titleholder import records, tree
from titleholder.errors import Exit, NoVerdict, PreconditionFailed, StoreError, UsageError
from titleholder.store import Store
from titleholder.trust import gate
from titleholder.trust.chain import Chain, Link
from titleholder.trust.gate import Answer
from titleholder.trust.pins import KeyPair, Pin, Trust, seal
from titleholder.trust.statement import STATEMENT_TYPE, Subject, instant, subject_of
from titleholder.trust.titles import (
    TITLE_TYPE,
    Action,
    Title,
    TitlePredicate,
    present,
    titles,
)


@dataclass(frozen=True, slots=True)
class Book:
    """The titles of a suite in an environment, with who may be believed and who signs.

    Without pinned keys a signer believes its own key alone; without a signer nothing is signed.
    """

    store: Store
    environment: str
    suite: str
    trust: Trust
    signer: KeyPair | None

    @property
    def credit(self) -> Trust:
        """Whose verdicts and titles count."""
        if self.trust.pins or self.signer is None:
            return self.trust
        return Trust((Pin(self.signer.public),))

    @property
    def chain(self) -> Chain[Title]:
        """The chain of titles as read with this credit."""
        return titles(self.store, self.environment, self.suite, self.credit)


@dataclass(frozen=True, slots=True)
class Crowned:
    """Who holds the title now; ``created`` is false where that was so before."""

    model: str
    name: str
    sequence: int
    action: Action
    location: str
    signature: str
    created: bool


def promote(book: Book, model: Path, deadline: float = gate.DEADLINE_S) -> Crowned | Answer:
    """Give the title to exactly these bytes, on a trusted PASS against the present champion.

    The gate's answer, where that is not ALLOW; no approver is asked, since a waiver lets a model
    out and does not make its loss the measure of the next one. NoVerdict if nobody holds the
    title yet, PreconditionFailed if somebody else was crowned meanwhile.
    """
    _require_one_mind(book)
    answer = gate.ask(book.store, book.environment, book.suite, model, deadline, book.credit)
    if answer.verdict is None or answer.exit is not Exit.ALLOW or answer.model is None:
        return answer
    tip = present(book.chain)
    if tip is None:
        raise NoVerdict(
            f"nobody holds the title of {book.suite} in {book.environment} yet",
            cure="crown the first one on purpose: titleholder promote SUITE --bootstrap --reason …",
        )
    subject = subject_of(tree.name_of(model), answer.model.removeprefix("sha256:"))
    if tip.statement.holder == subject.digest.sha256:
        return _crowned(book, tip, created=False)
    if answer.verdict.champion != tip.statement.holder:
        raise PreconditionFailed(_TOO_LATE, cure="run the suite against the new champion")
    return _give(book, tip, "promote", subject, verdict=answer.verdict.digest)


def bootstrap(book: Book, model: Path, reason: str) -> Crowned:
    """Give the title to the first champion, on nobody's verdict; only where there never was one."""
    _require_one_mind(book)
    _require_reason(reason)
    digest = gate.digest_of_model(model).removeprefix("sha256:")
    book.store.prepare()
    tip = present(book.chain)
    if tip is not None:
        raise UsageError(
            f"{book.suite} has a champion in {book.environment} already: {tip.key}",
            cure="promote a candidate that has passed, or roll back",
        )
    return _give(book, None, "bootstrap", subject_of(tree.name_of(model), digest), reason=reason)


def rollback(book: Book, reason: str, to: str | None = None) -> Crowned:
    """Give the title back to an earlier champion: ``to`` (``sha256:``…), or the one before.

    UsageError if there is none such.
    """
    _require_one_mind(book)
    _require_reason(reason)
    chain = book.chain
    tip = present(chain)
    if tip is None:
        raise NoVerdict(f"nobody holds the title of {book.suite} in {book.environment} yet")
    target = _before(chain, tip) if to is None else _holder(chain, tip, to)
    if target is None or target.statement.holder == tip.statement.holder:
        raise UsageError(
            "there is no such earlier champion to return to",
            cure="name one of the trail: --to sha256:…",
        )
    subject = target.statement.subject[0]
    return _give(book, tip, "rollback", subject, returns_to=target.sequence, reason=reason)


_TOO_LATE = "somebody else was given the title first"


def _require_one_mind(book: Book) -> None:
    """What is written must be believed by whoever reads with these pins."""
    if book.trust.pins and book.signer is None:
        raise UsageError(
            "a key is pinned, and there is no signing key: the title would be unsigned",
            cure="set TITLEHOLDER_SIGNING_KEY_FILE",
        )
    pinned = {pin.key.key_id for pin in book.trust.pins if pin.counts_in(book.environment)}
    if book.signer is not None and book.trust.pins and book.signer.key_id not in pinned:
        raise UsageError(
            f"the signing key is not one that is pinned for {book.environment}",
            cure="pin its public half too: --key",
        )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("this wants a reason in words", cure="--reason TEXT")


def _before(chain: Chain[Title], tip: Link[Title]) -> Link[Title] | None:
    """The title before the one that is in force; a rollback puts an earlier one in force again."""
    by_number = {link.sequence: link for link in chain.back_from(tip)}
    in_force: Link[Title] | None = tip
    while in_force is not None and in_force.statement.predicate.returns_to is not None:
        in_force = by_number.get(in_force.statement.predicate.returns_to)
    return None if in_force is None else by_number.get(in_force.sequence - 1)


def _holder(chain: Chain[Title], tip: Link[Title], to: str) -> Link[Title] | None:
    """The newest title of this model."""
    digest = gate.digest_of_model(to if to.startswith("sha256:") else f"sha256:{to}")
    wanted = digest.removeprefix("sha256:")
    return next((one for one in chain.back_from(tip) if one.statement.holder == wanted), None)


def _give(
    book: Book,
    tip: Link[Title] | None,
    action: Action,
    subject: Subject,
    *,
    verdict: str | None = None,
    returns_to: int | None = None,
    reason: str = "",
) -> Crowned:
    """Write the next title, unless somebody did meanwhile."""
    book.store.prepare()
    said = TitlePredicate(
        schema_version=1,
        environment=book.environment,
        suite=book.suite,
        sequence=tip.sequence + 1 if tip else 1,
        previous=tip.digest if tip else None,
        signature="unsigned" if book.signer is None else "ed25519",
        action=action,
        replaced=tip.statement.holder if tip else None,
        verdict=verdict,
        returns_to=returns_to,
        reason=reason,
        crowned_at=instant(book.store.now()),
    )
    title = Title(STATEMENT_TYPE, (subject,), TITLE_TYPE, said)
    data = seal(records.encode(title), book.signer)
    link = book.chain.link(said.sequence, data)
    try:
        book.chain.append(said.sequence, data)
    except PreconditionFailed:
        newest = present(book.chain)
        if newest is not None and newest.statement.holder == subject.digest.sha256:
            return _crowned(book, newest, created=False)
        raise PreconditionFailed(_TOO_LATE, cure="look at who, and begin again") from None
    with contextlib.suppress(StoreError):  # the title is given whether the pointer moves or not
        book.chain.point_to(link)
    return _crowned(book, link, created=True)


def _crowned(book: Book, link: Link[Title], *, created: bool) -> Crowned:
    return Crowned(
        model=f"sha256:{link.statement.holder}",
        name=link.statement.subject[0].name,
        sequence=link.sequence,
        action=link.statement.predicate.action,
        location=book.store.locate(link.key),
        signature=link.signature,
        created=created,
    )
