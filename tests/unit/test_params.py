"""params.yaml: everything that is wrong with it, told at once, each with its place and the cure."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from titleholder import types
from titleholder.errors import ConfigError, UsageError
from titleholder.metrics import REGISTRY
from titleholder.metrics.declared import registry_of
from titleholder.params.check import check_columns, policy_problems
from titleholder.params.document import parse
from titleholder.params.load import load, load_policy, load_store
from titleholder.params.schema import Binned, Params, Policy, Suite
from titleholder.stats.tried import tried
from titleholder.types import IntervalMethod, Kind, OnInconclusive, Severity, Task

ROOT = Path(__file__).parents[2]

EXAMPLE = """\
store: {url: "file://.titleholder/store", environment: dev}
suites:
  credit:
    data: {current: data/credit/current.parquet, reference: {path: data/credit/reference.parquet, rev: null}}
    expectations: expectations/credit.json
    columns: {row_id: row_id, target: deny, cluster: null, ignore: []}
    models: {champion: models/credit/champion.skops, candidates: [models/credit/candidate.skops]}
    drift: {psi: 0.2, columns: {pirat: {psi: 0.1}}}
    task: binary
    positive: "yes"
    slices: [afam, [afam, single], {column: pirat, bins: [0, 0.28, 0.36, 10]}]
    level: 0.95
    seed: 20260101
    rules:
      - {id: auc, metric: roc_auc, kind: non_inferior, margin: 0.01}
      - {id: recall-everywhere, metric: recall, slice: "*", kind: non_inferior, margin: 0.05, min_n: 100, on_inconclusive: warn}
      - {id: parity, metric: demographic_parity_difference, over: afam, kind: ceiling, value: 0.2, severity: warn}
      - {id: small, metric: size_mb, kind: ceiling, value: 20}
"""  # noqa: E501


_RECALL: dict[str, Any] = {"id": "it", "metric": "recall", "kind": "non_inferior"}


def _write(directory: Path, text: str) -> Path:
    path = directory / "params.yaml"
    path.write_text(text)
    return path


def _problems(directory: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(_write(directory, text), lambda _: REGISTRY)
    return list(caught.value.problems)


def _edited(**changes: Any) -> str:
    """The example with keys of its suite changed; None removes one."""
    document = yaml.safe_load(EXAMPLE)
    suite = document["suites"]["credit"]
    for key, value in changes.items():
        if value is None:
            del suite[key]
        else:
            suite[key] = value
    return yaml.safe_dump(document, sort_keys=False)


def _with_rule(**rule: Any) -> str:
    return _edited(rules=[{**_RECALL, **rule}])


def test_a_whole_example_loads(tmp_path: Path) -> None:
    """Every key that the documentation shows is known, and the defaults are filled in."""
    params = load(_write(tmp_path, EXAMPLE), lambda _: REGISTRY)
    suite = params.suites["credit"]
    assert suite.task is Task.BINARY
    assert suite.slices == ("afam", ("afam", "single"), Binned("pirat", (0, 0.28, 0.36, 10)))
    assert suite.rules[0].kind is Kind.NON_INFERIOR
    assert suite.rules[0].severity is Severity.BLOCK
    assert suite.rules[1].on_inconclusive is OnInconclusive.WARN
    assert suite.drift.columns["pirat"].psi == 0.1


def test_the_repository_s_own_parameters_load() -> None:
    """What `make run` reads is right."""
    suites = load(ROOT / "params.yaml", lambda policy: registry_of(policy, ROOT)).suites
    named = {"credit", "employment", "flights", "vision", "sentiment", "support"}
    assert named <= set(suites)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"margin": -0.05}, "rules[0].margin: is of the wrong sign"),
        ({"margin": 0}, "rules[0].margin: must be above 0"),
        ({}, "rules[0]: 'margin' is missing"),
        ({"margin": 1.5}, "as wide as the metric's whole range"),
        ({"margin": 0.1, "value": 3}, "rules[0].value: non_inferior is held against a margin"),
        ({"margin": 0.1, "metric": "recal"}, "no metric 'recal' (did you mean 'recall'?)"),
        ({"margin": 0.1, "metric": "mae"}, "'mae' is a metric of regression, not of binary"),
        ({"margin": 0.1, "slice": "afma=yes"}, "of no declared slice (did you mean 'afam'?)"),
        ({"margin": 0.1, "slice": "afam"}, "'afam' says no value (write afam=VALUE, or \"*\""),
        ({"margin": 0.1, "slice": "afam=yes & single"}, "'single' says no value"),
        ({"margin": 0.1, "slice": "single=no & afam=R & D"}, "(write afam=R & D & single=no)"),
        ({"margin": 0.1, "over": "afam"}, "rules[0].over: recall has no groups"),
        ({"margin": 0.1, "metric": "f_beta[-1]"}, "(f_beta[...] takes how many times as much"),
        ({"margin": 0.1, "min_n": 0}, "rules[0].min_n: must be at least 1"),
        ({"margin": 0.1, "min_n_class": 0}, "rules[0].min_n_class: must be at least 1"),
        ({"margin": 0.1, "min_n_clas": 9}, "unknown key (did you mean 'min_n_class'?)"),
        (
            {"metric": "size_mb", "kind": "ceiling", "value": 2, "min_n_class": 9},
            "rules[0].min_n_class: size_mb is measured of the model, not of rows: leave it out",
        ),
        ({"margin": 0.1, "margn": 1}, "rules[0].margn: unknown key (did you mean 'margin'?)"),
        ({"margin": "0.1"}, "rules[0].margin: must be a number, and is text '0.1'"),
        ({"margin": 0.1, "severity": "blok"}, "(did you mean 'block'?)"),
        ({"kind": "floor"}, "'value' is missing"),
        ({"kind": "floor", "value": 1.2}, "1.2 lies outside the metric's range [0, 1]"),
        ({"kind": "ceiling", "value": 0.2}, "a ceiling would punish it (write floor)"),
        ({"kind": "floor", "value": 0.2, "relative": True}, "relative: belongs to margins"),
        (
            {"metric": "demographic_parity_difference", "kind": "ceiling", "value": 0.1},
            "'over' is missing",
        ),
        (
            {
                "metric": "demographic_parity_difference",
                "kind": "ceiling",
                "value": 0.1,
                "over": "afma",
            },
            "'afma' is no declared slice (did you mean 'afam'?)",
        ),
        (
            {"metric": "size_mb", "kind": "ceiling", "value": 2, "slice": "*"},
            "size_mb is measured of the model",
        ),
    ],
)
def test_a_rule_that_could_never_be_judged_as_meant_is_refused(
    tmp_path: Path, rule: dict[str, Any], said: str
) -> None:
    """Each mistake has its own message, and nothing else is said of it."""
    (problem,) = _problems(tmp_path, _with_rule(**rule))
    assert said in problem
    assert problem.startswith("params.yaml:")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rules": []}, "nothing passes by absence"),
        ({"positive": None}, "which label is the positive class?"),
        ({"task": "regresion"}, "(did you mean 'regression'?)"),
        ({"level": 95}, "level: 95: must be < 1.0"),
        ({"level": 0.2}, "level: 0.2: must be > 0.5"),
        ({"level": 0.999}, "2000 are too few for a level of 0.999 (write resamples: 10000)"),
        ({"level": 0.99, "resamples": 999}, "999 are too few for a level of 0.99"),
        ({"level": 0.99999}, "(at most 100,000 are drawn: take a level of 0.9999)"),
        ({"seed": -1}, "seed: -1: must be >= 0"),
        ({"slices": ["afam", ["afam", "afam"]]}, "names one column twice"),
        ({"slices": [{"column": "pirat", "bins": [1, 0]}]}, "must rise from edge to edge"),
        ({"models": {"champion": "m/a.skops", "candidates": []}}, "needs at least 1 entry"),
        (
            {"models": {"champion": "m/a.skops", "candidates": ["n/a.skops"]}},
            "two models are called 'a'",
        ),
        (
            {"models": {"champion": "m/a.pkl", "candidates": ["n/b.skops"]}},
            "is a pickle, which runs whatever code it holds",
        ),
        (
            {"models": {"champion": "m/a.pkl", "candidates": ["n/b.skops"], "trust": ["ab"]}},
            "must be sha256: and 64 lower-case hex digits",
        ),
        (
            {"models": {"champion": "m/a.h5", "candidates": ["n/b.skops"]}},
            "must end in .skops or .onnx or .yaml or .yml or .parquet or .csv or .jsonl",
        ),
        ({"data": {"current": "../x.csv"}}, "must lie in the project"),
        ({"data": {"current": "/x.csv"}}, "must lie in the project"),
        ({"modles": {}}, "modles: unknown key (did you mean 'models'?)"),
        ({"expectations": "e.yaml"}, "must end in .json"),
        (
            {"bias": {"protected": ["afam"], "privileged": {"afma": "no"}}},
            "bias.privileged.afma: is not protected (did you mean 'afam'?)",
        ),
        ({"bias": {"favourable": "no"}}, "bias.favourable"),
        ({"bias": {"protected": [{"column": "pirat", "bins": [1, 0]}]}}, "must rise from edge"),
    ],
)
def test_a_suite_that_could_not_run_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """Before anything is pulled or spent."""
    text = _edited(**changes)
    if "slices" in changes:
        document = yaml.safe_load(text)
        document["suites"]["credit"]["rules"] = [
            {"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.01}
        ]
        text = yaml.safe_dump(document, sort_keys=False)
    (problem,) = _problems(tmp_path, text)
    assert said in problem


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Twelve mistakes are one message of twelve lines, each with its line number."""
    text = EXAMPLE
    for right, wrong in [
        ("environment: dev", "environmnt: dev"),
        ("target: deny", "tagret: deny"),
        ("psi: 0.2,", "psi: -0.2,"),
        ("task: binary", "task: binry"),
        ('positive: "yes"', "positive: [yes]"),
        ("level: 0.95", "level: 1.95"),
        ("seed: 20260101", "seed: x"),
        ("metric: roc_auc", "metrik: roc_auc"),
        ("kind: non_inferior, margin: 0.05", "kind: non_inferor, margin: 0.05"),
        ("min_n: 100", "min_n: many"),
        ("severity: warn", "severity: wran"),
        ("value: 20}", "value: '20'}"),
    ]:
        assert right in text
        text = text.replace(right, wrong, 1)
    problems = _problems(tmp_path, text)
    lines = [int(problem.split(":")[1].split()[0]) for problem in problems]
    assert len(problems) == 13  # the renamed metric is missing, too
    assert lines == sorted(lines)


def test_a_bare_yes_is_told_to_be_quoted(tmp_path: Path) -> None:
    """YAML takes it for a truth value, and the labels of the data are text."""
    text = EXAMPLE.replace("cluster: null", "cluster: on")
    (problem,) = _problems(tmp_path, text)
    assert "put it in quotes" in problem


def test_a_number_that_yaml_reads_as_text_is_told_how_to_be_written(tmp_path: Path) -> None:
    """1e-2 without a dot is a string in YAML 1.1."""
    (problem,) = _problems(tmp_path, EXAMPLE.replace("margin: 0.01", "margin: 1e-2"))
    assert "write 0.01" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a: [", "is not YAML"),
        ("a: 1\na: 2\n", "stands twice"),
        ("a: &x [1]\nb: *x\n", "aliases are not read here"),
        ("a: !!python/object/apply:os.system [true]\n", "tags are not read here"),
        ("a: !mine 1\n", "tags are not read here"),
        ("a: .nan\n", "not a finite number"),
        ("a: .inf\n", "not a finite number"),
        ("\ta: 1\n", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "is not YAML"),
        ("? [1, 2]\n: 3\n", "key that is not text"),
        ("[" * 2000 + "]" * 2000, "nested more than 40 deep"),
        ("a: " + "[" * 60 + "]" * 60, "nested more than 40 deep"),
        ("- 1\n", "must be a mapping"),
        ("hello", "must be a mapping"),
        ("null", "must be a mapping"),
        ("suites: {}\n", "there are none"),
        ("suites: null\n", "must be a mapping"),
    ],
)
def test_a_file_that_is_no_parameters_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Whatever it is, the message is one, and names the file."""
    problems = _problems(tmp_path, text)
    assert any(said in problem for problem in problems)
    assert all(problem.startswith("params.yaml") for problem in problems)


def test_a_file_that_is_not_there_has_a_cure(tmp_path: Path) -> None:
    """Exit code 2, and where to look."""
    with pytest.raises(UsageError, match=r"(?s)params\.yaml: no such file.*cure"):
        load(tmp_path / "params.yaml", lambda _: REGISTRY)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Only UTF-8 is read."""
    path = tmp_path / "params.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(path, lambda _: REGISTRY)


def test_an_oversized_file_is_not_read(tmp_path: Path) -> None:
    """A config of megabytes is a mistake or an attack."""
    path = _write(tmp_path, "#" * (1 << 21))
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        load(path, lambda _: REGISTRY)


def test_a_threshold_is_of_two_classes(tmp_path: Path) -> None:
    """Elsewhere it would be passed over; the usual one may stand there, as `init` writes it."""
    own = {"id": "r", "metric": "accuracy", "kind": "non_inferior", "margin": 0.1}
    policy = {"task": "multiclass", "rules": [own], "threshold": 0.5}
    load_policy(_write(tmp_path, yaml.safe_dump(policy)), lambda _: REGISTRY)
    path = _write(tmp_path, yaml.safe_dump({**policy, "threshold": 0.4}))
    with pytest.raises(ConfigError, match="a multiclass task has no threshold: must be left out"):
        load_policy(path, lambda _: REGISTRY)


@pytest.mark.parametrize(("task", "metric"), [("regression", "mae"), ("scored", "helpful")])
def test_a_floor_on_classes_needs_classes(tmp_path: Path, task: str, metric: str) -> None:
    """Both for the policy and for a rule, told at once; one of the policy is a whole number."""
    own = {"id": "r", "metric": metric, "kind": "non_inferior", "margin": 1, "min_n_class": 5}
    path = _write(tmp_path, yaml.safe_dump({"task": task, "rules": [own], "min_n_class": 5}))
    with pytest.raises(ConfigError) as caught:
        load_policy(path, lambda _: REGISTRY)
    said = [problem.partition("  ")[2] for problem in caught.value.problems]
    why = f"min_n_class: a {task} task has no classes to count: must be left out"
    assert [text.partition(" (")[0] for text in said] == [why, f"rules[0].{why}"]
    (problem,) = _problems(tmp_path, _edited(min_n_class=0))
    assert problem.endswith("suites.credit.min_n_class: 0: must be >= 1")


def test_a_segment_has_two_sides(tmp_path: Path) -> None:
    """A rule on an expression says of which rows it is."""
    rule = {"id": "r", "metric": "accuracy", "kind": "superior", "slice": "old"}
    said = {"task": "binary", "segments": {"old": "age > 60"}, "slices": ["old"], "rules": [rule]}
    path = _write(tmp_path, yaml.safe_dump(said))
    with pytest.raises(ConfigError) as caught:
        load_policy(path, lambda _: REGISTRY)
    (problem,) = caught.value.problems
    assert "'old' says no value (write old=true" in problem


def test_a_segment_that_is_no_slice_is_told_to_be_made_one(tmp_path: Path) -> None:
    """Naming an expression does not slice by it yet."""
    rule = {"margin": 0.1, "slice": "old=true"}
    (problem,) = _problems(
        tmp_path,
        _edited(segments={"old": "pirat > 1"}, rules=[{**_RECALL, **rule}]),
    )
    assert "is of a segment that is no slice yet (add old to slices)" in problem


def test_an_ampersand_in_a_value_parts_no_slice(tmp_path: Path) -> None:
    """A rule may name every slice that data can have, whatever their values are called."""
    rules = [
        {**_RECALL, "id": name, "margin": 0.1, "slice": name}
        for name in ("afam=R & D", "afam=a=b & c & single=R & D")
    ]
    suite = load(_write(tmp_path, _edited(rules=rules)), lambda _: REGISTRY).suites["credit"]
    assert [rule.slice for rule in suite.rules] == [rule["slice"] for rule in rules]


def test_a_share_is_not_asked_of_a_method_that_has_none(tmp_path: Path) -> None:
    """The rule would stay open whatever the candidate; by the default or Newcombe it is judged."""
    rules = [{**_RECALL, "margin": 0.1, "relative": True}]
    (problem,) = _problems(tmp_path, _edited(rules=rules, methods={"recall": "bootstrap"}))
    assert "rules[0].relative: methods asks for bootstrap" in problem
    text = _edited(rules=rules, methods={"recall": "newcombe"})
    assert load(_write(tmp_path, text), lambda _: REGISTRY).suites["credit"].rules[0].relative


def test_a_policy_is_a_suite_from_task_on(tmp_path: Path) -> None:
    """The same keys, without data and models."""
    document = yaml.safe_load(EXAMPLE)["suites"]["credit"]
    keys = set(Policy.__struct_fields__)
    path = _write(tmp_path, yaml.safe_dump({k: v for k, v in document.items() if k in keys}))
    assert (
        load_policy(path, lambda _: REGISTRY).rules
        == load(_write(tmp_path, EXAMPLE), lambda _: REGISTRY).suites["credit"].rules
    )


def test_a_whole_params_file_given_as_a_policy_is_told_so(tmp_path: Path) -> None:
    """A likely mistake has its own message."""
    with pytest.raises(ConfigError, match="holds whole suites"):
        load_policy(_write(tmp_path, EXAMPLE), lambda _: REGISTRY)


def test_the_store_can_be_read_without_a_look_at_the_suites(tmp_path: Path) -> None:
    """The gate must not stumble over a suite that it does not ask about."""
    broken = EXAMPLE.replace("task: binary", "task: nonsense")
    assert load_store(_write(tmp_path, broken)).environment == "dev"
    with pytest.raises(ConfigError, match=r"store\.urll"):
        load_store(_write(tmp_path, "store: {urll: x}"))


def test_columns_that_the_data_lack_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    """As soon as the names of the columns are known."""
    suite = load(_write(tmp_path, EXAMPLE), lambda _: REGISTRY).suites["credit"]
    said = check_columns(suite, ["row_id", "deny", "afm", "single", "pirat"], "panel.csv")
    assert said == ["slices[1]: panel.csv has no column 'afam' (did you mean 'afm'?)"]


def test_a_path_without_a_line_of_its_own_has_that_of_its_section() -> None:
    """A missing key is told where its mapping stands."""
    document = parse("a:\n  b: 1\n", "x.yaml")
    assert document.at(("a", "c")) == "x.yaml:1  a.c"
    assert document.at(("a", "b")) == "x.yaml:2  a.b"


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inner: Any = {}
    if isinstance(tree, dict):
        inner = tree
    elif isinstance(tree, list):
        inner = dict(enumerate(tree))
    for key, value in inner.items():
        found += _paths(value, (*path, key))
    return found


_TREE = yaml.safe_load(EXAMPLE)
_EMPTY = st.sampled_from([None, [], {}])
_VALUES = _EMPTY | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.sampled_from(_paths(_TREE)), _VALUES, st.booleans())
def test_whatever_is_written_is_loaded_or_refused_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[Any, ...], value: Any, drop: bool
) -> None:
    """One value of a right file replaced by anything, or removed."""
    tree = msgspec.to_builtins(yaml.safe_load(EXAMPLE))
    at = tree
    for key in path[:-1]:
        at = at[key]
    if drop:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    directory = tmp_path_factory.getbasetemp()
    file = directory / "mutated.yaml"
    file.write_text(yaml.safe_dump(tree))
    try:
        assert isinstance(load(file, lambda _: REGISTRY), Params)
    except ConfigError as error:
        assert error.problems


def test_a_suite_has_every_key_of_a_policy() -> None:
    """So that a suite can be handed to `titleholder compare` as it stands."""
    assert set(Policy.__struct_fields__) <= set(Suite.__struct_fields__)


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (None, "write metrics: [usual, calibration_slope]"),
        (["recall"], "write metrics: [recall, calibration_slope]"),
        (["usual", "lift[0.1]"], 'write metrics: [usual, "lift[0.1]", calibration_slope]'),
    ],
)
def test_a_rule_on_a_metric_that_the_suite_does_not_measure_is_refused(
    tmp_path: Path, metrics: list[str] | None, said: str
) -> None:
    """What is measured must not hang on a rule, and the message says what to write."""
    rule = {"id": "it", "metric": "calibration_slope", "kind": "non_inferior", "margin": 0.1}
    changes = {} if metrics is None else {"metrics": metrics}
    assert said in " ".join(_problems(tmp_path, _edited(rules=[rule], **changes)))


def test_usual_stands_for_all_that_a_task_has_by_default(tmp_path: Path) -> None:
    """More can be named beside it."""
    rule = {"id": "it", "metric": "calibration_slope", "kind": "non_inferior", "margin": 0.1}
    both = [rule, {**rule, "id": "other", "metric": "recall"}]
    text = _edited(rules=both, metrics=["usual", "calibration_slope"])
    suite = load(_write(tmp_path, text), lambda _: REGISTRY).suites["credit"]
    assert suite.metrics == ("usual", "calibration_slope")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"methods": {"roc_auc": "de_long"}}, "'de_long' is not one of"),
        (
            {"methods": {"recal": "bootstrap"}},
            "there is no metric 'recal' (did you mean 'recall'?)",
        ),
        ({"methods": {"recall": "delong"}}, "methods.recall: delong is of roc_auc and gini alone"),
        (
            {"methods": {"equalized_odds_difference": "bootstrap"}},
            "equalized_odds_difference compares groups, and nothing else may be asked for",
        ),
        ({"tests": {"size_mb": "wilcoxon"}}, "size_mb is measured of the model, and nothing else"),
        ({"tests": {"roc_auc": "mcnemar"}}, "mcnemar is of means over rows, and roc_auc is none"),
        ({"methods": {"f1": "paired_t"}}, "paired_t is of means over rows, and f1 is none"),
        ({"tests": {"mae": "wilcoxon"}}, "'mae' is a metric of regression, not of binary"),
        ({"tests": {"accuracy": "bootstrap"}}, "'bootstrap' is not one of mcnemar"),
        ({"segments": {"old": "age >"}}, "'age >' cannot be read"),
        ({"segments": {"deny": "pirat > 1"}}, "is the name of a column that has a part to play"),
    ],
)
def test_methods_tests_and_segments_are_checked_before_any_data(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """A name that is not known is told with the nearest that is."""
    text = _edited(
        rules=[{"id": "it", "metric": "recall", "kind": "floor", "value": 0.5}], **changes
    )
    assert said in " ".join(_problems(tmp_path, text))


@pytest.mark.parametrize("name", [name for name, metric in REGISTRY.items() if not metric.measured])
def test_what_a_metric_may_have_is_what_may_be_asked_for(name: str) -> None:
    """All that `titleholder metrics` lists for it is accepted, and what is refused is not listed.

    Clusters, and rows of 0 and 1 alone, are up to the data, so what needs them is not refused.
    """
    metric = REGISTRY.get(name)
    assert metric is not None
    task, listed = sorted(metric.tasks)[0], set(tried(metric).others)
    refused = set()
    for key, methods in (("methods", IntervalMethod), ("tests", types.TestMethod)):
        for method in methods:
            policy = Policy(task=task, rules=(), **{key: {name: method}})
            problems = policy_problems(policy, REGISTRY, ())
            if any(problem.path == (key, name) for problem in problems):
                refused.add(str(method))
    assert not refused & listed
    assert {str(m) for m in (*IntervalMethod, *types.TestMethod)} - refused - listed <= {
        *("default", "cluster_bootstrap", "newcombe", "mcnemar")
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recall <= 0.6", "more is better: 'recall <= 0.6' would punish it (write recall >= 0.6)"),
        ("log_loss >= 0.6", "less is better: 'log_loss >= 0.6' would punish it"),
        ("size_mb >= 20", "less is better: 'size_mb >= 20' would punish it (write size_mb <= 20)"),
        ("recall >= 1.5", "1.5 lies outside the range of recall, [0, 1]"),
        ("size_mb < 20", "'size_mb < 20' is no constraint (write: size_mb <= 20)"),
    ],
)
def test_a_constraint_points_to_the_better_side(tmp_path: Path, text: str, said: str) -> None:
    """One that better models break, or that none can keep, is a slip of the pen."""
    suite = {"constraints": [text], "metrics": ["usual", "size_mb"]}
    assert said in " ".join(_problems(tmp_path, _edited(**suite)))


def test_a_constraint_on_a_bias_may_point_either_way(tmp_path: Path) -> None:
    """Neither end of its range is the best."""
    suite = {
        "constraints": ["calibration_slope <= 1.2", "calibration_slope >= 0.8"],
        "metrics": ["usual", "calibration_slope"],
    }
    load(_write(tmp_path, _edited(**suite)), lambda _: REGISTRY)


def test_the_data_must_have_the_columns_of_a_segment_and_not_the_segment() -> None:
    """A segment is made of columns; slicing by it asks the data for those."""
    policy = Policy(task=Task.BINARY, rules=(), segments={"old": "age > 60"}, slices=("old",))
    assert check_columns(policy, ["age"], "data.csv") == []
    (told,) = check_columns(policy, ["agge"], "data.csv")
    assert told == "segments.old: data.csv has no column 'age' (did you mean 'agge'?)"
