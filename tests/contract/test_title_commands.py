"""`titleholder promote` and `titleholder rollback`: what they print and how they end."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import keys, verdicts
from tests.support.project import REPOSITORY
from titleholder import records
from titleholder.adapters.stores import open_store
from titleholder.cli import main
from titleholder.publication import publish
from titleholder.statement import subject_of
from titleholder.types import Outcome, Source

FILE = "TITLEHOLDER_SIGNING_KEY_FILE"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This repository's params.yaml, two model files of `credit`, and a key pair."""
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
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
        (["promote", "credit", "--env", "../x", "--bootstrap", "--reason", "x"], 2, "key"),
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
