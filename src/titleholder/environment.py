"""Secrets in the environment: what they are called, and how programs that we start lose them."""

from collections.abc import Mapping
from typing import Final

SIGNING_KEY_FILE: Final = "TITLEHOLDER_SIGNING_KEY_FILE"
SIGNING_KEY: Final = "TITLEHOLDER_SIGNING_KEY"
SECRETS: Final = frozenset({SIGNING_KEY_FILE, SIGNING_KEY})


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that has no need of the signing key.

    >>> without_secrets({"HOME": "/home/a", "TITLEHOLDER_SIGNING_KEY": "secret"})
    {'HOME': '/home/a'}
    """
    return {name: value for name, value in environment.items() if name not in SECRETS}
