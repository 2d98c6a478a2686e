"""Whose log a path holds, as its files tell: asked once a reader made no sense of it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from titleholder.adapters.harness import deepeval, helm, inspect_ai, lm_eval, promptfoo
from titleholder.errors import UsageError


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda said: all(key in said for key in keys)


_BY_KEYS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = MappingProxyType(
    {
        lm_eval.HARNESS: _has("configs", "results"),
        inspect_ai.HARNESS: _has("eval", "status"),
        helm.HARNESS: _has("adapter_spec", "scenario_spec"),
        deepeval.HARNESS: lambda said: "testCases" in said or "testRunData" in said,
        promptfoo.HARNESS: lambda said: "results" in (said.get("results") or ()),
    }
)
_BY_NAME = (
    (helm.HARNESS, "run_spec.json"),
    (lm_eval.HARNESS, "results_*.json"),
    (inspect_ai.HARNESS, "*.eval"),
)


def refuse_other(harness: str, path: Path) -> None:
    """UsageError where the path holds a log of another harness, or none of any.

    Nothing is said of a file that cannot be read, such as a log cut in half.
    """
    found = whose(path)
    if found is None or found == harness:
        return
    if found:
        raise UsageError(
            f"{path}: is a log of {found}, not of {harness}", cure=f"compare --from {found}"
        )
    raise UsageError(
        f"{path}: holds no log of {harness}",
        cure=f"--from takes what {', '.join(_BY_KEYS)} leave behind: name the harness, and the "
        "file or directory that it wrote",
    )


def whose(path: Path) -> str | None:
    """The harness; empty where it is of none, and None where that cannot be told."""
    if path.is_dir():
        for harness, pattern in _BY_NAME:
            if next(path.rglob(pattern), None) is not None:
                return harness
        path = next(iter(sorted(path.rglob("*.json"))), path)
    if not path.is_file():
        return ""
    if path.suffix == ".eval":
        return inspect_ai.HARNESS
    try:
        said = json.loads(path.read_bytes())
    except ValueError:
        return None
    if not isinstance(said, dict):
        return ""
    return next((harness for harness, is_its in _BY_KEYS.items() if is_its(said)), "")
