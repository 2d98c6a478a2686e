# ruff: noqa: E501 - a canary is as long as it is
"""Malicious artefacts end in a documented code and a message, and nothing of them runs."""

import re
import socket
from pathlib import Path

import pytest

from tests.support import hostile
from tests.support.bad_inputs.case import Case
from titleholder import tables
from titleholder.cli import main
from titleholder.errors import BadInput, ConfigError, TitleholderError
from titleholder.redaction import redacted

CASES = hostile.cases()


def test_the_corpus_is_large() -> None:
    """At least sixty, and none twice."""
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=[re.sub(r"\W+", "-", case.name) for case in CASES])
def test_a_malicious_artefact_is_refused(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documented code, the file by name, a cure; no code of it runs and no file is written."""

    def unplugged(*arguments: object) -> None:
        raise AssertionError(f"{case.name} called {arguments}")

    monkeypatch.setattr(socket.socket, "connect", unplugged)
    monkeypatch.setattr("os.system", unplugged)
    wrong = hostile.wrong(case, tmp_path)
    assert not wrong, wrong


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.parquet"])
def test_a_table_beyond_the_limit_is_not_read(name: str, tmp_path: Path) -> None:
    """Nine gigabytes that take no room on disk are refused by their size alone."""
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(9 << 30)
    with pytest.raises(BadInput, match=rf"{name}: 9\.\d GB"):
        tables.read_frame(path)


CANARIES = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIcanaryK7MDENGbPxRfiCYEXAMPLE",
    "AWS_ACCESS_KEY_ID": "AKIACANARYCANARYCANA",
    "TITLEHOLDER_SIGNING_KEY": "-----BEGIN PRIVATE KEY-----\ncanary0canary1canary2\n-----END PRIVATE KEY-----",
    "MY_API_TOKEN": "canary-token-0123456789",
}
ENDPOINT = "http://user:canary-password@127.0.0.1:9"


@pytest.mark.parametrize("command", ["run", "gate", "verify", "promote", "history"])
def test_secrets_are_nowhere(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Keys of the environment, passwords in addresses and private keys are in no output or file."""
    hostile.project(tmp_path)
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TITLEHOLDER_TRACEBACK", "1")
    monkeypatch.chdir(tmp_path)
    where = ["--store", "s3://bucket/x", "--endpoint", ENDPOINT]
    words = {
        "run": ["run", "s", *where],
        "gate": ["gate", "--suite", "s", "--env", "dev", "--model", "data/candidate.csv", *where,
                 "--json", "--deadline", "5"],
        "verify": ["verify", "dev/s", *where],
        "promote": ["promote", "s", *where],
        "history": ["history", "s", *where],
    }[command]  # fmt: skip
    try:
        code = main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code in (2, 5)
    said = "".join(capfd.readouterr())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    texts = [said, *(path.read_bytes().decode("latin-1") for path in files)]
    secrets = [*CANARIES.values(), "canary-password", "canary0canary1canary2"]
    assert not [secret for secret in secrets for text in texts if secret in text]


@pytest.mark.parametrize(
    "text",
    [
        "Could not connect to http://me:hunter2secret@host/", "aws_secret_access_key = hunter2secret",
        "Authorization: Bearer hunter2secret", "https://b/k?X-Amz-Signature=hunter2secret&x=1",
        "-----BEGIN EC PRIVATE KEY-----\nhunter2secret\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2secret",
        "the value is hunter2secret",
    ],
)  # fmt: skip
def test_every_error_is_redacted_as_it_is_made(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records, pages and logs are made of errors' messages: what is in none of them is nowhere."""
    monkeypatch.setenv("SOME_PASSWORD", "hunter2secret")
    error = TitleholderError(text, cure=text)
    config = ConfigError("params.yaml", [text])
    for said in (str(error), error.message, error.cure, repr(error), str(config), *config.problems):
        assert "hunter2secret" not in said


def test_plain_words_are_left_alone() -> None:
    """Redaction takes secrets and nothing else."""
    text = "data/a.csv: row r7: token_count is no number; see https://host/a@b?q=secretary"
    assert redacted(text, {"SHORT_TOKEN": "r7"}) == text
