"""What was found of each unit, kept until all of them are together: a run that was killed goes on.

A result is a tree of plain values, arrays and dataclasses of this package. It is written as JSON
with the arrays beside it, in numpy's own format without pickles: nothing that is read again can
run. A result whose file is cut short or damaged, or of which a file that it names is gone or
another one, is found again.
"""

import dataclasses
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from titleholder import records
from titleholder.errors import RecordError

T = TypeVar("T")
R = TypeVar("R")

SUFFIX = ".npz"
_TREE, _FILES = "tree", "files"


def _no_files(_: Any) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Kept(Generic[T, R]):
    """A function of units whose results stay in ``at``: what was found is not found again.

    ``name`` tells units apart, ``files`` are those that a result names, ``classes`` the dataclasses
    that it is made of. All of them are sent to whoever has a unit. ``at`` belongs to one question:
    whoever asks another one clears it first.
    """

    function: Callable[[T], R]
    at: Path
    name: Callable[[T], str]
    classes: tuple[type, ...] = ()
    files: Callable[[R], Iterable[str]] = _no_files

    def __call__(self, unit: T) -> R:
        """What was found of a unit, now or before."""
        path = self.at / f"{self.name(unit)}{SUFFIX}"
        known = _read(path, self.classes)
        if known is not None:
            found: R = known[0]
            return found
        made = self.function(unit)
        marks = {name: records.sha256_file(Path(name)) for name in self.files(made)}
        _write(path, made, marks)
        return made


def _write(path: Path, made: Any, marks: dict[str, str]) -> None:
    arrays: list[NDArray[Any]] = []
    said = {_TREE: _plain(made, arrays), _FILES: marks}
    text = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
    named = {str(i): array for i, array in enumerate(arrays)}
    with records.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{_TREE: text, **named})  # type: ignore[arg-type]


def _read(path: Path, classes: Sequence[type]) -> tuple[Any] | None:
    """The result in a tuple of its own; None where there is none to go by."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            said = json.loads(held[_TREE].tobytes())
            for name, mark in said[_FILES].items():
                if records.sha256_file(Path(name)) != mark:
                    return None
            made = _made(said[_TREE], held, {one.__name__: one for one in classes})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, RecordError):
        return None
    return (made,)


def _plain(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """A tree as JSON has it; arrays are put into ``arrays`` and named by their place there."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, (tuple, list)):
        return {type(value).__name__: [_plain(one, arrays) for one in value]}
    if isinstance(value, frozenset):
        return {"frozenset": [_plain(one, arrays) for one in sorted(value)]}
    if isinstance(value, dict):
        pairs = [[_plain(key, arrays), _plain(one, arrays)] for key, one in value.items()]
        return {"dict": pairs}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        plain = {name: _plain(one, arrays) for name, one in fields.items()}
        return {"of": type(value).__name__, "fields": plain}
    raise TypeError(f"a result of a unit holds a {type(value).__name__}, which is not kept")


def _made(plain: Any, held: Any, classes: dict[str, type]) -> Any:
    """The tree again; KeyError for a class that was not named."""
    if not isinstance(plain, dict):
        return plain
    if "of" in plain:
        fields = {name: _made(one, held, classes) for name, one in plain["fields"].items()}
        return classes[plain["of"]](**fields)
    ((kind, inner),) = plain.items()
    if kind == "array":
        return held[str(inner)]
    if kind == "dict":
        return {_made(key, held, classes): _made(one, held, classes) for key, one in inner}
    makers: dict[str, Callable[[Iterable[Any]], Any]] = {
        "tuple": tuple, "list": list, "frozenset": frozenset,
    }  # fmt: skip
    return makers[kind](_made(one, held, classes) for one in inner)
