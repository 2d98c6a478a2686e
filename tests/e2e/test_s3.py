"""From `titleholder run --store s3://...` to the gate, against a real S3 server."""

import json

import pytest

from tests.support import seaweed, tiny
from tests.support.project import Project
from tests.support.warm import Done

STORE = f"s3://{seaweed.BUCKET}/nightly"
SUITES = (tiny.SUITE, "worse", "strict")


@pytest.fixture(scope="module")
def published(s3_server: seaweed.Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A passing, a failing and an inconclusive suite, published to a bucket."""
    root = tiny.varied(tmp_path_factory.mktemp("bucket"))
    project = Project(root, root)
    done = project.titleholder(
        "run",
        *SUITES,
        "--store",
        STORE,
        "--endpoint",
        s3_server.endpoint,
        "--env",
        "prod",
        "--quiet",
        **s3_server.environment,
    )
    assert done.code == 0, done.err
    return project


def _gate(project: Project, server: seaweed.Server, suite: str, *more: str) -> Done:
    (model,) = project.params()["suites"][suite]["models"]["candidates"]
    arguments = ("gate", "--suite", suite, "--model", model, "--env", "prod", "--store", STORE)
    return project.titleholder(
        *arguments, "--endpoint", server.endpoint, *more, **server.environment
    )


@pytest.mark.parametrize(("suite", "code"), [(tiny.SUITE, 0), ("worse", 1), ("strict", 3)])
def test_the_gate_ends_as_the_verdict_in_the_bucket_says(
    published: Project, s3_server: seaweed.Server, suite: str, code: int
) -> None:
    """ALLOW, REGRESSED and INCONCLUSIVE."""
    done = _gate(published, s3_server, suite)
    assert done.code == code, done.err
    assert ("ALLOW sha256:" in done.out) == (code == 0)


def test_a_verdict_for_another_environment_opens_nothing(
    published: Project, s3_server: seaweed.Server
) -> None:
    """What may go to prod was asked for prod."""
    assert _gate(published, s3_server, tiny.SUITE, "--env", "staging").code == 4


def test_the_whole_answer_can_be_had_as_json(published: Project, s3_server: seaweed.Server) -> None:
    """Reason and place of the verdict, for a program."""
    done = _gate(published, s3_server, "worse", "--json")
    answer = json.loads(done.out)
    assert (done.code, answer["exit"], answer["outcome"]) == (1, 1, "REGRESSED")


def test_a_bucket_that_is_not_there_is_told_once(
    published: Project, s3_server: seaweed.Server
) -> None:
    """One message that names the bucket, and no traceback."""
    published.edit("store", "url", value="s3://nobody/x")
    published.edit("store", "endpoint", value=s3_server.endpoint)
    done = published.titleholder("stage", "publish", tiny.SUITE, **s3_server.environment)
    assert done.code == 5
    assert "nobody" in done.err
    assert "Traceback" not in done.err
