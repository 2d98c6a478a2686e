"""Which slices are declared, and whether they can be made."""

from collections.abc import Iterator
from itertools import pairwise

from titleholder.params.document import Path_
from titleholder.params.expression import BadExpression, parse
from titleholder.params.schema import Binned, Part, Policy, SliceSpec
from titleholder.params.shape import Problem


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
