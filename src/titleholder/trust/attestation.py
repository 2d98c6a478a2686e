"""The verdict in the words of a standard: in-toto's test-result predicate, for existing tools.

https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md (v0.1)
It says less than the verdict and is derived from it. Only a PASS with nothing to warn of is
PASSED; INCONCLUSIVE is FAILED, since that standard has no third answer and silence is none.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from titleholder.trust.statement import STATEMENT_TYPE, Digest, DigestSet, Statement, Subject
from titleholder.types import Finding, Mode, OnInconclusive, Outcome, Record, Severity

TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
Grade: TypeAlias = Literal["PASSED", "WARNED", "FAILED"]


class Configuration(Record, frozen=True):
    """A resource descriptor: what the test was configured by."""

    name: str
    digest: DigestSet


class Result(Record, frozen=True, rename="camel"):
    """The predicate: names of tests are rules with their slices."""

    result: Grade
    configuration: tuple[Configuration, ...]
    url: str
    passed_tests: tuple[str, ...]
    warned_tests: tuple[str, ...]
    failed_tests: tuple[str, ...]


class ResultStatement(Record, frozen=True):
    """The statement around it."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: Literal["https://in-toto.io/attestation/test-result/v0.1"] = msgspec.field(
        name="predicateType"
    )
    predicate: Result


def result_of(said: Statement, digest: Digest, url: str) -> ResultStatement:
    """The test result that follows from a published verdict of this digest, kept at ``url``."""
    verdict = said.predicate.verdict
    by_result: dict[Grade, list[str]] = {"PASSED": [], "WARNED": [], "FAILED": []}
    for finding in verdict.findings:
        if finding.mode is Mode.ENFORCE:
            by_result[_of_finding(finding)].append(_name(finding))
    configuration = (
        _configured("policy", said.predicate.provenance.policy),
        _configured("params", said.predicate.provenance.params),
        _configured("verdict", digest),
    )
    predicate = Result(
        result=_of_verdict(verdict.outcome, by_result["WARNED"]),
        configuration=configuration,
        url=url,
        passed_tests=tuple(by_result["PASSED"]),
        warned_tests=tuple(by_result["WARNED"]),
        failed_tests=tuple(by_result["FAILED"]),
    )
    return ResultStatement(STATEMENT_TYPE, said.subject, TEST_RESULT, predicate)


def _of_verdict(outcome: Outcome, warned: Iterable[str]) -> Grade:
    if outcome is not Outcome.PASS:
        return "FAILED"
    return "WARNED" if list(warned) else "PASSED"


def _of_finding(finding: Finding) -> Grade:
    """A rule that warns or informs can do no more; a blocking one fails unless it is excused."""
    if finding.outcome is Outcome.PASS:
        return "PASSED"
    if finding.severity is not Severity.BLOCK:
        return "WARNED"
    open_ = finding.outcome is Outcome.INCONCLUSIVE
    excused = open_ and finding.on_inconclusive is not OnInconclusive.BLOCK
    return "WARNED" if excused else "FAILED"


def _name(finding: Finding) -> str:
    where = f"over {finding.over}" if finding.over else finding.slice
    return f"{finding.rule} ({where})"


def _configured(name: str, digest: str) -> Configuration:
    return Configuration(name, DigestSet(digest.removeprefix("sha256:")))
