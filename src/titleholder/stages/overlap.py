"""How much of a panel an earlier verdict was judged by, from the fingerprints of both.

Told beside the verdict and no part of it: what the store holds must not change what is found.
"""

from titleholder import records
from titleholder.comparison.fingerprint import Fingerprint, shared
from titleholder.errors import NoVerdict, RecordError, StoreError
from titleholder.stages import compare
from titleholder.store import Store
from titleholder.trust.chain import LONGEST_WALK, digest_of, verdicts
from titleholder.trust.publication import Receipt, evidence_key
from titleholder.trust.statement import Evidence
from titleholder.types import Record

PANEL = f"compare/{compare.PANEL}"


class Overlap(Record, frozen=True):
    """The share of the panel's rows that stood in that of the newest verdict of an earlier day.

    Where ``share`` is null, ``reason`` says why it is not known.
    """

    sequence: int | None = None
    logical_date: str | None = None
    share: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.share is None:
            return self.reason
        verdict = f"verdict {self.sequence} ({self.logical_date})"
        if self.share == 1.0:
            return f"all of its rows were in the panel of {verdict}"
        return f"about {self.share:.0%} of its rows were in the panel of {verdict}"


def overlap(store: Store, receipt: Receipt) -> Overlap:
    """What an earlier verdict of the same suite and environment had seen of this panel."""
    try:
        return _overlap(store, receipt)
    except (StoreError, NoVerdict, RecordError) as error:
        return Overlap(reason=f"what of the panel was used before is unknown: {error.message}")


def _overlap(store: Store, receipt: Receipt) -> Overlap:
    chain = verdicts(store, receipt.environment, receipt.suite)
    link = chain.link(receipt.sequence, store.get(chain.key(receipt.sequence)).data)
    now = _fingerprint(store, receipt.evidence)
    for earlier in chain.back_from(link):
        said = earlier.statement.predicate
        if said.logical_date >= link.statement.predicate.logical_date:
            continue
        then = _fingerprint(store, said.evidence)
        if now is None or then is None:
            reason = f"verdict {said.sequence} or this one ran no model: nothing was used"
            return Overlap(said.sequence, said.logical_date, reason=reason)
        share = 1.0 if then.digest == now.digest else shared(then, now)
        return Overlap(said.sequence, said.logical_date, share)
    return Overlap(reason=f"no verdict of an earlier day among the newest {LONGEST_WALK}")


def _fingerprint(store: Store, evidence: tuple[Evidence, ...]) -> Fingerprint | None:
    """What the rows are known by; None where no model was run on any."""
    named = [one.sha256 for one in evidence if one.name == PANEL]
    if not named:
        raise NoVerdict("a verdict left no fingerprint of its panel")
    data = store.get(evidence_key(named[0])).data
    if digest_of(data) != f"sha256:{named[0]}":
        raise NoVerdict("the fingerprint does not have the digest it is named by")
    return records.decode(data, compare.Rowed, source=PANEL).fingerprint
