"""What every flow here wants of Prefect, set before Prefect is imported.

Whatever the environment already says wins: a team's own server, profile or log level.
"""

import os

DEFAULTS = {
    # No tool that we start may report home.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # A server for one run takes 10 to 20 s to start on a busy machine; its own limit is 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Tasks pass names, never frames; what they return must be readable without pickle.
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
}


def apply() -> None:
    """Put the defaults in force."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
