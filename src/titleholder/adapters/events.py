"""Events for a Prefect server, over its HTTP interface: what announces a new model.

Prefect itself is not needed: a training job may announce with the light core alone.
"""

import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from titleholder.errors import TitleholderError, UsageError

MODEL_UPDATED = "titleholder.model.updated"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A model's file of one suite, and the hex SHA-256 of its bytes."""

    suite: str
    path: str
    sha256: str


def announce(api: str, announcements: list[Announcement], timeout: float) -> None:
    """Tell a Prefect server (``http://host:4200/api``) of new models, all in one request.

    UsageError for an address that is none; TitleholderError where the server does not take them.
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
    cure = "start it (prefect server start), or name another: --server URL"
    try:
        with urllib.request.urlopen(request, timeout=timeout):
            pass
    except urllib.error.HTTPError as error:
        raise TitleholderError(
            f"the Prefect server refused the event: HTTP {error.code}", cure=cure
        ) from None
    except OSError as error:
        raise TitleholderError(f"the Prefect server does not answer: {error}", cure=cure) from None


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
        "payload": {"suite": one.suite, "model": one.path, "sha256": one.sha256},
    }
