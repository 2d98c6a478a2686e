"""Per-item logs of evaluation harnesses, one harness a file, read without importing any of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from titleholder.adapters.harness import deepeval, helm, inspect_ai, lm_eval, promptfoo
from titleholder.adapters.harness.log import Log, Scored, by_key, require_alike

__all__ = ["READERS", "Log", "Scored", "by_key", "require_alike"]

# By the name that `titleholder compare --from` takes.
READERS: Mapping[str, Callable[[Path], Log]] = MappingProxyType(
    {
        lm_eval.HARNESS: lm_eval.read,
        inspect_ai.HARNESS: inspect_ai.read,
        helm.HARNESS: helm.read,
        promptfoo.HARNESS: promptfoo.read,
        deepeval.HARNESS: deepeval.read,
    }
)
