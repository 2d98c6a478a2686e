"""From what was found to the record: an expectation passes only where something was examined."""

from collections.abc import Mapping, Sequence

import msgspec

from titleholder.types import Outcome
from titleholder.validation import guards
from titleholder.validation.found import OFFENDING, Found
from titleholder.validation.guards import Facts
from titleholder.validation.records import Expectation, Validation
from titleholder.validation.suite_file import Declared


def validation(
    declared: Sequence[Declared],
    facts: Facts,
    found: Mapping[int, Sequence[Found]],
    examined: Mapping[int, int],
) -> Validation:
    """What became of a data set.

    ``found`` holds what was found by the index of an expectation: once each, or it is an ERROR.
    ``examined`` is how many values meet a row condition, where there is one.
    """
    judged = tuple(
        _judged(one, found.get(one.index, ()), facts, examined.get(one.index)) for one in declared
    )
    evaluated = sum(len(several) for several in found.values())
    outcome, reason = _overall(judged, evaluated)
    return Validation(
        outcome=outcome,
        reason=reason,
        rows=facts.rows,
        columns=len(facts.columns),
        declared=len(declared),
        evaluated=evaluated,
        expectations=judged,
    )


def because(found: Validation, broken: str) -> Validation:
    """The same, with what the engine died of."""
    return msgspec.structs.replace(found, reason=f"{found.reason}: {broken}")


def _overall(judged: Sequence[Expectation], evaluated: int) -> tuple[Outcome, str]:
    """The whole: nothing declared is INCONCLUSIVE, anything failed FAIL, anything else ERROR."""
    failed = [one for one in judged if one.outcome is Outcome.FAIL]
    if not judged:
        return Outcome.INCONCLUSIVE, "the suite file declares no expectation"
    if failed:
        first = f"{failed[0].type}{f' of {failed[0].column}' if failed[0].column else ''}"
        return Outcome.FAIL, (
            f"{len(failed)} of {len(judged)} expectations failed; the first: {first}: "
            f"{failed[0].reason}"
        )
    if evaluated != len(judged):
        return Outcome.ERROR, f"{evaluated} of {len(judged)} expectations were evaluated"
    passed = [one for one in judged if one.outcome is Outcome.PASS]
    if len(passed) != len(judged):
        open_ones = [one for one in judged if one.outcome is not Outcome.PASS]
        return Outcome.ERROR, f"{len(open_ones)} of {len(judged)}: {open_ones[0].reason}"
    return Outcome.PASS, f"all {len(judged)} expectations hold"


def _judged(
    one: Declared, found: Sequence[Found], facts: Facts, examined: int | None
) -> Expectation:
    outcome, reason = _decided(one, found, facts, examined)
    seen = found[0] if found else Found(False)
    n, count = seen.n, seen.unexpected
    return Expectation(
        index=one.index,
        id=one.id,
        type=one.type,
        column=one.kwargs.get("column"),
        kwargs=one.asks,
        outcome=outcome,
        reason=reason,
        observed=seen.observed,
        n=n,
        unexpected_count=count,
        unexpected_share=count / n if n and count is not None else None,
        offending=seen.offending[:OFFENDING] if outcome is not Outcome.PASS else (),
    )


def _decided(
    one: Declared, found: Sequence[Found], facts: Facts, examined: int | None
) -> tuple[Outcome, str]:
    """What became of it; the first thing that stands against it gives the reason."""
    absent = guards.missing_columns(one, facts)
    if absent:
        return Outcome.FAIL, absent
    if len(found) != 1:
        return Outcome.ERROR, f"evaluated {len(found)} times, not once"
    if found[0].raised is not None:
        return Outcome.ERROR, found[0].raised
    refused = guards.refusal(one, facts) or _nothing_examined(found[0], examined)
    if refused or not found[0].success:
        return Outcome.FAIL, refused or _why(found[0])
    return Outcome.PASS, ""


def _nothing_examined(found: Found, examined: int | None) -> str:
    if examined == 0:
        return "no value meets the row_condition: nothing was examined"
    if found.n is not None and found.n - (found.missing or 0) <= 0:
        return "no row was left to look at: nothing was examined"
    return found.unusable


def _why(found: Found) -> str:
    if found.unexpected and found.n:
        share = found.unexpected / found.n
        return f"{found.unexpected:,} of {found.n:,} rows ({share:.2%}) do not hold"
    if found.why:
        return found.why
    return "does not hold" if found.observed is None else f"observed {found.observed}"
