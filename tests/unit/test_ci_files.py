"""Files for CI: each flag writes its own, and nothing else is written."""

import argparse
import json
from pathlib import Path

import pytest

from tests.support import cards
from titleholder.cli import outputs
from titleholder.runner import Judged

VERDICT = cards.failing().verdict
JUDGED = Judged(
    verdict=VERDICT,
    report=".titleholder/runs/credit/report/c/report.html",
    published="file:///s/verdicts/dev/credit/00000001.json",
    signature="unsigned",
    environment="prod",
    published_at="2026-03-02T12:00:00Z",
    expires_at="2026-03-09T12:00:00Z",
    overlap="",
)
FLAGS = {
    "junit": "<testsuites", "csv": "suite,candidate", "markdown": "## ",
    "comment": "<!-- titleholder", "codequality": '"fingerprint"', "annotations": '"titleholder"',
    "openmetrics": 'environment="prod"',
}  # fmt: skip


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on GitHub nor on GitLab, wherever these tests run."""
    for name in (outputs.SUMMARY, outputs.IN_ACTIONS, outputs.JOB):
        monkeypatch.delenv(name, raising=False)


def parsed(*flags: str) -> argparse.Namespace:
    """The flags as a command reads them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    outputs.add_flags(parser)
    return parser.parse_args(flags)


@pytest.mark.parametrize("flag", FLAGS)
def test_each_flag_writes_its_file_alone(flag: str, tmp_path: Path) -> None:
    """What was asked for, with what belongs in it."""
    there = tmp_path / "file"
    outputs.write(parsed(f"--{flag}", str(there)), [VERDICT], {"broken": "x"}, judged=[JUDGED])
    assert FLAGS[flag] in there.read_text()
    assert list(tmp_path.iterdir()) == [there]


def test_links_lead_to_the_artifacts_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the address that GitLab gives; without one there are none."""
    there = tmp_path / "links.json"
    outputs.write(parsed("--annotations", str(there)), [VERDICT], {}, judged=[JUDGED])
    assert json.loads(there.read_text()) == {"titleholder": []}
    monkeypatch.setenv(outputs.JOB, "https://gitlab.example/a/-/jobs/7")
    outputs.write(parsed("--annotations", str(there)), [VERDICT], {}, judged=[JUDGED])
    (link,) = json.loads(there.read_text())["titleholder"]
    assert link["external_link"]["url"] == (
        "https://gitlab.example/a/-/jobs/7/artifacts/file/"
        ".titleholder/runs/credit/report/c/report.html"
    )


def test_code_quality_leads_to_the_file_that_declares_the_rules(tmp_path: Path) -> None:
    """params.yaml in the pipeline, the policy where two files are compared."""
    there = tmp_path / "quality.json"
    outputs.write(parsed("--codequality", str(there)), [VERDICT], declared="policies/mine.yaml")
    assert {entry["location"]["path"] for entry in json.loads(there.read_text())} == {
        "policies/mine.yaml"
    }


def test_unpublished_verdicts_have_no_moments(tmp_path: Path) -> None:
    """`compare` publishes nothing, and says so by silence."""
    there = tmp_path / "metrics.txt"
    outputs.write(parsed("--openmetrics", str(there)), [VERDICT])
    text = there.read_text()
    assert "titleholder_verdict_outcome{" in text
    assert "timestamp_seconds{" not in text and "environment=" not in text
