"""Benchmarks from their official files, a benchmark a file: panels and policies for `compare`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from titleholder.adapters.benchmarks import bigbench, glue, mmlu, superglue
from titleholder.adapters.benchmarks.bench import Benchmark

__all__ = ["LOADERS", "Benchmark"]

# By name: a task's name and the directory of its files to a benchmark.
LOADERS: Mapping[str, Callable[[str, Path], Benchmark]] = MappingProxyType(
    {
        "glue": glue.load,
        "superglue": superglue.load,
        "mmlu": mmlu.load,
        "bigbench": bigbench.load,
    }
)
