"""The registry: names, families, plugins, a user's own metrics, and the page of all of them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support.metrics import evaluate, panel_of
from titleholder import tables
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.errors import BadInput, ConfigError, Exit, TitleholderError, UsageError
from titleholder.metrics import HEADLINE, REGISTRY, load_metrics, plugins, reference, row_metric
from titleholder.params.check import policy_problems
from titleholder.params.schema import Policy
from titleholder.types import Kind, Rule, Task

NAMES = """
    accuracy balanced_accuracy precision recall specificity false_positive_rate false_negative_rate
    f1 f2 f0_5 jaccard mcc kappa roc_auc gini average_precision ks log_loss brier ece
    precision_macro precision_weighted recall_macro recall_weighted f1_macro f1_weighted
    mae mse rmse mape smape r2 bias pinball_10 pinball_90
    demographic_parity_difference demographic_parity_ratio
    equalized_odds_difference equalized_odds_ratio
    equal_opportunity_difference equal_opportunity_ratio
    predictive_parity_difference predictive_parity_ratio
    size_mb p50_latency_ms p95_latency_ms row_latency_us
"""
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"


# ------------------------------------------------------------------------------ names


def test_names_that_others_rely_on_are_there() -> None:
    """Suites, rules and reports name these; a name once given stays."""
    names = NAMES.split()
    assert set(names) <= set(REGISTRY)
    assert all(REGISTRY[name].by_default for name in names)
    assert set(HEADLINE.values()) <= set(REGISTRY)


@pytest.mark.parametrize("name", REGISTRY.names())
def test_an_entry_says_all_that_a_reader_needs(name: str) -> None:
    """Title, formula, source, task, a range, and a best value that lies in it."""
    metric = REGISTRY[name]
    assert metric.name == name
    assert metric.title
    assert metric.formula
    assert metric.source
    assert metric.tasks
    low, high = metric.domain
    assert low < high
    assert metric.target is None or low <= metric.target <= high


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("pinball[0.9]", Task.REGRESSION),
        ("top_k[5]", Task.MULTICLASS),
        ("f_beta[1.5]", Task.BINARY),
        ("lift[0.1]", Task.BINARY),
        ("recall[very good]", Task.MULTICLASS),
        ("f1[a[b]]", Task.MULTICLASS),
        ("precision[1]", Task.BINARY),
    ],
)
def test_a_member_of_a_family_is_found_by_its_name(name: str, task: Task) -> None:
    """It calls itself what it was called, so that a rule finds what was measured for it."""
    assert name in REGISTRY
    assert REGISTRY[name].name == name
    assert REGISTRY.resolve(name, task) is not None
    assert name not in list(REGISTRY)


@pytest.mark.parametrize(
    "name",
    [
        "pinball[0.90]", "pinball[.9]", "pinball[1]", "pinball[0]", "pinball[nan]", "pinball[]",
        "pinball[0.9", "pinball[0.9]x", "pinball", "top_k[0]", "top_k[1.5]", "top_k[five]",
        "f_beta[-1]", "f_beta[inf]", "lift[10]", "mae[1]", "recall[]", "[x]", "", "[", "rocauc",
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_not_found(name: str) -> None:
    """Another way to write a number, a number out of range, half a bracket, a plain typo."""
    assert name not in REGISTRY
    assert REGISTRY.get(name) is None
    with pytest.raises(UsageError, match="there is no metric") as caught:
        REGISTRY.resolve(name)
    assert caught.value.exit_code is Exit.USAGE


@pytest.mark.parametrize(
    ("name", "task", "hint"),
    [
        ("rocauc", Task.BINARY, "did you mean 'roc_auc'?"),
        ("pinball[90]", Task.REGRESSION, "a quantile between 0 and 1: pinball[0.5]"),
        ("top_k", Task.MULTICLASS, "how many guesses the model has: top_k[5]"),
        ("recal", Task.MULTICLASS, "did you mean 'recall"),
        ("f1", Task.MULTICLASS, "did you mean 'f1_macro'?"),
        ("f_beta[-1]", Task.BINARY, "f_beta[...] takes how many times"),
        ("expected_cost", Task.BINARY, "it takes costs: {miss: ..., false_alarm: ...}"),
        ("xyzzy", None, ""),
    ],
)
def test_a_wrong_name_is_told_what_was_probably_meant(
    name: str, task: Task | None, hint: str
) -> None:
    """The nearest name that the task can have, or what stands in a family's brackets."""
    assert hint in REGISTRY.hint(name, task)


def test_a_metric_of_another_task_is_refused_with_its_tasks() -> None:
    """Not taken for an unknown one."""
    with pytest.raises(UsageError, match="'mae' is a metric of regression, not of binary"):
        REGISTRY.resolve("mae", Task.BINARY)
    with pytest.raises(UsageError, match=r"'lift\[0.1\]' is a metric of binary"):
        REGISTRY.resolve("lift[0.1]", Task.MULTICLASS)


def test_a_suite_measures_the_usual_metrics_and_those_of_its_rules() -> None:
    """What others there are is left out, unless a rule or the suite names it."""
    usual = [m.name for m in REGISTRY.select(Task.BINARY, None)]
    assert "roc_auc" in usual
    assert not {"brier_reliability", "p99_latency_ms", "mae"} & set(usual)
    more = [m.name for m in REGISTRY.select(Task.BINARY, None, ["lift[0.1]", "calibration_slope"])]
    assert set(more) - set(usual) == {"lift[0.1]", "calibration_slope"}
    listed = REGISTRY.select(Task.BINARY, ("usual", "calibration_slope"))
    assert {m.name for m in listed} == {*usual, "calibration_slope"}
    named = REGISTRY.select(Task.BINARY, ("lift[0.1]", "accuracy", "mae"), ["nonsense"])
    assert [m.name for m in named] == ["accuracy", "lift[0.1]"]


def _problems(task: Task, metric: str, metrics: tuple[str, ...] | None = None) -> list[str]:
    """What params says of a policy with one rule on this metric."""
    rule = Rule(id="r", metric=metric, kind=Kind.NON_INFERIOR, margin=0.01)
    policy = Policy(task=task, rules=(rule,), metrics=metrics, positive=None)
    return [problem.message for problem in policy_problems(policy, REGISTRY, ())]


def test_params_know_families() -> None:
    """A member is a metric like any other, in rules and in a suite's list."""
    assert _problems(Task.BINARY, "lift[0.1]") == []
    assert _problems(Task.MULTICLASS, "recall[cat]", ("recall[cat]",)) == []
    (told,) = _problems(Task.BINARY, "lift[10]")
    assert "no metric 'lift[10]'" in told
    (told,) = _problems(Task.MULTICLASS, "pinball[0.9]")
    assert "a metric of regression, not of multiclass" in told


@pytest.mark.parametrize(("rows", "known"), [(367, False), (368, True)])
def test_the_99th_percentile_of_latency_needs_its_rows(rows: int, known: bool) -> None:
    """With 368 rows order statistics enclose it at 95%; with one fewer there is no value."""
    latency = np.linspace(0.01, 0.02, rows)
    frame = pd.DataFrame({"row_id": np.arange(rows).astype(str), "y_pred": 1.0})
    rule = Rule(id="r", metric="p99_latency_ms", kind=Kind.CEILING, value=30.0)
    policy = Policy(task=Task.REGRESSION, rules=(rule,), resamples=200)
    ids = frame["row_id"].to_numpy().astype(str)
    panel = Panel(ids, Task.REGRESSION, np.zeros(rows))
    model = tables.predictions_of(frame.assign(latency_s=latency), panel, policy, "m", "m.parquet")
    (found,) = (
        c for c in measure(panel, model, model, policy).comparisons if c.metric == rule.metric
    )
    assert (found.champion.value is not None) is known
    assert ("367 timed calls of m are too few" in found.reason) is not known
    if known:
        assert found.champion.value == pytest.approx(1000 * np.quantile(latency, 0.99), rel=0.01)


def test_a_rule_on_a_family_and_on_a_class_is_measured() -> None:
    """Through the engine, under the very name that the rule has."""
    rng = np.random.default_rng(3)
    y = rng.integers(3, size=300)
    raw = rng.uniform(size=(300, 3)) + np.eye(3)[y]
    score = raw / raw.sum(axis=1, keepdims=True)
    panel = panel_of(y, ("ant", "bee", "cat"))
    models = [
        Predictions("old", label=score.argmax(axis=1), score=score, costs={"cost_usd": y * 0.01}),
        Predictions("new", label=y, score=score, costs={"cost_usd": y * 0.02}),
    ]
    names = ("top_k[2]", "recall[bee]", "f1[cat]", "roc_auc_ovr_weighted", "cost_usd_per_1000")
    rules = tuple(Rule(id=n, metric=n, kind=Kind.SUPERIOR, margin=0.0) for n in names)
    policy = Policy(task=Task.MULTICLASS, rules=rules, resamples=200)
    found = {c.metric: c for c in measure(panel, *models, policy).comparisons}
    assert set(names) <= set(found)
    for name in names:
        assert found[name].available, found[name].reason
        assert found[name].champion.value is not None
    assert found["recall[bee]"].candidate.value == 1
    assert found["cost_usd_per_1000"].improvement.value == pytest.approx(-10 * y.mean())


# ---------------------------------------------------------------------------- one's own


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The file that the page shows."""
    text = PAGE.read_text(encoding="utf-8")
    file = tmp_path / "sarcasm.py"
    file.write_text(text.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    return file


def _reviews() -> Panel:
    """Eight reviews, of which the last four are sarcastic."""
    panel = panel_of(np.array([0, 1, 2, 0, 0, 0, 1, 2]), ("bad", "good", "mixed"))
    columns = {"sarcastic": np.array([False] * 4 + [True] * 4)}
    return Panel(panel.row_id, panel.task, panel.y_true, panel.classes, columns=columns)


def test_the_example_on_the_page_works(example: Path) -> None:
    """Of four sarcastic reviews the model took two at their word; others do not count."""
    (metric,) = load_metrics(example)
    calls = np.array([1, 1, 1, 1, 0, 1, 1, 1])
    assert evaluate(metric, _reviews(), Predictions("m", label=calls)) == pytest.approx(0.5)
    assert metric.improvement(0.5, 0.25) == 0.25
    with_own = REGISTRY.with_own([metric])
    assert with_own["sarcasm_missed"] is metric
    assert "sarcasm_missed" not in REGISTRY
    assert with_own["pinball[0.9]"].name == "pinball[0.9]"


def test_an_own_metric_is_compared_like_any_other(example: Path) -> None:
    """With intervals, on slices, with the panel's columns at hand."""
    registry = REGISTRY.with_own(load_metrics(example))
    rng = np.random.default_rng(5)
    y = rng.integers(2, size=200)
    columns = {"sarcastic": rng.integers(2, size=200), "shop": np.array(["a", "b"] * 100)}
    ids = np.arange(200).astype(str)
    panel = Panel(ids, Task.MULTICLASS, y, ("bad", "good", "mixed"), columns=columns)
    fooled = np.where(columns["sarcastic"] == 1, 1 - y, y)
    models = [Predictions("old", label=fooled), Predictions("new", label=y)]
    rule = Rule(id="irony", metric="sarcasm_missed", kind=Kind.SUPERIOR, margin=0.5)
    policy = Policy(task=Task.MULTICLASS, rules=(rule,), slices=("shop",), resamples=200)
    found = {
        c.slice: c
        for c in measure(panel, *models, policy, registry=registry).comparisons
        if c.metric == "sarcasm_missed"
    }
    assert set(found) == {"overall", "shop=a", "shop=b"}
    meant = columns["sarcastic"] == 1
    for comparison in found.values():
        assert comparison.champion.value == 1
        assert comparison.candidate.value == 0
        assert comparison.improvement.value == 1
    # What is counted are the rows that it is about, and a floor on rows holds of them.
    counts = {name: int(meant[columns["shop"] == name[-1]].sum()) for name in ("shop=a", "shop=b")}
    assert {name: c.n for name, c in found.items()} == {**counts, "overall": int(meant.sum())}


def test_an_own_metric_without_rows_has_no_value(example: Path) -> None:
    """No review is sarcastic: nothing can be said of them."""
    (metric,) = load_metrics(example)
    panel = _reviews()
    none = {"sarcastic": np.zeros(8)}
    blank = Panel(panel.row_id, panel.task, panel.y_true, panel.classes, columns=none)
    told = Predictions("m", label=np.zeros(8, dtype=int))
    assert np.isnan(evaluate(metric, blank, told))
    rule = Rule(id="irony", metric="sarcasm_missed", kind=Kind.SUPERIOR, margin=0.5)
    policy = Policy(task=Task.MULTICLASS, rules=(rule,), metrics=("sarcasm_missed",))
    (found,) = measure(blank, told, told, policy, registry=REGISTRY.with_own([metric])).comparisons
    assert found.n == 0
    assert found.reason == "the slice has no rows that sarcasm_missed is about"


def test_an_own_metric_that_ends_the_process_has_failed(tmp_path: Path) -> None:
    """`sys.exit(0)` in a function, or in the file, is no way to an answer."""
    panel = panel_of(np.array([0, 1]), ("bad", "good"))

    def ends(_panel: Panel, _said: Predictions) -> Floats:
        raise SystemExit(0)

    own = row_metric("mine", ends, task="binary", needs="label", higher_is_better=True)
    with pytest.raises(BadInput, match=r"'mine' failed at .*SystemExit"):
        evaluate(own, panel, Predictions("m", label=np.array([0, 1])))
    path = tmp_path / "ends.py"
    path.write_text("import sys\nsys.exit()\n")
    with pytest.raises(UsageError, match="does not run: SystemExit"):
        load_metrics(path)


def test_an_own_metric_that_fails_is_bad_input_with_its_name(example: Path) -> None:
    """A column that the panel lacks, too few numbers, no numbers: never a bare traceback."""
    (metric,) = load_metrics(example)
    panel = panel_of(np.array([0, 1]), ("bad", "good", "mixed"))
    calls = Predictions("m", label=np.array([0, 1]))
    with pytest.raises(
        BadInput, match=r"'sarcasm_missed' failed at \S+:\d+: KeyError: 'sarcastic'"
    ) as caught:
        evaluate(metric, panel, calls)
    assert caught.value.cure == "columns of the panel: none"
    for wrong in ([1.0, 2.0, 3.0], [[1.0], [2.0]], ["a", "b"], None, 0.5):
        own = row_metric(
            "mine", lambda _p, _m, w=wrong: w, task="multiclass", needs="label",
            higher_is_better=True,
        )  # fmt: skip
        with pytest.raises(BadInput, match="'mine'"):
            evaluate(own, panel, calls)


def test_a_score_outside_the_domain_of_an_own_metric_is_bad_input() -> None:
    """Intervals rely on its ends; rows that are not meant may hold anything."""
    panel = panel_of(np.array([0, 1]), ("bad", "good", "mixed"))
    calls = Predictions("m", label=np.array([0, 1]))
    said: dict[str, Any] = {
        "task": "multiclass", "needs": "label", "higher_is_better": True, "domain": (0, 1),
    }  # fmt: skip
    with pytest.raises(BadInput, match=r"gives 7\.5 for a row, outside its domain \(0, 1\)"):
        evaluate(row_metric("mine", lambda _p, _m: [0.5, 7.5], **said), panel, calls)
    own = row_metric("mine", lambda _p, _m: [0.5, 7.5], where=lambda _p: [True, False], **said)
    assert evaluate(own, panel, calls) == 0.5


def test_a_row_that_an_own_metric_neither_means_nor_leaves_out_is_bad_input() -> None:
    """A blank in the column that `where` hands on is no yes."""
    panel = panel_of(np.array([0, 1]), ("bad", "good", "mixed"))
    own = row_metric(
        "mine", lambda _p, _m: [0.0, 1.0], where=lambda _p: [1.0, np.nan],
        task="multiclass", needs="label", higher_is_better=True,
    )  # fmt: skip
    calls = Predictions("m", label=np.array([0, 1]))
    with pytest.raises(BadInput, match="does not say of 1 rows whether they are meant"):
        evaluate(own, panel, calls)
    unscored = row_metric(
        "mine", lambda _p, _m: [np.nan, 1.0], task="multiclass", needs="label",
        higher_is_better=True,
    )  # fmt: skip
    with pytest.raises(BadInput, match="gives nan for 1 rows, such as 'r0'"):
        evaluate(unscored, panel, calls)


BROKEN = {
    "x = 1": "lists no metrics",
    "METRICS = []": "lists no metrics",
    "METRICS = 'accuracy'": "lists no metrics",
    "METRICS = [": "SyntaxError",
    "import no_such_module": "ModuleNotFoundError",
    "METRICS = [len]": "METRICS[0] is a builtin_function_or_method, not a Metric",
    "METRICS = [mine(name='Two Words')]": "the name 'Two Words'",
    "METRICS = [mine(task='ranking')]": "cure: a task is one of 'binary', 'multiclass', 'reg",
    "METRICS = [mine(needs='scores')]": "needs 'scores' is none of label, score, value",
    "METRICS = [mine(needs='')]": "needs '' is none of label",
    "METRICS = [mine(domain=(1, 0))]": "domain (1, 0)",
    "METRICS = [mine(domain=None)]": "domain None",
    "METRICS = [mine(), mine()]": "two metrics are called 'mine'",
    "METRICS = [replace(mine(), law=len)]": "law is a builtin_function_or_method",
    "METRICS = [replace(mine(), grouped=True)]": "only a metric of Counts can compare groups",
    "METRICS = [replace(mine(), tasks=frozenset())]": "tasks must be a set of Task.BINARY",
}
PRELUDE = """
from dataclasses import replace
from titleholder.metrics import row_metric
def mine(name="mine", task="binary", needs="label", domain=(0, 1)):
    return row_metric(name, lambda p, m: 0, task=task, needs=needs, higher_is_better=True,
                      domain=domain)
"""


@pytest.mark.parametrize("code", BROKEN)
def test_a_file_that_is_wrong_says_what_is_wrong(code: str, tmp_path: Path) -> None:
    """With its own name, as a usage error."""
    file = tmp_path / "mine.py"
    file.write_text(PRELUDE + code, encoding="utf-8")
    with pytest.raises(TitleholderError) as caught:
        load_metrics(file)
    assert BROKEN[code] in str(caught.value)
    assert "mine.py" in str(caught.value)
    assert caught.value.exit_code is Exit.USAGE


@pytest.mark.parametrize("needs", ["value", "latency_s", "score_wit"])
def test_an_own_metric_may_need_any_column_of_the_predictions(needs: str, tmp_path: Path) -> None:
    """Answers, costs, and scores that others gave."""
    file = tmp_path / "mine.py"
    file.write_text(f"{PRELUDE}METRICS = [mine(needs={needs!r})]", encoding="utf-8")
    assert [metric.needs for metric in load_metrics(file)] == [needs]


@pytest.mark.parametrize("name", ["missing.py", "folder.py", "text.txt"])
def test_a_path_that_is_no_python_file_is_refused(name: str, tmp_path: Path) -> None:
    """Missing, a folder, or another kind of file."""
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "text.txt").write_text("METRICS = []")
    with pytest.raises(UsageError, match="no such Python file"):
        load_metrics(tmp_path / name)


@pytest.mark.parametrize("name", ["recall", "pinball", "roc_auc", "usual"])
def test_an_own_metric_may_not_take_a_name_that_is_taken(name: str) -> None:
    """Nor that of a family: a verdict names metrics, and names must mean one thing."""
    own = row_metric(name, lambda _p, _m: 0, task="binary", needs="label", higher_is_better=True)
    with pytest.raises(UsageError, match=f"there is a metric '{name}' already"):
        REGISTRY.with_own([own])


# ------------------------------------------------------------------------------ plugins


class Site:
    """A folder of installed packages, each with a module and an entry point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, package: str, name: str, code: str) -> None:
        """A package that offers ``offered`` of its module as the metric ``name``."""
        (self.folder / f"{package}.py").write_text(PRELUDE + code, encoding="utf-8")
        info = self.folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        offer = f"[titleholder.metrics]\n{name} = {package}:offered\n"
        (info / "entry_points.txt").write_text(offer)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Packages installed here are found, and forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    plugins.plugin.cache_clear()
    yield Site(tmp_path)
    plugins.plugin.cache_clear()
    for name in [n for n in sys.modules if n.startswith("th_")]:
        del sys.modules[name]


def test_a_package_offers_a_metric_that_is_imported_when_it_is_named(site: Site) -> None:
    """Listing the registry and looking up what it has does not import it."""
    site.install("th_irony", "irony", "offered = mine('irony')")
    assert REGISTRY["roc_auc"].name == "roc_auc"
    assert "irony" not in list(REGISTRY)
    assert "th_irony" not in sys.modules
    assert REGISTRY["irony"].name == "irony"
    assert "th_irony" in sys.modules
    assert [m.name for m in REGISTRY.select(Task.BINARY, ("irony",))] == ["irony"]


WIT = """
from titleholder.metrics import Family
def member(argument):
    return mine(f"wit[{argument}]" if argument == "dry" else "wit") if argument != "none" else None
offered = Family("wit", "a kind of wit", ("wit[dry]",), member)
"""


def test_a_package_may_offer_a_family(site: Site) -> None:
    """Its members are made as those of the built-in ones, and must bear the name asked for."""
    site.install("th_wit", "wit", WIT)
    assert REGISTRY["wit[dry]"].name == "wit[dry]"
    assert "wit[none]" not in REGISTRY
    assert "wit" not in REGISTRY
    with pytest.raises(UsageError, match=r"'wit\[wet\]' calls itself 'wit'"):
        REGISTRY.get("wit[wet]")


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("offered = 3", "is a int, not a Metric"),
        ("offered = mine('other')", "calls itself 'other'"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("x = 1", "cannot be imported: AttributeError"),
        ("offered = mine('irony', domain=(1, 0))", "domain (1, 0)"),
    ],
)
def test_a_package_that_offers_nonsense_is_named(site: Site, code: str, what: str) -> None:
    """A broken plugin is an error with its package's name, and not a metric nobody knows."""
    site.install("th_broken", "irony", code)
    with pytest.raises((UsageError, ConfigError)) as caught:
        REGISTRY.get("irony")
    assert what in str(caught.value)
    assert "th_broken" in str(caught.value)


def test_two_packages_that_offer_one_name_are_refused(site: Site) -> None:
    """Which one was meant cannot be known."""
    site.install("th_one", "irony", "offered = mine('irony')")
    site.install("th_two", "irony", "offered = mine('irony')")
    with pytest.raises(UsageError, match="offered by th_one and by th_two"):
        REGISTRY.get("irony")


def test_a_package_does_not_replace_a_built_in_metric(site: Site) -> None:
    """What recall means is not for an installed package to decide."""
    built_in = REGISTRY["recall"]
    site.install("th_recall", "recall", "offered = mine('recall')")
    assert REGISTRY["recall"] is built_in
    assert "th_recall" not in sys.modules


# ------------------------------------------------------------------------------- the page


def test_the_page_is_what_the_registry_prints() -> None:
    """docs/metrics.md; python -m titleholder.metrics.reference makes it anew."""
    assert PAGE.read_text(encoding="utf-8") == reference.page()


def test_the_page_names_every_metric_and_family() -> None:
    """Each once in a table, with its formula."""
    rows = [line for line in reference.page().splitlines() if line.startswith("| ")]
    for name in REGISTRY.names():
        about = [row for row in rows if f"`{name}`" in row.split(" | ")[0]]
        assert len(about) == 1, name
        assert REGISTRY[name].formula.replace("|", "\\|") in about[0]
