"""Totals of many shards as a result of the engine, so that its pages can show them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from titleholder.adapters.expectations.plain import INDEX
from titleholder.validation.found import Found


def as_result(built: Sequence[Any], found: Mapping[int, Found], source: str) -> Any:
    """The result of a suite of the engine's expectations whose findings are known already."""
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )

    results = []
    for one in built:
        configured = one.configuration
        seen = found.get(int(configured.meta[INDEX]), Found(False))
        results.append(
            ExpectationValidationResult(
                success=seen.success,
                expectation_config=configured,
                result=_figures(seen),
                exception_info={
                    "raised_exception": seen.raised is not None,
                    "exception_message": seen.raised,
                    "exception_traceback": None,
                },
                meta={},
            )
        )
    good = sum(one.success for one in results)
    return ExpectationSuiteValidationResult(
        success=good == len(results),
        results=results,
        suite_name=Path(source).stem,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": good,
            "unsuccessful_expectations": len(results) - good,
            "success_percent": 100 * good / len(results) if results else None,
        },
        meta={},
    )


def _figures(seen: Found) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if seen.observed is not None:
        figures["observed_value"] = json.loads(seen.observed) if _is_json(seen) else seen.observed
    if seen.n is not None and seen.unexpected is not None:
        looked_at = seen.n - (seen.missing or 0)
        figures |= {
            "element_count": seen.n,
            "missing_count": seen.missing or 0,
            "missing_percent": 100 * (seen.missing or 0) / seen.n if seen.n else None,
            "unexpected_count": seen.unexpected,
            "unexpected_percent": 100 * seen.unexpected / looked_at if looked_at else None,
            "partial_unexpected_list": list(seen.offending),
        }
    return figures


def _is_json(seen: Found) -> bool:
    try:
        json.loads(seen.observed or "")
    except ValueError:  # it was cut to a bounded length
        return False
    return True
