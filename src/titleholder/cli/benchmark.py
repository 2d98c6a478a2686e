"""`titleholder benchmark`: a public benchmark's files as a panel and a policy for `compare`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

if TYPE_CHECKING:
    import pandas as pd

BENCHMARKS = ("glue", "superglue", "mmlu", "bigbench")
HELP = "a public benchmark's own files as panel, policy and predictions for `compare`"
EPILOG = """\
Writes panel.parquet and policy.yaml below --out, and each --answers FILE (a submission as the
benchmark asks for) as <name>.parquet.

  titleholder benchmark glue CoLA data/CoLA --out bench/cola --answers old.tsv --answers new.tsv
  titleholder compare --panel bench/cola/panel.parquet --champion bench/cola/old.parquet \\
    --candidate bench/cola/new.parquet --policy bench/cola/policy.yaml

tasks: of glue and superglue by their names, of mmlu a subject or `all`, of bigbench `any`

exit codes: 0 written; 2 usage; 3 files that are damaged, or of another task
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "benchmark", HELP, EPILOG)
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("task", help="which of its tasks")
    parser.add_argument("directory", type=Path, help="where the task's official files lie")
    parser.add_argument("--out", type=Path, required=True, help="directory to write to")
    parser.add_argument(
        "--answers", type=Path, action="append", default=[], metavar="FILE",
        help="a model's answers (.tsv, .csv, .jsonl or .parquet); may be repeated",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, write, and say what was written."""
    import yaml

    from titleholder import records, tables
    from titleholder.adapters.benchmarks import LOADERS

    found = LOADERS[args.benchmark](args.task, args.directory)
    written = {"panel": found.panel}
    for path in args.answers:
        written[path.stem] = found.answers(_read(path))
    for name, frame in written.items():
        with records.replacing(args.out / f"{name}.parquet") as path:
            tables.write_parquet(path, frame)
    for name, policy in {"policy": found.policy, **found.more}.items():
        text = yaml.safe_dump(dict(policy), sort_keys=False)
        records.write_bytes(args.out / f"{name}.yaml", text.encode())
    print(f"{args.out}: {len(found.panel):,} rows; {', '.join(f'{n}.parquet' for n in written)}")
    return int(Exit.ALLOW)


def _read(path: Path) -> "pd.DataFrame":
    """A table; GLUE's submissions are tab-separated."""
    import csv

    import pandas as pd

    from titleholder import tables

    if path.suffix != ".tsv":
        return tables.read_frame(path)
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    return pd.read_csv(path, sep="\t", dtype=str, quoting=csv.QUOTE_NONE)
