"""All tables of docs/benchmarks.md: ``python -m benchmarks [--quick] [--tfma PYTHON]``."""

import argparse
import warnings
from collections.abc import Iterator

from benchmarks import cold, dashboard, delong, drift, engine
from benchmarks.timing import machine
from titleholder.memory import keep_freed


def report(*, quick: bool, tfma: str | None) -> Iterator[str]:
    """Every table, line by line."""
    yield machine()
    yield "\n## Paired comparison\n"
    sizes = [10_000, 100_000] if quick else [10_000, 100_000, 1_000_000, 10_000_000]
    yield from engine.report(sizes, 1 if quick else 3, tfma)
    yield "\n## DeLong, and whole processes"
    yield from delong.report(100_000 if quick else 1_000_000)
    yield from cold.report(10_000)
    yield from cold.large(1_000_000 if quick else 10_000_000)
    yield "\n## Drift"
    yield from drift.report(100_000 if quick else 1_000_000, 30, evidently=not quick)
    yield "\n## The dashboard, as history grows\n"
    yield from dashboard.report([30, 60] if quick else [100, 500, 2000])


def main() -> None:
    """Print them as they grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small panels, one repeat; no Evidently"
    )
    parser.add_argument("--tfma", help="the python of an environment with TFMA")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    keep_freed()  # as `titleholder compare` does
    for line in report(quick=asked.quick, tfma=asked.tfma):
        print(line, flush=True)


if __name__ == "__main__":
    main()
