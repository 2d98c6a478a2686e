"""Publishing a verdict: what is meant, evidence, the verdict by one conditional write, pointers.

A crash at any point leaves either no verdict (an intent that says so, and perhaps evidence that
nothing names) or a whole one, which readers find with or without the pointer. Publishing again
converges: the same answer to the same question is found in the chain and not written twice. The
question holds a logical date (the night that a scheduled run stands for), so a nightly run of
unchanged inputs is a new verdict with a new expiry, and any number of retries of one night are one.

The same question answered in two ways by the same code is answered in none: INCONCLUSIVE is what
then goes into the chain, and stays the answer for that night. So nobody runs a flaky suite until
it passes. What a clock measured counts here by its outcome alone, since no two runs agree on it.
"""

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from titleholder import records
from titleholder.errors import (
    NoVerdict,
    ObjectNotFound,
    PreconditionFailed,
    StoreError,
    UsageError,
)
from titleholder.store import Store
from titleholder.trust import answers, attestation, intents, removals
from titleholder.trust.chain import Chain, Link, digest_of, verdicts
from titleholder.trust.pins import KeyPair, Pin, Trust, seal
from titleholder.trust.statement import (
    STATEMENT_VERSION,
    Evidence,
    Exposure,
    Predicate,
    Provenance,
    Statement,
    Subject,
    Watched,
    encode,
    instant,
    moment,
    result_of,
    run_key,
    statement,
)
from titleholder.types import Outcome, Record, Verdict
from titleholder.verdict import (
    REPEATABILITY,
    SCHEMA_VERSION,
    recompute,
)

# Each lost race means that somebody else's verdict went in, so this many others came first.
_RACES = 64
# A question of one day is not asked earlier than this before the day begins, in UTC.
_EARLIEST = timedelta(days=1)


class Receipt(Record, frozen=True):
    """Where a verdict was published, and what it says there.

    ``signature`` is the id of the key that signed it, or ``unsigned``. ``created`` is false where
    it already stood there. ``test_result`` is where the same is said as an in-toto test result.
    ``pointed`` is false if the pointer or the test result could not be written: readers find the
    verdict all the same.
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
    test_result: str
    created: bool
    pointed: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Draft:
    """A statement but for its place in the chain."""

    environment: str
    verdict: Verdict
    subjects: tuple[Subject, ...]
    provenance: Provenance
    evidence: tuple[Evidence, ...]
    logical_date: str
    published: datetime
    expires: datetime
    signer: KeyPair | None
    exposure: Exposure | None
    watched: Watched | None

    @property
    def subject(self) -> Subject:
        """The model."""
        return self.subjects[0]

    @property
    def run_key(self) -> str:
        params = self.provenance.params
        return run_key(self.environment, self.subject, self.verdict, self.logical_date, params)

    @property
    def intent(self) -> intents.Intent:
        """What is about to be published."""
        return intents.Intent(
            schema_version=1,
            environment=self.environment,
            suite=self.verdict.suite,
            run_key=self.run_key,
            subject=self.subject,
            logical_date=self.logical_date,
            begun_at=instant(self.published),
        )

    def after(self, tip: Link[Statement] | None) -> Statement:
        """The statement, as the successor of the newest."""
        return statement(
            self.subjects,
            Predicate(
                schema_version=STATEMENT_VERSION,
                environment=self.environment,
                suite=self.verdict.suite,
                sequence=tip.sequence + 1 if tip else 1,
                previous=tip.digest if tip else None,
                signature="unsigned" if self.signer is None else "ed25519",
                run_key=self.run_key,
                result=result_of(self.verdict),
                logical_date=self.logical_date,
                published_at=instant(self.published),
                expires_at=instant(self.expires),
                provenance=self.provenance,
                evidence=self.evidence,
                verdict=self.verdict,
                exposure=self.exposure,
                watched=self.watched,
            ),
        )


def publish(
    store: Store,
    environment: str,
    verdict: Verdict,
    subject: Subject | tuple[Subject, ...],
    evidence: Mapping[str, Path],
    *,
    provenance: Provenance,
    valid_for: timedelta,
    signer: KeyPair | None = None,
    logical_date: date | None = None,
    now: datetime | None = None,
    exposure: Exposure | None = None,
    watched: Watched | None = None,
) -> Receipt:
    """Publish a verdict on a model with the files behind it, and say where it stands.

    ``subject`` is its file, or its directory and then each of its files.

    ``now`` is the store's clock unless given, ``logical_date`` the UTC day of ``now``; without a
    ``signer`` the verdict is published unsigned. ``exposure`` and ``watched`` name the lines of
    the ledger that the verdict's last checks rest on. NoVerdict
    if the verdict contradicts itself or the chain is broken, CommitUnknown if the store fell
    silent at the decisive write (publishing again settles it), other StoreErrors if nothing was
    published.
    """
    if not valid_for > timedelta(seconds=1):
        raise UsageError("a verdict has to be valid for a while", cure="raise store.valid_hours")
    recompute(verdict)
    store.prepare()
    begun = (now or store.now()).astimezone(UTC)
    draft = _Draft(
        environment,
        verdict,
        subject if isinstance(subject, tuple) else (subject,),
        provenance,
        (),
        (logical_date or begun.date()).isoformat(),
        begun,
        begun + valid_for,
        signer,
        exposure,
        watched,
    )
    intents.announce(store, draft.intent)
    pruned = removals.notes(store)
    kept = tuple(_keep(store, name, path) for name, path in sorted(evidence.items()))
    published = (now or store.now()).astimezone(UTC)
    draft = dataclasses.replace(
        draft, evidence=kept, published=published, expires=published + valid_for
    )
    chain = verdicts(store, environment, verdict.suite)
    link, created = _committed(chain, draft)
    with contextlib.suppress(StoreError):  # the verdict stands; publishing again looks again
        if removals.disturbed(pruned, removals.notes(store)):
            for name, path in evidence.items():
                _keep(store, name, path)
    pointed = _pointed(chain, link)
    return _receipt(
        chain, link, created=created, pointed=_attested(chain, link, signer) and pointed
    )


def _committed(chain: Chain[Statement], draft: _Draft) -> tuple[Link[Statement], bool]:
    """The link that holds the draft: one that stands there already, or the next number."""
    for _ in range(_RACES):
        tip = chain.tip()
        earlier = _earlier(chain, tip, draft) if tip else None
        if earlier is not None and _stands(earlier.statement.predicate, draft):
            return earlier, False
        following = _told(draft, earlier).after(tip)
        data = seal(encode(following), draft.signer)
        sequence = following.predicate.sequence
        try:
            chain.append(sequence, data)
        except PreconditionFailed:
            continue
        return _ours(chain, draft.signer).link(sequence, data), True
    raise StoreError(
        f"{chain.store.url}: {_RACES} other verdicts went in first", cure="run it again in a while"
    )


def _earlier(
    chain: Chain[Statement], tip: Link[Statement], draft: _Draft
) -> Link[Statement] | None:
    """The newest verdict on this subject, if it answers the same question and is of our kind.

    Who signs takes no one else's word for an answer: not an unsigned one, nor another key's.
    """
    asked = datetime.fromisoformat(draft.logical_date).replace(tzinfo=UTC)
    for link in chain.back_from(tip):
        said = link.statement.predicate
        ours = _opened_as_ours(chain, link, draft.signer)
        if ours is not None and link.statement.subject[0].digest == draft.subject.digest:
            return ours if said.run_key == draft.run_key else None
        if moment(said.published_at) < asked - _EARLIEST:
            return None
    return None


def _opened_as_ours(
    chain: Chain[Statement], link: Link[Statement], signer: KeyPair | None
) -> Link[Statement] | None:
    """The link with our own key's signature verified; as it is for who does not sign."""
    try:
        return _ours(chain, signer).link(link.sequence, link.data)
    except NoVerdict:
        return None


def _ours(chain: Chain[Statement], signer: KeyPair | None) -> Chain[Statement]:
    """The chain as one reads it who believes this signer alone, or, without one, everybody."""
    trust = Trust() if signer is None else Trust((Pin(signer.public),))
    return dataclasses.replace(chain, trust=trust)


def _stands(said: Predicate, draft: _Draft) -> bool:
    """Whether this is the draft's own answer, or the note that there is none, and still holds."""
    if not moment(said.expires_at) > draft.published:
        return False
    if any(check.kind == REPEATABILITY for check in said.verdict.checks):
        return said.provenance.made_alike(draft.provenance)
    return answers.whole(said.verdict) == answers.whole(draft.verdict)


def _told(draft: _Draft, earlier: Link[Statement] | None) -> _Draft:
    """What is to be said: the draft, or, where the same makers said otherwise, that there is none.

    Other code, packages or libraries may know better: what they find supersedes.
    """
    if earlier is None or not earlier.statement.predicate.provenance.made_alike(draft.provenance):
        return draft
    said = earlier.statement.predicate.verdict
    both = answers.in_two_ways(draft.verdict, said, earlier.sequence)
    return draft if both is None else dataclasses.replace(draft, verdict=both)


def _attested(chain: Chain[Statement], link: Link[Statement], signer: KeyPair | None) -> bool:
    """Write the test result that follows from the verdict, unless it is there already."""
    said = attestation.result_of(link.statement, link.digest, chain.store.locate(link.key))
    try:
        chain.store.put_new(_test_result_key(link), seal(records.encode(said), signer))
    except PreconditionFailed:
        return True
    except StoreError:
        return False
    return True


def _test_result_key(link: Link[Statement]) -> str:
    return f"test-results/{link.key.removeprefix('verdicts/')}"


def _pointed(chain: Chain[Statement], link: Link[Statement]) -> bool:
    """Move the pointer; the verdict is published whether that works or not."""
    try:
        return chain.point_to(link)
    except StoreError:
        return False


def _keep(store: Store, name: str, path: Path) -> Evidence:
    """Put a file under the digest of its bytes, where it may lie already."""
    data = path.read_bytes()
    digest = digest_of(data).removeprefix("sha256:")
    key = evidence_key(digest)
    for _ in range(_RACES):
        try:
            store.put_new(key, data)
        except PreconditionFailed:
            try:
                there = store.get(key).data
            except ObjectNotFound:
                continue  # somebody removed it meanwhile
            if digest_of(there) != f"sha256:{digest}":
                raise StoreError(
                    f"{store.locate(key)} is damaged: it does not have the digest it is named by",
                    cure="remove that object, so that it can be written again",
                ) from None
        return Evidence(name=name, sha256=digest, bytes=len(data))
    raise StoreError(f"{store.locate(key)} comes and goes", cure="run it again in a while")


def evidence_key(sha256: str) -> str:
    """Where evidence with this hex digest lies."""
    return f"evidence/sha256/{sha256[:2]}/{sha256}"


def _receipt(
    chain: Chain[Statement], link: Link[Statement], *, created: bool, pointed: bool
) -> Receipt:
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
        signature=link.signature,
        evidence=said.evidence,
        test_result=chain.store.locate(_test_result_key(link)),
        created=created,
        pointed=pointed,
        verdict=said.verdict,
    )
