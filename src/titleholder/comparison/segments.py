"""Segments: columns that a suite makes of others by an expression, to slice by.

A segment is true, false or missing of each row, and is then a column like any other: it may be
sliced by, crossed, and compared over. Logic has three values (Kleene): what a missing value
leaves open is missing, so that no row falls silently on one side.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Panel
from titleholder.comparison.slices import MISSING, labels_of
from titleholder.errors import BadInput
from titleholder.params.expression import column_of, columns_in, parse, shown

Columns: TypeAlias = Mapping[str, NDArray[Any]]

_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_TRUTHS = {"true", "false", "1", "0"}
_SAME = (ast.Eq, ast.NotEq)
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Mod: operator.mod,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Truth:
    """What holds of each row, (n,), and where that is known at all."""

    holds: Bools
    known: Bools


def with_segments(panel: Panel, segments: Mapping[str, str]) -> Panel:
    """The panel with a column for each segment, in which True, False or None stands.

    Raises BadInput where a segment has the name of a column, reads one that is not there, or
    compares what cannot be compared.
    """
    made: dict[str, NDArray[Any]] = {}
    for name, text in segments.items():
        if name in panel.columns:
            raise BadInput(f"segment {name!r} has the name of a column", cure="rename the segment")
        made[name] = evaluate(text, panel.columns, len(panel), f"segment {name!r}")
    return replace(panel, columns={**panel.columns, **made}) if made else panel


def evaluate(text: str, columns: Columns, n: int, where: str) -> NDArray[np.object_]:
    """The expression of each of ``n`` rows, (n,): True, False, or None where it is open.

    >>> ages = {"age": np.array([15.0, 40.0, np.nan])}
    >>> evaluate("age >= 18", ages, 3, "segment 'adult'").tolist()
    [False, True, None]
    """
    tree = parse(text)
    for name in columns_in(tree):
        if name not in columns:
            there = ", ".join(sorted(columns)) or "none"
            raise BadInput(f"{where}: no column {name!r}", cure=f"columns: {there}")
    found = _Rows(columns, n, where).condition(tree)
    answers = found.holds.astype(object)
    answers[~found.known] = None
    return answers


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that an expression is asked of."""

    columns: Columns
    n: int
    where: str

    def condition(self, node: ast.expr) -> _Truth:
        """A node that is true or false of each row."""
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return _all([self.condition(part) for part in parts])
            case ast.BoolOp(values=parts):
                return _not(_all([_not(self.condition(part)) for part in parts]))
            case ast.UnaryOp(operand=part):
                return _not(self.condition(part))
            case ast.Compare(left=left, ops=ops, comparators=others):
                ends = [left, *others]
                pairs = zip(ends, ops, others, strict=False)
                return _all([self._compared(*pair) for pair in pairs])
            case _:
                return self._truth(node)

    def _truth(self, node: ast.expr) -> _Truth:
        """A column that is true or false by itself."""
        words = set(self._words(node).tolist())
        if not words <= _TRUTHS | {MISSING}:
            raise BadInput(
                f"{self.where}: {shown(node)} is neither true nor false in every row",
                cure=f"compare it with a value: {shown(node)} == ...",
            )
        return self._words_are(node, ["true", "1"])

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> _Truth:
        if isinstance(right, ast.List | ast.Tuple):
            items = np.array([i.value for i in right.elts if isinstance(i, ast.Constant)], object)
            among = self._words_are(left, labels_of(items).tolist())
            return _not(among) if isinstance(op, ast.NotIn) else among
        if self._is_text(left) or self._is_text(right):
            return self._compared_words(left, op, right)
        first, second = self._numbers(left), self._numbers(right)
        known = ~(np.isnan(first) | np.isnan(second))
        return _Truth(_ORDER[type(op)](first, second), known)

    def _compared_words(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> _Truth:
        """Texts by their words; only texts and days have an order, numbers as words have none."""
        if not isinstance(op, _SAME) and any(map(self._is_number, (left, right))):
            raise BadInput(
                f"{self.where}: {shown(left)} and {shown(right)} are a number and "
                "a text, and have no order",
                cure="compare numbers with numbers, and texts with texts",
            )
        first, second = self._words(left), self._words(right)
        holds = np.asarray(_ORDER[type(op)](first, second), dtype=bool)
        return _Truth(holds, (first != MISSING) & (second != MISSING))

    def _words_are(self, node: ast.expr, words: list[str]) -> _Truth:
        found = self._words(node)
        return _Truth(np.isin(found.astype(str), words), found != MISSING)

    def _is_text(self, node: ast.expr) -> bool:
        """Whether a node is a text, a truth or a column of such."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str | bool)
        name = column_of(node)
        return name is not None and self.columns[name].dtype.kind not in "iuf"

    def _is_number(self, node: ast.expr) -> bool:
        return not self._is_text(node)

    def _words(self, node: ast.expr) -> NDArray[np.object_]:
        name = column_of(node)
        if name is not None:
            return labels_of(self.columns[name])
        if isinstance(node, ast.Constant):
            return labels_of(np.full(self.n, node.value, dtype=object))
        return labels_of(self._numbers(node))

    def _numbers(self, node: ast.expr) -> Floats:
        match node:
            case ast.Constant(value=int() | float() as number):
                return np.full(self.n, float(number))
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return -self._numbers(part)
            case ast.UnaryOp(op=ast.UAdd(), operand=part):
                return self._numbers(part)
            case ast.BinOp(left=left, op=op, right=right):
                with np.errstate(divide="ignore", invalid="ignore"):
                    found = _ARITHMETIC[type(op)](self._numbers(left), self._numbers(right))
                return np.asarray(found, dtype=float)
            case _:
                return self._column(node)

    def _column(self, node: ast.expr) -> Floats:
        name = column_of(node)
        try:
            if name is not None:
                return self.columns[name].astype(float)
        except (TypeError, ValueError):
            pass
        raise BadInput(
            f"{self.where}: {shown(node)} is no number in every row",
            cure="compare it with a text in quotes, or leave it out of arithmetic",
        )


def _all(parts: list[_Truth]) -> _Truth:
    """True where all are; false where any is known to be false; open elsewhere."""
    holds: Bools = np.logical_and.reduce([p.holds for p in parts])
    false: Bools = np.logical_or.reduce([p.known & ~p.holds for p in parts])
    known: Bools = np.logical_and.reduce([p.known for p in parts])
    return _Truth(holds & ~false, known | false)


def _not(part: _Truth) -> _Truth:
    return _Truth(~part.holds, part.known)
