"""How far one column moved: what its two profiles can be asked, by what they hold."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from titleholder.drift import bins, distance, glance
from titleholder.drift.effects import Bounds, Thresholds, decided, unscored
from titleholder.drift.profile import (
    MOST_LABELS,
    Categories,
    Numbers,
    Profile,
    as_numbers,
    as_sketch,
)
from titleholder.drift.records import Bin, Cause, ColumnShift
from titleholder.drift.sketch import Sketch

MAX_CATEGORIES = 1000  # beyond this a column is text or an identifier
MIN_ROWS = 2 * bins.ROWS_PER_BIN
FEW = 20_000  # rows of a reference from which a sketch of it may stand for its values
NAMED = 20  # how many categories or bins a record names
_LABEL = 120
_NO_BOUNDS: Bounds = {}


def measured(
    row: ColumnShift, reference: Profile | None, current: Profile | None, limits: Thresholds
) -> ColumnShift:
    """The row of a column with all that its two profiles tell; None is a side that lacks it.

    NOT_SCORED, cause coarse, where sketches do not suffice.
    """
    row = _with_counts(row, reference, current)
    if reference is None or current is None:
        return _absent(row, reference, current)
    if reference.n == 0 or current.n == 0:
        side = "reference" if reference.n == 0 else "current"
        return unscored(row, Cause.EMPTY, f"no rows in {side}")
    row, bounds = _compared(_with_missing(row, reference, current), *_alike(reference, current))
    return decided(row, limits, bounds)


def _compared(row: ColumnShift, reference: Profile, current: Profile) -> tuple[ColumnShift, Bounds]:
    if isinstance(reference, Sketch) and isinstance(current, Sketch):
        return _sketched(row, reference, current)
    if isinstance(reference, Numbers) and isinstance(current, Numbers):
        return _numeric(row, reference, current), _NO_BOUNDS
    if isinstance(reference, Categories) and isinstance(current, Categories):
        return _categorical(row, reference, current), _NO_BOUNDS
    return unscored(row, *_why_opaque(reference, current)), _NO_BOUNDS


def _with_counts(
    row: ColumnShift, reference: Profile | None, current: Profile | None
) -> ColumnShift:
    kinds = [side.kind for side in (reference, current) if side and side.kind != "unknown"]
    return msgspec.structs.replace(
        row,
        kind=kinds[0] if kinds else "unknown",
        n_reference=reference.n if reference else 0,
        n_current=current.n if current else 0,
        infinite_reference=reference.infinite if reference else 0,
        infinite_current=current.infinite if current else 0,
    )


def _with_missing(row: ColumnShift, reference: Profile, current: Profile) -> ColumnShift:
    before, after = reference.missing / reference.n, current.missing / current.n
    return msgspec.structs.replace(
        row, missing_reference=before, missing_current=after, missing_change=after - before
    )


def _absent(row: ColumnShift, reference: Profile | None, current: Profile | None) -> ColumnShift:
    sides = [
        name for name, side in (("reference", reference), ("current", current)) if side is None
    ]
    return unscored(row, Cause.ABSENT, f"no such column in {' and '.join(sides)}")


def _alike(reference: Profile, current: Profile) -> tuple[Profile, Profile]:
    """Flags are often booleans on one side and 0/1 on the other: both become numbers.

    Values beside a sketch become one.
    """
    kinds = Numbers | Sketch
    if isinstance(reference, kinds) and isinstance(current, Categories) and current.boolean:
        current = as_numbers(current)
    if isinstance(current, kinds) and isinstance(reference, Categories) and reference.boolean:
        reference = as_numbers(reference)
    if isinstance(reference, Sketch) and isinstance(current, Numbers):
        current = as_sketch(current)
    if isinstance(current, Sketch) and isinstance(reference, Numbers):
        reference = as_sketch(reference)
    return reference, current


def _why_opaque(reference: Profile, current: Profile) -> tuple[Cause, str]:
    blank = [
        name
        for name, side in (("reference", reference), ("current", current))
        if side.n == side.missing
    ]
    if blank:
        return Cause.ALL_NULL, f"all values are missing in {' and '.join(blank)}"
    if reference.kind == "categorical" == current.kind:
        return _too_many(f"over {MOST_LABELS}")
    if reference.kind != current.kind:
        return Cause.KIND, f"{reference.kind} in reference, {current.kind} in current"
    if reference.kind == "datetime":
        return Cause.TIME, (
            "a point in time moves by itself: derive what matters of it (hour, weekday), "
            "or name it under columns.ignore"
        )
    return Cause.KIND, f"values of type {reference.kind} cannot be scored"


def _numeric(row: ColumnShift, reference: Numbers, current: Numbers) -> ColumnShift:
    before, after = reference.values, current.values
    if (open_reason := _no_numbers(reference, current)) is not None:
        return unscored(row, *open_reason)
    if before[0] == before[-1] == after[0] == after[-1]:
        return unscored(row, Cause.CONSTANT, f"constant on both sides: {before[0]:.6g}")
    row = _with_divergences(row, bins.of_numbers(reference, current))
    return msgspec.structs.replace(
        row, ks=distance.ks(before, after), wasserstein=_in_deviations(before, after)
    )


def _sketched(row: ColumnShift, reference: Sketch, current: Sketch) -> tuple[ColumnShift, Bounds]:
    if (open_reason := _no_numbers(reference, current)) is not None:
        return unscored(row, *open_reason), _NO_BOUNDS
    if reference.n < FEW:
        return unscored(row, Cause.COARSE, f"fewer than {FEW} rows: read the values"), _NO_BOUNDS
    before, after = reference.counts.values, current.counts.values
    if len(before) == len(after) == 1 and before[0] == after[0]:
        value = f"constant on both sides: {before[0]:.6g}"
        return unscored(row, Cause.CONSTANT, value), _NO_BOUNDS
    seen = glance.compare(reference, current)
    if not seen.fine:
        reason = "too many values lie close together for a sketch: read the values"
        return unscored(row, Cause.COARSE, reason), _NO_BOUNDS
    row = msgspec.structs.replace(
        _with_divergences(row, seen.binned),
        ks=seen.ks,
        ks_within=seen.ks_high - seen.ks,
        wasserstein=seen.wasserstein,
        wasserstein_within=seen.wasserstein_off,
    )
    return row, {"PSI": (seen.psi_low, seen.psi_high), "KS": (seen.ks, seen.ks_high)}


def _categorical(row: ColumnShift, reference: Categories, current: Categories) -> ColumnShift:
    if (open_reason := _too_little(reference, current)) is not None:
        return unscored(row, *open_reason)
    most = max(len(reference.counts), len(current.counts))
    if most > MAX_CATEGORIES:
        return unscored(row, *_too_many(str(most)))
    row = _with_turnover(row, reference, current)
    if len(reference.counts) == 1 and reference.counts.keys() == current.counts.keys():
        only = label(next(iter(reference.counts)))
        return unscored(row, Cause.CONSTANT, f"constant on both sides: {only}")
    binned = bins.of_categories(reference, current)
    row = _with_divergences(row, binned)
    if binned.hidden > 1 / 2:
        reason = f"{binned.hidden:.0%} of the reference rows are in categories too rare to compare"
        return unscored(row, Cause.TOO_FEW, reason)
    return row


def _too_many(labels: str) -> tuple[Cause, str]:
    return Cause.TEXT, (
        f"{labels} distinct values (at most {MAX_CATEGORIES} are scored): text or an "
        "identifier; name it under columns.ignore"
    )


def _no_numbers(reference: Numbers | Sketch, current: Numbers | Sketch) -> tuple[Cause, str] | None:
    if reference.infinite or current.infinite:
        return (
            Cause.NON_FINITE,
            f"infinite values: {reference.infinite} in reference, {current.infinite} in current",
        )
    return _too_little(reference, current)


def _too_little(
    reference: Numbers | Sketch | Categories, current: Numbers | Sketch | Categories
) -> tuple[Cause, str] | None:
    filled = {
        "reference": reference.n - reference.missing,
        "current": current.n - current.missing,
    }
    blank = [side for side, rows in filled.items() if rows == 0]
    if blank:
        return Cause.ALL_NULL, f"all values are missing in {' and '.join(blank)}"
    few = [f"{rows} in {side}" for side, rows in filled.items() if rows < MIN_ROWS]
    if few:
        return Cause.TOO_FEW, f"fewer than {MIN_ROWS} values: {', '.join(few)}"
    return None


def _with_divergences(row: ColumnShift, binned: bins.Binned) -> ColumnShift:
    reference, current = binned.reference, binned.current
    n, m = int(reference.sum()), int(current.sum())
    held = int(np.count_nonzero((reference > 0) | (current > 0)))
    found = distance.divergences(reference, current)
    return msgspec.structs.replace(
        row,
        n_bins=held,
        psi=found.psi,
        psi_noise=distance.psi_noise(held, n, m),
        kl=found.kl,
        js=found.js,
        bins=_fullest(binned, n, m),
    )


def _fullest(binned: bins.Binned, n: int, m: int) -> tuple[Bin, ...]:
    before, after = (binned.reference / n).tolist(), (binned.current / m).tolist()
    largest = sorted(range(len(before)), key=lambda i: -max(before[i], after[i]))[:NAMED]
    return tuple(
        Bin(label(binned.labels[i]), before[i], after[i])
        for i in sorted(largest)
        if before[i] > 0 or after[i] > 0
    )


def _with_turnover(row: ColumnShift, reference: Categories, current: Categories) -> ColumnShift:
    new = _only_in(current, reference)
    vanished = _only_in(reference, current)
    return msgspec.structs.replace(
        row,
        n_new=len(new),
        new_share=sum(new.values()) / (current.n - current.missing),
        new_categories=_most_frequent(new),
        n_vanished=len(vanished),
        vanished_share=sum(vanished.values()) / (reference.n - reference.missing),
        vanished_categories=_most_frequent(vanished),
    )


def _only_in(side: Categories, other: Categories) -> dict[str, int]:
    return {name: count for name, count in side.counts.items() if name not in other.counts}


def _most_frequent(counts: Mapping[str, int]) -> tuple[str, ...]:
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return tuple(label(name) for name in ranked[:NAMED])


def _in_deviations(before: NDArray[Any], after: NDArray[Any]) -> float | None:
    """Wasserstein over the reference's standard deviation; None where that is 0 or overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        unit = distance.spread(before)
        moved = distance.wasserstein(before, after)
    if not (math.isfinite(unit) and unit > 0 and math.isfinite(moved)):
        return None
    return moved / unit if math.isfinite(moved / unit) else None


def label(text: object) -> str:
    """A name as a record can hold it: bounded, and without halves of surrogate pairs."""
    clean = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return clean if len(clean) <= _LABEL else clean[: _LABEL - 1] + "…"
