"""Which slices are declared, and whether they can be made."""

from collections.abc import Iterator
from itertools import pairwise

from titleholder.params.document import Path_
from titleholder.params.expression import BadExpression, parse
from titleholder.params.schema import Binned, Part, Policy, SliceSpec
from titleholder.params.shape import Problem, nearest
from titleholder.types import OVERALL


def parts_of(spec: SliceSpec) -> tuple[Part, ...]:
    """The columns that are crossed, or the only one."""
    return spec if isinstance(spec, tuple) else (spec,)


def column_of(part: Part) -> str:
    """The name of its column."""
    return part.column if isinstance(part, Binned) else part


def slice_problems(spec: SliceSpec, path: Path_) -> Iterator[Problem]:
    """What keeps columns from being crossed, or a number from being binned."""
    parts = parts_of(spec)
    columns = [column_of(part) for part in parts]
    if isinstance(spec, tuple) and len(spec) < 2:
        yield Problem(path, "a crossed slice needs at least two columns")
    if len(set(columns)) < len(columns):
        yield Problem(path, "a crossed slice names one column twice: they must differ")
    for part in parts:
        if isinstance(part, Binned) and not all(a < b for a, b in pairwise(part.bins)):
            yield Problem(path, f"bins of {part.column!r} must rise from edge to edge")


def segment_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    """Expressions that cannot be read, and names that are taken."""
    for name, text in policy.segments.items():
        where = (*path, "segments", name)
        try:
            parse(text)
        except BadExpression as error:
            yield Problem(where, str(error))
        if name in (policy.columns.target, policy.columns.row_id):
            yield Problem(where, "is the name of a column that has a part to play already")


def slice_names(policy: Policy) -> list[str]:
    """How the declared slices begin: their columns, crossed ones joined."""
    return [" & ".join(column_of(p) for p in parts_of(spec)) for spec in policy.slices]


def parts_of_name(name: str, policy: Policy) -> list[str]:
    """The parts of a crossed slice's name; an ampersand in a value parts nothing.

    What follows one begins a part where it holds a sign, or is a declared column by itself.
    """
    columns = {column_of(part) for spec in policy.slices for part in parts_of(spec)}
    parts: list[str] = []
    for piece in name.split(" & "):
        if parts and piece not in columns and named_column(piece) == piece:
            parts[-1] += f" & {piece}"
        else:
            parts.append(piece)
    return parts


def undeclared(parts: list[str], named: list[str], policy: Policy) -> str:
    """Why a slice's name is of no declared slice, and what to write instead."""
    names = slice_names(policy)
    if len(named) == 1 and named[0] in policy.segments:
        return f"is of a segment that is no slice yet (add {named[0]} to slices)"
    for known in names:
        columns = known.split(" & ")
        if sorted(columns) == sorted(named):
            ordered = " & ".join(sorted(parts, key=lambda part: columns.index(named_column(part))))
            return f"names its columns in another order than slices does (write {ordered})"
    return f"is of no declared slice{nearest(' & '.join(named), [OVERALL, *names])}"


def named_column(part: str) -> str:
    """The column that a slice's name begins with: ``a=x``, ``a=[0, 1)``, ``a<0`` or ``a>=1``."""
    for sign in (">=", "=", "<"):
        if sign in part:
            return part.split(sign, 1)[0]
    return part
