"""The shift table: one row a column, decided by effect size, never by significance alone.

A column is SHIFTED when PSI, KS or the change of its missing rate is at or above its threshold
*and* above what chance alone produces with these rows (`titleholder.drift.distance.LEVEL`). An
effect over its threshold that chance could explain is NOT_SCORED, too few rows: neither alarm
nor all-clear. What cannot be measured at all is NOT_SCORED with its cause.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from titleholder.drift import bins, distance
from titleholder.drift.profile import (
    Categories,
    Numbers,
    Opaque,
    Profile,
    as_numbers,
    profile,
)
from titleholder.drift.records import Bin, Cause, ColumnShift, Drift, Role, ShiftOutcome
from titleholder.params.schema import DriftColumn, DriftParams
from titleholder.types import Outcome

MAX_CATEGORIES = 1000  # beyond this a column is text or an identifier
MIN_ROWS = 2 * bins.ROWS_PER_BIN
NAMED = 20  # how many categories or bins a record names
_LABEL = 120


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Effect sizes from which a column counts as shifted; ``ks`` None does not decide."""

    psi: float = 0.2
    ks: float | None = None
    missing: float = 0.05


def thresholds_of(params: DriftParams, column: str) -> Thresholds:
    """The suite's thresholds, with those that the column has of its own."""
    own = params.columns.get(column, DriftColumn())
    return Thresholds(
        psi=params.psi if own.psi is None else own.psi,
        ks=params.ks if own.ks is None else own.ks,
        missing=params.missing if own.missing is None else own.missing,
    )


def table(
    reference: Mapping[str, Any],
    current: Mapping[str, Any],
    params: DriftParams,
    ignore: Collection[str] = (),
    roles: Mapping[str, Role] | None = None,
) -> tuple[ColumnShift, ...]:
    """Measure every column that either side has, in the reference's order.

    Columns are arrays (n,) or profiles; ``roles`` names the ones that are not features. A column
    of one side only is NOT_SCORED, cause absent.
    """
    names = [name for name in {**reference, **current} if name not in ignore]
    known = roles or {}
    return tuple(
        measure(
            reference.get(name),
            current.get(name),
            name,
            thresholds_of(params, name),
            known.get(name, Role.FEATURE),
        )
        for name in names
    )


def measure(
    reference: "Profile | NDArray[Any] | None",
    current: "Profile | NDArray[Any] | None",
    name: str,
    thresholds: Thresholds,
    role: Role = Role.FEATURE,
) -> ColumnShift:
    """How far one column moved. None is a side that lacks the column.

    Raises nothing for the sake of the data: what cannot be measured is named in the row.
    """
    row = ColumnShift(
        name=_label(name),
        role=role,
        kind="unknown",
        n_reference=0,
        n_current=0,
        outcome=ShiftOutcome.NOT_SCORED,
        cause=Cause.NONE,
        reason="",
        psi_threshold=thresholds.psi,
        ks_threshold=thresholds.ks,
        missing_threshold=thresholds.missing,
    )
    try:
        return _measured(row, _profile(reference), _profile(current), thresholds)
    except (ValueError, TypeError, ArithmeticError) as error:
        return _unscored(row, Cause.ERROR, f"{type(error).__name__}: {error}")


def judge(
    columns: tuple[ColumnShift, ...], inputs: dict[str, str], ignored: tuple[str, ...] = ()
) -> Drift:
    """What the rows say together: any SHIFTED is FAIL, any column left open INCONCLUSIVE.

    A column that is constant, and the same, on both sides has not shifted and leaves nothing
    open. A table without a scored column is INCONCLUSIVE.
    """
    shifted = [row for row in columns if row.outcome is ShiftOutcome.SHIFTED]
    left_open = [row for row in columns if _is_open(row)]
    scored = [row for row in columns if row.outcome is not ShiftOutcome.NOT_SCORED]
    if shifted:
        outcome = Outcome.FAIL
        reason = f"{len(shifted)} of {len(columns)} columns shifted: {_names(shifted)}"
    elif left_open:
        outcome = Outcome.INCONCLUSIVE
        reason = f"{len(left_open)} columns could not be scored: {_names(left_open)}"
    elif not scored:
        outcome, reason = Outcome.INCONCLUSIVE, "no column could be scored"
    else:
        outcome = Outcome.PASS
        reason = f"none of {len(scored)} scored columns shifted"
    return Drift(inputs=inputs, outcome=outcome, reason=reason, columns=columns, ignored=ignored)


def _profile(side: "Profile | NDArray[Any] | None") -> Profile | None:
    if side is None or isinstance(side, Numbers | Categories | Opaque):
        return side
    return profile(side)


def _measured(
    row: ColumnShift, reference: Profile | None, current: Profile | None, limits: Thresholds
) -> ColumnShift:
    row = _with_counts(row, reference, current)
    if reference is None or current is None:
        return _absent(row, reference, current)
    if reference.n == 0 or current.n == 0:
        side = "reference" if reference.n == 0 else "current"
        return _unscored(row, Cause.EMPTY, f"no rows in {side}")
    row = _with_missing(row, reference, current)
    reference, current = _alike(reference, current)
    if isinstance(reference, Numbers) and isinstance(current, Numbers):
        row = _numeric(row, reference, current)
    elif isinstance(reference, Categories) and isinstance(current, Categories):
        row = _categorical(row, reference, current)
    else:
        row = _unscored(row, *_why_opaque(reference, current))
    return _decided(row, limits)


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
    return _unscored(row, Cause.ABSENT, f"no such column in {' and '.join(sides)}")


def _alike(reference: Profile, current: Profile) -> tuple[Profile, Profile]:
    """Flags are often booleans on one side and 0/1 on the other: both become numbers."""
    if isinstance(reference, Numbers) and isinstance(current, Categories) and current.boolean:
        return reference, as_numbers(current)
    if isinstance(current, Numbers) and isinstance(reference, Categories) and reference.boolean:
        return as_numbers(reference), current
    return reference, current


def _why_opaque(reference: Profile, current: Profile) -> tuple[Cause, str]:
    blank = [
        name
        for name, side in (("reference", reference), ("current", current))
        if side.n == side.missing
    ]
    if blank:
        return Cause.ALL_NULL, f"all values are missing in {' and '.join(blank)}"
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
    if reference.infinite or current.infinite:
        return _unscored(
            row,
            Cause.NON_FINITE,
            f"infinite values: {reference.infinite} in reference, {current.infinite} in current",
        )
    if (open_reason := _too_little(reference, current)) is not None:
        return _unscored(row, *open_reason)
    if before[0] == before[-1] == after[0] == after[-1]:
        return _unscored(row, Cause.CONSTANT, f"constant on both sides: {before[0]:.6g}")
    row = _with_divergences(row, bins.of_numbers(reference, current))
    return msgspec.structs.replace(
        row, ks=distance.ks(before, after), wasserstein=_in_deviations(before, after)
    )


def _categorical(row: ColumnShift, reference: Categories, current: Categories) -> ColumnShift:
    if (open_reason := _too_little(reference, current)) is not None:
        return _unscored(row, *open_reason)
    most = max(len(reference.counts), len(current.counts))
    if most > MAX_CATEGORIES:
        return _unscored(
            row,
            Cause.TEXT,
            f"{most} distinct values (at most {MAX_CATEGORIES} are scored): text or an "
            "identifier; name it under columns.ignore",
        )
    row = _with_turnover(row, reference, current)
    if len(reference.counts) == 1 and reference.counts.keys() == current.counts.keys():
        only = _label(next(iter(reference.counts)))
        return _unscored(row, Cause.CONSTANT, f"constant on both sides: {only}")
    binned = bins.of_categories(reference, current)
    row = _with_divergences(row, binned)
    if binned.hidden > 1 / 2:
        reason = f"{binned.hidden:.0%} of the reference rows are in categories too rare to compare"
        return _unscored(row, Cause.TOO_FEW, reason)
    return row


def _too_little(
    reference: Numbers | Categories, current: Numbers | Categories
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
    return msgspec.structs.replace(
        row,
        n_bins=held,
        psi=distance.psi(reference, current),
        psi_noise=distance.psi_noise(held, n, m),
        kl=distance.kl(reference, current),
        js=distance.js(reference, current),
        bins=_fullest(binned, n, m),
    )


def _fullest(binned: bins.Binned, n: int, m: int) -> tuple[Bin, ...]:
    before, after = binned.reference / n, binned.current / m
    largest = np.argsort(-np.maximum(before, after), kind="stable")[:NAMED]
    return tuple(
        Bin(_label(binned.labels[i]), float(before[i]), float(after[i]))
        for i in np.sort(largest)
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
    return tuple(_label(name) for name in ranked[:NAMED])


def _in_deviations(before: NDArray[Any], after: NDArray[Any]) -> float | None:
    """Wasserstein over the reference's standard deviation; None where that is 0 or overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        unit = distance.spread(before)
        moved = distance.wasserstein(before, after)
    if not (math.isfinite(unit) and unit > 0 and math.isfinite(moved)):
        return None
    return moved / unit if math.isfinite(moved / unit) else None


def _decided(row: ColumnShift, limits: Thresholds) -> ColumnShift:
    """SHIFTED wins over NOT_SCORED: what was measured counts, whatever else was not."""
    effects = [
        _Effect(
            "missing rate", abs(row.missing_change or 0.0), limits.missing, _missing_floor(row)
        ),
        _Effect("PSI", row.psi, limits.psi, row.psi_noise or 0.0),
        _Effect("KS", row.ks, limits.ks, _ks_floor(row)),
    ]
    shifted = [effect.text(row) for effect in effects if effect.is_real()]
    if shifted:
        reason = "; ".join([*shifted, *([row.reason] if row.reason else [])])
        return msgspec.structs.replace(row, outcome=ShiftOutcome.SHIFTED, reason=reason)
    if row.cause is not Cause.NONE:
        return row
    doubtful = [effect.doubt() for effect in effects if effect.is_over()]
    if doubtful:
        return _unscored(row, Cause.TOO_FEW, "; ".join(doubtful))
    return msgspec.structs.replace(row, outcome=ShiftOutcome.OK)


@dataclass(frozen=True, slots=True)
class _Effect:
    """A size, the threshold it is held against, and what chance alone stays below."""

    name: str
    size: float | None
    threshold: float | None
    floor: float

    def is_over(self) -> bool:
        return (
            self.size is not None
            and self.threshold is not None
            and self.size >= self.threshold
            and self.size > 0
        )

    def is_real(self) -> bool:
        return self.is_over() and self.size is not None and self.size > self.floor

    def text(self, row: ColumnShift) -> str:
        if self.name == "missing rate":
            return f"missing {row.missing_reference:.1%} -> {row.missing_current:.1%}"
        return f"{self.name} {self.size:.3f} >= {self.threshold:g}"

    def doubt(self) -> str:
        return (
            f"{self.name} {self.size:.3f} is over {self.threshold:g}, but too few rows: "
            f"chance alone reaches {self.floor:.3f}"
        )


def _missing_floor(row: ColumnShift) -> float:
    before, after = row.missing_reference or 0.0, row.missing_current or 0.0
    return distance.share_noise(before, after, row.n_reference, row.n_current)


def _ks_floor(row: ColumnShift) -> float:
    n = row.n_reference * (1 - (row.missing_reference or 0.0))
    m = row.n_current * (1 - (row.missing_current or 0.0))
    return distance.ks_noise(round(n), round(m)) if row.ks is not None else 0.0


def _unscored(row: ColumnShift, cause: Cause, reason: str) -> ColumnShift:
    return msgspec.structs.replace(row, outcome=ShiftOutcome.NOT_SCORED, cause=cause, reason=reason)


def _is_open(row: ColumnShift) -> bool:
    return row.outcome is ShiftOutcome.NOT_SCORED and row.cause is not Cause.CONSTANT


def _names(rows: list[ColumnShift], most: int = 6) -> str:
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(row.name for row in rows[:most]) + more


def _label(text: object) -> str:
    """A name as a record can hold it: bounded, and without halves of surrogate pairs."""
    clean = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return clean if len(clean) <= _LABEL else clean[: _LABEL - 1] + "…"
