"""The page of all keys: ``python -m titleholder.params.reference`` prints docs/reference/params.md.

A test holds the committed page equal to what this prints.
"""

import inspect
import json
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import msgspec

from titleholder.params.schema import Params

HEAD = """\
# params.yaml

Every key, as `python -m titleholder.params.reference` reads it off the schema; unknown keys are an
error. A policy file for `titleholder compare` has the keys of a suite from `task` on. Editors can
use `src/titleholder/schemas/params.schema.json`.
"""

TITLES = {
    "Params": "The file",
    "Suite": "A suite",
    "Rule": "A rule",
}

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def page() -> str:
    """The whole page, as Markdown: the file first, then each section that it names."""
    return "\n".join([HEAD, *(_section(struct) for struct in _structs(Params))])


def _structs(first: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """A struct and all that its fields hold, each once, in the order of their mention."""
    found: dict[type[msgspec.Struct], None] = {}
    waiting = [first]
    while waiting:
        struct = waiting.pop(0)
        if struct in found:
            continue
        found[struct] = None
        for field in msgspec.structs.fields(struct):
            waiting += _structs_in(field.type)
    return list(found)


def _structs_in(of: Any) -> list[type[msgspec.Struct]]:
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return [of]
    return [struct for inner in typing.get_args(of) for struct in _structs_in(inner)]


def _section(struct: type[msgspec.Struct]) -> str:
    lines = [f"## {TITLES.get(struct.__name__, struct.__name__)}", ""]
    lines += [inspect.getdoc(struct) or "", "", "| key | takes | default |", "|---|---|---|"]
    for field in msgspec.structs.fields(struct):
        lines.append(f"| `{field.encode_name}` | {_takes(field.type)} | {_default(field)} |")
    return "\n".join([*lines, ""])


def _default(field: Any) -> str:
    if field.required:
        return "**required**"
    made = field.default
    if made is msgspec.NODEFAULT:
        made = field.default_factory()
    plain = msgspec.to_builtins(made)
    return "" if plain is None else f"`{json.dumps(plain, ensure_ascii=False)}`"


def _takes(of: Any) -> str:
    return " or ".join(dict.fromkeys(_words(of)))


def _words(of: Any) -> Iterator[str]:
    origin, inner = typing.get_origin(of), typing.get_args(of)
    if origin is Annotated:
        yield from _words(inner[0])
    elif origin in (typing.Union, types.UnionType):
        for one in inner:
            if one is not type(None):
                yield from _words(one)
    elif origin is tuple:
        yield f"list of {_takes(inner[0])}"
    elif origin is dict:
        yield f"mapping of names to {_takes(inner[1])}"
    elif isinstance(of, type) and issubclass(of, msgspec.Struct):
        name = TITLES.get(of.__name__, of.__name__)
        yield f"[{name}](#{name.lower().replace(' ', '-')})"
    elif isinstance(of, type) and issubclass(of, Enum):
        yield ", ".join(f"`{member.value}`" for member in of)
    else:
        yield _WORDS.get(of, getattr(of, "__name__", str(of)))


if __name__ == "__main__":
    print(page(), end="")
