"""JSON Lines as a table: one object a line, read strictly, each fault with its line.

A cell holds a number, a text, a truth value or nothing. What a line nests, such as the messages
of a conversation, stays the JSON text that it is. A list under ``tags`` becomes a column
``tag_<name>`` for each tag that occurs, true or false, so that rows can be sliced by it.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from titleholder.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

TAGS, TAG = "tags", "tag_"


def read_json_lines(path: Path) -> "pd.DataFrame":
    """The table; BadInput names the line that is no object, such as the last of a cut file."""
    import pandas as pd

    rows = [
        _row(path, number, line)
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1)
        if line.strip()
    ]
    tags = {tag: None for row in rows for tag in row.get(TAGS, ())}
    for row in rows:
        said = row.pop(TAGS, None)
        if said is not None:
            row |= {f"{TAG}{tag}": tag in said for tag in tags}
    return pd.DataFrame(rows)


def objects(path: Path) -> list[dict[str, Any]]:
    """The objects of the lines, nested as they are; BadInput names the line that is none."""
    lines = path.read_bytes().split(b"\n")
    return [_object(path, i, line) for i, line in enumerate(lines, start=1) if line.strip()]


def _row(path: Path, number: int, line: bytes) -> dict[str, Any]:
    said = _object(path, number, line)
    row = {key: _cell(value) for key, value in said.items() if key != TAGS}
    tags = said.get(TAGS)
    if tags is not None:
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise BadInput(f"{path}:{number}: tags must be a list of words")
        row[TAGS] = tags
    return row


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(
            f"{path}:{number}: is no JSON: {str(error)[:120]}",
            cure="one JSON object a line; a file cut in half ends like this: restore it",
        ) from None
    if not isinstance(said, dict):
        raise BadInput(f"{path}:{number}: is no JSON object", cure="one JSON object a line")
    return said


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return math.inf  # 1e999: for whoever reads the column to refuse, by the row's id
    return value
