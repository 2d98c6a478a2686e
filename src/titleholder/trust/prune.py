"""Which evidence may go, and its removal; verdicts, titles, waivers and the ledger always stay.

Evidence lies under its digest and is shared by all suites and environments of a store, so all
chains are read, and nothing is removed where one of them cannot be. What goes is noted before it
is removed. A verdict that is published meanwhile may name the very bytes: its publisher looks for
them again when it sees a note that was not there before, and what was removed is held until the
newest verdicts have been read once more.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from titleholder.errors import NoVerdict, ObjectNotFound, PreconditionFailed
from titleholder.store import Store
from titleholder.trust import removals
from titleholder.trust.chain import Chain, Link, verdicts
from titleholder.trust.history import EVERYTHING
from titleholder.trust.pins import Trust
from titleholder.trust.publication import evidence_key
from titleholder.trust.statement import Hex, Statement, moment
from titleholder.trust.titles import present, titles
from titleholder.types import Record

BATCH = 200  # objects that are held while the newest verdicts are read again


class Rule(Record, frozen=True):
    """Whose evidence stays: of so many days, and of so many of the newest verdicts a suite."""

    days: int = 90
    runs: int = 30

    def __str__(self) -> str:
        return (
            f"evidence stays of verdicts of the last {self.days} days, of each suite's newest "
            f"{self.runs}, of those that still hold, and of those that a title rests on or is of"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go: hex digests with their bytes. ``orphans`` are keys that no verdict names."""

    rule: Rule
    removed: Mapping[Hex, int]
    kept: Mapping[Hex, int]
    bare: int  # verdicts that lose evidence
    verdicts: int
    orphans: Sequence[str]
    tips: Mapping[tuple[str, str], int] = field(repr=False)


def plan(store: Store, rule: Rule) -> Plan:
    """What may go by a rule; NoVerdict where a chain cannot be read to its beginning."""
    now = store.now()
    lying = set(store.keys("evidence/"))
    kept: dict[Hex, int] = {}
    named: dict[Hex, int] = {}
    tips: dict[tuple[str, str], int] = {}
    losing: list[set[Hex]] = []
    for environment, suite in _suites(store):
        chain = verdicts(store, environment, suite, Trust())
        links = _links(chain)
        tips[environment, suite] = links[0].sequence if links else 0
        crowned = _crowned(store, environment, suite)
        for place, link in enumerate(links):
            own = {one.sha256: one.bytes for one in link.statement.predicate.evidence}
            named |= own
            if place < rule.runs or _stays(link, rule, now) or not crowned.isdisjoint(_names(link)):
                kept |= own
            else:
                losing.append(set(own))
    going = {
        sha256: size
        for sha256, size in named.items()
        if sha256 not in kept and evidence_key(sha256) in lying
    }
    orphans = sorted(lying - {evidence_key(sha256) for sha256 in named})
    bare = sum(1 for own in losing if not own.isdisjoint(going))
    return Plan(rule, going, kept, bare, sum(tips.values()), orphans, tips)


def carry_out(store: Store, planned: Plan, *, orphans: bool = False) -> tuple[Hex, ...]:
    """Remove what was planned, and say what was put back for a verdict that came meanwhile.

    ``orphans`` go, too: that is for an hour in which nobody publishes, since a verdict's evidence
    lies there before the verdict does.
    """
    lost = [key.rpartition("/")[2] for key in planned.orphans] if orphans else []
    going = [*planned.removed, *lost]
    if not going:
        return ()
    name = removals.begin(store, str(planned.rule), going, store.now())
    restored: list[Hex] = []
    for start in range(0, len(going), BATCH):
        fresh = _named_since(store, planned.tips)
        batch = [sha256 for sha256 in going[start : start + BATCH] if sha256 not in fresh]
        restored += _removed(store, batch, planned.tips)
    removals.end(store, name, restored, store.now())
    return tuple(restored)


def _removed(
    store: Store, batch: Sequence[Hex], tips: Mapping[tuple[str, str], int]
) -> Iterator[Hex]:
    """Remove a batch, and put back what a verdict names that was not there when it was planned."""
    with tempfile.TemporaryDirectory(prefix="titleholder-prune-") as scratch:
        held: dict[Hex, Path] = {}
        for sha256 in batch:
            try:
                data = store.get(evidence_key(sha256)).data
            except ObjectNotFound:
                continue
            held[sha256] = Path(scratch) / sha256
            held[sha256].write_bytes(data)
        for sha256 in held:
            store.remove(evidence_key(sha256))
        for sha256 in sorted(_named_since(store, tips) & held.keys()):
            try:
                store.put_new(evidence_key(sha256), held[sha256].read_bytes())
            except PreconditionFailed:
                continue  # its publisher was there first
            yield sha256


def _named_since(store: Store, tips: Mapping[tuple[str, str], int]) -> set[Hex]:
    """The evidence of every verdict that is newer than those that were read."""
    found: set[Hex] = set()
    for environment, suite in _suites(store):
        chain = verdicts(store, environment, suite, Trust())
        tip = chain.tip()
        known = tips.get((environment, suite), 0)
        if tip is not None and tip.sequence > known:
            for link in chain.back_from(tip, tip.sequence - known):
                found |= {one.sha256 for one in link.statement.predicate.evidence}
    return found


def _links(chain: Chain[Statement]) -> list[Link[Statement]]:
    tip = chain.newest()
    return [] if tip is None else list(chain.back_from(tip, EVERYTHING))


def _stays(link: Link[Statement], rule: Rule, now: datetime) -> bool:
    said = link.statement.predicate
    young = now - moment(said.published_at) <= timedelta(days=rule.days)
    return young or moment(said.expires_at) > now


def _names(link: Link[Statement]) -> set[str]:
    """What a title may say that is of this verdict: its own digest, and its model's."""
    return {link.digest, link.statement.subject[0].digest.sha256}


def _crowned(store: Store, environment: str, suite: str) -> set[str]:
    """The present champion, and the verdicts that titles rest on."""
    book = titles(store, environment, suite, Trust())
    tip = present(book)
    if tip is None:
        return set()
    rests = {link.statement.predicate.verdict for link in book.back_from(tip, EVERYTHING)}
    return {tip.statement.holder, *(digest for digest in rests if digest is not None)}


def _suites(store: Store) -> list[tuple[str, str]]:
    """Every environment and suite that a verdict was published for."""
    parts = [key.split("/") for key in store.keys("verdicts/")]
    odd = next((part for part in parts if len(part) != 4), None)
    if odd is not None:
        raise NoVerdict(f"{store.url}: {'/'.join(odd)} is no place of a verdict")
    return sorted({(part[1], part[2]) for part in parts})
