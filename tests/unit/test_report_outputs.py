"""Findings where engineers already look: Markdown, JUnit XML, CSV, annotations, the terminal."""

import csv
import dataclasses
import io
import json
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support import cards, verdicts
from titleholder import types
from titleholder.report import (
    annotations,
    comment,
    gitlab,
    junit,
    markdown,
    openmetrics,
    spreadsheet,
    terminal,
)
from titleholder.report import findings as said
from titleholder.report.card import build
from titleholder.types import Check, Mode, OnInconclusive, Outcome, Severity, Verdict
from titleholder.verdict import recompute

FAILING = cards.failing().verdict
LARGE = cards.large().verdict
EVERY = [make().verdict for make in cards.CARDS]
NAMES = [make.__name__ for make in cards.CARDS]
GITHUB_STEP_SUMMARY = 1024 * 1024
GITHUB_COMMENT = 65_536


def many(times: int) -> Verdict:
    """A verdict with that many times the findings of the large one."""
    return replace(LARGE, findings=LARGE.findings * times)


# ---------------------------------------------------------------------------- Markdown


def test_a_step_summary_stays_below_what_github_takes() -> None:
    """However many findings there are, the text fits and says how many were left out."""
    verdict = many(30)
    text = markdown.summary(verdict)
    assert len(text.encode()) < GITHUB_STEP_SUMMARY
    rows = sum(line.startswith("| ") for line in text.splitlines()) - 1
    assert f"{len(verdict.findings) - rows:,} more findings left out" in text


@pytest.mark.parametrize("limit", [0, 10, 500, 2_000, 20_000, markdown.COMMENT])
@pytest.mark.parametrize("verdict", [LARGE, FAILING, cards.hostile().verdict])
def test_no_limit_is_ever_exceeded(verdict: Verdict, limit: int) -> None:
    """The limit counts bytes, not characters."""
    assert len(markdown.summary(verdict, limit).encode()) <= limit


def test_the_limits_of_our_own_lie_below_those_of_github() -> None:
    """Step summaries are refused above 1,024 KiB, comments above 64 KiB."""
    assert markdown.STEP_SUMMARY < GITHUB_STEP_SUMMARY
    assert markdown.COMMENT < GITHUB_COMMENT


def test_what_decides_is_not_what_is_left_out() -> None:
    """Rows are dropped from the end, where findings passed."""
    text = markdown.summary(LARGE, 12_000)
    first = said.ordered(LARGE.findings)[0]
    assert markdown.escape(first.slice) in text


def test_a_summary_links_to_the_report_only_by_https() -> None:
    """A path, or an address that could hold markup, stays text."""
    linked = markdown.summary(FAILING, report="https://ci.example/run/7/report.html")
    assert "[Report card](<https://ci.example/run/7/report.html>)" in linked
    for address in ("javascript:alert(1)", "https://x/>](y)", ".titleholder/report.html"):
        assert "[Report card](" not in markdown.summary(FAILING, report=address)


@pytest.mark.parametrize("verdict", EVERY, ids=NAMES)
def test_every_verdict_has_a_summary_that_says_its_outcome(verdict: Verdict) -> None:
    """Outcome and reason are there whatever came out."""
    text = markdown.summary(verdict)
    assert verdict.outcome in text.splitlines()[0]
    assert markdown.escape(verdict.reason, 600) in text


# --------------------------------------------------------------- a PASS by few findings


def passing(excused: int) -> Verdict:
    """A PASS of sixteen blocking findings of which so many were left open, and excused."""
    rules = [verdicts.rule(id=f"r{i}", on_inconclusive=OnInconclusive.WARN) for i in range(16)]
    outcomes = [Outcome.INCONCLUSIVE] * excused + [Outcome.PASS] * (16 - excused)
    found = [verdicts.finding(r, o) for r, o in zip(rules, outcomes, strict=True)]
    made = replace(verdicts.verdict(Outcome.PASS), rules=tuple(rules), findings=tuple(found))
    assert recompute(made) is Outcome.PASS
    return made


def headlines(verdict: Verdict) -> dict[str, str]:
    """The first thing that a reader of each output sees."""
    page = build(dataclasses.replace(cards.failing(), verdict=verdict))
    passed = ET.fromstring(junit.junit([verdict])).find(".//testcase[@name='verdict']/system-out")
    return {
        "terminal": terminal.plain(verdict).splitlines()[0],
        "markdown": markdown.summary(verdict).splitlines()[0],
        "card": page.partition("<h1>")[2].partition('<p class="reason">')[0],
        "junit": "" if passed is None else str(passed.text),
        "annotation": annotations.annotations(verdict).splitlines()[0],
    }


def test_a_pass_says_in_its_headline_how_much_of_it_was_excused() -> None:
    """Three that passed and thirteen that were left open are no sixteen that passed."""
    for where, line in headlines(passing(13)).items():
        assert "13 of 16 blocking findings were excused: INCONCLUSIVE" in line, where
    assert "1 of 16 blocking findings was excused" in headlines(passing(1))["terminal"]


def test_a_pass_of_all_has_nothing_to_excuse() -> None:
    """Nor has a verdict that is none."""
    told = [*headlines(passing(0)).values(), *headlines(FAILING).values()]
    assert not [line for line in told if "excused" in line]


# ------------------------------------------------------------------------------- JUnit


def case(root: ET.Element, name: str) -> ET.Element:
    """The testcase of this name."""
    return next(c for c in root.iter("testcase") if c.get("name") == name)


def ending(verdict: Verdict) -> str | None:
    """How the testcase of the only finding ended: the element's name, None for a pass."""
    root = ET.fromstring(junit.junit([verdict]))
    found = list(root.iter("testcase"))[1]
    return found[0].tag if len(found) else None


@pytest.mark.parametrize(
    ("outcome", "element"),
    [
        (Outcome.PASS, None),
        (Outcome.FAIL, "failure"),
        (Outcome.ERROR, "error"),
        (Outcome.INCONCLUSIVE, "skipped"),
    ],
)
def test_each_outcome_of_a_blocking_rule_has_its_element(
    outcome: Outcome, element: str | None
) -> None:
    """A failure is a judged regression, an error a fault, and what is open is skipped."""
    finding = replace(FAILING.findings[0], outcome=outcome)
    assert ending(replace(FAILING, findings=(finding,), checks=())) == element


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE])
@pytest.mark.parametrize("mild", [{"severity": Severity.WARN}, {"mode": Mode.SHADOW}])
def test_a_warning_is_never_red(outcome: Outcome, mild: dict[str, object]) -> None:
    """What does not block is skipped, with its reason."""
    finding = replace(FAILING.findings[0], outcome=outcome, **mild)
    assert ending(replace(FAILING, findings=(finding,), checks=())) == "skipped"


def test_an_open_finding_is_skipped_with_its_reason() -> None:
    """The message is the judge's reason."""
    root = ET.fromstring(junit.junit([cards.inconclusive().verdict]))
    message = case(root, "auc").find("skipped")
    assert message is not None
    assert "these rows cannot tell" in (message.get("message") or "")


def test_a_suite_without_findings_does_not_look_green() -> None:
    """The verdict is a testcase of its own."""
    root = ET.fromstring(junit.junit([cards.unjudged().verdict]))
    assert case(root, "verdict").find("skipped") is not None


def test_a_suite_that_came_to_no_verdict_is_an_error() -> None:
    """With the message that ended it."""
    root = ET.fromstring(junit.junit([], {"credit": "the store is unreachable"}))
    error = case(root, "verdict").find("error")
    assert error is not None and error.get("message") == "the store is unreachable"


def test_the_counts_of_a_document_are_those_of_its_testcases() -> None:
    """tests, failures, errors and skipped add up, for each suite and for all."""
    root = ET.fromstring(junit.junit(EVERY))
    tags = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for name, tag in tags.items():
            assert element.get(name) == str(sum(c.find(tag) is not None for c in cases))


# --------------------------------------------------------------------------------- CSV


def test_csv_has_a_line_for_each_finding_with_all_digits() -> None:
    """Numbers read back exactly as they were."""
    rows = list(csv.DictReader(io.StringIO(spreadsheet.findings_csv([FAILING]))))
    for row, finding in zip(rows, said.ordered(FAILING.findings), strict=True):
        assert row["rule"] == finding.rule
        assert float(row["improvement_low"]) == finding.improvement.low
        assert row["rows_needed"] == (
            "" if finding.rows_needed is None else str(finding.rows_needed)
        )


def test_csv_of_nothing_is_its_header() -> None:
    """No verdict, no line, but the columns are there."""
    assert spreadsheet.findings_csv([]) == ",".join(spreadsheet.COLUMNS) + "\r\n"


# ------------------------------------------------------------------------- annotations


def levels(verdict: Verdict) -> list[str]:
    """The level of each line that is a command."""
    lines = annotations.annotations(verdict).splitlines()
    return [line.split()[0].strip(":") for line in lines if line.startswith("::")]


def test_only_what_blocks_is_annotated_as_an_error() -> None:
    """A failing verdict and its broken rule; warnings, excused and shadow findings are not."""
    found = levels(FAILING)
    assert found.count("error") == 2
    assert found[0] == "error"
    assert "notice" in found


def test_a_pass_is_annotated_without_an_error() -> None:
    """Its first line is a notice."""
    found = levels(cards.passing().verdict)
    assert found[0] == "notice" and "error" not in found


def test_no_more_annotations_are_made_than_are_shown() -> None:
    """At most ten of each level, and a remark on the rest."""
    found = levels(LARGE)
    assert max(found.count(level) for level in set(found)) <= annotations.MOST
    assert annotations.annotations(LARGE).splitlines()[-1].endswith("more on the report card")


def test_a_blocking_check_is_an_error_and_a_warning_check_is_not() -> None:
    """By the severity that the check declares."""
    checks = tuple(
        Check(name=s, kind="data", severity=s, outcome=Outcome.FAIL, reason="x")
        for s in (Severity.BLOCK, Severity.WARN, Severity.INFO)
    )
    verdict = replace(cards.passing().verdict, findings=(), checks=checks)
    assert levels(verdict)[1:] == ["error", "warning", "notice"]


# ---------------------------------------------------------------------------- terminal


class Screen(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, tty: bool) -> None:
        super().__init__()
        self.tty = tty

    def isatty(self) -> bool:
        """What it was told."""
        return self.tty


def shown(verdict: Verdict, tty: bool) -> str:
    """What is printed to a terminal, or to a file."""
    screen = Screen(tty)
    terminal.print_findings(verdict, screen)
    return screen.getvalue()


@pytest.mark.parametrize("verdict", EVERY, ids=NAMES)
def test_a_file_gets_plain_text(verdict: Verdict) -> None:
    """No escape sequence where nobody watches, and the outcome on the first line."""
    text = shown(verdict, tty=False)
    assert "\x1b" not in text
    assert verdict.outcome in text.splitlines()[0]


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same outcome, in words."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(FAILING, tty=True)
    assert "\x1b[" in text and "FAIL" in text


def test_plain_columns_line_up() -> None:
    """The heading of every left-aligned column stands above its cells."""
    lines = terminal.plain(FAILING).splitlines()
    head = next(line for line in lines if line.strip().startswith("outcome"))
    rows = lines[lines.index(head) + 1 :]
    at = head.index("rule")
    for row, finding in zip(rows, said.ordered(FAILING.findings), strict=True):
        assert row[at:].startswith(finding.rule)


@pytest.mark.parametrize("tty", [True, False])
def test_a_test_that_was_asked_for_is_shown_and_so_is_why_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tty: bool
) -> None:
    """A column of p-values where there are any, what they are below, and no column elsewhere."""
    monkeypatch.setenv("COLUMNS", "200")
    whole = verdicts.verdict(Outcome.PASS, Outcome.PASS, Outcome.PASS)
    tests = (
        types.Tested("exact McNemar test", 0.0312),
        types.Tested("exact McNemar test", None, "does not apply: rows have weights or clusters"),
        None,
    )
    asked = zip(whole.findings, tests, strict=True)
    tried = replace(whole, findings=tuple(replace(f, test=test) for f, test in asked))
    text = shown(tried, tty)
    assert "0.031" in text
    assert "exact McNemar test of no improvement; it decides nothing" in text
    assert "exact McNemar test does not apply: rows have weights or clusters" in text
    assert " p\n" in terminal.plain(tried) and " p\n" not in terminal.plain(whole)
    assert "McNemar" not in shown(whole, tty)


def test_a_long_list_is_cut_with_a_remark() -> None:
    """The rest is on the report card."""
    text = terminal.plain(LARGE, most=5)
    assert f"… and {len(LARGE.findings) - 5:,} more findings on the report card" in text


def test_a_stream_that_knows_only_ascii_is_written_to_all_the_same() -> None:
    """What it cannot write becomes escapes, not an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    terminal.print_findings(FAILING, stream)
    assert raw.getvalue().isascii()


# ----------------------------------------------------------------------------- comment


@pytest.mark.parametrize("verdicts", [EVERY, [LARGE] * 3, [many(30)] * 100, []])
def test_a_comment_begins_with_its_mark_and_fits(verdicts: list[Verdict]) -> None:
    """Whoever posts it finds the one before by the mark; GitHub takes what is written."""
    text = comment.comment(verdicts, {"broken": "the store is unreachable"})
    assert text.startswith(f"{comment.MARK}\n")
    assert text.count(comment.MARK) == 1
    assert len(text.encode()) < GITHUB_COMMENT
    assert "broken: no judgement" in text


def test_a_comment_has_every_outcome_or_says_how_many_are_left_out() -> None:
    """A verdict never goes missing in silence."""
    text = comment.comment([many(30)] * 100)
    shown = sum(line.startswith("## ") for line in text.splitlines())
    assert f"{100 - shown} more verdicts on the report cards" in text
    assert sum(line.startswith("## ") for line in comment.comment(EVERY).splitlines()) == len(EVERY)


def test_nothing_in_a_verdict_can_be_taken_for_the_mark() -> None:
    """Not even a candidate that is called like it."""
    named = replace(FAILING, candidate=comment.MARK, reason=comment.MARK)
    assert comment.comment([named]).count(comment.MARK) == 1


# ------------------------------------------------------------------------------ GitLab


@pytest.mark.parametrize("verdict", EVERY, ids=NAMES)
def test_code_quality_has_an_entry_for_what_did_not_pass(verdict: Verdict) -> None:
    """With the keys that GitLab asks for, and a fingerprint that stays from run to run."""
    found = json.loads(gitlab.code_quality([verdict], {"broken": "x"}))
    unmet = [f for f in verdict.findings if f.outcome != "PASS"]
    unmet_checks = [c for c in verdict.checks if c.outcome != "PASS"]
    assert len(found) == len(unmet) + len(unmet_checks) + 1
    assert len({entry["fingerprint"] for entry in found}) == len(found)
    for entry in found:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert entry["location"] == {"path": "params.yaml", "lines": {"begin": 1}}
    later = replace(verdict, findings=verdict.findings[::-1])
    again = json.loads(gitlab.code_quality([later], {"broken": "y"}))
    assert {e["fingerprint"] for e in again} == {e["fingerprint"] for e in found}


def test_a_warning_is_never_critical_in_code_quality() -> None:
    """Only what blocks, and is broken, is."""
    found = json.loads(gitlab.code_quality([FAILING]))
    blocking = [f for f in FAILING.findings if f.outcome in ("FAIL", "ERROR") and said.decides(f)]
    assert sum(entry["severity"] == "critical" for entry in found) == len(blocking)


def test_links_lead_to_the_web_alone() -> None:
    """An address that is no http(s) one, or that could hold more, is left out."""
    pages = {"good": "https://gitlab.example/a/-/jobs/7/artifacts/file/x/report.html"}
    bad = {"a": "javascript:alert(1)", "b": "", "c": 'https://x/"><b>', "d": "file:///etc"}
    (kept,) = json.loads(gitlab.links(pages | bad))["titleholder"]
    assert kept == {"external_link": {"label": "good", "url": pages["good"]}}


# ------------------------------------------------------------------------- OpenMetrics


@pytest.mark.parametrize("verdict", EVERY, ids=NAMES)
def test_openmetrics_is_what_the_reference_parser_reads(verdict: Verdict) -> None:
    """Names from data are label values and nothing else; every number comes back as it was."""
    text = openmetrics.openmetrics([openmetrics.told(verdict)], {"broken": "x"})
    families = {f.name: f for f in text_string_to_metric_families(text)}
    states = families["titleholder_verdict_outcome"].samples
    assert [s.labels["titleholder_verdict_outcome"] for s in states if s.value] == [verdict.outcome]
    judged = {s.labels["suite"]: s.value for s in families["titleholder_suite_judged"].samples}
    assert judged["broken"] == 0
    for name, end in (("judged", "value"), ("judged_low", "low"), ("judged_high", "high")):
        told = sorted(s.value for s in families[f"titleholder_rule_{name}"].samples)
        ends = [getattr(said.judged(f).estimate, end) for f in verdict.findings]
        assert told == sorted(value for value in ends if value is not None)
    assert len(families["titleholder_rule_bound"].samples) == len(verdict.findings)


def test_openmetrics_of_nothing_is_still_an_exposition() -> None:
    """It ends as the standard asks."""
    text = openmetrics.openmetrics([])
    assert text.endswith("# EOF\n")
    assert all(not f.samples for f in text_string_to_metric_families(text))
