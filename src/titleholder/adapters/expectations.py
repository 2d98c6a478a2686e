"""Great Expectations 1.24, held to what it was asked.

The engine runs in an ephemeral context that leaves nothing in the working directory or at home.
Its successes are taken only where it has examined something (`validation.guards`), its results
are matched to the suite file by index (it reorders them), and an exception inside an expectation
is an ERROR. Severities in the suite file do not soften anything: each expectation counts.

Data Docs are kept as evidence. Their templates put values into the page as they are, so that a
cell with ``<script>`` would run; what goes into them is escaped here first.
"""

import contextlib
import html
import math
import os
import shutil
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from titleholder import records
from titleholder.columns import numpy_frame
from titleholder.errors import ConfigError
from titleholder.types import Outcome
from titleholder.validation import guards, suite_file
from titleholder.validation.guards import Facts
from titleholder.validation.records import Expectation, Validation
from titleholder.validation.suite_file import Declared

if TYPE_CHECKING:
    import pandas as pd

OFFENDING = 20  # values named per expectation
_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": OFFENDING}
_INDEX = "titleholder_index"
_SITE = "titleholder"
_ONE_AT_A_TIME = threading.Lock()  # get_context sets a process-wide current project


def validate(frame: "pd.DataFrame", suite_path: Path, evidence_dir: Path) -> Validation:
    """Hold a frame against a suite file, and leave ``data_docs/`` and ``results.json`` behind.

    ConfigError for everything that is wrong with the file, all at once. Whatever is wrong with
    the data is in the result, never raised.
    """
    declared = suite_file.read(suite_path)
    with _ONE_AT_A_TIME, _quiet():
        built = _built(declared, suite_path.name)
        plain = numpy_frame(frame)
        facts = Facts.of(plain, declared)
        engine = _Engine(plain, suite_path.stem)
        result, broken = engine.attempt(built)
        examined = engine.examined(declared, facts) if result else {}
        found = _validation(declared, facts, result, examined)
        evidence = engine.document(result, evidence_dir) if result else {}
    reason = f"{found.reason}: {broken}" if broken else found.reason
    return msgspec.structs.replace(found, reason=reason, evidence=evidence)


class _Engine:
    """One frame in one ephemeral context."""

    def __init__(self, frame: "pd.DataFrame", name: str) -> None:
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )

        in_memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)  # else it leaves one
        config = DataContextConfig(
            store_backend_defaults=in_memory,
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
            analytics_enabled=False,
        )
        self.name = name
        self.context = gx.get_context(project_config=config, mode="ephemeral")
        asset = self.context.data_sources.add_pandas("frame").add_dataframe_asset("current")
        whole = asset.add_batch_definition_whole_dataframe("all rows")
        self.batch = whole.get_batch(batch_parameters={"dataframe": frame})

    def attempt(self, built: Sequence[Any]) -> tuple[Any, str]:
        """The engine's result, or None and what it died of; None, too, for nothing declared."""
        if not built:
            return None, ""
        try:
            return self.evaluate(built), ""
        except Exception as error:  # the vendor raises anything; the record says so
            return None, f"{type(error).__name__}: {_short(error)}"

    def evaluate(self, built: Sequence[Any]) -> Any:
        """The engine's result for a list of its expectations; nothing is stored."""
        import great_expectations as gx

        suite = gx.ExpectationSuite(name=self.name, expectations=list(built))
        return self.batch.validate(suite, result_format=_FORMAT)

    def examined(self, declared: Sequence[Declared], facts: Facts) -> dict[int, int]:
        """How many values meet each row condition: where none does, success says nothing."""
        import great_expectations.expectations as gxe

        conditional = [
            one
            for one in declared
            if one.kwargs.get("row_condition")
            and "column" in one.kwargs
            and not guards.missing_columns(one, facts)
        ]
        counters = [
            gxe.ExpectColumnValuesToNotBeNull(
                column=one.kwargs["column"],
                row_condition=one.kwargs["row_condition"],
                condition_parser=one.kwargs.get("condition_parser"),
                meta={_INDEX: one.index},
            )
            for one in conditional
        ]
        found = self.evaluate(counters).results if counters else []
        return {
            _index(one): one.result["element_count"] - one.result["unexpected_count"]
            for one in found
            if "element_count" in one.result
        }

    def document(self, result: Any, evidence_dir: Path) -> dict[str, str]:
        """Write the engine's own results and Data Docs; say so where that does not work."""
        shutil.rmtree(evidence_dir, ignore_errors=True)
        evidence = {"results": f"{evidence_dir.name}/results.json"}
        records.write_bytes(evidence_dir / "results.json", _as_json(result))
        try:
            self._data_docs(result, evidence_dir / "data_docs")
            evidence["data_docs"] = f"{evidence_dir.name}/data_docs/index.html"
        except OSError:
            raise  # a full disk or a read-only directory is not the engine's affair
        except Exception as error:  # the vendor raises anything; a page less must not cost the run
            evidence["data_docs"] = f"unavailable: {type(error).__name__}: {_short(error)}"
        return evidence

    def _data_docs(self, result: Any, directory: Path) -> None:
        from great_expectations.core.run_identifier import RunIdentifier
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        _escape(result)
        key = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(name=self.name),
            run_id=RunIdentifier(run_name="validate"),
            batch_identifier="current",
        )
        self.context.validation_results_store.add(key, result)
        self.context.add_data_docs_site(_SITE, _site(self.context, directory))
        self.context.build_data_docs(site_names=[_SITE])
        for picture in directory.glob("static/images/*.gif"):
            picture.unlink()  # 3 MB of a tutorial that the pages do not show


def _built(declared: Sequence[Declared], source: str) -> list[Any]:
    """The engine's expectations; ConfigError names every type and argument it does not know."""
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    built, problems = [], []
    for one in declared:
        try:
            configured = ExpectationConfiguration(
                type=one.type, kwargs=dict(one.kwargs), meta={_INDEX: one.index}
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
    return lines or [_short(error)]


def _validation(
    declared: Sequence[Declared],
    facts: Facts,
    result: Any,
    examined: Mapping[int, int],
) -> Validation:
    by_index: dict[int, list[Any]] = {}
    for one in result.results if result else []:
        by_index.setdefault(_index(one), []).append(one)
    judged = tuple(
        _judged(one, by_index.get(one.index, []), facts, examined.get(one.index))
        for one in declared
    )
    evaluated = sum(len(found) for found in by_index.values())
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


def _judged(one: Declared, found: Sequence[Any], facts: Facts, examined: int | None) -> Expectation:
    outcome, reason = _decided(one, found, facts, examined)
    result = found[0].result if found else {}
    n, count = _whole(result.get("element_count")), _whole(result.get("unexpected_count"))
    return Expectation(
        index=one.index,
        id=one.id,
        type=one.type,
        column=one.kwargs.get("column"),
        kwargs=one.asks,
        outcome=outcome,
        reason=reason,
        observed=suite_file.compact(_plain(result["observed_value"]))
        if "observed_value" in result
        else None,
        n=n,
        unexpected_count=count,
        unexpected_share=count / n if n and count is not None else None,
        offending=_offending(result) if outcome is not Outcome.PASS else (),
    )


def _decided(
    one: Declared, found: Sequence[Any], facts: Facts, examined: int | None
) -> tuple[Outcome, str]:
    """What became of it; the first thing that stands against it gives the reason."""
    absent = guards.missing_columns(one, facts)
    if absent:
        return Outcome.FAIL, absent
    if len(found) != 1:
        return Outcome.ERROR, f"evaluated {len(found)} times, not once"
    raised = _raised(found[0].exception_info)
    if raised is not None:
        return Outcome.ERROR, raised
    refused = guards.refusal(one, facts) or _nothing_examined(found[0].result, examined)
    if refused or not bool(found[0].success):
        return Outcome.FAIL, refused or _why(found[0].result)
    return Outcome.PASS, ""


def _nothing_examined(result: Mapping[str, Any], examined: int | None) -> str:
    if examined == 0:
        return "no value meets the row_condition: nothing was examined"
    seen, missing = result.get("element_count"), result.get("missing_count") or 0
    if seen is not None and seen - missing <= 0:
        return "no row was left to look at: nothing was examined"
    observed = result.get("observed_value")
    if isinstance(observed, float | np.floating) and not math.isfinite(observed):
        return f"observed {observed}"
    return ""


def _why(result: Mapping[str, Any]) -> str:
    count, n = result.get("unexpected_count"), result.get("element_count")
    if count and n:
        return f"{count:,} of {n:,} rows ({count / n:.2%}) do not hold"
    if "observed_value" in result:
        return f"observed {suite_file.compact(_plain(result['observed_value']))}"
    return "does not hold"


def _raised(info: Any) -> str | None:
    """The message of an exception inside an expectation; the engine nests it by metric."""
    if not isinstance(info, Mapping):
        return None
    parts = [info, *(part for part in info.values() if isinstance(part, Mapping))]
    for part in parts:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "an exception without a message")[:500]
    return None


def _offending(result: Mapping[str, Any]) -> tuple[str, ...]:
    values = result.get("partial_unexpected_list") or []
    return tuple(suite_file.compact(_plain(value)) for value in values[:OFFENDING])


def _index(result: Any) -> int:
    return int((result.expectation_config.meta or {}).get(_INDEX, -1))


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _plain(value: Any) -> Any:
    """numpy's scalars and arrays as Python's, for JSON; NaN and infinities as text."""
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _as_json(result: Any) -> bytes:
    """The engine's result as it says it; non-finite numbers and odd types as text."""
    return suite_file.compact(_plain(result.to_json_dict()), most=10**9).encode() + b"\n"


def _escape(result: Any) -> None:
    """Make text safe for the templates of Data Docs, which do not; numpy's booleans, too."""
    result.success = bool(result.success)
    result.suite_name = html.escape(str(result.suite_name))
    for one in result.results:
        one.success = bool(one.success)
        one.result = _escaped(_plain(one.result))
        one.exception_info = _escaped(one.exception_info)
        one.expectation_config.kwargs = _escaped(_plain(one.expectation_config.kwargs))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, Mapping):
        return {_escaped(key): _escaped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_escaped(part) for part in value]
    return value


def _site(context: Any, directory: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(directory),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {
            "expectations": "None",
            "profiling": "None",
            "validations": {
                "class_name": "DefaultSiteSectionBuilder",
                "source_store_name": context.variables.validation_results_store_name,
                "renderer": {"class_name": "ValidationResultsPageRenderer"},
                "view": {"class_name": "DefaultJinjaPageView"},
            },
        },
    }


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No telemetry, and no warnings that the user could do nothing about."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
