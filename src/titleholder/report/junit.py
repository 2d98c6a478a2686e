"""Verdicts as JUnit XML, which every CI system reads.

A suite is a testsuite; each finding, each check and the verdict itself is a testcase. What breaks
a blocking rule is a failure, what could not be measured an error, what is open is skipped with its
reason. What only warns is never a failure, since reporters treat that as red: it is skipped too.
Element and attribute names follow the schema of the Jenkins xUnit plug-in,
https://github.com/jenkinsci/xunit-plugin (``junit-10.xsd``).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from titleholder.report import findings as said
from titleholder.report import sentences
from titleholder.report.text import visible
from titleholder.types import OVERALL, Check, Finding, Outcome, Severity, Verdict

_ELEMENT: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FAIL: "failure", Outcome.ERROR: "error", Outcome.INCONCLUSIVE: "skipped"}
)
_NOTHING: Mapping[str, str] = MappingProxyType({})


def junit(verdicts: Iterable[Verdict], errors: Mapping[str, str] = _NOTHING) -> str:
    """One document of all verdicts; ``errors`` are suites that came to none, with the message."""
    suites = [_testsuite(verdict) for verdict in verdicts]
    suites += [_broken(suite, message) for suite, message in errors.items()]
    root = ET.Element("testsuites", {"name": "titleholder", **_counts(suites)})
    root.extend(suites)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _testsuite(verdict: Verdict) -> ET.Element:
    suite = visible(verdict.suite)
    cases = [
        _verdict(suite, verdict),
        *(_finding(suite, finding) for finding in said.ordered(verdict.findings)),
        *(_check(suite, check) for check in verdict.checks),
    ]
    return _suite(f"{suite}: {visible(verdict.candidate)}", cases)


def _broken(suite: str, message: str) -> ET.Element:
    case = _case(visible(suite), "verdict")
    _mark(case, "error", message, "ERROR")
    return _suite(visible(suite), [case])


def _suite(name: str, cases: list[ET.Element]) -> ET.Element:
    element = ET.Element("testsuite", {"name": name, **_counts(cases)})
    element.extend(cases)
    return element


def _counts(elements: list[ET.Element]) -> dict[str, str]:
    """How many testcases below these elements there are, and how they ended."""
    cases = [case for element in elements for case in element.iter("testcase")]
    ended = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    found = {name: sum(case.find(tag) is not None for case in cases) for name, tag in ended.items()}
    return {"tests": str(len(cases)), **{name: str(count) for name, count in found.items()}}


def _case(suite: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=suite, name=name)


def _verdict(suite: str, verdict: Verdict) -> ET.Element:
    """The verdict itself, so that a suite without any finding does not look green."""
    case = _case(suite, "verdict")
    if verdict.outcome is not Outcome.PASS:
        said_so = f"{sentences.answer(verdict)}. {verdict.reason}"
        _mark(case, _ELEMENT[verdict.outcome], said_so, verdict.outcome)
    elif told := sentences.excused(verdict):
        # A testcase that passed has no message: this is what reporters show beside it.
        ET.SubElement(case, "system-out").text = f"{verdict.outcome}; {told}."
    return case


def _finding(suite: str, finding: Finding) -> ET.Element:
    whole = finding.slice == OVERALL and finding.over is None
    on = "" if whole else f" ({visible(said.where(finding))})"
    case = _case(suite, f"{visible(finding.rule)}{on}")
    if finding.outcome is not Outcome.PASS:
        _end(case, finding.outcome, said.decides(finding), finding.reason)
    return case


def _check(suite: str, check: Check) -> ET.Element:
    case = _case(suite, f"check {visible(check.name)}")
    if check.outcome is not Outcome.PASS:
        _end(case, check.outcome, check.severity is Severity.BLOCK, check.reason)
    return case


def _end(case: ET.Element, outcome: Outcome, decides: bool, reason: str) -> None:
    if decides:
        _mark(case, _ELEMENT[outcome], reason, outcome)
    else:
        _mark(case, "skipped", f"{outcome}, which does not block: {reason}", outcome)


def _mark(case: ET.Element, tag: str, message: str, kind: str) -> None:
    ET.SubElement(case, tag, message=visible(message, 600), type=kind)
