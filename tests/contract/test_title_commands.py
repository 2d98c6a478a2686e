"""`titleholder promote`, `rollback` and `waive`: what they print and how they end."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from tests.support import keys, verdicts
from tests.support.project import REPOSITORY
from titleholder import records
from titleholder.adapters.stores import open_store
from titleholder.cli import main
from titleholder.trust.publication import publish
from titleholder.trust.statement import subject_of
from titleholder.types import Outcome, Source

FILE = "TITLEHOLDER_SIGNING_KEY_FILE"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This repository's params.yaml, two model files of `credit`, and a key pair."""
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    shutil.copytree(REPOSITORY / "metrics", tmp_path / "metrics")
    models = tmp_path / "models/credit"
    models.mkdir(parents=True)
    for name in ("champion", "candidate"):
        (models / f"{name}.skops").write_text(name)
    (tmp_path / "k").write_bytes(keys.key().pem)
    (tmp_path / "k.pub").write_bytes(keys.key().public.pem)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def _digest(project: Path, name: str) -> str:
    return records.sha256_file(project / f"models/credit/{name}.skops")


def _judge(project: Path, outcome: Outcome, *, signed: bool = False) -> None:
    champion = Source("champion", "champion.skops", _digest(project, "champion"), 1)
    publish(
        open_store("file://.titleholder/store", root=project), "dev",
        verdicts.verdict(outcome, inputs=(champion,)),
        subject_of("candidate.skops", _digest(project, "candidate")), {},
        valid_for=timedelta(days=7), provenance=verdicts.provenance(),
        signer=keys.key() if signed else None,
    )  # fmt: skip


def test_from_the_first_champion_to_the_next_and_back(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each step ends in the line that programs look for, and is called unsigned."""
    assert main(["promote", "credit", "--bootstrap", "--reason", "in production since May"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("champion.skops holds the title of credit: bootstrap [unsigned]\n")
    assert out.endswith(f"\nTITLE sha256:{_digest(project, 'champion')}\n")
    _judge(project, Outcome.PASS)
    assert main(["promote", "credit"]) == 0
    assert capsys.readouterr().out.endswith(f"\nTITLE sha256:{_digest(project, 'candidate')}\n")
    assert main(["promote", "credit"]) == 0
    assert "held the title of credit already" in capsys.readouterr().out
    assert main(["rollback", "credit", "--reason", "too slow"]) == 0
    assert capsys.readouterr().out.endswith(f"\nTITLE sha256:{_digest(project, 'champion')}\n")
    assert main(["promote", "credit"]) == 4
    assert "too slow" in capsys.readouterr().err


def test_signed_titles_go_with_signed_verdicts(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a signing key, its own signature is what counts, and the gate believes the title."""
    monkeypatch.setenv(FILE, "k")
    assert main(["promote", "credit", "--bootstrap", "--reason", "the first", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (told["action"], told["signature"]) == ("bootstrap", keys.key().key_id)
    _judge(project, Outcome.PASS)
    assert main(["promote", "credit"]) == 4
    assert "is unsigned" in capsys.readouterr().err
    _judge(project, Outcome.PASS, signed=True)
    shutil.rmtree(project / ".titleholder/store/verdicts")
    _judge(project, Outcome.PASS, signed=True)
    assert main(["promote", "credit", "--key", "k.pub=dev"]) == 0
    gate = ["gate", "--suite", "credit", "--env", "dev", "--key", "k.pub"]
    assert main([*gate, "--model", "models/credit/candidate.skops"]) == 0


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.FAIL, 1), (Outcome.INCONCLUSIVE, 3)])
def test_without_a_pass_the_gate_s_code_is_passed_on(
    project: Path, capsys: pytest.CaptureFixture[str], outcome: Outcome, code: int
) -> None:
    """And no line that a program could take for a title."""
    main(["promote", "credit", "--bootstrap", "--reason", "the first"])
    capsys.readouterr()
    _judge(project, outcome)
    assert main(["promote", "credit", "--json"]) == code
    captured = capsys.readouterr()
    assert "TITLE" not in captured.out and "not promoted" in captured.err
    assert json.loads(captured.out)["exit"] == code


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["promote", "nosuch"], 2, "no suite"),
        (["promote", "credit", "--reason", "x"], 2, "--bootstrap"),
        (["promote", "credit", "--bootstrap"], 2, "reason"),
        (["promote", "credit", "--key", "k.pub"], 2, "unsigned"),
        (["promote", "credit"], 4, "directory"),
        (["promote", "credit", "--model", "nothing"], 2, "no such file"),
        (["rollback", "credit", "--reason", "x"], 5, "no store in it"),
        (["promote", "credit", "--env", "../x", "--bootstrap", "--reason", "x"], 2, "environment"),
    ],
)
def test_what_cannot_be_done_is_said_once(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    reason: str,
) -> None:
    """With the exit code of its kind, and nothing written."""
    assert main(arguments) == code
    assert reason in capsys.readouterr().err
    assert not list(project.rglob("titles"))


def test_of_several_candidates_one_must_be_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guessing is no promotion."""
    text = (project / "params.yaml").read_text()
    one = "candidates: [models/credit/candidate.skops]"
    assert one in text
    two = one.replace("]", ", models/credit/other.skops]")
    (project / "params.yaml").write_text(text.replace(one, two))
    assert main(["promote", "credit"]) == 2
    assert "--model FILE" in capsys.readouterr().err


# ------------------------------------------------------------------------- waive


WAIVE = (
    "waive", "credit", "--rule", "auc", "--slice", "overall", "--ceiling", "0.08",
    "--model", "models/credit/candidate.skops", "--reason", "old duplicates", "--approver", "A",
)  # fmt: skip


def _failed(project: Path) -> None:
    rules = (verdicts.rule(id="auc"), verdicts.rule(id="r1"))
    found = (verdicts.finding(rules[0], Outcome.FAIL), verdicts.finding(rules[1], Outcome.PASS))
    publish(
        open_store("file://.titleholder/store", root=project), "dev",
        verdicts.verdict(Outcome.FAIL, rules=rules, findings=found),
        subject_of("candidate.skops", _digest(project, "candidate")), {},
        valid_for=timedelta(days=7), provenance=verdicts.provenance(), signer=keys.key(),
    )  # fmt: skip


def test_an_approver_lets_a_model_out_by_name(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate that pins the approver's key says WAIVED; any other stays shut."""
    _failed(project)
    (project / "approver").write_bytes(keys.key(9).pem)
    (project / "approver.pub").write_bytes(keys.key(9).public.pem)
    monkeypatch.setenv(FILE, "approver")
    assert main([*WAIVE, "--until", "2999-01-01"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("WAIVED auc (overall) of credit in dev for sha256:")
    assert keys.key(9).key_id in out and "until 2999-01-02T00:00:00Z, by A" in out
    gate = ["gate", "--suite", "credit", "--env", "dev", "--key", "k.pub"]
    gate += ["--model", "models/credit/candidate.skops"]
    assert main(gate) == 1
    capsys.readouterr()
    assert main([*gate, "--approver", "approver.pub=dev"]) == 0
    said, last = capsys.readouterr().out.splitlines()
    assert "1 of 2 blocking findings failed: auc" in said and "WAIVED auc (overall), FAIL" in said
    assert "by A: old duplicates" in said and last.startswith("ALLOW sha256:")
    assert main([*gate, "--approver", "approver.pub=dev", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert told["waived"][0]["rule"] == "auc" and told["verdict"]["outcome"] == "FAIL"


def test_who_judges_does_not_waive(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One key in both parts, or an approver without a judge, is a usage error."""
    _failed(project)
    gate = ["gate", "--suite", "credit", "--env", "dev", "--model", f"sha256:{'ab' * 32}"]
    assert main([*gate, "--approver", "k.pub"]) == 2
    assert "goes with --key" in capsys.readouterr().out
    assert main([*gate, "--key", "k.pub", "--approver", "k.pub"]) == 2
    assert "for verdicts and for waivers" in capsys.readouterr().out


def test_a_waiver_that_does_not_count_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the answer, with the reason."""
    _failed(project)
    (project / "approver.pub").write_bytes(keys.key(8).public.pem)
    monkeypatch.setenv(FILE, "k")
    assert main([*WAIVE, "--until", "2999-01-01"]) == 0
    gate = ["gate", "--suite", "credit", "--env", "dev", "--key", "k.pub"]
    gate += ["--model", "models/credit/candidate.skops", "--approver", "approver.pub"]
    capsys.readouterr()
    assert main(gate) == 1
    assert "a waiver does not count: waivers/dev/credit/" in capsys.readouterr().out


EACH = "recall-everywhere"


@pytest.mark.parametrize(
    ("rule", "name", "valid"),
    [("auc", "yes", "overall"), (EACH, "yes", "afam=no; afam=yes"), (EACH, "overall", "afam=yes")],
)
def test_a_slice_that_the_rule_is_not_judged_on_cannot_be_waived(
    rule: str, name: str, valid: str, project: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """2, the names that are, and nothing is written: such a waiver could never count."""
    _sliced(project)
    monkeypatch.setenv(FILE, "k")
    words = [*WAIVE, "--until", "2999-01-01", "--rule", rule]
    assert main([*words, "--slice", name]) == 2
    said = capsys.readouterr().err
    assert f"{rule} is not judged on a slice {name!r}" in said and valid in said
    assert not list(project.rglob("waivers"))


def test_a_slice_has_the_name_that_the_newest_verdict_gave_it(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any verdict, a name made of the columns that the suite slices by."""
    monkeypatch.setenv(FILE, "k")
    words = [*WAIVE, "--until", "2999-01-01", "--rule", EACH, "--slice"]
    assert main([*words, "size=1"]) == 2
    assert "--slice is one of: afam=...; single=..." in capsys.readouterr().err
    assert main([*words, "afam=new & pirat>=10"]) == 0
    _sliced(project)
    assert main([*words, "afam=yes"]) == 0
    assert main([*words, "afam=new"]) == 2


def _sliced(project: Path) -> None:
    """A published verdict on the candidate and a newer one on another model, of other slices."""
    rule = verdicts.rule(id=EACH)
    for file, values in (("candidate", ("no", "yes")), ("champion", ("maybe",))):
        parts = [structs.replace(rule, slice=f"afam={value}") for value in values]
        found = tuple(verdicts.finding(part, Outcome.FAIL) for part in parts)
        rules = (structs.replace(rule, slice="*"),)
        publish(
            open_store("file://.titleholder/store", root=project), "dev",
            verdicts.verdict(Outcome.FAIL, rules=rules, findings=found),
            subject_of(file, _digest(project, file)), {}, valid_for=timedelta(days=7),
            provenance=verdicts.provenance(), signer=keys.key(),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"--until": "yesterday"}, "is no day"),
        ({"--until": "2020-01-01"}, "has passed"),
        ({"--rule": "nosuch"}, "no rule"),
        ({"--ceiling": "-1"}, "cannot be waived"),
        ({"--ceiling": "nan"}, "cannot be waived"),
        ({"--reason": " "}, "cannot be waived"),
        ({"--approver": ""}, "cannot be waived"),
        ({"--model": "nothing"}, "no such file"),
    ],
)
def test_what_cannot_be_waived_is_not(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, str],
    reason: str,
) -> None:
    """2, and nothing is written."""
    monkeypatch.setenv(FILE, "k")
    flags = dict(zip(WAIVE[2::2], WAIVE[3::2], strict=True))
    words = [part for pair in {**flags, "--until": "2999-01-01", **said}.items() for part in pair]
    assert main(["waive", "credit", *words]) == 2
    assert reason in capsys.readouterr().err
    assert not list(project.rglob("waivers"))


def test_there_are_no_unsigned_waivers(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody has to answer for it."""
    assert main([*WAIVE, "--until", "2999-01-01"]) == 2
    assert "never unsigned" in capsys.readouterr().err
