"""Waivers: a signed permission for one model to break one rule on one slice, so far and so long.

    waivers/{environment}/{suite}/{model's hex digest}/{digest of the object}.json

A waiver is an object of its own, signed by an approver's key, which is not one that signs
verdicts. It changes no verdict: what failed stays failed, and the gate lets the model out *and
says so*. It covers a FAIL or an INCONCLUSIVE whose interval ends within ``ceiling`` beyond the
rule's bound; never an ERROR, never a check beside the rules, never the last rule that passed.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from titleholder import decimals, records
from titleholder.decimals import exact
from titleholder.errors import (
    NoVerdict,
    PreconditionFailed,
    RecordError,
    StoreMissing,
    UsageError,
)
from titleholder.policy import EVERY
from titleholder.store import Store
from titleholder.trust.chain import Chain
from titleholder.trust.pins import KeyPair, Trust, seal
from titleholder.trust.statement import (
    STATEMENT_TYPE,
    Instant,
    Name,
    Statement,
    Subject,
    as_of_today,
    moment,
)
from titleholder.types import Check, Outcome, Record, Rule, Severity, Verdict
from titleholder.verdict import WAIVER, shortfall

WAIVER_TYPE: Final = "urn:titleholder:waiver:v2"
# More objects than this for one model are nobody's honest work, and none of them counts.
MOST: Final = 64
_LOOKED_BACK: Final = 20  # verdicts, for one on the model
Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]


class WaiverPredicate(Record, frozen=True):
    """What is permitted: this rule, on this slice, up to ``ceiling`` beyond the rule's bound.

    ``ceiling`` is in the unit that the rule judges in. ``reason`` and ``approver`` are for people.
    """

    schema_version: Literal[2]
    environment: Name
    suite: Name
    rule: Words
    slice: Words
    ceiling: Annotated[float, Meta(ge=0.0)]
    reason: Words
    approver: Words
    issued_at: Instant
    expires_at: Instant


class Waiver(Record, frozen=True):
    """An in-toto statement: the subject, a model's file, may break the rule."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]
    predicate_type: Literal["urn:titleholder:waiver:v2"] = msgspec.field(name="predicateType")
    predicate: WaiverPredicate


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver covers, and by how much it lies beyond its bound."""

    rule: str
    slice: str
    outcome: str
    shortfall: float
    ceiling: float
    approver: str
    reason: str
    expires_at: str
    signature: str

    def __str__(self) -> str:
        return (
            f"WAIVED {self.rule} ({self.slice}), {self.outcome}: {self.shortfall:.4g} beyond its "
            f"bound, at most {self.ceiling:.4g}, until {self.expires_at}, by {self.approver}: "
            f"{self.reason}"
        )


def parse_waiver(data: bytes, *, source: str) -> Waiver:
    """A waiver from its bytes, strictly; NoVerdict when they are not one."""
    try:
        written = records.decode(data, dict[str, Any], source=source)
        return decimals.convert(as_of_today(written, Waiver), Waiver, source=source)
    except RecordError as error:
        raise NoVerdict(f"this is not a waiver: {error.message}") from error


def grant(store: Store, subject: Subject, said: WaiverPredicate, signer: KeyPair) -> str:
    """Sign a waiver, keep it in the store, and say where; a waiver is never unsigned."""
    statement = Waiver(STATEMENT_TYPE, (subject,), WAIVER_TYPE, said)
    data = seal(decimals.encode(statement), signer)
    base = _base(said.environment, said.suite, subject.digest.sha256)
    key = f"{base}{hashlib.sha256(data).hexdigest()}.json"
    store.prepare()
    # It lies under its own digest: where it is already, it is the same.
    with contextlib.suppress(PreconditionFailed):
        store.put_new(key, data)
    return store.locate(key)


def require_slice(
    chain: Chain[Statement], rule: Rule, name: str, model: str, columns: Sequence[str]
) -> None:
    """UsageError unless a rule is judged on a slice of this name: a waiver for another is none.

    A rule on every slice is judged on those of the newest verdict, that on ``model`` (hex) if
    there is one. Where nothing was published yet, a name has to be made of the ``columns`` that
    the suite slices by.
    """
    known = _judged_on(chain, rule.id, model) if rule.slice == EVERY else (rule.slice,)
    if name in known:
        return
    if not known and _is_made_of(name, columns):
        return
    told = known or tuple(f"{column}=..." for column in columns)
    raise UsageError(
        f"{rule.id} is not judged on a slice {name!r}, so nothing there can be waived",
        cure=f"--slice is one of: {'; '.join(told)}",
    )


def _judged_on(chain: Chain[Statement], rule: str, model: str) -> tuple[str, ...]:
    """The slices on which a rule was judged, by the newest verdict on a model or by the newest.

    Nobody has to vouch for it: names alone are looked at. A broken chain tells none.
    """
    found: tuple[str, ...] = ()
    with contextlib.suppress(NoVerdict, StoreMissing):
        tip = chain.newest()
        for link in chain.back_from(tip, _LOOKED_BACK) if tip else ():
            judged = link.statement.predicate.verdict
            names = tuple(one.slice for one in judged.findings if one.rule == rule)
            if link.statement.subject[0].digest.sha256 == model:
                return names
            found = found or names
    return found


def _is_made_of(name: str, columns: Sequence[str]) -> bool:
    """Whether each part of a slice's name begins with one of these columns.

    >>> _is_made_of("a=x & b=y", ["a", "b"]), _is_made_of("pro", ["plan"])
    (True, False)
    """
    begins = tuple(f"{column}{sign}" for column in columns for sign in ("=", "<", ">="))
    return all(part.startswith(begins) for part in name.split(" & "))


def waived(
    store: Store,
    approvers: Trust,
    environment: str,
    model: str,
    verdict: Verdict,
    now: datetime,
    skew: timedelta,
) -> tuple[tuple[Waived, ...], tuple[str, ...]]:
    """What is waived of a verdict on ``model`` (hex), and what was found that does not count."""
    keys = list(_some(store.keys(_base(environment, verdict.suite, model))))
    if len(keys) > MOST:
        return (), (f"there are more than {MOST} waivers for this model: none of them counts",)
    found: dict[tuple[str, str], Waived] = {}
    unheeded = []
    for key in keys:
        try:
            waiver, signature = _opened(store.get(key).data, approvers, environment, key)
            _require_now(waiver, environment, model, verdict.suite, now, skew, key)
            one = _covering(waiver.predicate, verdict, signature, key)
        except NoVerdict as error:
            unheeded.append(error.message)
            continue
        found[one.rule, one.slice] = one
    return tuple(found[name] for name in sorted(found)), tuple(unheeded)


def noticed(
    store: Store, environment: str, model: str, verdict: Verdict, now: datetime, skew: timedelta
) -> tuple[Check, ...]:
    """Waivers for ``model`` (hex) that would cover something of a verdict, to be told with it.

    Whether one counts is for a gate with the approver's key to say; here no key is pinned, so the
    signature stays unchecked, and the check decides nothing.
    """
    found: dict[str, Check] = {}
    for key in _some(store.keys(_base(environment, verdict.suite, model))):
        data = store.get(key).data
        try:
            payload = Trust().open(data, environment, source=key).payload
            waiver = parse_waiver(payload, source=key)
            _require_now(waiver, environment, model, verdict.suite, now, skew, key)
            one = _covering(waiver.predicate, verdict, "unverified", key)
        except NoVerdict:
            continue
        name = f"waiver of {one.rule} ({one.slice})"
        told = f"{one} (it counts at a gate that pins the approver's key)"
        found[name] = Check(name, WAIVER, Severity.INFO, Outcome.INCONCLUSIVE, told)
    return tuple(found[name] for name in sorted(found))


def _base(environment: str, suite: str, model: str) -> str:
    return f"waivers/{environment}/{suite}/{model}/"


def _some(keys: Iterator[str]) -> Iterator[str]:
    """The keys, up to one more than could count."""
    for number, key in enumerate(keys):
        yield key
        if number == MOST:
            return


def _opened(data: bytes, approvers: Trust, environment: str, key: str) -> tuple[Waiver, str]:
    """A waiver that one of the approvers signed for this environment; NoVerdict otherwise."""
    if not approvers.pins:
        raise NoVerdict(f"{key}: no approver's key is pinned")
    envelope = approvers.open(data, environment, source=key)
    return parse_waiver(envelope.payload, source=key), envelope.signature


def _require_now(
    waiver: Waiver,
    environment: str,
    model: str,
    suite: str,
    now: datetime,
    skew: timedelta,
    key: str,
) -> None:
    """That it is for this model, suite and environment, and holds now."""
    said = waiver.predicate
    if (said.environment, said.suite) != (environment, suite):
        raise NoVerdict(f"{key} is a waiver for {said.suite} in {said.environment}")
    if waiver.subject[0].digest.sha256 != model:
        raise NoVerdict(f"{key} is a waiver for another model")
    if not moment(said.issued_at) <= now + skew:
        raise NoVerdict(f"{key} is a waiver from the future: {said.issued_at}")
    if not now < moment(said.expires_at):
        raise NoVerdict(f"{key} is a waiver that expired at {said.expires_at}")


def _covering(said: WaiverPredicate, verdict: Verdict, signature: str, key: str) -> Waived:
    """The finding that it covers; NoVerdict if there is none, or if it lies beyond the ceiling."""
    rules = {rule.id: rule for rule in verdict.rules}
    matching = [f for f in verdict.findings if (f.rule, f.slice) == (said.rule, said.slice)]
    if len(matching) != 1:
        raise NoVerdict(f"{key} waives {said.rule} on {said.slice}, and there is no such finding")
    (finding,) = matching
    short = shortfall(rules[finding.rule], finding)
    if short is None:
        raise NoVerdict(f"{key}: {said.rule} on {said.slice} is {finding.outcome}, not to waive")
    if not exact(short) <= exact(said.ceiling):
        raise NoVerdict(
            f"{key} covers {said.ceiling:.4g}, and {said.rule} on {said.slice} lies {short:.4g} "
            "beyond its bound"
        )
    return Waived(
        rule=said.rule,
        slice=said.slice,
        outcome=str(finding.outcome),
        shortfall=short,
        ceiling=said.ceiling,
        approver=said.approver,
        reason=said.reason,
        expires_at=said.expires_at,
        signature=signature,
    )
