"""Is everything here that a run needs? What `titleholder doctor` looks at, a file a field.

Nothing is changed, but for the store's own preflight, which writes and reads back a probe.
"""

from collections.abc import Iterator
from functools import partial

from titleholder.doctor import installed, project, server, storing
from titleholder.doctor.advice import Advice, Checkup, Health, Patient, guarded

__all__ = ["Advice", "Health", "Patient", "examine"]

CHECKUPS: dict[str, Checkup] = {
    "python": installed.python,
    "packages": installed.packages,
    "disk": project.disk,
    "params.yaml": project.params,
    "git": project.repository,
    "data": project.data,
    "dvc remote": project.remote,
    "signing key": storing.signing_key,
    "store": storing.store,
    "nights": storing.nights,
    "publications": storing.publications,
    "prefect": server.prefect,
}


def examine(patient: Patient) -> Iterator[Advice]:
    """Every check-up in its order, each told as it ends; none can hide another."""
    for about, look in CHECKUPS.items():
        yield from guarded(about, partial(look, patient))
