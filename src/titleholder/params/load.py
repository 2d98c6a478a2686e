"""Interim reader."""
from pathlib import Path
from typing import Any

import msgspec

from titleholder.params.schema import Params, Policy


def load(path: Path, metrics: Any) -> Params:
    import yaml
    return msgspec.convert(yaml.safe_load(path.read_text()), Params)


def load_policy(path: Path, metrics: Any) -> Policy:
    import yaml
    return msgspec.convert(yaml.safe_load(path.read_text()), Policy)
