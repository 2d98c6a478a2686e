"""Numbers that decide, as decimal text that reads back as exactly the same number.

What a reader of JSON makes of ``0.1`` is its own affair: a binary double of this or that width,
or a decimal. A signed statement therefore holds each fractional number as text: the shortest
decimal that stands for one double and no other. Bounds are held against intervals in decimal
arithmetic on just these texts, so that whoever reads the statement can repeat the decision with
any decimal library, and 0.80 - 0.79 is 0.01.
"""

import decimal
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import inspect

from titleholder import records
from titleholder.errors import RecordError

T = TypeVar("T")
Leaf = Callable[[Any, str], Any]

# What `text` writes, for the schemas.
PATTERN: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-][0-9]{2,3})?$"
# Room for a sum of any two doubles that could matter beside each other.
ARITHMETIC: Final = decimal.Context(prec=60)


def exact(number: float) -> Decimal:
    """The decimal that a statement writes for this double.

    >>> exact(0.8) - exact(0.79) == exact(0.01), 0.8 - 0.79 == 0.01
    (True, False)
    """
    return Decimal(text(number))


def text(number: float) -> str:
    """The shortest decimal that is read as this double and no other; RecordError for NaN.

    >>> text(0.1), text(20), text(1e-5)
    ('0.1', '20.0', '1e-05')
    """
    if not math.isfinite(number):
        raise RecordError("a record may not hold NaN or infinity")
    return repr(float(number))


def number(written: str) -> float:
    """The double that `text` wrote; ValueError for anything that it would write otherwise.

    >>> number("0.1")
    0.1
    """
    found = float(written)
    if not math.isfinite(found) or repr(found) != written:
        raise ValueError(f"{written!r} is not how a statement writes a number")
    return found


def encode(record: Any) -> bytes:
    """The canonical bytes of a record whose fractional numbers are written as text."""
    return records.encode(plain(record))


def plain(record: Any) -> Any:
    """A record in plain dicts and lists, its fractional numbers as text."""
    return as_text(msgspec.to_builtins(record), type(record))


def decode(data: bytes, as_type: type[T], *, source: str) -> T:
    """Parse strictly what `encode` wrote; RecordError otherwise, as for a number that is none."""
    return convert(records.decode(data, dict[str, Any], source=source), as_type, source=source)


def convert(written: Mapping[str, Any], as_type: type[T], *, source: str) -> T:
    """The record in plain dicts whose numbers are text; RecordError where it is not one."""
    shape: inspect.Type = _shape(cast(Any, as_type))
    try:
        return msgspec.convert(_mapped(written, shape, _read, "$"), as_type, strict=True)
    except (ValueError, RecursionError) as error:  # msgspec.ValidationError is a ValueError
        raise RecordError(f"{source}: {error}") from None


def as_text(written: Any, as_type: type) -> Any:
    """Plain dicts of this type, with text in the place of each fractional number.

    RecordError where there is anything else than a number, text included.
    """
    return _mapped(written, _shape(as_type), _write, "$")


def _write(value: Any, where: str) -> str:
    if type(value) not in (int, float):
        raise RecordError(f"expected a number, and it is none - at `{where}`")
    return text(value)


def _read(value: Any, where: str) -> float:
    if not isinstance(value, str):
        raise ValueError(f"expected a decimal number as text, and it is none - at `{where}`")
    try:
        return number(value)
    except ValueError as error:
        raise ValueError(f"{error} - at `{where}`") from None


@cache
def _shape(as_type: Any) -> inspect.Type:
    return inspect.type_info(as_type)


@cache
def _inner(as_type: type) -> Mapping[str, inspect.Type]:
    """The types of a record's fields, by the names that they are written under."""
    shape = cast(inspect.StructType, _shape(as_type))
    return {field.encode_name: field.type for field in shape.fields}


def _mapped(value: Any, shape: inspect.Type, leaf: Leaf, where: str) -> Any:
    """The value with ``leaf`` put on what its type calls a float; what does not fit is left."""
    match shape:
        case inspect.FloatType():
            return leaf(value, where)
        case inspect.StructType() if isinstance(value, dict):
            inner = _inner(shape.cls)
            return {
                name: _mapped(part, inner[name], leaf, f"{where}.{name}") if name in inner else part
                for name, part in value.items()
            }
        case inspect.VarTupleType() if isinstance(value, list | tuple):
            return [
                _mapped(part, shape.item_type, leaf, f"{where}[{at}]")
                for at, part in enumerate(value)
            ]
        case inspect.UnionType() if value is not None:
            return _mapped(value, _other_than_none(shape), leaf, where)
    return value


def _other_than_none(shape: inspect.UnionType) -> inspect.Type:
    """Of a union with nothing else in it than one type and None, that type."""
    (found,) = (one for one in shape.types if not isinstance(one, inspect.NoneType))
    return found
