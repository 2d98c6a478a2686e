"""What one shard gives, and how several make a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from titleholder.validation import judging
from titleholder.validation.found import OFFENDING, Found
from titleholder.validation.guards import Facts
from titleholder.validation.records import Validation
from titleholder.validation.sharded import keys, measures
from titleholder.validation.sharded.keys import Hashes
from titleholder.validation.sharded.measures import Measures
from titleholder.validation.sharded.mergeable import (
    MEASURED,
    ROW_COUNT,
    ROW_COUNT_EQUALS,
    SCHEMA,
    UNIQUE,
)
from titleholder.validation.suite_file import Declared


@dataclass(frozen=True, slots=True)
class Partial:
    """One shard: ``start`` is the number of its first row in the order of all shards.

    ``found`` and ``examined`` are the engine's by index of the expectation, ``broken`` what the
    engine died of; ``measures`` and ``hashes`` are by column.
    """

    start: int
    facts: Facts
    found: Mapping[int, Found] = field(default_factory=dict)
    examined: Mapping[int, int] = field(default_factory=dict)
    broken: str = ""
    measures: Mapping[str, Measures] = field(default_factory=dict)
    hashes: Mapping[str, Hashes] = field(default_factory=dict)


def total(
    declared: Sequence[Declared],
    columns: Sequence[str],
    parts: Sequence[Partial],
    schema: Mapping[int, Found],
    doubled: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Validation, dict[int, Found]]:
    """What became of the whole, and what was found; the same for shards in any order and number.

    ``columns`` are those of the data, ``schema`` what the engine found of them, ``doubled`` by
    column the first values that stand twice, as text.
    """
    ordered = sorted(parts, key=lambda part: part.start)
    broken = next((part.broken for part in ordered if part.broken), "")
    facts = replace(Facts.together([part.facts for part in ordered]), columns=tuple(columns))
    looked = {} if broken else {
        one.index: _found(one, ordered, facts, schema, doubled or {}) for one in declared
    }  # fmt: skip
    found = {index: one for index, one in looked.items() if one is not None}
    examined = {
        index: sum(part.examined.get(index, 0) for part in ordered)
        for index in {index for part in ordered for index in part.examined}
    }
    several = {index: [one] for index, one in found.items()}
    whole = judging.validation(declared, facts, several, examined)
    if broken:
        whole = judging.because(whole, broken)
    return whole, found


def _found(
    one: Declared,
    parts: Sequence[Partial],
    facts: Facts,
    schema: Mapping[int, Found],
    doubled: Mapping[str, tuple[str, ...]],
) -> Found | None:
    """What was found of one expectation; None where somebody has not looked."""
    column = str(one.kwargs.get("column"))
    if one.type in SCHEMA:
        return schema.get(one.index)
    if one.type == ROW_COUNT:
        return measures.between(facts.rows, one.kwargs)
    if one.type == ROW_COUNT_EQUALS:
        return Found(facts.rows == one.kwargs.get("value"), observed=str(facts.rows))
    if any(name not in facts.columns for name in one.columns):
        return Found(False)
    if one.type in MEASURED:
        several = [part.measures[column] for part in parts]
        return measures.judged(one, measures.together(several))
    if one.type == UNIQUE:
        hashes = [part.hashes[column] for part in parts]
        return keys.judged(hashes, facts.rows, _mostly(one), doubled.get(column, ()))
    answers = [part.found.get(one.index) for part in parts]
    given = [answer for answer in answers if answer is not None]
    return _added(one, given) if len(given) == len(parts) else None


def _added(one: Declared, parts: Sequence[Found]) -> Found:
    """What the engine found of each shard, in their order."""
    died = next((part for part in parts if part.raised is not None), None)
    if died is not None:
        return died
    if all(part.n is None for part in parts):
        same = all(part == parts[0] for part in parts)
        return parts[0] if same else Found(False, raised="files differ in the type of this column")
    if any(part.n is None for part in parts):
        return Found(False, raised="files differ in the type of this column")
    n = sum(part.n or 0 for part in parts)
    missing = sum(part.missing or 0 for part in parts)
    unexpected = sum(part.unexpected or 0 for part in parts)
    looked_at = n - missing
    return Found(
        success=looked_at > 0 and (looked_at - unexpected) / looked_at >= _mostly(one),
        n=n,
        missing=missing if any(part.missing is not None for part in parts) else None,
        unexpected=unexpected,
        offending=tuple(value for part in parts for value in part.offending)[:OFFENDING],
    )


def _mostly(one: Declared) -> float:
    return float(one.kwargs.get("mostly", 1.0))
