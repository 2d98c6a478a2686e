"""Benchmarks from their official files: panels, official metrics, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from titleholder.adapters.benchmarks import LOADERS, spans
from titleholder.arrays import Panel, Predictions
from titleholder.cli import main
from titleholder.errors import BadInput, UsageError
from titleholder.metrics import REGISTRY, Counts, Means
from titleholder.types import Task

GLUE = {
    "CoLA": ("dev.tsv", "", 'x\t{y}\t\tA "sentence.', ["0", "1"]),
    "SST-2": ("dev.tsv", "sentence\tlabel", "a fine film\t{y}", ["0", "1"]),
    "MRPC": ("dev.tsv", "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String", "{y}\t1\t2\ta\tb",
             ["0", "1"]),
    "STS-B": ("dev.tsv", "index\tgenre\tscore", "0\tnews\t{y}", ["0.5", "4.25"]),
    "QQP": ("dev.tsv", "id\tquestion1\tquestion2\tis_duplicate", "1\ta\tb\t{y}", ["0", "1"]),
    "MNLI": ("dev_matched.tsv", "index\tgold_label", "0\t{y}",
             ["entailment", "neutral", "contradiction"]),
    "QNLI": ("dev.tsv", "index\tquestion\tsentence\tlabel", "0\ta\tb\t{y}",
             ["entailment", "not_entailment"]),
    "RTE": ("dev.tsv", "index\tsentence1\tsentence2\tlabel", "0\ta\tb\t{y}",
            ["entailment", "not_entailment"]),
    "WNLI": ("dev.tsv", "index\tsentence1\tsentence2\tlabel", "0\ta\tb\t{y}", ["0", "1"]),
    "AX": ("diagnostic-full.tsv",
           "Lexical Semantics\tPredicate-Argument Structure\tLogic\tKnowledge\tDomain\tPremise\t"
           "Hypothesis\tLabel",
           "\tRestrictivity\tNegation\t\tNews\ta\tb\t{y}",
           ["entailment", "neutral", "contradiction"]),
}  # fmt: skip
OFFICIAL = {
    "CoLA": ["mcc"], "SST-2": ["accuracy"], "MRPC": ["accuracy", "f1"],
    "STS-B": ["pearson", "spearman"], "QQP": ["accuracy", "f1"], "MNLI": ["accuracy"],
    "QNLI": ["accuracy"], "RTE": ["accuracy"], "WNLI": ["accuracy"], "AX": ["mcc"],
}  # fmt: skip


def glue(root: Path, task: str, n: int = 40) -> Path:
    """A task's directory, as the benchmark ships it."""
    name, head, line, labels = GLUE[task]
    root.mkdir(parents=True, exist_ok=True)
    rows = [line.format(y=labels[i % len(labels)]) for i in range(n)]
    (root / name).write_text("\n".join(([head] if head else []) + rows) + "\n")
    return root


@pytest.mark.parametrize("task", GLUE)
def test_a_task_of_glue_is_judged_by_its_official_metrics(tmp_path: Path, task: str) -> None:
    """Read from its own file, answered in its own format, judged by its own metric."""
    labels = GLUE[task][3]
    answers = "".join(f"{i}\t{labels[i % len(labels)]}\n" for i in range(40))
    for name in ("old", "new"):
        (tmp_path / f"{name}.tsv").write_text("index\tprediction\n" + answers)
    out = tmp_path / "out"
    told = ["--answers", str(tmp_path / "old.tsv"), "--answers", str(tmp_path / "new.tsv")]
    data = str(glue(tmp_path / "data", task))
    assert main(["benchmark", "glue", task, data, "--out", str(out), *told]) == 0
    found = LOADERS["glue"](task, tmp_path / "data")
    assert [rule["metric"] for rule in found.policy["rules"]] == OFFICIAL[task]
    code = main(["compare", "--panel", str(out / "panel.parquet"), "--champion",
                 str(out / "old.parquet"), "--candidate", str(out / "new.parquet"),
                 "--policy", str(out / "policy.yaml"), "--quiet"])  # fmt: skip
    assert code in (0, 3)


def test_the_metric_of_the_diagnostic_set_is_matthews_over_three_classes(tmp_path: Path) -> None:
    """GLUE's R3, which scikit-learn gives of three classes as well."""
    from sklearn.metrics import matthews_corrcoef

    panel = LOADERS["glue"]("AX", glue(tmp_path, "AX", 60)).panel
    classes = ("contradiction", "entailment", "neutral")
    truth = np.array([classes.index(label) for label in panel["y_true"]])
    told = np.random.default_rng(3).integers(3, size=60)
    law = REGISTRY.resolve("mcc", Task.MULTICLASS).law
    assert isinstance(law, Counts)
    counts = np.zeros((3, 3))
    np.add.at(counts, (truth, told), 1)
    assert law.value(counts) == pytest.approx(matthews_corrcoef(truth, told))


SUPER: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "BoolQ": ({"question": "q", "passage": "p"}, [True, False]),
    "CB": ({"premise": "p"}, ["entailment", "neutral", "contradiction"]),
    "COPA": ({"premise": "p"}, [0, 1]),
    "RTE": ({"premise": "p"}, ["entailment", "not_entailment"]),
    "WiC": ({"word": "w"}, [True, False]),
    "WSC": ({"text": "t"}, [True, False]),
}


@pytest.mark.parametrize("task", SUPER)
def test_a_task_of_superglue_is_read_from_its_lines(tmp_path: Path, task: str) -> None:
    """Labels of any kind, under the index of their line."""
    fields, labels = SUPER[task]
    lines = [{**fields, "idx": i, "label": labels[i % len(labels)]} for i in range(12)]
    (tmp_path / "val.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    found = LOADERS["superglue"](task, tmp_path)
    assert len(found.panel) == 12
    assert found.panel["y_true"].nunique() == len(labels)


def test_answers_of_one_passage_are_one_cluster(tmp_path: Path) -> None:
    """MultiRC nests answers in questions in passages."""

    def passage(i: int) -> dict[str, Any]:
        answers = [{"text": "a", "label": j % 2, "idx": j} for j in range(3)]
        questions = [{"question": "q", "answers": answers, "idx": k} for k in range(2)]
        return {"idx": i, "passage": {"text": "t", "questions": questions}}

    (tmp_path / "val.jsonl").write_text("".join(json.dumps(passage(i)) + "\n" for i in range(4)))
    panel = LOADERS["superglue"]("MultiRC", tmp_path).panel
    assert len(panel) == 24
    assert panel["cluster"].nunique() == 4
    assert panel["row_id"][0] == "0/0/0"


def multirc(root: Path) -> Path:
    """Two passages with two questions of three answers each, the middle one right."""
    (root / "val.jsonl").write_text("".join(json.dumps(_passage(i, 1)) + "\n" for i in range(2)))
    return root


def _passage(i: int, right: int) -> dict[str, Any]:
    answers = [{"text": "a", "label": int(j == right), "idx": j} for j in range(3)]
    questions = [{"question": "q", "answers": answers, "idx": 2 * i + k} for k in range(2)]
    return {"idx": i, "passage": {"text": "t", "questions": questions}}


def test_multirc_has_f1_over_answers_and_exact_match_over_questions(tmp_path: Path) -> None:
    """A submission in the benchmark's own nested format; a question counts when all are right."""
    import pandas as pd

    said = [_passage(0, 1), _passage(1, 1)]
    said[1]["passage"]["questions"][0]["answers"] = [{"idx": j, "label": 1} for j in range(3)]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))
    out = tmp_path / "out"
    assert main(["benchmark", "superglue", "MultiRC", str(multirc(tmp_path)), "--out", str(out),
                 "--answers", str(tmp_path / "new.jsonl")]) == 0  # fmt: skip
    answers = pd.read_parquet(out / "new.parquet")
    assert len(answers) == 12
    truth = pd.read_parquet(out / "panel.parquet").set_index("row_id")["y_true"]
    wrong = answers["y_pred"].to_numpy() != truth[answers["row_id"]].to_numpy()
    assert answers["row_id"][wrong].tolist() == ["1/2/0", "1/2/2"]
    questions = pd.read_parquet(out / "new-questions.parquet")
    assert questions["row_id"].tolist() == ["0/0", "0/1", "1/2", "1/3"]
    assert questions["score_exact_match"].tolist() == [1.0, 1.0, 0.0, 1.0]
    assert judged(out, "new-questions", "new-questions", "-questions")["exact_match"] == 0.75


def test_an_answer_that_lacks_has_no_exact_match(tmp_path: Path) -> None:
    """It is no wrong answer and no right one."""
    import pandas as pd

    found = LOADERS["superglue"]("MultiRC", multirc(tmp_path)).views["questions"]
    told = pd.DataFrame({"idx": ["0/0/0"], "label": [1]})
    with pytest.raises(BadInput, match=r"11 are not answered, such as '0/0/1'"):
        found.answers(told)


def record(root: Path) -> Path:
    """Two passages of ReCoRD with three queries."""

    def query(i: int, *texts: str) -> dict[str, Any]:
        answers = [{"start": 0, "end": 1, "text": text} for text in texts]
        return {"query": "@placeholder won", "answers": answers, "idx": i}

    lines = [
        {"source": "Daily mail", "passage": {"text": "t", "entities": []}, "idx": 0,
         "qas": [query(0, "the U.S. Senate", "Senate"), query(1, "Rome")]},
        {"source": "CNN", "passage": {"text": "t", "entities": []}, "idx": 1,
         "qas": [query(2, "Ada Lovelace")]},
    ]  # fmt: skip
    (root / "val.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    return root


def test_record_has_the_best_exact_match_and_f1_over_its_answers(tmp_path: Path) -> None:
    """Normalised as SQuAD does: case, punctuation and articles do not count."""
    import pandas as pd

    told = [("0", "us senate"), ("1", "Rome, Italy"), ("2", "Grace Hopper")]
    text = "".join(json.dumps({"idx": int(i), "label": label}) + "\n" for i, label in told)
    (tmp_path / "new.jsonl").write_text(text)
    out = tmp_path / "out"
    assert main(["benchmark", "superglue", "ReCoRD", str(record(tmp_path)), "--out", str(out),
                 "--answers", str(tmp_path / "new.jsonl")]) == 0  # fmt: skip
    scores = pd.read_parquet(out / "new.parquet")
    assert scores["score_exact_match"].tolist() == [1.0, 0.0, 0.0]
    assert scores["score_token_f1"].tolist() == pytest.approx([1.0, 2 / 3, 0.0])
    assert pd.read_parquet(out / "panel.parquet")["cluster"].tolist() == ["0", "0", "1"]
    assert judged(out, "new", "new") == {"exact_match": 1 / 3, "token_f1": pytest.approx(5 / 9)}


def judged(out: Path, champion: str, candidate: str, view: str = "") -> dict[str, float]:
    """The candidate's value of each metric, as `compare` finds it."""
    from titleholder.oneoff import judge_files

    found = judge_files(
        out / f"panel{view}.parquet", out / f"{champion}.parquet", out / f"{candidate}.parquet",
        out / f"policy{view}.yaml",
    )  # fmt: skip
    told = {f.metric: f.candidate for f in found.verdict.findings}
    return {metric: one.value for metric, one in told.items() if one is not None}


@given(st.text(max_size=30), st.text(max_size=30))
def test_span_scores_agree_with_themselves(one: str, two: str) -> None:
    """Both are symmetric and in [0, 1]; an exact match of words is an F1 of 1."""
    f1 = spans.token_f1(one, two)
    assert f1 == spans.token_f1(two, one)
    assert 0 <= f1 <= 1
    assert spans.normalised(spans.normalised(one)) == spans.normalised(one)
    if spans.exact_match(one, two) and spans.normalised(one):
        assert f1 == 1


def test_the_pairs_of_ax_g_have_a_gender_parity(tmp_path: Path) -> None:
    """The share of pairs that a model answers alike, right or not."""
    import pandas as pd

    lines = [{"idx": i, "pair_id": 90 + i // 2, "label": "entailment", "premise": "p",
              "hypothesis": "h"} for i in range(6)]  # fmt: skip
    (tmp_path / "AX-g.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    found = LOADERS["superglue"]("AX-g", tmp_path)
    said = ["entailment"] * 3 + ["not_entailment"] * 3
    told = pd.DataFrame({"idx": range(6), "label": said})
    parity = found.views["pairs"].answers(told)
    assert parity["score_gender_parity"].tolist() == [1.0, 0.0, 1.0]
    assert found.panel["cluster"].tolist() == ["90", "90", "91", "91", "92", "92"]


def mmlu(root: Path, sizes: dict[str, int]) -> Path:
    """Subjects as the benchmark ships them."""
    for subject, n in sizes.items():
        lines = [f'"What, {i}?",a,b,c,d,{"ABCD"[i % 4]}' for i in range(n)]
        (root / f"{subject}_test.csv").write_text("\n".join(lines) + "\n")
    return root


def test_mmlu_has_micro_and_macro_and_chance(tmp_path: Path) -> None:
    """A question is a question in one policy, a subject is a subject in the other."""
    found = LOADERS["mmlu"]("all", mmlu(tmp_path, {"anatomy": 60, "virology": 20}))
    assert found.panel.groupby("subject")["of_subject"].sum().tolist() == pytest.approx([40, 40])
    assert found.more["policy-macro"]["columns"] == {"weight": "of_subject"}
    chance = next(r for r in found.policy["rules"] if r["id"] == "chance")
    assert chance["value"] == 0.25
    assert len(LOADERS["mmlu"]("virology", tmp_path).panel) == 20


def test_bigbench_grades_choices_and_texts(tmp_path: Path) -> None:
    """The choice of the highest score, or a target to the letter."""
    import pandas as pd

    choices = [{"input": i, "target_scores": {"yes": 1, "perhaps": 0.5, "no": 0}} for i in "abc"]
    found = LOADERS["bigbench"]("t", bigbench(tmp_path, choices, "multiple_choice_grade"))
    said = ["yes", "perhaps", "banana"]
    told = found.answers(pd.DataFrame({"row_id": range(3), "prediction": said}))
    assert told["score_multiple_choice_grade"].tolist() == [1.0, 0.5, 0.0]
    chance = next(r for r in found.policy["rules"] if r["id"] == "chance")
    assert (chance["kind"], chance["value"]) == ("floor", 0.5)
    texts = [{"input": "i", "target": ["4", "four"]}, {"input": "i", "target": "5"}]
    found = LOADERS["bigbench"]("any", bigbench(tmp_path, texts, "exact_str_match", "bleu"))
    told = found.answers(pd.DataFrame({"row_id": [0, 1], "prediction": ["four ", "4"]}))
    assert told["score_exact_str_match"].tolist() == [1.0, 0.0]
    numbers = [{"input": "i", "target": "50"}, {"input": "j", "target": "50"}]
    near = "numeric_match_with_0_1_relative_error"
    found = LOADERS["bigbench"]("any", bigbench(tmp_path, numbers, near))
    told = found.answers(pd.DataFrame({"row_id": [0, 1], "prediction": ["54.9", "fifty"]}))
    assert told[f"score_{near}"].tolist() == [1.0, 0.0]


def bigbench(root: Path, examples: list[dict[str, Any]], *metrics: str) -> Path:
    """A task's directory."""
    said = {"name": "t", "examples": examples, "preferred_score": metrics[0], "metrics": metrics}
    (root / "task.json").write_text(json.dumps(said))
    return root


def test_an_example_of_bigbench_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    """As in BIG-bench's own runs."""
    examples = [{"input": "a", "target": "b"}, {"input": "c", "target": "d"}]
    found = LOADERS["bigbench"](
        "t", bigbench(tmp_path, [*examples, examples[0]], "exact_str_match")
    )
    assert found.panel["input"].tolist() == ["a", "c"]


def test_a_task_that_only_a_corpus_metric_scores_is_refused(tmp_path: Path) -> None:
    """By its metric, and with those that can be paired."""
    with pytest.raises(UsageError, match="is scored by bleu, rouge, which is no score of single"):
        LOADERS["bigbench"](
            "t", bigbench(tmp_path, [{"input": "a", "target": "b"}], "bleu", "rouge")
        )


@pytest.mark.parametrize(
    ("ids", "said"), [(["0", "7"], "has no '7'"), (["0", "0"], "'0' is answered twice")]
)
def test_answers_to_what_was_not_asked_are_named(tmp_path: Path, ids: list[str], said: str) -> None:
    """Or twice to the same: nothing is dropped in silence."""
    import pandas as pd

    found = LOADERS["bigbench"](
        "t", bigbench(tmp_path, [{"input": i, "target": "x"} for i in "ab"], "exact_str_match")
    )
    with pytest.raises(BadInput, match=said):
        found.answers(pd.DataFrame({"row_id": ids, "prediction": ["x", "x"]}))


@pytest.mark.parametrize(
    ("benchmark", "task", "name", "text", "said"),
    [
        ("glue", "RTE", "dev.tsv", "index\tlabel\n0\tentailment\n1", r"dev\.tsv:3: has 1 fields"),
        ("glue", "RTE", "dev.tsv", "index\tscore\n0\t1\n", "has no column 'label'"),
        ("glue", "STS-B", "dev.tsv", "score\nmuch\n", r"dev\.tsv:2: 'much' is no number"),
        ("glue", "RTE", "dev.tsv", "", "holds no rows"),
        ("superglue", "BoolQ", "val.jsonl", '{"idx": 0, "label": true}\n{"idx": 1, "la',
         r"val\.jsonl:2"),
        ("superglue", "BoolQ", "val.jsonl", '{"idx": 0}\n', r"val\.jsonl:1: has no 'label'"),
        ("mmlu", "all", "x_test.csv", "q,a,b,c,d,A\nq,a,b", r"x_test\.csv:2"),
        ("mmlu", "all", "x_test.csv", "q,a,b,c,d,E\n", r"x_test\.csv:1"),
        ("bigbench", "any", "task.json", '{"examples": [', r"task\.json:1"),
        ("bigbench", "any", "task.json", '{"examples": []}', "has no examples"),
        ("bigbench", "any", "task.json",
         '{"metrics": ["exact_str_match"], "examples": [{"input": 1}]}', "example 0"),
        ("bigbench", "any", "task.json",
         '{"metrics": ["multiple_choice_grade"], "examples": [{"target_scores": {"a": "b"}}]}',
         "example 0: a target score is no number"),
        ("superglue", "ReCoRD", "val.jsonl", '{"idx": 0, "qas": [{"idx": 1, "ans',
         r"val\.jsonl:1"),
        ("superglue", "ReCoRD", "val.jsonl", '{"idx": 0, "qas": [{"idx": 1, "answers": []}]}',
         "query 1 has no answer"),
        ("superglue", "MultiRC", "val.jsonl", '{"idx": 0, "passage": {}}', "has no 'questions'"),
    ],
)  # fmt: skip
def test_damaged_files_are_named_with_their_line(
    tmp_path: Path, benchmark: str, task: str, name: str, text: str, said: str
) -> None:
    """A file cut in half, or one of another task."""
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=said):
        LOADERS[benchmark](task, tmp_path)


@pytest.mark.parametrize("benchmark", LOADERS)
def test_a_directory_without_the_files_is_usage(tmp_path: Path, benchmark: str) -> None:
    """With the file that should be there."""
    task = {"glue": "RTE", "superglue": "RTE"}.get(benchmark, "all")
    with pytest.raises(UsageError, match="has no"):
        LOADERS[benchmark](task, tmp_path)


@pytest.mark.parametrize("benchmark", ["glue", "superglue"])
def test_an_unknown_task_is_told_the_known_ones(tmp_path: Path, benchmark: str) -> None:
    """By name."""
    with pytest.raises(UsageError, match="has no task 'XYZ'") as caught:
        LOADERS[benchmark]("XYZ", tmp_path)
    assert "RTE" in caught.value.cure


# ------------------------------------------------------------------------ correlations


def valued(name: str, y: np.ndarray, f: np.ndarray, weight: np.ndarray | None = None) -> float:
    """A metric on all rows."""
    panel = Panel(np.arange(len(y)).astype(str), Task.REGRESSION, y, weight=weight)
    law = REGISTRY[name].law
    assert isinstance(law, Means)
    columns = law.columns(panel, Predictions("m", value=f))
    return float(law.value(np.average(columns, axis=0, weights=weight)))


@given(st.integers(0, 10_000), st.integers(3, 60), st.booleans())
def test_correlations_are_scipys(seed: int, n: int, ties: bool) -> None:
    """Pearson's and Spearman's, with ties as with none."""
    rng = np.random.default_rng(seed)
    y, f = rng.normal(size=(2, n))
    if ties:
        y, f = np.round(y), np.round(f)
    if np.ptp(y) == 0 or np.ptp(f) == 0:
        return
    assert valued("pearson", y, f) == pytest.approx(stats.pearsonr(y, f).statistic, abs=1e-9)
    assert valued("spearman", y, f) == pytest.approx(stats.spearmanr(y, f).statistic, abs=1e-9)


@given(st.integers(0, 1000))
def test_a_weight_of_two_is_a_row_twice(seed: int) -> None:
    """In both correlations."""
    rng = np.random.default_rng(seed)
    y, f = rng.normal(size=(2, 12))
    weight = rng.integers(1, 4, 12)
    for name in ("pearson", "spearman"):
        twice = valued(name, np.repeat(y, weight), np.repeat(f, weight))
        assert valued(name, y, f, weight.astype(float)) == pytest.approx(twice, abs=1e-9)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_constant_answers_have_no_correlation(name: str) -> None:
    """NaN, never 0."""
    assert np.isnan(valued(name, np.arange(5.0), np.ones(5)))


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_the_rows_influence_gives_the_spread_of_resampling(name: str) -> None:
    """The standard deviation of the row values' law is that of the metric on resampled rows."""
    rng = np.random.default_rng(3)
    y = rng.normal(size=400)
    f = 0.7 * y + rng.normal(size=400)
    panel = Panel(np.arange(400).astype(str), Task.REGRESSION, y)
    law = REGISTRY[name].law
    assert isinstance(law, Means)
    columns = law.columns(panel, Predictions("m", value=f))
    draws = [rng.integers(0, 400, 400) for _ in range(400)]
    by_law = np.std([law.value(columns[rows].mean(axis=0)) for rows in draws])
    by_rows = np.std([valued(name, y[rows], f[rows]) for rows in draws])
    assert by_law == pytest.approx(by_rows, rel=0.1)
