"""Fixtures that several kinds of tests share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import seaweed

# A busy machine is slow at times, which says nothing about what is tested. A commit has the same
# examples wherever it is tested, so that what passed here passes there: `make explore` has others.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("settled", settings.get_profile("busy"), derandomize=True)
settings.register_profile("exploring", settings.get_profile("busy"), max_examples=500)
settings.load_profile("settled")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors: a quarter of the time is waiting for servers."""
    processors = os.cpu_count() or 1
    return processors + processors // 2


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    """A real S3 server for this test process; started when the first test asks for it."""
    with seaweed.running(tmp_path_factory.mktemp("weed")) as server:
        yield server


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's AWS configuration, and no way to ask a cloud for credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in seaweed.ISOLATED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def aws(no_aws: None, s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> seaweed.Server:
    """The real server, with an environment in which boto3 finds it."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server
