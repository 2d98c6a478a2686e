"""Great Expectations 1.24, held to what it was asked.

The engine runs in an ephemeral context (`engine`). Its successes are taken only where it has
examined something (`validation.judging`), its results are matched to the suite file by index (it
reorders them), and an exception inside an expectation is an ERROR. Severities in the suite file do
not soften anything: each expectation counts. Its pages are kept as evidence (`docs`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from titleholder.adapters.expectations.built import built
from titleholder.adapters.expectations.docs import document
from titleholder.adapters.expectations.engine import ONE_AT_A_TIME, Engine, quiet
from titleholder.adapters.expectations.plain import found_of, index_of
from titleholder.adapters.expectations.totals import as_result
from titleholder.columns import numpy_frame
from titleholder.validation import judging, suite_file
from titleholder.validation.found import Found
from titleholder.validation.guards import Facts
from titleholder.validation.records import Validation
from titleholder.validation.suite_file import Declared

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Examined", "check", "examine", "pages", "validate"]


@dataclass(frozen=True, slots=True)
class Examined:
    """What the engine found of some expectations by their index, or what it died of.

    ``meeting`` is how many values meet a row condition.
    """

    found: dict[int, Found]
    meeting: dict[int, int]
    broken: str


def validate(frame: "pd.DataFrame", suite_path: Path, evidence_dir: Path) -> Validation:
    """Hold a frame against a suite file, and leave ``data_docs/`` and ``results.json`` behind.

    ConfigError for everything that is wrong with the file, all at once. Whatever is wrong with
    the data is in the result, never raised.
    """
    declared = suite_file.read(suite_path)
    with ONE_AT_A_TIME, quiet():
        asked = built(declared, suite_path.name)
        plain = numpy_frame(frame)
        facts = Facts.of(plain, declared)
        engine = Engine(plain, suite_path.stem)
        result, broken = engine.attempt(asked)
        examined = engine.examined(declared, facts) if result else {}
        found = judging.validation(declared, facts, _by_index(result), examined)
        evidence = document(engine, result, evidence_dir) if result else {}
    reason = f"{found.reason}: {broken}" if broken else found.reason
    return msgspec.structs.replace(found, reason=reason, evidence=evidence)


def check(declared: Sequence[Declared], source: str) -> None:
    """ConfigError for every type and argument that the engine does not know."""
    with ONE_AT_A_TIME, quiet():
        built(declared, source)


def examine(frame: "pd.DataFrame", declared: Sequence[Declared], source: str) -> Examined:
    """What the engine finds of one shard, or of a frame without rows; nothing is judged.

    ``frame`` is in plain types (`titleholder.columns.numpy_frame`).
    """
    with ONE_AT_A_TIME, quiet():
        engine = Engine(frame, Path(source).stem)
        result, broken = engine.attempt(built(declared, source))
        meeting = engine.examined(declared, Facts.of(frame, declared)) if result else {}
        once = {index: one[0] for index, one in _by_index(result).items() if len(one) == 1}
        return Examined(once, meeting, broken)


def pages(
    frame: "pd.DataFrame",
    declared: Sequence[Declared],
    found: Mapping[int, Found],
    source: str,
    evidence_dir: Path,
) -> dict[str, str]:
    """The engine's pages of totals, as `validate` leaves them; ``frame`` may be without rows."""
    with ONE_AT_A_TIME, quiet():
        engine = Engine(frame, Path(source).stem)
        return document(engine, as_result(built(declared, source), found, source), evidence_dir)


def _by_index(result: Any) -> dict[int, list[Found]]:
    by_index: dict[int, list[Found]] = {}
    for one in result.results if result else []:
        by_index.setdefault(index_of(one), []).append(found_of(one))
    return by_index
