"""The Prefect server, if one is named: whether it answers, and with which version."""

import json
import os
import urllib.request
from collections.abc import Iterator
from importlib import metadata

from titleholder.doctor.advice import Advice, Health, Patient

API = "PREFECT_API_URL"


def prefect(patient: Patient) -> Iterator[Advice]:
    """A server of one's own is asked for its health and version; none is fine, too."""
    url = os.environ.get(API)
    if not url:
        yield Advice("prefect", Health.WELL, f"no {API}: flows start a server for themselves")
        return
    if not url.startswith(("http://", "https://")):
        yield Advice("prefect", Health.ILL, f"{API} is no address: {url[:80]!r}",
                     "write http://host:4200/api")  # fmt: skip
        return
    try:
        _ask(f"{url.rstrip('/')}/health", patient.timeout)
        version = _ask(f"{url.rstrip('/')}/admin/version", patient.timeout)
    except (OSError, ValueError) as error:
        yield Advice("prefect", Health.ILL, f"the server at {API} does not answer: {error}",
                     "start it (prefect server start), or unset the variable")  # fmt: skip
        return
    yield _compared(str(version))


def _compared(server: str) -> Advice:
    """A client and a server of two minor versions may not understand one another."""
    try:
        client = metadata.version("prefect")
    except metadata.PackageNotFoundError:
        return Advice("prefect", Health.WORRY, f"the server is {server}; no client here",
                      "pip install 'titleholder[pipeline]'")  # fmt: skip
    if client.split(".")[:2] != server.split(".")[:2]:
        return Advice("prefect", Health.WORRY, f"the server is {server}, this client {client}",
                      "bring both to the same minor version")  # fmt: skip
    return Advice("prefect", Health.WELL, f"the server answers, version {server}")


def _ask(url: str, timeout: float) -> object:
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return json.load(answer)
