"""What a run shows of each suite when it has ended."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.support import cards
from titleholder import records, runner
from titleholder.cli import endings
from titleholder.params.schema import Costs
from titleholder.stages import compare
from titleholder.stages.workspace import Workspace
from titleholder.types import Estimate, Outcome


def workspace(root: Path, costs: Costs | None) -> Workspace:
    """A suite with these costs that compared one candidate, which is 40 cheaper."""
    record = cards.passing().comparisons
    change = Estimate(value=40.0, low=10.0, high=70.0)
    one = replace(
        record.comparisons[0], metric="expected_cost", slice="overall", over=None,
        improvement=change,
    )  # fmt: skip
    records.write(root / "compare/c" / compare.ROWS, replace(record, comparisons=(one,)))
    records.write(root / "compare/c" / compare.MEASURED, replace(record, comparisons=()))
    suite = SimpleNamespace(costs=costs)
    return cast("Workspace", SimpleNamespace(suite=suite, stage=root.joinpath))


def ending(costs: str = "", *, created: bool = True) -> runner.Ending:
    """A suite with one verdict."""
    moments: dict[str, Any] = dict.fromkeys(("published_at", "expires_at"), "2026-03-02T12:00:00Z")
    one = runner.Judged(
        verdict=cards.passing().verdict, report="report.html", published="file:///s/1.json",
        signature="unsigned", environment="dev", overlap="", costs=costs,
        created=created, **moments,
    )  # fmt: skip
    return runner.Ending(suite="credit", outcome=Outcome.PASS, judged=(one,))


@pytest.mark.parametrize("costs", [None, Costs(miss=5, false_alarm=1, unit="EUR")])
def test_what_a_change_is_worth_stands_below_the_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], costs: Costs | None
) -> None:
    """In the suite's own unit; one that declares no costs has no line for it."""
    told = runner._in_costs(workspace(tmp_path, costs), "c")
    worth = "Per 1,000 decisions it would cost 40 less [70 less to 10 less], in EUR."
    assert told == (worth if costs else "")
    endings.show([ending(told)], as_json=False, quiet=False)
    lines = capsys.readouterr().out.splitlines()
    panel = next(i for i, line in enumerate(lines) if line.startswith("  panel "))
    assert lines[panel - 1].strip() != ""
    assert (lines[panel - 1] == f"  {told}") == (costs is not None)


@pytest.mark.parametrize("created", [True, False])
def test_a_verdict_that_was_published_before_says_so(
    capsys: pytest.CaptureFixture[str], *, created: bool
) -> None:
    """Who runs the same question again is told that nothing was added to its answer."""
    endings.show([ending(created=created)], as_json=False, quiet=False)
    assert ("the same question again adds no evidence" in capsys.readouterr().out) != created
