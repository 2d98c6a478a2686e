"""Hashes of rows: equal rows have equal hashes, whatever file and type they came in.

A row's content is its values under a set of named columns, in no order. Two hashes are made of
it: the exact one, where 5 and 5.0 are one value and 5.1 and 5.2 two, and the normalised one,
where fractions have about four significant digits and text has no case and no surplus space. Both
have 64 bits: of a million rows and a million others, two different ones are taken for equal with
a probability of 1e-7.

The hashes are not secret. Whoever can guess a row can check the guess, so a file of hashes keeps
rows from being read and not from being recognised.
"""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.columns import array_of

if TYPE_CHECKING:
    import pandas as pd

Hashes: TypeAlias = NDArray[np.uint64]
# What a column holds; only columns of one kind can be compared. Of nothing but gaps: `empty`.
ColumnKind: TypeAlias = Literal["number", "text", "time", "empty"]

BITS: Final = 13  # about four digits: whoever wrote with six, or as a single, is recognised
_NUMBERS: Final = frozenset(
    {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "integer-na"}
)
_MISSING: Final = np.uint64(0x9E3779B97F4A7C15)
_KEY: Final = "titleholder-rows"  # pandas wants sixteen characters


@dataclass(frozen=True, slots=True)
class RowHashes:
    """Hashes (n,) of the same rows: exact, normalised, normalised with the target, and by key.

    ``target`` and ``key`` are None where the rows have none.
    """

    exact: Hashes
    normal: Hashes
    with_target: Hashes | None
    key: Hashes | None

    def __len__(self) -> int:
        return len(self.normal)


def kind_of(column: "pd.Series[Any]") -> ColumnKind:
    """What a column holds."""
    if bool(column.isna().all()):
        return "empty"
    kind = array_of(column).dtype.kind
    if kind in "biuf":
        return "number"
    if kind == "M":
        return "time"
    return "number" if _numbers_among(column) else "text"


def hashed(
    frame: "pd.DataFrame", columns: Sequence[str], target: str | None, key: Sequence[str]
) -> RowHashes:
    """The hashes of a frame's rows by these columns, which it must have."""
    exact = _combined({name: _of_column(frame[name], exact=True) for name in columns})
    normal = {name: _of_column(frame[name], exact=False) for name in columns}
    with_target = None
    if target is not None:
        answer = _of_column(frame[target], exact=False)
        with_target = _combined({**normal, f"target:{target}": answer})
    names = {name: _of_text(frame[name], exact=True) for name in key}
    return RowHashes(exact, _combined(normal), with_target, _combined(names) if key else None)


def among(these: Hashes, those: Hashes) -> NDArray[np.bool_]:
    """Which of these hashes (n,) are among those; `np.isin`, without its detour for integers."""
    if not len(those):
        return np.zeros(len(these), dtype=bool)
    known = np.sort(those)
    at = np.searchsorted(known, these).clip(max=len(known) - 1)
    there: NDArray[np.bool_] = known[at] == these
    return there


def _of_column(column: "pd.Series[Any]", *, exact: bool) -> Hashes:
    match kind_of(column):
        case "number":
            return _of_numbers(_floats(column), exact=exact)
        case "time":
            return _mixed(array_of(column).astype("datetime64[ns]").view(np.uint64))
        case "empty":
            return np.full(len(column), _MISSING)
        case _:
            return _of_text(column, exact=exact)


def _numbers_among(column: "pd.Series[Any]") -> bool:
    """Whether an object column holds numbers and truth values alone, gaps aside."""
    from pandas.api.types import infer_dtype

    return infer_dtype(column, skipna=True) in _NUMBERS


def _floats(column: "pd.Series[Any]") -> NDArray[np.float64]:
    values = array_of(column)
    if values.dtype.kind == "O":
        return np.array([np.nan if v is None else float(v) for v in values.tolist()])
    return values.astype(np.float64)


def _of_numbers(values: NDArray[np.float64], *, exact: bool) -> Hashes:
    """Hashes of numbers; -0 is 0, and every NaN is the same gap."""
    missing = np.isnan(values)
    plain = np.where(missing, 0.0, values) + 0.0
    hashes = _mixed(plain.view(np.uint64)) if exact else _of_digits(plain)
    return np.where(missing, _MISSING, hashes)


def _of_digits(values: NDArray[np.float64]) -> Hashes:
    """Hashes of whole numbers as they are, and of others rounded to `BITS` significant bits."""
    bits = values.view(np.uint64)
    cut = np.uint64(52 - BITS)
    rounded = (bits + (np.uint64(1) << (cut - np.uint64(1)))) >> cut << cut
    return _mixed(np.where(values == np.rint(values), bits, rounded))


def _of_text(column: "pd.Series[Any]", *, exact: bool) -> Hashes:
    """Hashes of values as text; each different value is looked at once."""
    import pandas as pd

    codes, unique = pd.factorize(column.astype(object), use_na_sentinel=True)
    told = [_label(value) if exact else _plain(_label(value)) for value in unique]
    words: NDArray[Any] = np.array([*told, ""], dtype=object)
    hashes = pd.util.hash_array(words, hash_key=_KEY, categorize=False).astype(np.uint64)
    hashes = np.where(np.array([word == "" for word in words]), _MISSING, hashes)
    taken: Hashes = hashes[codes]  # the code of a gap is -1: the last, which is a gap
    return taken


def _label(value: Any) -> str:
    """A value as text: 7.0 is 7, as ids are written in files of every kind."""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()  # an image, of which no other case is the same
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _plain(text: str) -> str:
    """Text without its case, its compatibility forms and its surplus space.

    >>> _plain("  New\\u00a0YORK ")
    'new york'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _combined(columns: Mapping[str, Hashes]) -> Hashes:
    """One hash a row of several columns, each under its name."""
    import pandas as pd

    names = sorted(columns)
    seeds = pd.util.hash_array(np.array(names, dtype=object), hash_key=_KEY, categorize=False)
    rows = len(next(iter(columns.values()), ()))
    combined = np.zeros(rows, dtype=np.uint64)
    for name, seed in zip(names, seeds.astype(np.uint64), strict=True):
        combined = _mixed(combined ^ _mixed(columns[name] ^ seed))
    return combined


def _mixed(bits: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195)."""
    z = bits + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
