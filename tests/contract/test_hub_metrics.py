"""Metrics of Hugging Face's `evaluate`: on a stand-in, and on the real one where installed."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.support import fake_evaluate
from titleholder.adapters import hub_metrics
from titleholder.arrays import Panel, Predictions
from titleholder.cli import main
from titleholder.errors import BadInput, ConfigError, RecordError, UsageError
from titleholder.metrics import REGISTRY
from titleholder.metrics.base import Means, Metric
from titleholder.metrics.declared import modules_of
from titleholder.params.schema import Policy
from titleholder.stages import manifest
from titleholder.types import Task

MODULES = Path(__file__).parents[1] / "fixtures/evaluate"


@pytest.fixture(params=["stand-in", "real"])
def hub(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`evaluate`, with the working directory where the modules lie."""
    if request.param == "real":
        pytest.importorskip("evaluate")
    else:
        fake_evaluate.install(monkeypatch)
    monkeypatch.chdir(MODULES)
    hub_metrics.make.cache_clear()
    yield
    hub_metrics.make.cache_clear()


def made(argument: str) -> Metric:
    """A metric by what stands in its brackets."""
    found = hub_metrics.make(argument)
    assert found is not None
    assert found.name == f"evaluate[{argument}]"
    return found


def rows(task: Task, n: int = 300, seed: int = 0) -> tuple[Panel, Predictions]:
    """A panel and answers that are right more often than not."""
    rng = np.random.default_rng(seed)
    ids = np.arange(n).astype(str)
    if task is Task.REGRESSION:
        y = rng.normal(size=n)
        return Panel(ids, task, y), Predictions("m", value=y + rng.normal(size=n))
    classes = ("no", "yes") if task is Task.BINARY else ("cat", "dog", "cow")
    truth = rng.integers(0, len(classes), n)
    told = np.where(rng.random(n) < 0.7, truth, rng.integers(0, len(classes), n))
    score = np.clip(0.3 * told + 0.5 * rng.random(n), 0, 1) if task is Task.BINARY else None
    return Panel(ids, task, truth, classes), Predictions("m", label=told, score=score)


def columns(metric: Metric, panel: Panel, told: Predictions) -> Any:
    """What each row is worth, (n,)."""
    assert isinstance(metric.law, Means)
    return metric.law.columns(panel, told)[:, 0]


# A module's floats are of single precision, as its features say.
SINGLE = 1e-7
# The module's, and ours.
SAME = [
    ("./accuracy", "accuracy", Task.BINARY),
    ("./accuracy", "accuracy", Task.MULTICLASS),
    ("./f1", "f1", Task.BINARY),
    ("./f1?average=macro", "f1_macro", Task.MULTICLASS),
    ("./matthews_correlation", "mcc", Task.BINARY),
    ("./roc_auc", "roc_auc", Task.BINARY),
    ("./mse", "mse", Task.REGRESSION),
    ("./pearsonr", "pearson", Task.REGRESSION),
]


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(("argument", "own", "task"), SAME)
def test_a_module_gives_what_our_own_metric_gives_with_about_its_interval(
    argument: str, own: str, task: Task, tmp_path: Path
) -> None:
    """Champion, candidate and improvement, each with an interval as by our own laws."""
    if own not in REGISTRY:
        pytest.skip(f"there is no {own}")
    panel, champion = rows(task)
    _, candidate = rows(task, seed=1)
    candidate = replace(candidate, **_mixed(champion, candidate))
    found = compared(panel, champion, candidate, [f"evaluate[{argument}]", own])
    mine, other = found[own], found[f"evaluate[{argument}]"]
    for part in ("champion", "candidate", "improvement"):
        assert other[part]["value"] == pytest.approx(mine[part]["value"], abs=SINGLE)
        width = mine[part]["high"] - mine[part]["low"]
        assert other[part]["low"] == pytest.approx(mine[part]["low"], abs=0.12 * width)
        assert other[part]["high"] == pytest.approx(mine[part]["high"], abs=0.12 * width)


def _mixed(one: Predictions, two: Predictions) -> dict[str, Any]:
    """The candidate says as the champion does on two rows of three."""
    mixed = {}
    for part in ("label", "score", "value"):
        first, second = getattr(one, part), getattr(two, part)
        if first is not None:
            mixed[part] = np.where(np.arange(len(first)) % 3 == 0, second, first)
    return mixed


def compared(
    panel: Panel, champion: Predictions, candidate: Predictions, metrics: list[str]
) -> dict[str, Any]:
    """The comparisons of a policy that names these metrics, as they are recorded."""
    import msgspec

    from titleholder.comparison.compare import measure

    policy = Policy(task=panel.task, metrics=tuple(metrics), rules=(), resamples=1000)
    found = measure(panel, champion, candidate, policy).comparisons
    return {one.metric: msgspec.to_builtins(one) for one in found if one.slice == "overall"}


@pytest.mark.usefixtures("hub")
def test_where_the_figure_is_a_mean_the_rows_have_their_own_scores() -> None:
    """A hit is worth 1 and a miss 0: nothing is approximated."""
    panel, told = rows(Task.BINARY)
    scores = columns(made("./accuracy"), panel, told)
    assert scores.tolist() == (told.label == panel.y_true).astype(float).tolist()


@pytest.mark.usefixtures("hub")
def test_the_rows_worth_has_the_figure_as_its_mean_and_the_jackknifes_spread() -> None:
    """Of F1: the standard error of the mean is that of leaving out each row in turn."""
    from sklearn.metrics import f1_score

    panel, told = rows(Task.BINARY, n=60)
    scores = columns(made("./f1"), panel, told)
    keep = ~np.eye(60, dtype=bool)
    without = np.array([f1_score(panel.y_true[k], told.label[k]) for k in keep])
    jackknife = np.sqrt(59 / 60 * ((without - without.mean()) ** 2).sum())
    assert scores.mean() == pytest.approx(f1_score(panel.y_true, told.label), abs=1e-12)
    assert scores.std(ddof=1) / np.sqrt(60) == pytest.approx(jackknife, rel=1e-9)


@pytest.mark.usefixtures("hub")
def test_a_module_of_words_is_given_the_names_of_the_classes() -> None:
    """And of several figures the one that is named."""
    panel, told = rows(Task.MULTICLASS)
    metric = made("./word_match?result=word_match&better=higher")
    assert columns(metric, panel, told).mean() == np.mean(told.label == panel.y_true)
    with pytest.raises(BadInput, match="gives word_match, n") as caught:
        columns(made("./word_match?better=higher"), panel, told)
    assert "?result=" in (caught.value.cure or "")


@pytest.mark.usefixtures("hub")
def test_a_module_of_texts_scores_answers_one_by_one() -> None:
    """As a scorer of a chat suite; the metric of its scores has its name and its direction."""
    name = "evaluate_text[./word_match?result=word_match&better=higher]"
    score = hub_metrics.scorer(name)
    assert [score("30 days", told) for told in ("30 days", "a month")] == [1.0, 0.0]
    metric = REGISTRY.resolve(name, Task.SCORED)
    assert metric.needs == f"score_{name}"
    assert metric.higher_is_better
    with pytest.raises(UsageError, match="takes no texts"):
        hub_metrics.scorer("evaluate_text[./accuracy]")
    with pytest.raises(UsageError, match="there is no scorer"):
        hub_metrics.scorer("evaluate_text[]")


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("argument", "higher"),
    [("./mse", False), ("./accuracy", True), ("./word_match?better=lower", False)],
)
def test_the_way_that_is_better_is_known_or_said(argument: str, higher: bool) -> None:
    """It is never guessed."""
    assert made(argument).higher_is_better is higher
    with pytest.raises(UsageError, match="nobody knows which way is better"):
        hub_metrics.make("./word_match")


@pytest.mark.usefixtures("hub")
def test_a_module_that_is_not_there_is_told_with_what_to_do() -> None:
    """Nothing is downloaded, so a name that was never kept is an error of usage."""
    for argument in ("./nowhere", "frobnication"):
        with pytest.raises(UsageError, match="cannot be loaded") as caught:
            hub_metrics.make(argument)
        assert "nothing is downloaded" in (caught.value.cure or "")


@pytest.mark.usefixtures("hub")
def test_a_module_that_fails_is_told_by_its_name() -> None:
    """F1 of three classes needs an average: its own words are passed on."""
    panel, told = rows(Task.MULTICLASS)
    with pytest.raises(BadInput, match=r"evaluate\[\./f1\] failed: ValueError: Target is multi"):
        columns(made("./f1"), panel, told)


@pytest.mark.usefixtures("hub")
def test_weights_are_refused_and_too_many_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured in silence on other rows than were asked."""
    panel, told = rows(Task.REGRESSION, n=40)
    with pytest.raises(BadInput, match="know no weights"):
        columns(made("./mse"), replace(panel, weight=np.ones(40)), told)
    monkeypatch.setattr(hub_metrics, "MOST_ROWS", 39)
    with pytest.raises(BadInput, match="40 distinct rows are too many"):
        columns(made("./pearsonr"), panel, told)
    assert len(columns(made("./mse"), panel, told)) == 40


@pytest.mark.parametrize("argument", ["", "?a=b", "x?better=up", "x?a", "x?a=b&"])
def test_what_is_no_argument_is_none(argument: str) -> None:
    """There is one way to write a member."""
    assert hub_metrics.parse(argument) is None


@pytest.mark.usefixtures("hub")
def test_a_policy_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line, by its name alone."""
    panel, told = rows(Task.BINARY)
    frame = pd.DataFrame({"row_id": panel.row_id, "y_true": panel.y_true})
    frame.to_csv(tmp_path / "panel.csv", index=False)
    pd.DataFrame({"row_id": panel.row_id, "y_pred": told.label}).to_csv(
        tmp_path / "m.csv", index=False
    )
    name = "evaluate[./f1?average=binary]"
    rule = {"id": "hub", "metric": name, "kind": "non_inferior", "margin": 0.05}
    policy = {"task": "binary", "positive": 1, "metrics": [name], "rules": [rule]}
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy))
    code = main(["compare", "--panel", str(tmp_path / "panel.csv"), "--json", "--champion",
                 str(tmp_path / "m.csv"), "--candidate", str(tmp_path / "m.csv"),
                 "--policy", str(tmp_path / "policy.yaml")])  # fmt: skip
    said = json.loads(capsys.readouterr().out.splitlines()[0])
    assert said["findings"][0]["metric"] == name
    assert code == 0
    # The module is an input, as a model is: its bytes decide as well.
    (module,) = (one for one in said["inputs"] if one["role"] == f"module:{name}")
    assert module["bytes"] == len((MODULES / "f1/f1.py").read_bytes())


@pytest.mark.usefixtures("hub")
def test_a_module_that_changes_during_a_run_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code is an input: what a stage reads has to be what was recorded when the run began."""
    shutil.copytree(MODULES / "f1", tmp_path / "f1")
    monkeypatch.chdir(tmp_path)
    policy = Policy(task=Task.BINARY, metrics=("usual", "evaluate[./f1]"), rules=())
    workspace: Any = SimpleNamespace(suite=policy)
    (source,) = modules_of(policy)
    assert source.role == "module:evaluate[./f1]"
    manifest.require_same(workspace, source)
    with (tmp_path / "f1/f1.py").open("a") as file:
        file.write("# another one\n")
    hub_metrics.make.cache_clear()
    with pytest.raises(RecordError, match=r"evaluate\[\./f1\]: its module is not the one"):
        manifest.require_same(workspace, source)


def test_without_evaluate_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mistake in the policy's environment, not as a crash."""
    monkeypatch.setitem(sys.modules, "evaluate", None)
    hub_metrics.make.cache_clear()
    with pytest.raises((UsageError, ConfigError), match="is not installed") as caught:
        REGISTRY.resolve("evaluate[accuracy]")
    assert "titleholder[evaluate]" in str(caught.value.cure)
