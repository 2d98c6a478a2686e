"""`titleholder shift`: how far the texts of a column have moved, and weights that follow them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import BadInput, Exit

if TYPE_CHECKING:
    import pandas as pd

    from titleholder.drift.text import TextShift

HELP = "how far the texts of a column have moved, and how the old rows stand for the new ones"
EPILOG = """\
Measures length, vocabulary, a domain classifier's AUC and, where the packages of embeddings are
installed, the distance of mean embeddings. --by tells it for each value of a column of the current
rows. --weights writes the reference rows with a column `weight` that makes them look like the
current ones: name it in a policy as columns: {weight: weight}.

exit codes: 0 measured, whatever it says; 2 usage; 3 texts that cannot be measured
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "shift", HELP, EPILOG)
    parser.add_argument("reference", type=Path, help="rows that models are tried on")
    parser.add_argument("current", type=Path, help="rows that production sends")
    parser.add_argument("--column", default="text", help="the column of texts (text)")
    parser.add_argument("--by", metavar="COLUMN", help="a row for each value of this column")
    parser.add_argument("--weights", type=Path, help="write the weighted reference here (Parquet)")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, print, and write the weights."""
    from titleholder import records, tables
    from titleholder.adapters import domains

    reference, current = (tables.read_frame(path) for path in (args.reference, args.current))
    before = _texts(reference, args.column, args.reference)
    found = {"all": domains.compare(args.column, before, _texts(current, args.column, args.current),
                                    args.seed)}  # fmt: skip
    if args.by is not None:
        tables.require(current, args.by, args.current.name)
        for value, part in current.groupby(args.by, sort=True):
            texts = _texts(part, args.column, args.current)
            found[str(value)] = domains.compare(args.column, before, texts, args.seed)
    if args.weights is not None:
        with records.replacing(args.weights) as path:
            tables.write_parquet(path, reference.assign(weight=found["all"].weights))
    shifts = {name: one.shift for name, one in found.items()}
    print(records.encode(shifts).decode() if args.json else _table(shifts))
    return int(Exit.ALLOW)


def _texts(frame: "pd.DataFrame", column: str, path: Path) -> list[str]:
    from titleholder import tables

    tables.require(frame, column, path.name)
    raw = frame[column]
    if raw.isna().any() or not all(isinstance(text, str) for text in raw):
        bad = int((raw.isna() | ~raw.map(lambda text: isinstance(text, str))).sum())
        raise BadInput(
            f"{path.name}: {bad} rows of {column!r} hold no text", cure="leave those rows out"
        )
    return [str(text) for text in raw]


def _table(shifts: dict[str, "TextShift"]) -> str:
    head = ("current", "texts", "words", "unknown words", "vocabulary", "domain AUC", "embedding",
            "effective rows")  # fmt: skip
    rows = [head, *(_row(name, shift) for name, shift in shifts.items())]
    wide = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip()
        for row in rows
    )


def _row(name: str, s: "TextShift") -> tuple[str, ...]:
    return (
        name,
        f"{s.current:,}",
        f"{s.words_reference:g} → {s.words_current:g}",
        f"{s.unknown_reference:.1%} → {s.unknown:.1%}",
        f"{s.vocabulary:.3f}",
        f"{s.domain_auc:.3f} [{s.domain_auc_low:.3f}, {s.domain_auc_high:.3f}]",
        "–" if s.embedding is None else f"{s.embedding:.3f}",
        f"{s.effective:,.0f} of {s.reference:,}",
    )
