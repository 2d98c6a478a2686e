"""The engine's own results and its Data Docs, kept as evidence.

The templates put values into the page as they are, so that a cell with ``<script>`` would run;
what goes into them is escaped here first.
"""

import html
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from titleholder import records
from titleholder.adapters.expectations.engine import Engine
from titleholder.adapters.expectations.plain import as_json, plain, short

_SITE = "titleholder"


def document(engine: Engine, result: Any, evidence_dir: Path) -> dict[str, str]:
    """Write the engine's own results and Data Docs; say so where that does not work."""
    shutil.rmtree(evidence_dir, ignore_errors=True)
    evidence = {"results": f"{evidence_dir.name}/results.json"}
    records.write_bytes(evidence_dir / "results.json", as_json(result))
    try:
        _data_docs(engine, result, evidence_dir / "data_docs")
        evidence["data_docs"] = f"{evidence_dir.name}/data_docs/index.html"
    except OSError:
        raise  # a full disk or a read-only directory is not the engine's affair
    except Exception as error:  # the vendor raises anything; a page less must not cost the run
        evidence["data_docs"] = f"unavailable: {type(error).__name__}: {short(error)}"
    return evidence


def _data_docs(engine: Engine, result: Any, directory: Path) -> None:
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    _escape(result)
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name=engine.name),
        run_id=RunIdentifier(run_name="validate"),
        batch_identifier="current",
    )
    engine.context.validation_results_store.add(key, result)
    engine.context.add_data_docs_site(_SITE, _site(engine.context, directory))
    engine.context.build_data_docs(site_names=[_SITE])
    for picture in directory.glob("static/images/*.gif"):
        picture.unlink()  # 3 MB of a tutorial that the pages do not show


def _escape(result: Any) -> None:
    """Make text safe for the templates of Data Docs, which do not; numpy's booleans, too."""
    result.success = bool(result.success)
    result.suite_name = html.escape(str(result.suite_name))
    for one in result.results:
        one.success = bool(one.success)
        one.result = _escaped(plain(one.result))
        _without_halves(one.result)
        one.exception_info = _escaped(one.exception_info)
        one.expectation_config.kwargs = _escaped(plain(one.expectation_config.kwargs))


def _without_halves(result: dict[str, Any]) -> None:
    """Values beyond a set have a count and no percentage, of which the templates die: shown as
    what was observed.
    """
    if "unexpected_count" in result and "unexpected_percent" not in result:
        del result["unexpected_count"]
        beyond = result.pop("partial_unexpected_list", [])
        lacking = result.pop("partial_missing_list", [])
        if beyond or lacking:
            result["observed_value"] = {"beyond the set": beyond, "lacking": lacking}


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
