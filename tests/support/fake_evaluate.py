"""A stand-in for Hugging Face's `evaluate` and `datasets`, as far as metric modules use them.

Loads a module's file from a directory, as `evaluate.load` does of a path; knows no hub and no
names. The contract tests run on it and, where it is installed, on the real one.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


class Metric:
    """The base of a module's class."""

    def __init__(self) -> None:
        self.features = self._info()["features"]

    def _info(self) -> Any:
        raise NotImplementedError

    def _compute(self, **inputs: Any) -> Any:
        raise NotImplementedError

    def compute(self, **inputs: Any) -> Any:
        """The figures of some rows; ValueError unless they are as the features say."""
        for name, value in self.features.items():
            if name not in inputs:
                raise ValueError(f"Evaluation module inputs are missing: {name}")
            kinds = {"string": str, "int32": int, "float": (float, int)}[value.dtype]
            if not all(isinstance(x, kinds) for x in inputs[name]):
                raise ValueError(f"{name} do not match the expected format")
        return self._compute(**inputs)


class Value:
    """A feature's type."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


def load(path: str, config: str | None = None, *, keep_in_memory: bool = False) -> Metric:
    """The module in a directory; FileNotFoundError for anything else, as where no hub is."""
    file = Path(path) / f"{Path(path).name}.py"
    if not file.is_file():
        raise FileNotFoundError(f"Couldn't find a module script at {file}.")
    spec = importlib.util.spec_from_file_location(Path(path).name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (made,) = (
        x for x in vars(module).values()
        if isinstance(x, type) and issubclass(x, Metric) and x is not Metric
    )  # fmt: skip
    return made()


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where an import finds them."""
    fake: Any = ModuleType("evaluate")
    fake.Metric, fake.MetricInfo, fake.load = Metric, dict, load
    data: Any = ModuleType("datasets")
    data.Features, data.Value = dict, Value
    monkeypatch.setitem(sys.modules, "evaluate", fake)
    monkeypatch.setitem(sys.modules, "datasets", data)
