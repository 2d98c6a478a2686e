"""One frame in one ephemeral context, which leaves nothing in the working directory or at home."""

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from titleholder.adapters.expectations.plain import INDEX, index_of, short
from titleholder.validation import guards
from titleholder.validation.found import OFFENDING
from titleholder.validation.guards import Facts
from titleholder.validation.suite_file import Declared

if TYPE_CHECKING:
    import pandas as pd

_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": OFFENDING}
ONE_AT_A_TIME = threading.Lock()  # get_context sets a process-wide current project


class Engine:
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
            return None, f"{type(error).__name__}: {short(error)}"

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
                meta={INDEX: one.index},
            )
            for one in conditional
        ]
        found = self.evaluate(counters).results if counters else []
        return {
            index_of(one): one.result["element_count"] - one.result["unexpected_count"]
            for one in found
            if "element_count" in one.result
        }


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No telemetry, and no warnings that the user could do nothing about."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
