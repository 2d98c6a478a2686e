"""The verdict: derived from all findings, published as a statement, and derived again by readers.

No outcome is believed because it stands in a file. `derive` is the only way to one; `recompute`
repeats it, and the decision of each finding, for whoever reads a verdict.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from titleholder import records
from titleholder.errors import Exit, NoVerdict, RecordError
from titleholder.judge import bound_of, decide
from titleholder.policy import EVERY
from titleholder.types import (
    Check,
    Comparison,
    Finding,
    Mode,
    OnInconclusive,
    Outcome,
    Record,
    Rule,
    Severity,
    Verdict,
)

SCHEMA_VERSION: Final = 1
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:titleholder:verdict:v1"
UNSIGNED: Final = "unsigned"
_MOST_NAMED = 3

# What a process says of a verdict; ERROR is none, and whoever meets it here has a fault.
EXIT_OF: Mapping[Outcome, Exit] = {
    Outcome.PASS: Exit.ALLOW,
    Outcome.FAIL: Exit.REGRESSED,
    Outcome.INCONCLUSIVE: Exit.INCONCLUSIVE,
}

Hex: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Digest: TypeAlias = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Instant: TypeAlias = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Day: TypeAlias = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Sequence1: TypeAlias = Annotated[int, Meta(ge=1, le=99_999_999)]


# ------------------------------------------------------------------------- the statement


class DigestSet(Record, frozen=True):
    """What in-toto calls a digest set, with the one algorithm that counts here."""

    sha256: Hex


class Subject(Record, frozen=True):
    """The file that was judged: the candidate's, by the SHA-256 of its bytes."""

    name: str
    digest: DigestSet


class Evidence(Record, frozen=True):
    """A file that stands behind the verdict, kept in the store under its digest."""

    name: str
    sha256: Hex
    bytes: Count


class Predicate(Record, frozen=True):
    """What is said of the subject: who asked what, when, what follows, and until when it holds.

    ``previous`` is the digest of the statement before this one in the chain of its suite and
    environment. ``run_key`` names the question (subject, rules, inputs, logical date), ``result``
    the answer (the whole `Verdict`).
    """

    schema_version: Literal[1]
    environment: Name
    suite: Name
    sequence: Sequence1
    previous: Digest | None
    run_key: Digest
    result: Digest
    logical_date: Day
    published_at: Instant
    expires_at: Instant
    signature: Literal["unsigned"]
    evidence: tuple[Evidence, ...]
    verdict: Verdict


class Statement(Record, frozen=True):
    """A published verdict in the shape of an in-toto Statement v1.

    As it stands it is the payload of a DSSE envelope; unsigned, it is published bare.
    https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
    """

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]
    predicate_type: Literal["urn:titleholder:verdict:v1"] = msgspec.field(name="predicateType")
    predicate: Predicate


def subject_of(name: str, sha256: str) -> Subject:
    """The file ``name``, whose bytes have this hex SHA-256."""
    return Subject(name, DigestSet(sha256))


def statement(subject: Subject, predicate: Predicate) -> Statement:
    """The predicate, said of the subject."""
    return Statement(STATEMENT_TYPE, (subject,), PREDICATE_TYPE, predicate)


def parse(data: bytes, *, source: str) -> Statement:
    """A statement from its bytes, strictly; NoVerdict when they are not one."""
    try:
        return records.decode(data, Statement, source=source)
    except RecordError as error:
        raise NoVerdict(f"this is not a verdict: {error.message}") from error


def run_key(environment: str, subject: Subject, verdict: Verdict, logical_date: str) -> str:
    """The digest of the question: this file, these rules and inputs, on this day."""
    question = {
        "environment": environment,
        "suite": verdict.suite,
        "subject": subject,
        "task": verdict.task,
        "level": verdict.level,
        "rules": verdict.rules,
        "inputs": verdict.inputs,
        "logical_date": logical_date,
    }
    return f"sha256:{records.sha256(question)}"


def instant(moment: datetime) -> str:
    """A moment as statements write it: UTC, whole seconds, with a Z.

    >>> instant(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The moment that a statement wrote; NoVerdict if the calendar has no such one."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise NoVerdict(f"{text} is no moment of the calendar") from None


# --------------------------------------------------------------------------- derivation


def derive(findings: Iterable[Finding], checks: Iterable[Check]) -> Outcome:
    """The outcome that follows, and nothing else may say otherwise.

    Any blocking FAIL: FAIL. Else anything blocking that is not a PASS and not excused by its
    rule: INCONCLUSIVE; a rule may excuse INCONCLUSIVE, never ERROR. Else PASS, if at least one
    blocking rule passed: nothing passes by absence, nor by excuses alone. A blocking check can
    withhold a PASS; it is never a regression. Shadow rules, warnings and notes do not count.
    """
    deciding = [finding for finding in findings if _decides(finding)]
    if any(finding.outcome is Outcome.FAIL for finding in deciding):
        return Outcome.FAIL
    settled = all(_passed(finding) or _excused(finding) for finding in deciding)
    sound = not _unmet(checks)
    if settled and sound and any(_passed(finding) for finding in deciding):
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def reason(findings: Iterable[Finding], checks: Iterable[Check]) -> str:
    """Why `derive` says what it says, in one sentence."""
    findings, checks = tuple(findings), tuple(checks)
    deciding = [finding for finding in findings if _decides(finding)]
    match derive(findings, checks):
        case Outcome.FAIL:
            failed = [f for f in deciding if f.outcome is Outcome.FAIL]
            return f"{_share(failed, deciding)} failed: {_names(failed)}."
        case Outcome.PASS:
            return _why_passed(deciding)
        case _:
            return _why_open(deciding, _unmet(checks))


def _why_passed(deciding: Sequence[Finding]) -> str:
    excused = [finding for finding in deciding if _excused(finding)]
    if not excused:
        return f"All {_counted(deciding)} passed."
    passed = [finding for finding in deciding if _passed(finding)]
    return f"{_share(passed, deciding)} passed; left open and excused by policy: {_names(excused)}."


def _why_open(deciding: Sequence[Finding], unmet: Sequence[Check]) -> str:
    errors = [f for f in deciding if f.outcome is Outcome.ERROR]
    still_open = [f for f in deciding if f.outcome is Outcome.INCONCLUSIVE and not _excused(f)]
    parts: list[str] = []
    if unmet:
        parts.extend(f"the check {c.name} did not pass ({c.reason})" for c in unmet)
    if errors:
        parts.append(f"{_share(errors, deciding)} could not be judged: {_names(errors)}")
    if still_open:
        parts.append(f"{_share(still_open, deciding)} could not be settled: {_names(still_open)}")
    if not deciding:
        parts.append("no blocking rule was judged, and nothing passes by absence")
    if not parts:
        parts.append("every blocking rule was left open and excused, so nothing was shown")
    text = " ".join("; ".join(parts).split())
    return f"{text[0].upper()}{text[1:]}."


def _decides(finding: Finding) -> bool:
    return finding.mode is Mode.ENFORCE and finding.severity is Severity.BLOCK


def _passed(finding: Finding) -> bool:
    return finding.outcome is Outcome.PASS


def _excused(finding: Finding) -> bool:
    return (
        finding.outcome is Outcome.INCONCLUSIVE
        and finding.on_inconclusive is not OnInconclusive.BLOCK
    )


def _unmet(checks: Iterable[Check]) -> list[Check]:
    return [c for c in checks if c.severity is Severity.BLOCK and c.outcome is not Outcome.PASS]


def _share(some: Sequence[Finding], of: Sequence[Finding]) -> str:
    return f"{len(some)} of {_counted(of)}"


def _counted(findings: Sequence[Finding]) -> str:
    return f"{len(findings)} blocking finding{'' if len(findings) == 1 else 's'}"


def _names(findings: Sequence[Finding]) -> str:
    named = [f"{f.rule} ({f'over {f.over}' if f.over else f.slice})" for f in findings]
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


# ------------------------------------------------------------------------ recomputation


def recompute(verdict: Verdict) -> Outcome:
    """The outcome, derived again; NoVerdict where the record contradicts itself.

    Declared rules must equal the reported findings, each finding must follow from its own
    interval, and the outcome from all of them. What this cannot see is whether the intervals
    follow from the data: that takes the predictions.
    """
    if verdict.schema_version != SCHEMA_VERSION:
        raise NoVerdict(f"the verdict has schema version {verdict.schema_version}, not 1")
    rules = {rule.id: rule for rule in verdict.rules}
    if len(rules) != len(verdict.rules):
        raise NoVerdict("the verdict declares two rules under one name")
    _require_all_reported(rules, verdict.findings)
    for finding in verdict.findings:
        _require_declared(rules[finding.rule], finding)
        _require_followed(rules[finding.rule], finding)
    outcome = derive(verdict.findings, verdict.checks)
    if outcome is not verdict.outcome:
        raise NoVerdict(f"the verdict says {verdict.outcome}, and its findings say {outcome}")
    return outcome


def _require_all_reported(rules: dict[str, Rule], findings: Sequence[Finding]) -> None:
    """Each rule has a finding, each finding a rule, and none is told twice."""
    reported = Counter((f.rule, f.slice) for f in findings)
    named = {rule for rule, _ in reported}
    if silent := sorted(rules.keys() - named):
        raise NoVerdict(f"the verdict has no finding for its rule {silent[0]}")
    if foreign := sorted(named - rules.keys()):
        raise NoVerdict(f"the verdict has a finding for {foreign[0]}, which it does not declare")
    if doubled := sorted(key for key, count in reported.items() if count > 1):
        raise NoVerdict(f"the verdict has two findings for {doubled[0][0]} on {doubled[0][1]}")


def _require_declared(rule: Rule, finding: Finding) -> None:
    """A finding may not soften what its rule says."""
    for name in ("metric", "over", "kind", "margin", "value", "relative"):
        if getattr(rule, name) != getattr(finding, name):
            raise NoVerdict(f"the finding for {rule.id} has another {name} than its rule")
    for name in ("severity", "on_inconclusive", "mode"):
        if getattr(rule, name) is not getattr(finding, name):
            raise NoVerdict(f"the finding for {rule.id} has another {name} than its rule")
    if rule.slice not in (EVERY, finding.slice):
        raise NoVerdict(f"the finding for {rule.id} is on {finding.slice}, not on {rule.slice}")


def _require_followed(rule: Rule, finding: Finding) -> None:
    """The outcome of a finding must follow from its interval.

    ERROR is always believed, since it cannot help anyone. INCONCLUSIVE is believed over an
    interval that would decide only where the slice is below the rule's floor on rows.
    """
    if finding.outcome is Outcome.ERROR:
        return
    decided = decide(rule, bound_of(rule, _compared(finding)))
    if finding.outcome is decided:
        return
    withheld = finding.outcome is Outcome.INCONCLUSIVE
    if withheld and (decided is Outcome.ERROR or _may_be_too_small(rule, finding)):
        return
    raise NoVerdict(
        f"the finding for {rule.id} on {finding.slice} says {finding.outcome}, "
        f"and its interval says {decided}"
    )


def _may_be_too_small(rule: Rule, finding: Finding) -> bool:
    """Whether a floor on rows explains why nothing was decided; an undeclared floor might."""
    floor = rule.min_n
    if floor is None:
        return True
    return finding.n < floor or (finding.n_clusters is not None and finding.n_clusters < floor)


def _compared(finding: Finding) -> Comparison:
    """What was judged, as the judge saw it: a finding keeps the improvement in the rule's unit."""
    return Comparison(
        metric=finding.metric,
        slice=finding.slice,
        over=finding.over,
        n=finding.n,
        n_clusters=finding.n_clusters,
        n_min_class=None,
        method=finding.method,
        level=finding.level,
        champion=finding.champion,
        candidate=finding.candidate,
        improvement=finding.improvement,
        relative=finding.improvement,
        std_error=None,
        relative_std_error=None,
    )
