"""One table on a terminal or in a file: coloured and framed for people, aligned text elsewhere."""

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TextIO

from titleholder.report.aligned import aligned


def show(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str] = (),
    styles: Mapping[int, str] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Print a table to ``stream`` (standard output).

    The columns named in ``right`` are flush right; ``styles`` are rich's names for the look of
    the first cell of a row, by the row's number. Cells hold no markup.
    """
    out = sys.stdout if stream is None else stream
    if out.isatty():
        _framed(head, rows, right, styles or {}, out)
    else:
        out.write(encodable("\n".join(aligned(head, rows, right)) + "\n", out))
    out.flush()


def encodable(text: str, out: TextIO) -> str:
    """The text as far as the stream's encoding can write it; the rest as escapes."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def _framed(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str],
    styles: Mapping[int, str],
    out: TextIO,
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for number, (first, *others) in enumerate(rows):
        table.add_row(Text(first, style=styles.get(number, "")), *(Text(text) for text in others))
    Console(file=out, highlight=False, markup=False, emoji=False).print(table)
