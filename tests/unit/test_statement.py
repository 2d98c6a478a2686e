"""What is published: an in-toto statement, strict to read, that names question and answer."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from tests.support import verdicts
from titleholder import records
from titleholder.errors import NoVerdict
from titleholder.trust import attestation
from titleholder.trust import statement as v
from titleholder.types import Mode, OnInconclusive, Outcome, Severity, Verdict

PASS, FAIL, INCONCLUSIVE, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR
PARAMS = verdicts.provenance().params


def _statement(whole: Verdict | None = None) -> v.Statement:
    whole = whole or verdicts.verdict(PASS)
    return v.statement(
        (verdicts.subject(),),
        v.Predicate(
            schema_version=2,
            environment="dev",
            suite="credit",
            sequence=1,
            previous=None,
            run_key=v.run_key("dev", verdicts.subject(), whole, "2026-03-02", PARAMS),
            result=v.result_of(whole),
            logical_date="2026-03-02",
            published_at="2026-03-02T12:00:00Z",
            expires_at="2026-03-09T12:00:00Z",
            signature="unsigned",
            provenance=verdicts.provenance(),
            evidence=(v.Evidence("report.html", "01" * 32, 5),),
            verdict=whole,
        ),
    )


def test_a_statement_is_an_in_toto_statement() -> None:
    """Type, subject with digest, predicate type, predicate: the four fields of version 1."""
    plain = json.loads(v.encode(_statement()))
    assert plain["_type"] == "https://in-toto.io/Statement/v1"
    assert plain["subject"] == [{"name": "candidate.skops", "digest": {"sha256": verdicts.MODEL}}]
    assert sorted(plain) == ["_type", "predicate", "predicateType", "subject"]
    assert v.parse(v.encode(_statement()), source="s") == _statement()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"signature": "unsigned"', '"signature": "trusted"'),
        ('"schema_version": 2', '"schema_version": 3'),
        ('"schema_version": 2', '"schema_version": 1'),
        ("titleholder:verdict:v2", "titleholder:verdict:v1"),
        ("titleholder:verdict:v2", "titleholder:verdict:v3"),
        ('"level": "0.95"', '"level": 0.95'),
        ('"level": "0.95"', '"level": "0.950"'),
        ('"level": "0.95"', '"level": "0,95"'),
        ('"level": "0.95"', '"level": "9.5e-1"'),
        ('"level": "0.95"', '"level": "NaN"'),
        ('"level": "0.95"', '"level": "1e999"'),
        ('"level": "0.95"', '"level": null'),
        ('"margin": "0.01"', '"margin": "0.010000000000000001"'),
        ('"low": "0.78"', '"low": 0.78'),
        ('"sequence": 1', '"sequence": 0'),
        ('"sequence": 1', '"sequence": 1.0'),
        ('"n": 1000', '"n": 1e999'),
        ('"n": 1000', '"n": NaN'),
        ('"n": 1000', '"n": 1000, "n": 1'),
        ('"n": 1000', '"n": "1000"'),
        ('"n": 1000', '"n": 1000, "extra": true'),
        ('"outcome": "PASS"', '"outcome": "OK"'),
        ('"published_at": "2026-03-02T12:00:00Z"', '"published_at": "2026-03-02 12:00"'),
        ('"environment": "dev"', '"environment": "../prod"'),
        (verdicts.MODEL, "AB" * 32),
        ("in-toto.io/Statement/v1", "in-toto.io/Statement/v2"),
        ("{", "["),
    ],
)
def test_what_is_no_statement_is_refused(old: str, new: str) -> None:
    """Unknown fields and versions, doubled keys, numbers that are none, names that are paths."""
    text = v.encode(_statement()).decode()
    assert old in text
    with pytest.raises(NoVerdict, match="not a verdict"):
        v.parse(text.replace(old, new, 1).encode(), source="s")


def test_bytes_that_are_no_text_are_no_statement() -> None:
    """A damaged object is met like a forged one."""
    for data in (b"", b"\xff\xfe", b"[" * 100_000, b"null"):
        with pytest.raises(NoVerdict):
            v.parse(data, source="s")


def test_the_run_key_names_the_question_and_not_the_answer() -> None:
    """Another file, rule, input or night is another question; another outcome is not."""
    whole, subject, day = verdicts.verdict(PASS), verdicts.subject(), "2026-03-02"
    key = v.run_key("dev", subject, whole, day, PARAMS)
    others = [
        v.run_key("prod", subject, whole, day, PARAMS),
        v.run_key("dev", verdicts.subject(verdicts.OTHER_MODEL), whole, day, PARAMS),
        v.run_key("dev", subject, whole, "2026-03-03", PARAMS),
        v.run_key("dev", subject, replace(whole, rules=()), day, PARAMS),
        v.run_key("dev", subject, replace(whole, inputs=()), day, PARAMS),
        v.run_key("dev", subject, whole, day, f"sha256:{'00' * 32}"),
    ]
    assert len({key, *others}) == 7
    assert v.run_key("dev", subject, replace(whole, outcome=FAIL, findings=()), day, PARAMS) == key


def test_moments_are_written_in_utc() -> None:
    """Whatever the zone, and to the second."""
    there = datetime(2026, 3, 2, 1, 30, 5, 999, tzinfo=timezone(timedelta(hours=2)))
    assert v.instant(there) == "2026-03-01T23:30:05Z"
    assert v.moment("2026-03-01T23:30:05Z") == datetime(2026, 3, 1, 23, 30, 5, tzinfo=UTC)
    with pytest.raises(NoVerdict, match="calendar"):
        v.moment("2026-02-30T00:00:00Z")


def test_a_statement_holds_the_result_that_it_names() -> None:
    """And is about the suite that its verdict is about."""
    said = _statement()
    other = replace(said.predicate, verdict=verdicts.verdict(FAIL))
    with pytest.raises(NoVerdict, match="result that it names"):
        v.parse(v.encode(replace(said, predicate=other)), source="s")
    foreign = _statement(verdicts.verdict(PASS, suite="flights"))
    with pytest.raises(NoVerdict, match="another suite"):
        v.parse(v.encode(foreign), source="s")


def test_a_verdict_outlives_the_fields_that_a_later_version_adds() -> None:
    """Digests are of what the writer wrote: a default that is not written changes none of them."""
    said = json.loads(v.encode(_statement()))
    for part in (*said["predicate"]["verdict"]["rules"], *said["predicate"]["verdict"]["inputs"]):
        for name in ("mode", "rev"):
            part.pop(name, None)
    said["predicate"]["result"] = f"sha256:{records.sha256(said['predicate']['verdict'])}"
    older = records.encode(said)
    assert v.parse(older, source="s").predicate.verdict == _statement().predicate.verdict
    assert v.question_of(v.plain(older)) != _statement().predicate.run_key
    assert v.question_of(v.plain(v.encode(_statement()))) == _statement().predicate.run_key


@pytest.mark.parametrize("said", [{"attempt": 2}, {"started_at": "2026-03-02T11:00:00Z"}])
def test_another_try_is_made_alike(said: dict[str, object]) -> None:
    """When and how often say nothing of who answered."""
    assert verdicts.provenance().made_alike(verdicts.provenance(**said))


@pytest.mark.parametrize(
    "said",
    [{"lock": None}, {"code": v.Code(None, True)}, {"code": v.Code(commit="12" * 20, dirty=True)}],
)
def test_other_code_or_packages_are_other_makers(said: dict[str, object]) -> None:
    """What may have answered otherwise."""
    assert not verdicts.provenance().made_alike(verdicts.provenance(**said))


# ------------------------------------------------------------------------- test result


def _result(whole: Verdict) -> dict[str, object]:
    said = attestation.result_of(_statement(whole), f"sha256:{'aa' * 32}", "s3://b/v/1.json")
    plain: dict[str, object] = json.loads(records.encode(said))
    assert plain["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert plain["subject"] == [{"name": "candidate.skops", "digest": {"sha256": verdicts.MODEL}}]
    predicate = plain["predicate"]
    assert isinstance(predicate, dict)
    assert sorted(predicate) == [
        "configuration", "failedTests", "passedTests", "result", "url", "warnedTests",
    ]  # fmt: skip
    return predicate


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ([PASS], "PASSED"),
        ([FAIL], "FAILED"),
        ([PASS, INCONCLUSIVE], "FAILED"),
        ([ERROR], "FAILED"),
        ([], "FAILED"),
    ],
)
def test_only_a_pass_is_passed_in_the_standard_s_words(
    outcomes: list[Outcome], result: str
) -> None:
    """INCONCLUSIVE is never PASSED, nor is nothing at all."""
    assert _result(verdicts.verdict(*outcomes))["result"] == result


def test_what_is_excused_or_only_warns_is_warned_of() -> None:
    """By the rule's name and slice; shadow rules are not told."""
    rules = [
        verdicts.rule(id="a"),
        verdicts.rule(id="b", on_inconclusive=OnInconclusive.WARN),
        verdicts.rule(id="c", severity=Severity.WARN),
        verdicts.rule(id="d", mode=Mode.SHADOW),
        verdicts.rule(id="e", over="sex"),
    ]
    outcomes = [PASS, INCONCLUSIVE, FAIL, FAIL, PASS]
    findings = tuple(verdicts.finding(r, o) for r, o in zip(rules, outcomes, strict=True))
    whole = verdicts.verdict(PASS, rules=tuple(rules), findings=findings)
    said = _result(whole)
    assert said["result"] == "WARNED"
    assert said["passedTests"] == ["a (overall)", "e (over sex)"]
    assert said["warnedTests"] == ["b (overall)", "c (overall)"]
    assert said["failedTests"] == []


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["m.skops", "m.skops/a"], "names more than that"),
        (["m/", "m/a", "m/a"], "files that are not in it"),
        (["m/", "other/a"], "files that are not in it"),
        (["m/", "m/a"], "does not follow from its files"),
        (["m/"], "does not follow from its files"),
    ],
)
def test_a_model_is_a_file_alone_or_a_directory_with_its_files(names: list[str], said: str) -> None:
    """Whatever else a statement names, it would be about something nobody judged."""
    subjects = tuple(v.subject_of(name, verdicts.MODEL) for name in names)
    with pytest.raises(NoVerdict, match=said):
        v.parse(v.encode(replace(_statement(), subject=subjects)), source="s")
