"""Tables as plain text: columns side by side, numbers to the right."""

from collections.abc import Collection, Sequence

from titleholder.report.text import cells


def aligned(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str] = ()
) -> list[str]:
    """Lines of a table; the columns named in ``right`` are flush right."""
    table = [head, *rows]
    widths = [max(cells(row[i]) for row in table) for i in range(len(head))]
    return ["  " + "  ".join(_padded(head, row, widths, right)).rstrip() for row in table]


def _padded(
    head: Sequence[str], row: Sequence[str], widths: Sequence[int], right: Collection[str]
) -> list[str]:
    padded = []
    for name, text, width in zip(head, row, widths, strict=True):
        gap = " " * (width - cells(text))
        padded.append(gap + text if name in right else text + gap)
    return padded
