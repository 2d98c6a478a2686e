"""Plain data against a struct type: every problem of shape at once, or the struct.

msgspec stops at the first problem. This walks the same types, so that a file with twelve
mistakes is told all twelve, each with its path; msgspec judges the leaves and makes the struct.
"""

import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Annotated, Any, TypeVar

import msgspec

from titleholder.params.document import Path_

T = TypeVar("T")

_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping (key: value)",
    list: "a list",
    type(None): "nothing",
}
_LISTED = 12  # how many valid names a hint tells
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    path: Path_
    message: str


def problems(data: Any, as_type: Any, path: Path_ = ()) -> Iterator[Problem]:
    """Everything about the shape of ``data`` that ``as_type`` does not allow."""
    bare, rules = _unwrapped(as_type)
    origin = typing.get_origin(bare)
    if _is_union(bare):
        yield from _union(data, bare, rules, path)
    elif isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        yield from _struct(data, bare, path)
    elif origin is tuple:
        yield from _sequence(data, bare, rules, path)
    elif origin is dict:
        yield from _mapping(data, bare, path)
    else:
        yield from _leaf(data, as_type, bare, path)


def convert(data: Any, as_type: type[T]) -> T:
    """The struct; only for data that have no `problems`."""
    return msgspec.convert(data, as_type, strict=True)


def nearest(name: str, known: typing.Iterable[str]) -> str:
    """A hint at the nearest valid name, whatever its case, or at some of them."""
    known = list(known)
    by_lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    if near:
        return f" (did you mean {by_lower[near[0]]!r}?)"
    more = ", …" if len(known) > _LISTED else ""
    return f" (there is: {', '.join(known[:_LISTED])}{more})" if known else ""


def _struct(data: Any, as_type: type[msgspec.Struct], path: Path_) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield _expected("a mapping (key: value)", data, path)
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(as_type)}
    for key, value in data.items():
        if key in fields:
            yield from problems(value, fields[key].type, (*path, key))
        else:
            yield Problem((*path, key), f"unknown key{nearest(key, fields)}")
    for name, field in fields.items():
        if field.required and name not in data:
            yield Problem(path, f"{name!r} is missing")


def _union(data: Any, as_type: Any, rules: list[Any], path: Path_) -> Iterator[Problem]:
    members = [Annotated[(m, *rules)] if rules else m for m in typing.get_args(as_type)]
    if data is None and type(None) in members:
        return
    # The member of the same build tells the better story: an error inside a bin, not "no text".
    found = [list(problems(data, member, path)) for member in members if member is not type(None)]
    if any(not some for some in found):
        return
    alike = [some for some in found if any(len(p.path) > len(path) for p in some)]
    missing = [some for some in found if any(p.message.endswith("is missing") for p in some)]
    if alike or missing or len(found) == 1:
        yield from (alike or missing or found)[0]
    else:
        names = " or ".join(dict.fromkeys(_word(m) for m in members if m is not type(None)))
        yield _expected(names, data, path)


def _sequence(data: Any, as_type: Any, rules: list[Any], path: Path_) -> Iterator[Problem]:
    if not isinstance(data, list):
        yield _expected("a list", data, path)
        return
    (item, *_) = typing.get_args(as_type)
    least = max((rule.min_length or 0 for rule in rules), default=0)
    if len(data) < least:
        yield Problem(path, f"needs at least {least} {'entry' if least == 1 else 'entries'}")
    for i, value in enumerate(data):
        yield from problems(value, item, (*path, i))


def _mapping(data: Any, as_type: Any, path: Path_) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield _expected("a mapping (key: value)", data, path)
        return
    key_type, value_type = typing.get_args(as_type)
    for key, value in data.items():
        yield from problems(key, key_type, (*path, key))
        yield from problems(value, value_type, (*path, key))


def _leaf(data: Any, as_type: Any, bare: Any, path: Path_) -> Iterator[Problem]:
    try:
        msgspec.convert(data, as_type, strict=True)
    except msgspec.ValidationError as error:
        if isinstance(bare, type) and issubclass(bare, Enum) and isinstance(data, str):
            values = [str(member.value) for member in bare]
            yield Problem(path, f"{data!r} is not one of {', '.join(values)}{_near(data, values)}")
        elif isinstance(data, _python_type(bare)) and not isinstance(data, bool):
            yield Problem(path, f"{data!r}: {_plain(str(error))}")
        else:
            yield _expected(_word(bare), data, path)


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _expected(what: str, data: Any, path: Path_) -> Problem:
    found = _WORDS.get(type(data), type(data).__name__)
    shown = "" if data is None or isinstance(data, dict | list) else f" {_short(repr(data))}"
    hint = ""
    if isinstance(data, str) and "number" in what and _EXPONENT.fullmatch(data):
        hint = f": YAML reads {data} as text, write {float(data)!r}"
    elif isinstance(data, bool) and what == "text":
        hint = ": a bare yes, no, on or off is a truth value in YAML, put it in quotes"
    return Problem(path, f"must be {what}, and is {found}{shown}{hint}")


def _unwrapped(as_type: Any) -> tuple[Any, list[Any]]:
    """A type without its annotations, and the constraints that were among them."""
    if typing.get_origin(as_type) is Annotated:
        bare, *rules = typing.get_args(as_type)
        inner, more = _unwrapped(bare)
        return inner, [*more, *(rule for rule in rules if isinstance(rule, msgspec.Meta))]
    return as_type, []


def _is_union(as_type: Any) -> bool:
    return typing.get_origin(as_type) in (typing.Union, types.UnionType)


def _python_type(bare: Any) -> Any:
    return (int, float) if bare is float else bare if isinstance(bare, type) else object


def _word(as_type: Any) -> str:
    bare, _ = _unwrapped(as_type)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return _WORDS[dict]
    if typing.get_origin(bare) is tuple:
        return _WORDS[list]
    if isinstance(bare, type) and issubclass(bare, Enum):
        return "one of " + ", ".join(str(member.value) for member in bare)
    return _WORDS.get(bare, str(bare))


def _plain(message: str) -> str:
    """msgspec's words without its types: ``Expected `float` >= 0.0`` is `must be >= 0.0`."""
    message = re.sub(r"Expected `\w+`( of length)?", r"must be\1", message)
    if "matching regex" in message and "sha256:" in message:
        return "must be sha256: and 64 lower-case hex digits"
    if "matching regex" in message:
        return "must be letters, digits and . _ - only, 64 at most, a letter or digit first"
    return message
