"""A suite file's entries as the engine's expectations."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from titleholder.adapters.expectations.plain import INDEX, short
from titleholder.errors import ConfigError
from titleholder.validation.suite_file import Declared


def built(declared: Sequence[Declared], source: str) -> list[Any]:
    """The engine's expectations; ConfigError names every type and argument it does not know."""
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    built, problems = [], []
    for one in declared:
        try:
            configured = ExpectationConfiguration(
                type=one.type, kwargs=dict(one.kwargs), meta={INDEX: one.index}
            )
            built.append(configured.to_domain_obj())
        except GreatExpectationsError:
            problems.append(f"expectations[{one.index}]: {_unknown_type(one.type)}")
        except (ValueError, TypeError) as error:  # pydantic's ValidationError is a ValueError
            problems += [f"{one.where}: {text}" for text in _complaints(error)]
    if problems:
        raise ConfigError(source, problems)
    return built


def _unknown_type(name: str) -> str:
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    near = get_close_matches(name, list_registered_expectation_implementations(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"there is no expectation type {name!r}{hint}"


def _complaints(error: Exception) -> list[str]:
    """What pydantic says, an argument a line, without its own layout."""
    listed = error.errors() if hasattr(error, "errors") else []
    texts = {
        ".".join(str(part) for part in one["loc"] if part != "__root__"): one["msg"]
        for one in reversed(listed)
    }
    lines = [f"{place}: {text}" if place else text for place, text in sorted(texts.items())]
    return lines or [short(error)]
