"""Long simulations run only when they are asked for: ``pytest -m campaign``."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave this folder's tests out unless the marker expression names them."""
    if "campaign" in (config.getoption("markexpr") or ""):
        return
    here = [item for item in items if HERE in item.path.parents]
    config.hook.pytest_deselected(items=here)
    items[:] = [item for item in items if item not in here]
