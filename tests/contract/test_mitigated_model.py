"""The mitigated model of the credit suite: stored, compared and judged like any candidate."""

import shutil
from pathlib import Path

import msgspec
import pytest
import yaml

from titleholder import tables
from titleholder.adapters import models
from titleholder.bias import audit
from titleholder.bias.rates import Models
from titleholder.comparison.compare import measure
from titleholder.judge import judge
from titleholder.metrics.declared import registry_of
from titleholder.params.load import load
from titleholder.params.schema import BiasParams, Suite
from titleholder.stages.predict import asked
from titleholder.stats.resampler import Draw
from titleholder.types import Outcome

ROOT = Path(__file__).parents[2]
PANEL = "data/credit/current.parquet"
MODELS = ("models/credit/champion.skops", "models/credit/reweighed.skops")


def tracked(path: str, to: Path) -> Path:
    """A copy of what DVC's remote in this repository holds for a path."""
    (out,) = yaml.safe_load((ROOT / f"{path}.dvc").read_text())["outs"]
    held = ROOT / "data/.remote/files/md5" / out["md5"][:2] / out["md5"][2:]
    return Path(shutil.copy(held, to / Path(path).name))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Models]:
    """Champion and reweighed model on the suite's own rows."""
    there = tmp_path_factory.mktemp("credit")
    suite = load(ROOT / "params.yaml", lambda policy: registry_of(policy, ROOT)).suites["credit"]
    frame = tables.read_frame(tracked(PANEL, there))
    panel = tables.panel_of(frame, suite, "current")
    said = []
    for path in MODELS:
        model = models.load(tracked(path, there), asked(suite))
        answers = model.predict(frame, suite.columns.row_id)
        said.append(tables.predictions_of(answers, panel, suite, Path(path).stem, path))
    return suite, Models(panel, said[0], said[1], Draw(500, suite.seed), suite.level, False)


def test_it_is_judged_by_the_suites_own_rules(compared: tuple[Suite, Models]) -> None:
    """Every rule on rows has a finding, and none of those on all rows is broken."""
    suite, both = compared
    rows = msgspec.structs.replace(
        suite, resamples=500, rules=tuple(r for r in suite.rules if r.metric != "size_mb")
    )
    over = [rule.over for rule in rows.rules if rule.over]
    found = measure(both.panel, both.champion, both.candidate, rows, over)
    findings = judge(rows, found.comparisons)
    assert {f.rule for f in findings} == {rule.id for rule in rows.rules}
    whole = [f for f in findings if f.slice == "overall" and not f.over]
    assert whole and all(f.outcome is not Outcome.FAIL for f in whole)


def test_it_treats_the_groups_more_alike(compared: tuple[Suite, Models]) -> None:
    """What it was made for: denial rates lie closer together, at hardly any cost in AUC."""
    _, both = compared
    axis = audit(both, ("afam",), BiasParams(privileged={"afam": "no"}))[0]
    gap = {g.definition: g for g in axis.gaps if g.group}["statistical_parity_difference"]
    assert gap.champion.value is not None and gap.candidate.value is not None
    assert abs(gap.candidate.value) < abs(gap.champion.value)
