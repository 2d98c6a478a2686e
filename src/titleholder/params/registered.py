"""Models that a registry keeps: ``models:/name@alias`` and ``models:/name/version``."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

SCHEME = "models:/"
_URI = re.compile(r"models:/(?P<name>[^/@\s]+)(?:@(?P<alias>[^/@\s]+)|/(?P<version>[1-9]\d*))")


@dataclass(frozen=True, slots=True)
class Registered:
    """A model in a registry, by an alias that may move, or by a version that may not."""

    name: str
    alias: str | None
    version: str | None


def registered(path: str) -> Registered | None:
    """What an address names; None for a path, and for an address that names neither.

    >>> registered("models:/churn@champion")
    Registered(name='churn', alias='champion', version=None)
    >>> registered("models:/churn/Production") is registered("models/churn.onnx") is None
    True
    """
    found = _URI.fullmatch(path)
    return None if found is None else Registered(found["name"], found["alias"], found["version"])


def is_registered(path: str) -> bool:
    """Whether a model is an address in a registry, and not a file of the project."""
    return path.startswith(SCHEME)


def model_name(path: str) -> str:
    """What a model is called: its file's name without the suffix, or its name in the registry.

    >>> model_name("models/churn.onnx"), model_name("models:/churn@champion")
    ('churn', 'churn-champion')
    >>> model_name("models:/churn/7")
    'churn-7'
    """
    found = registered(path)
    if found is None:
        return PurePosixPath(path).stem
    return f"{found.name}-{found.alias or found.version}"
