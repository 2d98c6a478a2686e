"""Great Expectations 1.24, held to what it was asked.

The engine runs in an ephemeral context (`engine`). Its successes are taken only where it has
examined something (`validation.judging`), its results are matched to the suite file by index (it
reorders them), and an exception inside an expectation is an ERROR. Severities in the suite file do
not soften anything: each expectation counts. Its pages are kept as evidence (`docs`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from titleholder.adapters.expectations.built import built
from titleholder.adapters.expectations.docs import document
from titleholder.adapters.expectations.engine import ONE_AT_A_TIME, Engine, quiet
from titleholder.adapters.expectations.plain import found_of, index_of
from titleholder.columns import numpy_frame
from titleholder.validation import judging, suite_file
from titleholder.validation.found import Found
from titleholder.validation.guards import Facts
from titleholder.validation.records import Validation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["validate"]


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


def _by_index(result: Any) -> dict[int, list[Found]]:
    by_index: dict[int, list[Found]] = {}
    for one in result.results if result else []:
        by_index.setdefault(index_of(one), []).append(found_of(one))
    return by_index
