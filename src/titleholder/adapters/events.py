"""Events for a Prefect server, over its HTTP interface: what announces a new model.

Prefect itself is not needed: a training job may announce with the light core alone.
"""

import json
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from titleholder.errors import TitleholderError, UsageError

MODEL_UPDATED = "titleholder.model.updated"
_FIRST_PAUSE_S = 0.2
_SERVERS_FAULT = 500


@dataclass(frozen=True, slots=True)
class Announcement:
    """A model's file of one suite, and the hex SHA-256 of its bytes."""

    suite: str
    path: str
    sha256: str


def announce(api: str, announcements: list[Announcement], timeout: float) -> None:
    """Tell a Prefect server (``http://host:4200/api``) of new models, all in one request.

    A server that is busy or just starting is asked again for ``timeout`` seconds in all; each
    event has an id, by which the server knows it again. UsageError for an address that is none;
    TitleholderError where the server does not take them.
    """
    if not api.startswith(("http://", "https://")):
        raise UsageError(f"{api[:80]!r} is no address of a Prefect server",
                         cure="write http://host:4200/api")  # fmt: skip
    request = urllib.request.Request(
        f"{api.rstrip('/')}/events",
        data=json.dumps([_event(one) for one in announcements]).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE_S
    while True:
        left = deadline - time.monotonic()
        error = _refusal(request, max(left, 0.1))
        if error is None:
            return
        if isinstance(error, urllib.error.HTTPError) and error.code < _SERVERS_FAULT:
            raise _told(f"refused the event: HTTP {error.code}")
        if left <= pause:
            raise _told(
                f"failed: HTTP {error.code}" if isinstance(error, urllib.error.HTTPError)
                else f"does not answer: {error}"
            )  # fmt: skip
        time.sleep(pause)
        pause *= 2


def _refusal(request: urllib.request.Request, timeout: float) -> OSError | None:
    """What came instead of an answer, if anything did."""
    try:
        with urllib.request.urlopen(request, timeout=timeout):
            return None
    except OSError as error:
        return error


def _told(what: str) -> TitleholderError:
    cure = "start it (prefect server start), or name another: --server URL"
    return TitleholderError(f"the Prefect server {what}", cure=cure)


def _event(one: Announcement) -> dict[str, object]:
    """The event as Prefect's server takes it; a deployment's trigger reads its payload."""
    return {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": MODEL_UPDATED,
        "resource": {
            "prefect.resource.id": f"titleholder.suite.{one.suite}",
            "prefect.resource.name": one.suite,
        },
        "payload": {
            "suite": one.suite,
            # As the flow takes it: Prefect's deploy drops a template that stands in a list.
            "suites": [one.suite],
            "model": one.path,
            "sha256": one.sha256,
        },
    }
