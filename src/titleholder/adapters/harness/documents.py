"""JSON of harnesses, read with the file, and the line, of whatever is wrong with it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from titleholder.errors import BadInput, UsageError

_CUT = "a log cut in half ends like this: copy it again, or run the harness again"


def read_json(path: Path) -> Any:
    """The document in a file; BadInput with the line at which it breaks off."""
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise BadInput(f"{path}:{error.lineno}: is no JSON: {error.msg}", cure=_CUT) from None


def read_lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their lines; BadInput names the first that is none."""
    found = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{path}:{number}: is no JSON: {error.msg}", cure=_CUT) from None
        if not isinstance(said, dict):
            raise BadInput(f"{path}:{number}: is no JSON object")
        found.append((number, said))
    if not found:
        raise BadInput(f"{path}: holds no items", cure=_CUT)
    return found


def digest(value: Any) -> str:
    """SHA-256 of a JSON value in a canonical form."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def part(value: Any, where: str, *keys: str) -> Any:
    """What lies under keys, one in the other; BadInput names the one that is missing."""
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise BadInput(f"{where}: has no {'.'.join(keys)}", cure="is it of another harness?")
        value = value[key]
    return value


def newest(directory: Path, pattern: str, what: str) -> Path:
    """The last of the files of a name below a directory; UsageError where there is none."""
    found = sorted(directory.rglob(pattern))
    if not found:
        raise UsageError(f"{directory}: holds no {what} ({pattern})")
    return found[-1]


def _text(path: Path) -> str:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: is no UTF-8 text") from None
