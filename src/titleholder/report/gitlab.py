"""Findings as GitLab reads them: the code quality widget of a merge request, links beside a job.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from titleholder.report import annotations
from titleholder.report.text import visible
from titleholder.types import Verdict

# What blocks is major at least; what only informs is info. GitLab knows two more in between.
SEVERITY = {"error": "critical", "warning": "minor", "notice": "info"}
_WEB = re.compile(r"https?://[A-Za-z0-9.:-]+(?:/[\w./~%+=?&#-]*)?", re.ASCII)


def code_quality(
    verdicts: Sequence[Verdict], errors: Mapping[str, str] | None = None, path: str = "params.yaml"
) -> str:
    """What did not pass, as a code quality report: a JSON list, an entry a finding or check.

    ``path`` is the file that declares the rules, where the widget leads to. The fingerprint is of
    suite, candidate, rule and slice, so that a finding keeps its place from run to run. ``errors``
    are suites that came to no verdict.
    """
    found = [entry for verdict in verdicts for entry in _of_verdict(verdict, path)]
    for suite, message in (errors or {}).items():
        text = f"{visible(suite)}: no judgement: {visible(message, 600)}"
        found.append(_entry(text, "no-judgement", "blocker", path, (suite,)))
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def links(pages: Mapping[str, str]) -> str:
    """Pages by their label as an annotations report; an address that is not http(s) is left out."""
    shown = [
        {"external_link": {"label": visible(label), "url": url}}
        for label, url in pages.items()
        if _WEB.fullmatch(url)
    ]
    return json.dumps({"titleholder": shown}, indent=2, ensure_ascii=False) + "\n"


def _of_verdict(verdict: Verdict, path: str) -> Iterator[dict[str, Any]]:
    named = f"{visible(verdict.suite)}: {visible(verdict.candidate)}"
    for level, title, message, place in annotations.unmet(verdict):
        key = (verdict.suite, verdict.candidate, *place)
        text = f"{named}: {visible(title)}: {message}"
        yield _entry(text, visible(title), SEVERITY[level], path, key)


def _entry(text: str, name: str, severity: str, path: str, key: tuple[str, ...]) -> dict[str, Any]:
    return {
        "description": text,
        "check_name": name,
        "fingerprint": hashlib.sha256("\x00".join(key).encode()).hexdigest(),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }
