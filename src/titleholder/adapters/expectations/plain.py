"""The engine's results as plain values: numpy's scalars, odd types and exceptions as text."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from titleholder.validation import suite_file
from titleholder.validation.found import OFFENDING, Found, set_found

INDEX = "titleholder_index"
_DISTINCT = "expect_column_distinct_values_to_"


def index_of(result: Any) -> int:
    """Which expectation of the suite file a result is of; the engine reorders them."""
    return int((result.expectation_config.meta or {}).get(INDEX, -1))


def found_of(one: Any) -> Found:
    """What a result of the engine says."""
    result = one.result
    raised = _raised(one.exception_info)
    if one.expectation_config.type.startswith(_DISTINCT) and raised is None:
        sides = (result.get(f"partial_{side}_list") or [] for side in ("unexpected", "missing"))
        return set_found(*(plain(side) for side in sides))
    observed = result.get("observed_value")
    bad = isinstance(observed, float | np.floating) and not math.isfinite(observed)
    values = result.get("partial_unexpected_list") or []
    return Found(
        success=bool(one.success),
        n=_whole(result.get("element_count")),
        missing=_whole(result.get("missing_count")),
        unexpected=_whole(result.get("unexpected_count")),
        offending=tuple(suite_file.compact(plain(value)) for value in values[:OFFENDING]),
        observed=suite_file.compact(plain(observed)) if "observed_value" in result else None,
        unusable=f"observed {observed}" if bad else "",
        raised=raised,
    )


def plain(value: Any) -> Any:
    """numpy's scalars and arrays as Python's, for JSON; NaN and infinities as text."""
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def as_json(result: Any) -> bytes:
    """The engine's result as it says it; non-finite numbers and odd types as text."""
    return suite_file.compact(plain(result.to_json_dict()), most=10**9).encode() + b"\n"


def short(error: BaseException) -> str:
    """An exception's message on one line of bounded length."""
    return " ".join(str(error).split())[:300]


def _raised(info: Any) -> str | None:
    """The message of an exception inside an expectation; the engine nests it by metric."""
    if not isinstance(info, Mapping):
        return None
    parts = [info, *(part for part in info.values() if isinstance(part, Mapping))]
    for part in parts:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "an exception without a message")[:500]
    return None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
