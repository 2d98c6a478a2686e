"""Why a CSV file is no table: the line that is wrong, and what to write instead."""

import csv
from collections import Counter
from pathlib import Path

from titleholder.errors import BadInput

# What spreadsheets of other countries, and databases, write between columns.
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_SHOWN = 60
_CSV = "write it anew: DataFrame.to_csv(path, index=False)"
_UTF8 = "write it as UTF-8, or as .parquet"


def refuse_header(path: Path) -> None:
    """BadInput for a CSV file whose line of names holds one twice, or is not parted by commas.

    pandas would rename the second ``y_score`` and nobody would know which one counted.
    """
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        try:
            names = next(csv.reader(file), [])
        except csv.Error:  # a field without an end, for the parser to name
            return
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise BadInput(
            f"{path}: column {doubled[0]!r} stands more than once", cure="keep the one that counts"
        )
    found = [word for mark, word in _SEPARATORS.items() if len(names) == 1 and mark in names[0]]
    if found:
        raise BadInput(
            f"{path}: its columns are parted by {found[0]}, not by commas: {_quoted(names[0])}",
            cure="write it with commas, as DataFrame.to_csv(path, index=False) does",
        )


def csv_trouble(path: Path, error: Exception) -> BadInput:
    """What is wrong with a CSV file that did not parse, with its line."""
    undecoded = _undecoded(path)
    if undecoded is not None:
        return undecoded
    told = str(error).rpartition("C error: ")[2].strip() or "it does not parse"
    if told.startswith("EOF inside string"):
        row = int(told.rsplit(" ", 1)[-1]) + 1  # the parser counts from 0
        told = f"line {row} opens a quote that nothing closes"
    return BadInput(f"{path}: is no CSV file: {told}", cure=_CSV)


def _undecoded(path: Path) -> BadInput | None:
    """The line of the first byte that is not UTF-8, if there is one."""
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return BadInput(f"{path}: is UTF-16, not UTF-8", cure=_UTF8)
        line = data.count(b"\n", 0, error.start) + 1
        return BadInput(f"{path}: line {line} is not UTF-8: {error.reason}", cure=_UTF8)
    return None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
