"""A Great Expectations suite as JSON, read strictly: every problem of the file at once.

What could never fail is a problem, too: a ``between`` without a bound, ``mostly: 0``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from titleholder import records
from titleholder.errors import ConfigError, RecordError

_SUITE_KEYS = {"name", "expectations", "meta", "id", "notes", "suite_parameters"}
_KEYS = {
    "type", "kwargs", "meta", "id", "severity", "notes", "description",
    "expectation_context", "rendered_content", "success_on_last_run",
}  # fmt: skip
_OURS = ("result_format", "catch_exceptions")  # how it is evaluated is not the suite's to say
_OLD = "written for Great Expectations 0.x: rename expectation_type to type"


@dataclass(frozen=True, slots=True)
class Declared:
    """One expectation as the suite file has it; ``index`` counts from 0."""

    index: int
    id: str
    type: str
    kwargs: Mapping[str, Any]

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"expectations[{self.index}] ({self.type})"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it cannot do without."""
        single = [self.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        several = self.kwargs.get("column_list") or []
        return tuple(name for name in [*single, *several] if isinstance(name, str))

    @property
    def asks(self) -> str:
        """Its arguments but the column, compactly: ``min_value=0, max_value=1``."""
        rest = {key: value for key, value in self.kwargs.items() if key != "column"}
        return ", ".join(f"{key}={compact(value)}" for key, value in sorted(rest.items()))


def read(path: Path) -> tuple[Declared, ...]:
    """All that the file declares, in its order; ConfigError with everything wrong in it."""
    document = _document(path)
    listed = document.get("expectations")
    problems = [
        f"unknown key {key!r}; there are: {', '.join(sorted(_SUITE_KEYS))}"
        for key in sorted(set(document) - _SUITE_KEYS)
    ]
    if not isinstance(listed, list):
        problems.append('"expectations" is missing or no list')
        raise ConfigError(path.name, problems)
    found = []
    for index, entry in enumerate(listed):
        wrong = _problems(entry)
        problems += [f"expectations[{index}]: {text}" for text in wrong]
        if not wrong:
            found.append(_declared(index, entry))
    if problems:
        raise ConfigError(path.name, problems)
    return tuple(found)


def compact(value: Any, most: int = 200) -> str:
    """A JSON-like value on one line of bounded length.

    >>> compact([1, "a", None])
    '[1, "a", null]'
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _document(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise ConfigError(str(path), [f"{reason}: a suite names it under expectations"]) from None
    try:
        document = records.decode(data, dict[str, Any], source=path.name)
    except RecordError as error:
        text = error.message.removeprefix(f"{path.name}: ")
        raise ConfigError(path.name, [f"is no Great Expectations suite in JSON: {text}"]) from None
    return document


def _problems(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return ["is no object with type and kwargs"]
    if "expectation_type" in entry:
        return [_OLD]
    problems = [f"unknown key {key!r}" for key in sorted(set(entry) - _KEYS)]
    kwargs = entry.get("kwargs", {})
    if not isinstance(entry.get("type"), str):
        problems.append('"type" is missing or no text')
    elif not isinstance(kwargs, dict):
        problems.append('"kwargs" is no object')
    else:
        problems += _never_failing(entry["type"], kwargs)
        problems += [
            f"{key} takes its value from $PARAMETER, which titleholder does not set"
            for key, value in sorted(kwargs.items())
            if isinstance(value, dict) and "$PARAMETER" in value
        ]
    return problems


def _never_failing(kind: str, kwargs: Mapping[str, Any]) -> list[str]:
    problems = []
    bounds = (kwargs.get("min_value"), kwargs.get("max_value"))
    if kind.endswith("_to_be_between") and "quantile" not in kind and bounds == (None, None):
        problems.append(f"{kind} has neither min_value nor max_value: it could never fail")
    if kwargs.get("mostly") == 0:
        problems.append("mostly is 0: it could never fail")
    return problems


def _declared(index: int, entry: Mapping[str, Any]) -> Declared:
    kwargs = {key: value for key, value in entry.get("kwargs", {}).items() if key not in _OURS}
    return Declared(index, str(entry.get("id") or index), entry["type"], kwargs)
