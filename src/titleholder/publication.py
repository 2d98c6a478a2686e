"""Publishing a verdict: evidence first, the verdict by one conditional write, the pointer last.

A crash at any point leaves either no verdict (and perhaps evidence that nothing names) or a whole
one, which readers find with or without the pointer. Publishing again converges: the same answer
to the same question is found in the chain and not written twice. The question holds a logical
date (the night that a scheduled run stands for), so a nightly run of unchanged inputs is a new
verdict with a new expiry, and any number of retries of one night are one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from titleholder import records
from titleholder.chain import Chain, Link, digest_of
from titleholder.errors import PreconditionFailed, StoreError, UsageError
from titleholder.store import Store
from titleholder.types import Outcome, Record, Verdict
from titleholder.verdict import (
    SCHEMA_VERSION,
    UNSIGNED,
    Evidence,
    Predicate,
    Statement,
    Subject,
    instant,
    moment,
    recompute,
    run_key,
    statement,
)

# Each lost race means that somebody else's verdict went in, so this many others came first.
_RACES = 64
# A question of one day is not asked earlier than this before the day begins, in UTC.
_EARLIEST = timedelta(days=1)


class Receipt(Record, frozen=True):
    """Where a verdict was published. ``created`` is false where it already stood there.

    ``pointed`` is false if the pointer could not be moved: readers find the verdict all the same.
    """

    schema_version: int
    store: str
    location: str
    environment: str
    suite: str
    candidate: str
    subject: Subject
    outcome: Outcome
    sequence: int
    digest: str
    run_key: str
    published_at: str
    expires_at: str
    signature: str
    evidence: tuple[Evidence, ...]
    created: bool
    pointed: bool


@dataclass(frozen=True, slots=True)
class _Draft:
    """A statement but for its place in the chain."""

    environment: str
    verdict: Verdict
    subject: Subject
    evidence: tuple[Evidence, ...]
    logical_date: str
    published: datetime
    expires: datetime

    @property
    def run_key(self) -> str:
        return run_key(self.environment, self.subject, self.verdict, self.logical_date)

    @property
    def result(self) -> str:
        return f"sha256:{records.sha256(self.verdict)}"

    def after(self, tip: Link | None) -> Statement:
        """The statement, as the successor of the newest."""
        return statement(
            self.subject,
            Predicate(
                schema_version=SCHEMA_VERSION,
                environment=self.environment,
                suite=self.verdict.suite,
                sequence=tip.sequence + 1 if tip else 1,
                previous=tip.digest if tip else None,
                run_key=self.run_key,
                result=self.result,
                logical_date=self.logical_date,
                published_at=instant(self.published),
                expires_at=instant(self.expires),
                signature=UNSIGNED,
                evidence=self.evidence,
                verdict=self.verdict,
            ),
        )


def publish(
    store: Store,
    environment: str,
    verdict: Verdict,
    subject: Subject,
    evidence: Mapping[str, Path],
    *,
    valid_for: timedelta,
    logical_date: date | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Publish a verdict on ``subject`` with the files behind it, and say where it stands.

    ``now`` is the store's clock unless given, ``logical_date`` the UTC day of ``now``. NoVerdict
    if the verdict contradicts itself or the chain is broken, CommitUnknown if the store fell
    silent at the decisive write (publishing again settles it), other StoreErrors if nothing was
    published.
    """
    if not valid_for > timedelta(seconds=1):
        raise UsageError("a verdict has to be valid for a while", cure="raise store.valid_hours")
    recompute(verdict)
    store.prepare()
    kept = tuple(_keep(store, name, path) for name, path in sorted(evidence.items()))
    published = (now or store.now()).astimezone(UTC)
    draft = _Draft(
        environment,
        verdict,
        subject,
        kept,
        (logical_date or published.date()).isoformat(),
        published,
        published + valid_for,
    )
    chain = Chain(store, environment, verdict.suite)
    link, created = _committed(chain, draft)
    return _receipt(chain, link, created=created, pointed=_pointed(chain, link))


def _committed(chain: Chain, draft: _Draft) -> tuple[Link, bool]:
    """The link that holds the draft: one that stands there already, or the next number."""
    for _ in range(_RACES):
        tip = chain.tip()
        standing = _standing(chain, tip, draft) if tip else None
        if standing is not None:
            return standing, False
        following = draft.after(tip)
        data = records.encode(following)
        sequence = following.predicate.sequence
        try:
            chain.append(sequence, data)
        except PreconditionFailed:
            continue
        return Link(chain.key(sequence), digest_of(data), following), True
    raise StoreError(
        f"{chain.store.url}: {_RACES} other verdicts went in first", cure="run it again in a while"
    )


def _standing(chain: Chain, tip: Link, draft: _Draft) -> Link | None:
    """The newest verdict on this subject, if it is this very one and still holds."""
    asked = datetime.fromisoformat(draft.logical_date).replace(tzinfo=UTC)
    for link in chain.back_from(tip):
        said = link.statement.predicate
        if link.statement.subject[0].digest == draft.subject.digest:
            same = (said.run_key, said.result) == (draft.run_key, draft.result)
            return link if same and moment(said.expires_at) > draft.published else None
        if moment(said.published_at) < asked - _EARLIEST:
            return None
    return None


def _pointed(chain: Chain, link: Link) -> bool:
    """Move the pointer; the verdict is published whether that works or not."""
    try:
        return chain.point_to(link)
    except StoreError:
        return False


def _keep(store: Store, name: str, path: Path) -> Evidence:
    """Put a file under the digest of its bytes, where it may lie already."""
    data = path.read_bytes()
    digest = digest_of(data).removeprefix("sha256:")
    key = f"evidence/sha256/{digest[:2]}/{digest}"
    try:
        store.put_new(key, data)
    except PreconditionFailed:
        if digest_of(store.get(key).data) != f"sha256:{digest}":
            raise StoreError(
                f"{store.locate(key)} is damaged: it does not have the digest it is named by",
                cure="remove that object, so that it can be written again",
            ) from None
    return Evidence(name=name, sha256=digest, bytes=len(data))


def _receipt(chain: Chain, link: Link, *, created: bool, pointed: bool) -> Receipt:
    said = link.statement.predicate
    return Receipt(
        schema_version=SCHEMA_VERSION,
        store=chain.store.url,
        location=chain.store.locate(link.key),
        environment=said.environment,
        suite=said.suite,
        candidate=said.verdict.candidate,
        subject=link.statement.subject[0],
        outcome=said.verdict.outcome,
        sequence=said.sequence,
        digest=link.digest,
        run_key=said.run_key,
        published_at=said.published_at,
        expires_at=said.expires_at,
        signature=said.signature,
        evidence=said.evidence,
        created=created,
        pointed=pointed,
    )
