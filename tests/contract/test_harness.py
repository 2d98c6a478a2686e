"""Logs of harnesses: what is read of them, what is refused, and the paired verdict."""

import json
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from titleholder.adapters.harness import READERS, require_alike
from titleholder.cli import main
from titleholder.errors import BadInput, NotComparable, TitleholderError, UsageError
from titleholder.harnessed import judge_logs
from titleholder.types import Estimate, Finding, Outcome

LOGS = Path(__file__).parents[1] / "fixtures/harness"
REAL = {
    "lm-eval": ("lm-eval/old", "lm-eval/new"),
    "inspect": ("inspect/old", "inspect/new"),
    "promptfoo": ("promptfoo/old.json", "promptfoo/new.json"),
    "deepeval": ("deepeval/old.json", "deepeval/new.json"),
    "helm": ("helm/old", "helm/new"),
}
# Items and what each model scored on average, as the harness itself reports it.
TOLD = {
    "lm-eval": (80, 0.1875, 0.1125),
    "inspect": (24, 11 / 24, 1 / 24),
    "promptfoo": (24, 18 / 24, 16 / 24),
    "deepeval": (24, 18 / 24, 16 / 24),
    "helm": (79, 0.7974683544303798, 0.6708860759493671),
}


def helm(
    root: Path, model: str, right: Callable[[int], bool], trials: int = 1, **adapter: Any
) -> Path:
    """A run of HELM, as its runner writes it; instances of several trials, as they are and bent."""
    run = root / model / "mmlu:subject=anatomy,model=org_m"
    run.mkdir(parents=True)
    spec = {
        "name": f"mmlu:subject=anatomy,model=org_{model}",
        "scenario_spec": {"class_name": "MMLUScenario", "args": {"subject": "anatomy"}},
        "adapter_spec": {"model": f"org/{model}", "max_train_instances": 5, **adapter},
    }
    stats = [
        {"instance_id": f"id{i}", "train_trial_index": trial, **bent, "stats": [
            {"name": {"name": "exact_match", "split": "test"}, "count": 1,
             "mean": float(right(i))},
            {"name": {"name": "num_bytes", "split": "test"}, "count": 1, "mean": 1.0}]}
        for i in range(40)
        for trial in range(trials)
        for bent in ({}, {"perturbation": {"name": "extra_space", "num_spaces": 2}})[:trials]
    ]  # fmt: skip
    (run / "run_spec.json").write_text(json.dumps(spec))
    (run / "per_instance_stats.json").write_text(json.dumps(stats))
    return root / model


def both(harness: str, root: Path) -> tuple[Path, Path]:
    """Copies of a harness's two logs, to be spoiled."""
    found = []
    for name in REAL[harness]:
        to = root / name
        to.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (LOGS / name).is_dir() else shutil.copy
        copy(LOGS / name, to)
        found.append(to)
    return found[0], found[1]


@pytest.mark.parametrize("harness", REAL)
def test_a_log_has_the_items_and_the_means_that_its_harness_reports(harness: str) -> None:
    """What is read of a log is what it says of itself."""
    n, *means = TOLD[harness]
    for name, mean in zip(REAL[harness], means, strict=True):
        log = READERS[harness](LOGS / name)
        (metric,) = log.official.values()
        scores = [item.scores[metric] for item in log.items]
        assert len(scores) == n
        assert sum(scores) / n == pytest.approx(mean)


@pytest.mark.parametrize("harness", REAL)
def test_two_logs_give_a_paired_verdict(harness: str, tmp_path: Path) -> None:
    """One finding a task, on its official metric, with an interval of the paired difference."""
    found = judge_logs(harness, *both(harness, tmp_path))
    (finding,) = found.verdict.findings
    assert finding.improvement.low is not None
    assert "Newcombe" in finding.method
    assert finding.outcome is not Outcome.ERROR
    assert found.verdict.inputs[0].sha256 != found.verdict.inputs[1].sha256


@pytest.mark.parametrize("harness", REAL)
def test_a_log_against_itself_is_not_worse(harness: str, tmp_path: Path) -> None:
    """Equal answers are within any margin that their number can show."""
    one, _ = both(harness, tmp_path)
    (finding,) = judge_logs(harness, one, one, margin=0.5).verdict.findings
    assert finding.outcome is Outcome.PASS
    assert finding.improvement.value == 0


@pytest.mark.parametrize("harness", REAL)
def test_a_log_cut_in_half_is_named_with_file_and_line(harness: str, tmp_path: Path) -> None:
    """Half a log is not half the evidence."""
    one, two = both(harness, tmp_path)
    files = sorted(p for p in ([one] if one.is_file() else one.rglob("*")) if p.is_file())
    for file in files:
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BadInput, match=rf"{file.name}:\d+") as caught:
            judge_logs(harness, one, two)
        assert "cut in half" in caught.value.cure
        file.write_bytes(whole)


def edited(path: Path, change: Callable[[Any], None]) -> None:
    """One JSON file, changed."""
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


def lines(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The first line of a JSON Lines file, changed."""
    first, *rest = path.read_text().splitlines()
    said = json.loads(first)
    change(said)
    path.write_text("\n".join([json.dumps(said), *rest]) + "\n")


def version(said: Any) -> None:
    """Another lm-eval."""
    said["lm_eval_version"] = "0.4.9"


def task_version(said: Any) -> None:
    """Another version of the task."""
    said["versions"]["mmlu_items"] = 2.0


def shots(said: Any) -> None:
    """Examples in the prompt."""
    said["n-shot"]["mmlu_items"] = 5


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (version, "the version of lm-eval is 0.4.13 in one and 0.4.9 in the other"),
        (task_version, "the version of mmlu_items"),
        (shots, "the number of shots of mmlu_items"),
    ],
)
def test_logs_under_other_conditions_are_refused(
    tmp_path: Path, change: Callable[[Any], None], told: str
) -> None:
    """Version, task and shots must agree, and what does not is named."""
    one, two = both("lm-eval", tmp_path)
    edited(next(two.glob("results*")), change)
    with pytest.raises(NotComparable, match=told):
        judge_logs("lm-eval", one, two)


@pytest.mark.parametrize(
    ("key", "told"),
    [("prompt_hash", "1 items have another prompt"), ("doc_hash", "lacks 1 items of mmlu_items")],
)
def test_other_prompts_and_other_documents_are_refused(tmp_path: Path, key: str, told: str) -> None:
    """Items are joined by the hash of their document, and were asked in the same words."""
    one, two = both("lm-eval", tmp_path)
    lines(next(two.glob("samples*")), lambda said: said.update({key: "0" * 64}))
    with pytest.raises(NotComparable, match=told):
        judge_logs("lm-eval", one, two)


def test_a_run_on_fewer_items_is_refused(tmp_path: Path) -> None:
    """--limit on one side is another question."""
    one, two = both("lm-eval", tmp_path)
    samples = next(two.glob("samples*"))
    samples.write_text("\n".join(samples.read_text().splitlines()[:50]) + "\n")
    with pytest.raises(NotComparable, match="lacks 30 items"):
        judge_logs("lm-eval", one, two)


@pytest.mark.parametrize("value", [None, "0.5", float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_named_by_its_line(tmp_path: Path, value: Any) -> None:
    """It is never a zero."""
    one, two = both("lm-eval", tmp_path)
    lines(next(two.glob("samples*")), lambda said: said.update({"exact_match": value}))
    with pytest.raises(BadInput, match=r"samples_.*:1: exact_match: .* is no score"):
        judge_logs("lm-eval", one, two)


def test_results_without_samples_name_the_flag_that_writes_them(tmp_path: Path) -> None:
    """lm-eval keeps items only when it is asked to."""
    one, two = both("lm-eval", tmp_path)
    next(two.glob("samples*")).unlink()
    with pytest.raises(UsageError, match="samples_mmlu_items") as caught:
        judge_logs("lm-eval", one, two)
    assert "--log_samples" in caught.value.cure


def test_an_unfinished_run_of_inspect_is_refused(tmp_path: Path) -> None:
    """Samples that are missing are not scored as wrong."""
    one, two = both("inspect", tmp_path)
    edited(two / "log.json", lambda said: said.update(status="cancelled"))
    with pytest.raises(BadInput, match="ended as 'cancelled'"):
        judge_logs("inspect", one, two)


@pytest.mark.parametrize("packed", ["stored", "zstandard"])
def test_the_archive_of_inspect_says_what_its_json_says(tmp_path: Path, packed: str) -> None:
    """Newer versions pack with Zstandard, which Python's zipfile does not know."""
    one, _ = both("inspect", tmp_path)
    said = json.loads((one / "log.json").read_text())
    samples = said.pop("samples")
    files = {"header.json": said} | {
        f"samples/{s['id']}_epoch_{s['epoch']}.json": s for s in samples
    }
    archive = tmp_path / "log.eval"
    write_zip(archive, {n: json.dumps(v).encode() for n, v in files.items()}, packed)
    found, told = READERS["inspect"](archive), READERS["inspect"](one / "log.json")
    assert {i.key: i.scores for i in found.items} == {i.key: i.scores for i in told.items}
    require_alike(found, told)
    archive.write_bytes(archive.read_bytes()[:-400])
    with pytest.raises(BadInput, match="no whole log"):
        READERS["inspect"](archive)


def write_zip(path: Path, files: dict[str, bytes], packed: str) -> None:
    """A zip whose members are stored, or packed with Zstandard by hand."""
    import pyarrow as pa

    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            zstd = pa.compress(data, codec="zstd", asbytes=True)
            archive.writestr(name, data if packed == "stored" else zstd)
    if packed == "stored":
        return
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        at = archive.start_dir
    for entry in entries:
        data = files[entry.filename]
        fields = struct.pack("<I", zlib.crc32(data)), struct.pack("<I", len(data))
        for offset, crc, size in ((entry.header_offset + 8, 14, 22), (at + 10, 16, 24)):
            base = offset - (8 if crc == 14 else 10)
            raw[offset : offset + 2] = struct.pack("<H", 93)
            raw[base + crc : base + crc + 4] = fields[0]
            raw[base + size : base + size + 4] = fields[1]
        at += 46 + len(entry.filename.encode()) + len(entry.extra) + len(entry.comment)
    path.write_bytes(raw)


def test_several_providers_in_one_log_of_promptfoo_are_refused(tmp_path: Path) -> None:
    """Whose answers are the champion's has to be clear."""
    one, two = both("promptfoo", tmp_path)

    def change(said: Any) -> None:
        said["results"]["results"][0]["provider"]["id"] = "other"

    edited(two, change)
    with pytest.raises(BadInput, match="2 providers"):
        judge_logs("promptfoo", one, two)


def test_a_call_that_failed_in_promptfoo_is_no_wrong_answer(tmp_path: Path) -> None:
    """The case is named, and the cure."""
    one, two = both("promptfoo", tmp_path)

    def change(said: Any) -> None:
        said["results"]["results"][3].update(failureReason=2, error="429 too many requests")

    edited(two, change)
    with pytest.raises(BadInput, match="case 3: 429"):
        judge_logs("promptfoo", one, two)


def test_a_metric_that_failed_in_deepeval_is_no_zero(tmp_path: Path) -> None:
    """Its error is told."""
    one, two = both("deepeval", tmp_path)

    def change(said: Any) -> None:
        said["testCases"][5]["metricsData"][0].update(score=None, error="invalid JSON")

    edited(two, change)
    with pytest.raises(BadInput, match="case 5: Exact Match: invalid JSON"):
        judge_logs("deepeval", one, two)


def test_other_prompts_in_helm_are_refused(tmp_path: Path) -> None:
    """How a prompt is put together is part of the question."""
    one = helm(tmp_path, "old", lambda i: True)
    two = helm(tmp_path, "new", lambda i: True, max_eval_instances=10)
    with pytest.raises(NotComparable, match="the prompts of mmlu:subject=anatomy"):
        judge_logs("helm", one, two)


def test_an_instance_that_was_asked_again_is_one_unit(tmp_path: Path) -> None:
    """Two trials, each as it is and bent, are four items of one instance, not four instances."""

    def found(trials: int) -> Finding:
        place = tmp_path / str(trials)
        one = helm(place, "old", lambda i: i % 2 == 0, trials)
        two = helm(place, "new", lambda i: i % 3 == 0, trials)
        (finding,) = judge_logs("helm", one, two).verdict.findings
        return finding

    again, alone = found(2), found(1)
    assert (again.n, again.n_clusters, alone.n) == (160, 40, 40)
    assert width(again.improvement) == pytest.approx(width(alone.improvement), rel=0.15)


def width(estimate: Estimate) -> float:
    """From end to end."""
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def test_a_policy_of_ones_own_names_the_harnesss_metrics(tmp_path: Path) -> None:
    """With the slice of a task, and what it asks."""
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "task: scored\nslices: [task]\ncolumns: {row_id: item}\nrules:\n"
        "  - {id: floor, metric: 'exact_match[letter]', kind: floor, value: 0.05,"
        " slice: task=mmlu_items}\n"
    )
    found = judge_logs("lm-eval", *both("lm-eval", tmp_path), policy=policy)
    assert found.verdict.findings[0].rule == "floor"
    assert [source.role for source in found.verdict.inputs] == ["champion", "candidate", "policy"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "lm-eval"],
        ["--from", "lm-eval", "a"],
        ["--from", "lm-eval", "a", "b", "c"],
        ["--from", "lm-eval", "a", "b", "--panel", "p.csv"],
        ["--from", "lm-eval", "a", "b", "--margin", "0"],
        ["--from", "lm-eval", "a", "b", "--margin", "0.1", "--policy", "p.yaml"],
        ["--from", "lm-eval", "nowhere", "nowhere"],
        ["a", "b"],
        ["--panel", "p.csv"],
        ["--panel", "p", "--champion", "a", "--candidate", "b", "--policy", "y", "--margin", "1"],
    ],
)
def test_flags_that_do_not_go_together_are_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and a cure."""
    assert main(["compare", *arguments]) == 2
    assert "titleholder: " in capsys.readouterr().err


def test_the_command_prints_the_verdict_and_ends_with_its_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As with two files of predictions; ALLOW names the digest of what was read."""
    old, new = (str(LOGS / name) for name in REAL["lm-eval"])
    assert main(["compare", "--from", "lm-eval", old, new]) == 3
    assert "smollm2-new" in capsys.readouterr().out
    assert main(["compare", "--from", "lm-eval", old, old, "--margin", "0.5"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("ALLOW sha256:")


@pytest.mark.parametrize("harness", REAL)
def test_a_log_of_another_harness_is_usage_and_its_own_is_named(
    harness: str, tmp_path: Path
) -> None:
    """Whichever two are mixed up: one exit code, and the name that should have been given."""
    one, two = both(harness, tmp_path)
    for named in READERS:
        if named != harness:
            with pytest.raises(UsageError, match=f"is a log of {harness}, not of {named}") as found:
                judge_logs(named, one, two)
            assert found.value.cure == f"compare --from {harness}"


@pytest.mark.parametrize("harness", REAL)
def test_what_is_no_log_of_any_harness_is_usage_with_a_cure(harness: str, tmp_path: Path) -> None:
    """A file of something else, an empty directory, a path that is not there."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.json").write_text('{"a": [1, 2]}')
    for name in ("x.json", "empty"):
        with pytest.raises(UsageError, match=f"holds no log of {harness}") as caught:
            judge_logs(harness, tmp_path / name, tmp_path / name)
        assert "--from takes what lm-eval, inspect" in caught.value.cure
    with pytest.raises(UsageError, match="no such file or directory"):
        judge_logs(harness, tmp_path / "nowhere", tmp_path)


def test_every_reader_fails_on_nonsense_with_an_error_of_its_own(tmp_path: Path) -> None:
    """Whatever is given, no traceback."""
    (tmp_path / "x.json").write_text('{"a": [1, 2]}')
    (tmp_path / "results_x.json").write_text('{"configs": {}}')
    for name, read in READERS.items():
        for path in (tmp_path / "x.json", tmp_path, tmp_path / "none"):
            with pytest.raises(TitleholderError):
                read(path)
            assert name
