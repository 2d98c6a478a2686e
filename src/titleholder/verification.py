"""Verifying a published verdict: everything in it that can be found out again is found out again.

From the statement alone: schema, signature, and that the outcome follows from its findings. From
the store: its place in the chain and the digest of every piece of evidence. From the evidence:
the whole judgement, repeated. From stored predictions, the panel and the seed: the statistics,
to the byte.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from titleholder import records
from titleholder.errors import (
    Exit,
    NoVerdict,
    ObjectNotFound,
    RecordError,
    TitleholderError,
    UsageError,
)
from titleholder.params.schema import StoreParams, Suite
from titleholder.stages import compare, judge, lending, manifest, notes, publish, repetition
from titleholder.stages.many import shards
from titleholder.stages.workspace import RUNS, Workspace
from titleholder.store import Store
from titleholder.trust import removals
from titleholder.trust.chain import Chain, Link, digest_of, opened, verdicts
from titleholder.trust.pins import UNSIGNED, UNVERIFIED, Trust
from titleholder.trust.publication import evidence_key
from titleholder.trust.statement import Evidence, Statement, moment, parse, plain, question_of
from titleholder.types import Verdict
from titleholder.verdict import EXIT_OF, NOTES, REPEATABILITY, WAIVER, recompute, with_checks

# Where the suite stands among the evidence.
_SUITE = f"publish/{publish.SUITE}"
# The step that says so, in place of all that would follow from the evidence.
PRUNED = "pruned"


class _PrunedError(Exception):
    """Evidence is gone, and a note in the store says who was to remove it, and why."""


class Found(StrEnum):
    """What became of one step."""

    VERIFIED = "verified"
    FAILED = "failed"
    NOT_AT_HAND = "not at hand"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at, what came of it, and why."""

    name: str
    found: Found
    told: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at, and the exit code that follows.

    The code is that of the outcome (as the gate's) where nothing failed; NO_VERDICT otherwise.
    It is UNDECIDED where evidence was pruned: what it would have said cannot be found out.
    """

    steps: tuple[Step, ...]
    exit: Exit
    outcome: str | None = None
    location: str = ""
    digest: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verdict stands in a store; the newest one of the chain where no number is given."""

    environment: str
    suite: str
    sequence: int | None = None


def verify(
    source: bytes | Place,
    store: Store | None,
    trust: Trust,
    *,
    project: Path | None = None,
    places: StoreParams | None = None,
) -> Report:
    """Look at everything about a verdict (its bytes, or its place in the store).

    ``project`` is the directory with the panel's files, and asks for the statistics to be
    repeated; ``places`` says where data lie that are in a bucket. Raises StoreError if the store
    does not answer, and RecordError if statistics cannot be repeated here for want of the panel.
    """
    steps: list[Step] = []
    try:
        link = _opened(source, store, trust)
        steps += _of_statement(link)
        if store is not None:
            steps += _of_store(link, store, trust, project, places or StoreParams())
        else:
            steps.append(Step("evidence", Found.NOT_AT_HAND, "no store was named"))
    except NoVerdict as error:
        return Report((*steps, Step("verdict", Found.FAILED, error.message)), Exit.NO_VERDICT)
    failed = any(step.found is Found.FAILED for step in steps)
    pruned = any(step.name == PRUNED for step in steps)
    outcome = link.statement.predicate.verdict.outcome
    found = Exit.UNDECIDED if pruned else EXIT_OF[outcome]
    return Report(
        steps=tuple(steps),
        exit=Exit.NO_VERDICT if failed else found,
        outcome=None if failed else str(outcome),
        location=_location(link, store),
        digest=link.digest,
        signature=link.signature,
    )


def _location(link: Link[Statement], store: Store | None) -> str:
    if store is None:
        return ""
    said = link.statement.predicate
    return store.locate(verdicts(store, said.environment, said.suite).key(said.sequence))


# ------------------------------------------------------------------------- the statement


def _opened(source: bytes | Place, store: Store | None, trust: Trust) -> Link[Statement]:
    """The verdict as a link of its chain, its signature checked."""
    if isinstance(source, Place):
        if store is None:
            raise UsageError("no store was named that this verdict could stand in")
        return _found(verdicts(store, source.environment, source.suite, trust), source)
    # Whose environment it is has to be known before it is known whether its key may sign there.
    said = parse(Trust().open(source, "", source="the file").payload, source="the file")
    return opened(source, "the file", said.predicate.environment, trust, parse)


def _found(chain: Chain[Statement], place: Place) -> Link[Statement]:
    if place.sequence is None:
        tip = chain.tip()
        if tip is None:
            raise NoVerdict(f"{chain.store.url} holds no verdict at {chain.base}")
        return tip
    try:
        data = chain.store.get(chain.key(place.sequence)).data
    except ObjectNotFound:
        raise NoVerdict(f"{chain.store.url} holds no {chain.key(place.sequence)}") from None
    return chain.link(place.sequence, data)


def _of_statement(link: Link[Statement]) -> Iterator[Step]:
    said = link.statement.predicate
    written = plain(_payload(link))
    version = written["predicate"]["schema_version"]
    told = f"an in-toto statement, and a verdict of version {version}"
    yield Step("schema", Found.VERIFIED, told)
    yield _signature(link.signature)
    recompute(said.verdict)
    declared, reported = len(said.verdict.rules), len(said.verdict.findings)
    told = f"{reported} findings of {declared} rules follow from their intervals, and "
    yield Step("outcome", Found.VERIFIED, f"{told}{said.verdict.outcome} follows from them")
    for check in said.verdict.checks:
        if check.kind == WAIVER:
            yield Step("waiver", Found.NOT_AT_HAND, check.reason)
    if question_of(written) != said.run_key:
        raise NoVerdict("the run key does not name the question that was answered")
    if not moment(said.published_at) < moment(said.expires_at):
        raise NoVerdict("the verdict expired before it was published")


def _payload(link: Link[Statement]) -> bytes:
    """The statement's own bytes, out of their envelope; whose they are is known by now."""
    return Trust().open(link.data, "", source=link.key).payload


def _signature(signature: str) -> Step:
    if signature == UNSIGNED:
        return Step("signature", Found.NOT_AT_HAND, "the verdict is unsigned")
    if signature == UNVERIFIED:
        return Step("signature", Found.NOT_AT_HAND, "there is one, and no key was given for it")
    return Step("signature", Found.VERIFIED, f"by {signature}")


# ------------------------------------------------------------------------- the store


def _of_store(
    link: Link[Statement], store: Store, trust: Trust, project: Path | None, places: StoreParams
) -> Iterator[Step]:
    said = link.statement.predicate
    chain = verdicts(store, said.environment, said.suite, trust)
    yield from _guarded("chain", lambda: _chained(chain, link))
    evidence: dict[str, bytes] = {}
    try:
        yield from _guarded("evidence", lambda: _gathered(store, said.evidence, evidence))
    except _PrunedError as error:
        yield Step(PRUNED, Found.NOT_AT_HAND, str(error))
    if len(evidence) != len(said.evidence):
        return
    with tempfile.TemporaryDirectory(prefix="titleholder-verify-") as scratch:
        try:
            ws = _workspace(Path(scratch), said.suite, evidence)
        except (NoVerdict, RecordError) as error:
            yield Step("judgement", Found.FAILED, error.message)
            return
        params = digest_of(evidence[_SUITE])
        yield from _guarded("judgement", lambda: _judged(ws, link.statement, params))
        yield from _guarded("ledger", lambda: notes.retraced(ws, store, link.statement))
        if project is not None:
            ws = replace(ws, store=places)
            lending.lend_data(ws, project)
            yield from _of_data(ws)
            yield from _of_models(ws, project)
            yield from _guarded("statistics", lambda: _measured(ws, said.verdict, evidence))


def _of_data(ws: Workspace) -> Iterator[Step]:
    """What the data lead to, as far as they are at hand; what is not repeated is said."""
    pulled = manifest.read(ws)
    looks = {
        "validation": ("expectations", repetition.validated),
        "drift": ("reference", repetition.shifted),
        "leakage": (manifest.TRAINING, repetition.leaked),
    }
    for name, (role, look) in looks.items():
        absent = [
            source.path
            for source in pulled.sources
            if source.role.startswith(role)
            and not shards.has(ws, source.role)
            and not manifest.local_path(ws, source).exists()
        ]
        if absent:
            told = f"not repeated: {absent[0]} is not here as it was read"
            yield Step(name, Found.NOT_AT_HAND, told)
            continue
        try:
            yield from list(_guarded(name, partial(look, ws)))
        except ModuleNotFoundError as error:  # the light core has no engine for expectations
            package = (error.name or "").partition(".")[0]
            told = f"not repeated: {package} is not installed here"
            yield Step(name, Found.NOT_AT_HAND, told)


def _of_models(ws: Workspace, project: Path) -> Iterator[Step]:
    """The models' answers: those among the evidence, or, of data in many files, brought here."""
    if shards.has(ws, "current") and not lending.lend_answers(ws, project):
        lending.lend_models(ws, project)
        yield from _guarded("models", partial(repetition.answered, ws))
        return
    told = "not asked again: their answers are taken as they were kept"
    yield Step("models", Found.NOT_AT_HAND, told)


def _guarded(name: str, look: Callable[[], str]) -> Iterator[Step]:
    """The step with what it told, or with why it failed."""
    try:
        yield Step(name, Found.VERIFIED, look())
    except (NoVerdict, RecordError) as error:
        yield Step(name, Found.FAILED, error.message)


def _chained(chain: Chain[Statement], link: Link[Statement]) -> str:
    """That the newest link leads to this one, and that this one's own past is there."""
    tip = chain.newest()
    if tip is None or tip.sequence < link.sequence:
        raise NoVerdict(f"the chain ends before number {link.sequence}")
    chain.require_no_gap(tip)
    standing = next((one for one in chain.back_from(tip) if one.sequence == link.sequence), None)
    if standing is None:
        raise NoVerdict(f"number {link.sequence} lies further back than anyone looks")
    if standing.digest != link.digest:
        raise NoVerdict(f"{standing.key} in the store is another verdict")
    chain.require_first(standing)
    _require_past(chain, standing)
    return f"number {link.sequence} of {tip.sequence}, each naming the one before"


def _require_past(chain: Chain[Statement], link: Link[Statement]) -> None:
    """The bytes before this link are those that it names; who signed them is their own affair."""
    previous = link.statement.predicate.previous
    if previous is None:
        return
    try:
        before = chain.store.get(chain.key(link.sequence - 1)).data
    except ObjectNotFound:
        raise NoVerdict("the verdict before this one is missing") from None
    if digest_of(before) != previous:
        raise NoVerdict("the verdict before this one is not the one that it names")


def _gathered(store: Store, named: tuple[Evidence, ...], found: dict[str, bytes]) -> str:
    for one in named:
        try:
            data = store.get(evidence_key(one.sha256)).data
        except ObjectNotFound:
            removal = removals.removal_of(store, one.sha256)
            if removal is None:
                raise NoVerdict(f"the evidence {one.name} is missing") from None
            told = f"evidence was pruned on {removal.begun_at[:10]}: {removal.rule}"
            raise _PrunedError(told) from None
        if digest_of(data) != f"sha256:{one.sha256}" or len(data) != one.bytes:
            raise NoVerdict(f"the evidence {one.name} does not have the digest it is named by")
        found[one.name] = data
    if len(found) != len(named):
        raise NoVerdict("the verdict names two pieces of evidence alike")
    return f"{len(named)} files have the digests that the verdict names"


# ------------------------------------------------------------------------- the judgement


def _workspace(scratch: Path, suite: str, evidence: Mapping[str, bytes]) -> Workspace:
    """A workspace with the evidence laid out as the stages had left it."""
    if _SUITE not in evidence:
        raise NoVerdict(f"the evidence has no {_SUITE}: the judgement cannot be repeated")
    said = records.decode(evidence[_SUITE], Suite, source=_SUITE)
    ws = Workspace(scratch.resolve(), suite, said, StoreParams())
    for name, data in evidence.items():
        path = ws.root / RUNS / suite / lending.safe(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return ws


def _judged(ws: Workspace, said: Statement, params: str) -> str:
    """That the same judgement follows from the records of the stages."""
    verdict = said.predicate.verdict
    if params != said.predicate.provenance.params:
        raise NoVerdict("the parameters among the evidence are not those of the verdict")
    found = manifest.read(ws)
    judged_file = found.source(manifest.CANDIDATE + verdict.candidate)
    if judged_file.sha256 != said.subject[0].digest.sha256:
        raise NoVerdict("the evidence is of another candidate than the verdict is about")
    again = _with_notes(judge.verdict_of(ws, found, verdict.candidate), verdict)
    if records.encode(again) != records.encode(verdict):
        raise NoVerdict(f"the evidence leads to another judgement: {_difference(again, verdict)}")
    return "all findings and checks follow from the evidence"


def _with_notes(again: Verdict, published: Verdict) -> Verdict:
    """The judgement with what publication had to note beside it."""
    kinds = {*NOTES, REPEATABILITY, WAIVER}
    return with_checks(again, [check for check in published.checks if check.kind in kinds])


def _difference(again: Verdict, published: Verdict) -> str:
    """The first thing that differs, for a person."""
    for one, other in zip(again.findings, published.findings, strict=False):
        if one != other:
            return f"{other.rule} on {other.slice} is {one.outcome}, published as {other.outcome}"
    names = [n for n in Verdict.__struct_fields__ if getattr(again, n) != getattr(published, n)]
    return f"its {', '.join(names)} differ"


# ------------------------------------------------------------------------- the statistics


def _measured(ws: Workspace, verdict: Verdict, evidence: Mapping[str, bytes]) -> str:
    """That the compare stage, run again, writes the same bytes."""
    try:
        compare.run(ws)
    except TitleholderError as error:
        raise NoVerdict(f"the statistics cannot be repeated: {error.message}") from error
    names = (
        f"{verdict.candidate}/{compare.ROWS}", f"{verdict.candidate}/{compare.MEASURED}",
        compare.PAST, compare.PANEL, compare.STANDINGS,
    )  # fmt: skip
    for name in names:
        if (ws.stage("compare") / name).read_bytes() != evidence.get(f"compare/{name}"):
            raise NoVerdict(
                f"{name} comes out otherwise: the predictions, the panel and the seed do not "
                "lead to it (or this machine computes with other libraries)"
            )
    return f"{len(names)} records come out the same, to the byte"
