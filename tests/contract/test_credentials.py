"""Credentials of a bucket come from told places; what lies in any other is neither read nor run."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from titleholder.adapters import aws
from titleholder.cli import main

CANARY = "AKIACANARYCANARYCANA"
HONEST = "AKIAHONESTHONESTHONE"
GATE = [
    "gate",
    "--suite",
    "s",
    "--env",
    "dev",
    "--model",
    f"sha256:{'0' * 64}",
    "--store",
    "s3://bucket",
]


class Canary:
    """An address that gives credentials to whoever asks, and notes who did."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        answer = {
            "AccessKeyId": CANARY, "SecretAccessKey": "x", "Token": "x", "Code": "Success",
            "Expiration": "2999-01-01T00:00:00Z", "role": "x",
        }  # fmt: skip
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST = do_HEAD = do_GET  # noqa: N815 - as the server calls them

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def canary() -> Iterator[Canary]:
    """One that listens."""
    made = Canary()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_aws: None) -> Path:
    """A HOME, which is this directory, with a configuration full of canaries."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".aws").mkdir()
    program = tmp_path / "program.sh"
    said = json.dumps({"Version": 1, "AccessKeyId": CANARY, "SecretAccessKey": "x"})
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\necho '{said}'\n")
    program.chmod(0o755)
    (tmp_path / ".aws/config").write_text(
        f"[default]\ncredential_process = {program}\nregion = us-east-1\n"
        f"[profile program]\ncredential_process = {program}\n[profile keys]\nregion = us-east-1\n"
    )
    (tmp_path / ".aws/credentials").write_text(
        f"[default]\naws_access_key_id = {CANARY}\naws_secret_access_key = x\n"
        f"[keys]\naws_access_key_id = {HONEST}\naws_secret_access_key = x\n"
    )
    (tmp_path / ".boto").write_text(
        f"[Credentials]\naws_access_key_id = {CANARY}\naws_secret_access_key = x\n"
    )
    return tmp_path


def _key(credentials: str) -> str | None:
    found = aws.session(credentials, "us-east-1").get_credentials()
    return None if found is None else str(found.access_key)


def test_variables_are_taken_and_the_configuration_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where a variable names a profile of it, or where there is nothing else."""
    assert _key("env") is None
    monkeypatch.setenv("AWS_PROFILE", "keys")
    assert _key("env") is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", HONEST)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert _key("env") == HONEST
    assert not (home / "ran").exists()


def test_the_gate_says_where_it_did_not_look(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """5, and the cure; nothing of the configuration is run."""
    assert main(GATE) == 5
    said = capsys.readouterr().out
    assert "there are no credentials" in said and "--credentials" in said
    assert not (home / "ran").exists()


@pytest.mark.parametrize("place", ["env", "role"])
@pytest.mark.parametrize(
    "name",
    [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3",
    ],
)  # fmt: skip
def test_an_address_in_a_variable_is_not_asked(
    name: str, place: str, home: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for credentials nor as a store; a role is asked for at its fixed addresses alone."""
    monkeypatch.setenv(name, canary.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", str(place == "env"))
    monkeypatch.setattr("botocore.utils.InstanceMetadataFetcher._select_base_url", _usual)
    assert _key(place) is None
    assert canary.asked == [] and not (home / "ran").exists()


NOBODY = "http://127.0.0.1:9/"


def _usual(_: Any, base_url: str, config: Any) -> str:
    """The address that is asked: a variable's, if it was heeded, or here nobody's."""
    return str((config or {}).get("ec2_metadata_service_endpoint") or NOBODY)


def test_a_role_by_token_asks_the_token_service_itself(
    home: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a pod of Kubernetes, or a workflow with OIDC: never an endpoint from a variable."""
    (home / "token").write_text("a token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/gate")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", canary.url)
    core = aws.session("env", "us-east-1")
    found = core.get_credentials()
    assert found is not None and found.method == "assume-role-with-web-identity"
    service = core.create_client("sts", region_name="us-east-1")
    assert service.meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"
    assert canary.asked == []


def test_a_profile_that_is_named_is_followed_and_no_other(home: Path) -> None:
    """With the program that it names: that was asked for."""
    assert _key("profile:keys") == HONEST
    assert not (home / "ran").exists()
    assert _key("profile:program") == CANARY
    assert (home / "ran").exists()


def test_the_whole_chain_is_followed_where_that_is_said(home: Path) -> None:
    """As boto3 does of itself."""
    assert _key("chain") == CANARY


@pytest.mark.parametrize(
    ("uri", "followed"),
    [
        ("http://169.254.170.23/v1/credentials", True), ("http://[fd00:ec2::23]/v1", True),
        ("https://elsewhere.example/x", False), ("http://localhost:8080/x", False),
    ],
)  # fmt: skip
def test_a_container_s_role_is_asked_for_at_the_platform_s_addresses(
    uri: str, followed: bool, no_aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of ECS and EKS; botocore itself would follow any host by https, and this machine."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)
    container = aws._platform()[0]
    assert ("AWS_CONTAINER_CREDENTIALS_FULL_URI" in container._environ) is followed


def test_a_place_that_is_none_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """2, on the command line as in params.yaml."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main([*GATE, "--credentials", "anywhere"])
    assert "env, profile:NAME, role and chain" in capsys.readouterr().err
    (tmp_path / "params.yaml").write_text("store: {url: 's3://bucket', credentials: anywhere}\n")
    assert main(GATE[:-2]) == 2


def test_params_yaml_says_where_credentials_come_from_and_a_flag_goes_before(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A profile that nobody has is told, by whichever named it."""
    params = "store: {url: 's3://bucket', credentials: 'profile:nobody'}\n"
    (home / "params.yaml").write_text(params)
    assert main(GATE[:-2]) == 5
    assert "nobody" in capsys.readouterr().out
    assert main([*GATE[:-2], "--credentials", "profile:someone"]) == 5
    assert "someone" in capsys.readouterr().out
