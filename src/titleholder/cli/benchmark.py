"""`titleholder benchmark`: a public benchmark's files as a panel and a policy for `compare`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

if TYPE_CHECKING:
    import pandas as pd

BENCHMARKS = ("glue", "superglue", "mmlu", "bigbench")
HELP = "a public benchmark's own files as panel, policy and predictions for `compare`"
EPILOG = """\
Writes panel.parquet and policy.yaml below --out, and each --answers FILE (a submission as the
benchmark asks for) as <name>.parquet. Where a task has a metric of another unit, such as MultiRC's
exact match over questions, there is a panel-<unit>.parquet with its own policy and answers.

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
    import pandas as pd
    import yaml

    from titleholder import records, tables
    from titleholder.adapters.benchmarks import LOADERS

    found = LOADERS[args.benchmark](args.task, args.directory)
    told = {path.stem: _read(path) for path in args.answers}
    if "panel" in told:
        raise UsageError("answers called panel would be written over the panel", cure="rename them")
    made: dict[str, pd.DataFrame] = {}
    policies: dict[str, Mapping[str, Any]] = {}
    for view, part in {
        "": found,
        **{f"-{name}": view for name, view in found.views.items()},
    }.items():
        made[f"panel{view}"] = part.panel
        made |= {f"{name}{view}": part.answers(frame) for name, frame in told.items()}
        policies |= {f"{name}{view}": policy for name, policy in
                     {"policy": part.policy, **part.more}.items()}  # fmt: skip
    for name, frame in made.items():
        with records.replacing(args.out / f"{name}.parquet") as path:
            tables.write_parquet(path, frame)
    for name, policy in policies.items():
        text = yaml.safe_dump(dict(policy), sort_keys=False)
        records.write_bytes(args.out / f"{name}.yaml", text.encode())
    print(f"{args.out}: {len(found.panel):,} rows; {', '.join(f'{n}.parquet' for n in made)}")
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
