"""`titleholder metrics`: the registry on the terminal, one metric in full, a suite's own."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.files import Files
from tests.support.tiny import SUITE
from titleholder.cli import main
from titleholder.errors import Exit
from titleholder.metrics import REGISTRY, plugins
from titleholder.report.metrics import Listing, show
from titleholder.stats import tried
from titleholder.types import Task

OWN = """
from titleholder.metrics import row_metric
METRICS = [row_metric("{}", lambda p, m: {}, task="binary", needs="label",
                      higher_is_better=False, domain=(0, 1))]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with a suite that has two metrics of its own and names one of a package."""
    files = Files(tmp_path, ".csv", rows=40)
    files.write()
    (tmp_path / "blunt.py").write_text(OWN.format("blunt", "m.label != p.y_true"))
    (tmp_path / "sharp.py").write_text(OWN.format("sharp", "p.columns['edge']"))
    (tmp_path / "th_offered.py").write_text(OWN.format("offered", "0") + "offered, = METRICS\n")
    info = tmp_path / "th_offered-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: th_offered\nVersion: 1.0\n")
    offer = "[titleholder.metrics]\noffered = th_offered:offered\n"
    (info / "entry_points.txt").write_text(offer)
    suite = {
        "data": {"current": "panel.csv"},
        "models": {"champion": "champion.csv", "candidates": ["candidate.csv"]},
        "expectations": "expectations.json",
        **files.policy,
        "metrics_from": ["blunt.py", "sharp.py"],
        "metrics": ["usual", "blunt", "offered", "lift[0.1]"],
    }
    params = {"store": {"url": "file://store"}, "suites": {SUITE: suite}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    plugins.plugin.cache_clear()
    yield tmp_path
    plugins.plugin.cache_clear()
    sys.modules.pop("th_offered", None)


def _told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What the command says to a program."""
    assert main(["metrics", *words, "--json"]) == Exit.ALLOW
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("task", Task)
def test_a_task_has_all_of_its_metrics_and_none_of_another(
    task: Task, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the families that it can have, by examples."""
    told = _told(capsys, "--task", task)
    names = [one["name"] for one in told["metrics"]]
    assert names == [name for name, metric in REGISTRY.items() if task in metric.tasks]
    members = [one["name"] for family in told["families"] for one in family["examples"]]
    assert {*names, *members} == set(REGISTRY.names(task))
    usual = [one["name"] for one in told["metrics"] if one["usual"]]
    assert usual == [metric.name for metric in REGISTRY.select(task, None)]


def test_the_list_of_all_says_of_each_what_the_page_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Name, title, range with unit, need, formula and source stand on one line."""
    assert main(["metrics"]) == Exit.ALLOW
    lines = capsys.readouterr().out.splitlines()
    for metric in (REGISTRY[name] for name in REGISTRY.names()):
        (line,) = (one for one in lines if metric.name in one.split()[:2] and one[:1] == " ")
        for said in (metric.title, metric.unit, metric.needs, metric.formula, metric.source):
            assert said in line
    assert any(line.startswith("Packages offer") and "evaluate_text" in line for line in lines)


def test_a_terminal_gets_lines_that_it_does_not_fold_into_columns() -> None:
    """Three to a metric, with what is measured by default marked."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    show(Listing(REGISTRY, Task.BINARY), out)
    assert "* roc_auc  ROC AUC\n      ↑ [0, 1], needs score, ranks\n" in out.getvalue()
    assert "\n  lift[0.1]  Lift at 10%\n" in out.getvalue()


@pytest.mark.parametrize(
    ("name", "default", "others"),
    [
        ("roc_auc", "bootstrap", {"delong", "bootstrap_bca", "cluster_bootstrap"}),
        ("accuracy", "Newcombe", {"newcombe", "paired_t", "mcnemar", "wilcoxon"}),
        ("f_beta[0.5]", "bootstrap over cells", {"influence_t", "bootstrap"}),
        ("pinball[0.9]", "bootstrap", {"paired_t", "permutation"}),
        ("recall[very good]", "Newcombe", {"newcombe", "mcnemar"}),
        ("top_k[5]", "Newcombe", {"newcombe", "mcnemar"}),
        ("equalized_odds_ratio", "bootstrap over cells", set()),
        ("p95_latency_ms", "order statistics", set()),
    ],
)
def test_one_metric_is_told_with_its_default_method_and_all_others(
    name: str, default: str, others: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Members of families, too, and those that have no other."""
    told = _told(capsys, name)
    assert told["metric"]["name"] == name
    assert default in told["default"]
    names = {one["name"] for one in (*told["methods"], *told["tests"])}
    assert others <= names and bool(others) == bool(names)
    assert main(["metrics", name]) == Exit.ALLOW
    said = capsys.readouterr().out
    assert all(text in said for text in (name, told["default"], *names))


def test_a_metric_without_a_value_on_any_small_panel_says_so() -> None:
    """No other metric's method is put in its place."""
    found = tried.tried(REGISTRY["top_k[500]"])
    assert not found.default and "has no value" in found.lacks


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rocauc"], "did you mean 'roc_auc'?"),
        (["pinball[90]"], "pinball[...] takes a quantile between 0 and 1"),
        (["mae", "--task", "binary"], "'mae' is a metric of regression, not of binary"),
        (["xyzzy"], "titleholder metrics lists all"),
        (["roc_auc", "--suite", "chrun"], f"did you mean {SUITE!r}?"),
        (["--suite", SUITE, "--task", "scored"], f"the task of {SUITE} is binary"),
        (["blnt", "--suite", SUITE], "did you mean 'blunt'?"),
    ],
)
def test_a_name_that_is_none_is_bad_usage_and_gets_the_nearest(
    words: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing on standard output."""
    assert project.is_dir()
    assert main(["metrics", *words]) == Exit.USAGE
    told = capsys.readouterr()
    assert said in told.err and not told.out


def test_a_suite_has_its_own_metrics_and_says_what_it_measures(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of its files, and those of packages and families that it names."""
    told = _told(capsys, "--suite", SUITE)
    measured = {one["name"]: one["measured"] for one in told["metrics"]}
    assert {"blunt": True, "offered": True, "lift[0.1]": True, "sharp": False}.items() <= (
        measured.items()
    )
    assert measured["roc_auc"] and not measured["calibration_slope"] and "mae" not in measured
    assert "offered" in told["offered"]
    assert main(["metrics", "--suite", SUITE]) == Exit.ALLOW
    assert capsys.readouterr().out.startswith("Of the suite's own\n")
    assert _told(capsys, "blunt", "--suite", SUITE)["default"]
    assert project.is_dir()


def test_a_metric_that_asks_for_a_column_says_that_its_methods_cannot_be_tried(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All else is told."""
    assert project.is_dir()
    assert main(["metrics", "sharp", "--suite", SUITE]) == Exit.ALLOW
    said = capsys.readouterr().out
    assert "cannot be told without the suite's rows" in said and "KeyError: 'edge'" in said


def test_the_list_starts_without_libraries_of_data() -> None:
    """As quick as any other command that only reads."""
    code = (
        "import sys; from titleholder.cli import main; main(['metrics']); "
        "print({'pandas', 'sklearn', 'scipy', 'pyarrow', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
