"""Expressions over a panel's columns, such as ``length >= 200 and plan == 'pro'``.

A small part of Python's own grammar, read and never run: comparisons, ``in``, ``and``, ``or``,
``not`` and arithmetic over columns, numbers and texts. A column whose name is no Python name
stands in backticks: ```word count` > 200``. What a row's value is, is for
`titleholder.comparison.segments` to say; here an expression is only taken apart.
"""

import ast
import math
import re
import warnings
from collections.abc import Iterator

LONGEST = 1000

_QUOTED_OR_COLUMN = re.compile(r"'[^']*'|\"[^\"]*\"|`([^`]+)`")
# What a column in backticks becomes, for Python's parser: a subscript of a name nobody can write.
_COLUMN = "__column__"

_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod)
_GRAMMAR = (
    "columns (`of words` in backticks), numbers, 'texts', == != < <= > >= in, and or not, + - * / %"
)


class BadExpression(ValueError):
    """An expression that says nothing, or more than columns can answer."""


def parse(text: str) -> ast.expr:
    """The expression as a tree. Raises BadExpression with what is wrong in it."""
    if len(text) > LONGEST:
        raise BadExpression(f"is longer than {LONGEST} characters")
    if _COLUMN in text:
        raise BadExpression(f"{_COLUMN} is no column")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in texts: they are matched as written
            tree = ast.parse(_named(text).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise BadExpression(f"{text!r} cannot be read (known are {_GRAMMAR})") from None
    if not is_condition(tree):
        raise BadExpression(f"{text!r} is no condition: it must be true or false of each row")
    for node in _refused(tree):
        raise BadExpression(f"{shown(node)} is not allowed (known are {_GRAMMAR})")
    return tree


def columns_in(tree: ast.expr) -> tuple[str, ...]:
    """The columns that an expression reads, in the order of their first mention."""
    found = [name for node in ast.walk(tree) if (name := column_of(node)) is not None]
    return tuple(dict.fromkeys(found))


def column_of(node: ast.AST) -> str | None:
    """The column that a node names, None for any other node."""
    match node:
        case ast.Subscript(value=ast.Name(id=holder), slice=ast.Constant(value=str() as name)):
            return name if holder == _COLUMN else None
        case ast.Name(id=name):
            return name if name != _COLUMN else None
        case _:
            return None


def shown(node: ast.expr) -> str:
    """A node as its author wrote it, columns in backticks included."""
    return re.sub(rf"{_COLUMN}\[(['\"])(.*?)\1\]", r"`\2`", ast.unparse(node))


def is_condition(node: ast.expr) -> bool:
    """Whether a node is true or false of a row: a column on its own may be."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) and is_condition(node.operand)
    if isinstance(node, ast.BoolOp):
        return all(map(is_condition, node.values))
    return isinstance(node, ast.Compare) or column_of(node) is not None


def _named(text: str) -> str:
    """The text with each column in backticks put in a form that Python's parser reads."""

    def put(found: re.Match[str]) -> str:
        column = found.group(1)
        return found.group(0) if column is None else f"{_COLUMN}[{column!r}]"

    return _QUOTED_OR_COLUMN.sub(put, text)


def _refused(node: ast.expr) -> Iterator[ast.expr]:
    """Parts of the tree that are no part of the grammar."""
    match node:
        case ast.BoolOp(values=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=part):
            parts = [part]
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            parts = [left, right]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            isinstance(op, _COMPARISONS) for op in ops
        ):
            yield from _refused_in(node)
            parts = [left, *(o for o in others if not isinstance(o, ast.List | ast.Tuple))]
        case ast.Constant(value=bool() | int() | str()):
            parts = []
        case ast.Constant(value=float() as number) if math.isfinite(number):
            parts = []
        case ast.Name() | ast.Subscript() if column_of(node) is not None:
            parts = []
        case _:
            yield node
            return
    for part in parts:
        yield from _refused(part)


def _refused_in(node: ast.Compare) -> Iterator[ast.expr]:
    """Lists stand after ``in`` alone, nothing else does, and they hold plain values."""
    for op, other in zip(node.ops, node.comparators, strict=True):
        listed = isinstance(other, ast.List | ast.Tuple)
        if listed != isinstance(op, ast.In | ast.NotIn):
            yield node
        if isinstance(other, ast.List | ast.Tuple):
            yield from (item for item in other.elts if not isinstance(item, ast.Constant))
