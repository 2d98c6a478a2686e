"""Slices of a panel: by value, by bins of a number, and crossed.

A slice is named ``column=value``, ``column=[low, high)`` or, crossed, ``a=x & b=y``. Rows whose
column is missing are a slice of their own, ``column=missing``: leaving them out would let a
model fail on exactly the rows that nobody looks at. A bin that no row falls into is a slice all
the same: it was declared, and what cannot be measured there has to be told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Ints, Panel, Slice
from titleholder.errors import BadInput
from titleholder.params.schema import Binned, SliceSpec
from titleholder.params.slicing import column_of, parts_of
from titleholder.types import OVERALL as OVERALL

MISSING = "missing"
MOST_VALUES = 100
_MOST_COUNTED = 1 << 10
_NO_NUMBER = 511  # a missing one among whole numbers that are nearer to 0
_CHUNK = 1 << 16  # rows that stay near the processor while they are counted

Part: TypeAlias = str | Binned


@dataclass(frozen=True, slots=True)
class Grouping:
    """The panel's rows sorted into the groups of one column: ``code`` (n,) into ``labels``."""

    column: str
    code: Ints
    labels: tuple[str, ...]


def declared(panel: Panel, specs: Sequence[SliceSpec]) -> tuple[Slice, ...]:
    """Every declared slice, once, in the order declared; `OVERALL` comes first.

    Values and crossings are slices where they have rows, bins always.

    Raises BadInput where two different sets of rows would go by the same name.
    """
    found = {OVERALL: Slice(OVERALL, np.zeros(len(panel), dtype=np.uint8), 0, is_whole=True)}
    for spec in specs:
        for part in _slices(panel, spec):
            known = found.setdefault(part.name, part)
            if known is not part and not np.array_equal(known.mask, part.mask):
                raise BadInput(
                    f"two slices are named {part.name!r} and hold different rows",
                    cure="rename a column or its values, or slice by one of the two",
                )
    return tuple(found.values())


def columns_of(specs: Sequence[SliceSpec]) -> tuple[str, ...]:
    """The columns that slices are made of, each once."""
    return tuple(dict.fromkeys(column_of(part) for spec in specs for part in parts_of(spec)))


def grouping(panel: Panel, part: Part) -> Grouping:
    """The rows sorted by one column's values or bins.

    Raises BadInput for a column that the panel lacks, that is not numeric but binned, or that
    has more than `MOST_VALUES` values.
    """
    if isinstance(part, Binned):
        return _binned(panel, part)
    code, labels = _valued(panel, part)
    return Grouping(part, code.astype(np.int64), labels)


def _valued(panel: Panel, part: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Each row's group by value, (n,) in as few bytes as hold it, and the groups' names."""
    words, code = _words(_column(panel, part))
    labels, of_word = np.unique(words, return_inverse=True)
    if len(labels) > MOST_VALUES:
        number = panel.columns[part].dtype.kind in "iuf"
        how = f"bin it: {{column: {part}, bins: [...]}}" if number else "put values together"
        raise BadInput(
            f"slice column {part!r} has {len(labels)} values, and at most {MOST_VALUES} are slices",
            cure=f"{how}, or slice by a coarser column or a segment",
        )
    narrow = of_word.astype(np.min_scalar_type(len(labels)))
    ordered = np.array_equal(of_word, np.arange(len(of_word)))
    found = code.astype(narrow.dtype) if ordered else narrow[code]
    return found, tuple(f"{part}={label}" for label in labels)


def labels_of(values: NDArray[Any]) -> NDArray[np.object_]:
    """Values as the words that name them: 1 and 1.0 are ``1``, True is ``true``, days are days."""
    words, code = _words(values)
    return np.asarray(words[code])


def _words(values: NDArray[Any]) -> tuple[NDArray[np.object_], NDArray[Any]]:
    """The words of the values that occur, one for each, and which of them each row has, (n,)."""
    if values.dtype.kind == "O":
        return _words_of_objects(values.tolist())
    distinct, code = _distinct(values)
    if values.dtype.kind == "M":
        moments = np.datetime_as_string(distinct.astype("datetime64[us]"))
        named = [_short(m) for m in np.where(np.isnat(distinct), MISSING, moments).tolist()]
    else:
        named = [label_of(value) for value in distinct.tolist()]
    return np.array(named, dtype=object), code


def _distinct(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The values that occur, in order, and which of them each row has, (n,)."""
    if values.dtype.kind == "b":
        distinct, code = _distinct(values.view(np.uint8))
        return distinct.astype(bool), code
    whole = _whole(values) if values.dtype.kind == "f" else None
    if whole is not None:
        distinct, code = _distinct(whole)
        return np.where(distinct == _NO_NUMBER, np.nan, distinct), code
    found = _near(values) if values.dtype.kind in "ui" and len(values) else None
    if found is None:
        return np.unique(values, return_inverse=True)
    least, code = found
    held = _held(code)
    if not held.all():
        code = (np.cumsum(held) - 1).astype(code.dtype)[code]
    return (np.flatnonzero(held) + least).astype(values.dtype), code


def _whole(values: NDArray[Any]) -> NDArray[np.int16] | None:
    """Small whole numbers that stand as floats beside missing ones; None if any is none such."""
    found = np.empty(len(values), dtype=np.int16)
    for rows in _chunks(len(values)):
        some, missing = values[rows], np.isnan(values[rows])
        if not (missing | (np.abs(some) < _NO_NUMBER)).all():
            return None
        found[rows] = np.where(missing, _NO_NUMBER, some)
        if not (missing | (found[rows] == some)).all():
            return None
    return found


def _near(values: NDArray[Any]) -> tuple[int, NDArray[np.uint16]] | None:
    """The least of some whole numbers, and how far each is above, (n,); None if any is too far.

    Numbers that lie close together can be counted, which takes no sort.
    """
    code = np.empty(len(values), dtype=np.uint16)
    least = most = int(values[0])
    for rows in _chunks(len(values)):
        some = values[rows]
        least, most = min(least, int(some.min())), max(most, int(some.max()))
        if most - least >= _MOST_COUNTED or most > np.iinfo(np.int64).max:
            return None
        code[rows] = some  # the last bits, of which `least` is taken as well
    code -= np.uint16(least % (1 << 16))
    return least, code


def _held(code: NDArray[np.uint16]) -> Bools:
    """Which codes some row has, up to the largest that there is."""
    held = np.zeros(int(code.max()) + 1, dtype=bool)
    for rows in _chunks(len(code)):
        held |= np.bincount(code[rows], minlength=len(held)) > 0
        if held.all():
            break
    return held


def _chunks(rows: int) -> Iterator[slice]:
    """All rows, some at a time that stay near the processor."""
    for start in range(0, rows, _CHUNK):
        yield slice(start, start + _CHUNK)


def _words_of_objects(values: list[Any]) -> tuple[NDArray[np.object_], Ints]:
    """The same for values of any type: equal ones of two types, such as 1 and True, stay apart."""
    types = set(map(type, values))
    keys: list[Any] = values
    if not types <= {str, type(None)}:
        keys = list(zip(map(type, values), values, strict=True))
    found = _Numbered()
    code = np.fromiter(map(found.__getitem__, keys), dtype=np.int64, count=len(keys))
    known: dict[str, int] = {}
    distinct = found if keys is values else (value for _, value in found)
    of_value = [known.setdefault(label_of(value), len(known)) for value in distinct]
    return np.array(list(known), dtype=object), np.array(of_value, dtype=np.int64)[code]


class _Numbered(dict[Any, int]):
    """Numbers keys in the order in which they are first asked for."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return self[key]


def label_of(value: object) -> str:
    """One value as a word.

    >>> label_of(1.0), label_of(True), label_of("yes"), label_of(float("nan"))
    ('1', 'true', 'yes', 'missing')
    """
    if value is None or value != value:  # NaN and NaT differ from themselves
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _short(moment: str) -> str:
    """A moment without empty fractions, and without the midnight that every plain date carries.

    >>> _short("2020-01-02T00:00:00.000000"), _short("2020-01-02T10:30:00.000000")
    ('2020-01-02', '2020-01-02T10:30:00')
    """
    return moment.removesuffix(".000000").removesuffix("T00:00:00")


def _slices(panel: Panel, spec: SliceSpec) -> Iterator[Slice]:
    if isinstance(spec, Binned):
        yield from _bin_slices(panel, spec)
        return
    group, held = crossed(panel, parts_of(spec))
    for code, named in held.items():
        yield Slice(" & ".join(named), group, code, is_whole=len(held) == 1)


def _bin_slices(panel: Panel, spec: Binned) -> Iterator[Slice]:
    code, names = _bins(panel, spec)
    rows, owed = np.bincount(code, minlength=len(names)), range(1, len(spec.bins))
    narrow: Any = np.min_scalar_type(len(names))
    group = code.astype(narrow)
    for i, name in enumerate(names):
        if rows[i] or i in owed:
            yield Slice(name, group, i, is_whole=bool(rows[i] == len(group)))


def crossed(panel: Panel, parts: Sequence[Part]) -> tuple[NDArray[Any], dict[int, tuple[str, ...]]]:
    """Each row's combination of groups, (n,), and by their codes the names of those with rows."""
    code, labels = groups_of(panel, parts[0])
    if len(parts) == 1:  # each of whose groups has rows
        return code, {i: (label,) for i, label in enumerate(labels)}
    axes, size = [labels], len(labels)
    for part in parts[1:]:
        further, labels = groups_of(panel, part)
        axes.append(labels)
        size *= len(labels)
        code = code.astype(np.min_scalar_type(size)) * len(labels) + further
    held = np.flatnonzero(np.bincount(code))
    at = zip(*np.unravel_index(held, [len(axis) for axis in axes]), strict=True)
    named = (tuple(axis[i] for axis, i in zip(axes, one, strict=True)) for one in at)
    return code, dict(zip(held.tolist(), named, strict=True))


def groups_of(panel: Panel, part: Part) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Each row's group, (n,), and the groups' names, in as few bytes as hold it."""
    if not isinstance(part, Binned):
        return _valued(panel, part)
    found = _binned(panel, part)
    return found.code.astype(np.min_scalar_type(len(found.labels))), found.labels


def _column(panel: Panel, name: str) -> NDArray[Any]:
    if name not in panel.columns:
        raise BadInput(
            f"slice column {name!r} is not in the panel",
            cure=f"columns to slice by: {', '.join(sorted(panel.columns)) or 'none'}",
        )
    return panel.columns[name]


def _such_as(column: NDArray[Any]) -> str:
    """The first value that is no number, for a message."""
    for value in column:
        try:
            float(value)
        except (TypeError, ValueError):
            return f", such as {str(value)!r}"
    return ""


def _binned(panel: Panel, part: Binned) -> Grouping:
    code, names = _bins(panel, part)
    used, compact = np.unique(code, return_inverse=True)
    return Grouping(part.column, compact, tuple(names[i] for i in used))


def _bins(panel: Panel, part: Binned) -> tuple[Ints, list[str]]:
    """Each row's bin, (n,), and the bins' names: below, each [low, high), above, missing."""
    try:
        values = _column(panel, part.column).astype(float)
    except (TypeError, ValueError):
        raise BadInput(
            f"slice column {part.column!r} is binned, but holds values that are not numbers"
            f"{_such_as(_column(panel, part.column))}",
            cure="slice by its values, or bin a numeric column",
        ) from None
    edges, names = np.array(part.bins), names_of_bins(part)
    code = np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), len(names) - 1, np.minimum(code, len(edges))), names


def names_of_bins(part: Binned) -> list[str]:
    """The names of all bins in their order, whether or not they have rows; missing comes last."""
    marks = [_edge(edge) for edge in part.bins]
    names = [f"{part.column}<{marks[0]}"]
    names += [f"{part.column}=[{a}, {b})" for a, b in pairwise(marks)]
    return [*names, f"{part.column}>={marks[-1]}", f"{part.column}={MISSING}"]


def _edge(edge: float) -> str:
    """An edge in as few digits as keep it apart from any other.

    >>> _edge(10.0), _edge(0.28), _edge(1000001.0)
    ('10', '0.28', '1000001')
    """
    short = f"{edge:g}"
    if float(short) == edge:
        return short
    return str(int(edge)) if edge.is_integer() else repr(edge)
