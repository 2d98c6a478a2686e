"""The shift table: one row a column, decided by effect size, never by significance alone.

A column is SHIFTED when PSI, KS or the change of its missing rate is at or above its threshold
*and* above what chance alone produces with these rows (`titleholder.drift.distance.LEVEL`). An
effect over its threshold that chance could explain is NOT_SCORED, too few rows: neither alarm
nor all-clear. What cannot be measured at all is NOT_SCORED with its cause.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.drift.column import FEW, label, measured
from titleholder.drift.effects import Thresholds, unscored
from titleholder.drift.profile import Profile, profile, summary
from titleholder.drift.records import Cause, ColumnShift, Drift, Role, ShiftOutcome
from titleholder.params.schema import DriftColumn, DriftParams
from titleholder.types import Outcome

Side: TypeAlias = "Profile | NDArray[Any] | None"
Values: TypeAlias = Callable[[str], "tuple[Side, Side] | None"]


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
    values: Values | None = None,
) -> tuple[ColumnShift, ...]:
    """Measure every column that either side has, in the reference's order.

    Columns are arrays (n,) or profiles; ``roles`` names the ones that are not features. A column
    of one side only is NOT_SCORED, cause absent. ``values`` fetches both sides of a column whose
    sketches do not suffice, or has none of it; without it such a column is NOT_SCORED, cause
    coarse.
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
            values,
        )
        for name in names
    )


def measure(
    reference: Side,
    current: Side,
    name: str,
    thresholds: Thresholds,
    role: Role = Role.FEATURE,
    values: Values | None = None,
) -> ColumnShift:
    """How far one column moved. None is a side that lacks the column.

    Numbers of a large reference are looked at in sketches first, and value by value only where
    those do not suffice. Raises nothing for the sake of the data: what cannot be measured is
    named in the row.
    """
    row = ColumnShift(
        name=label(name),
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
        large = reference is not None and _rows(reference) >= FEW
        read = summary if large else profile
        found = measured(row, _read(reference, read), _read(current, read), thresholds)
        if found.cause is not Cause.COARSE:
            return found
        both = values(name) if values else (reference, current)
        if both is None:
            return found
        sides = [_read(side, profile) for side in both]
        return measured(row, sides[0], sides[1], thresholds)
    except (ValueError, TypeError, ArithmeticError) as error:
        return unscored(row, Cause.ERROR, f"{type(error).__name__}: {error}")


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


def _rows(side: "Profile | NDArray[Any]") -> int:
    return len(side) if isinstance(side, np.ndarray) else side.n


def _read(side: Side, read: Callable[[NDArray[Any]], Profile]) -> Profile | None:
    return read(side) if isinstance(side, np.ndarray) else side


def _is_open(row: ColumnShift) -> bool:
    return row.outcome is ShiftOutcome.NOT_SCORED and row.cause is not Cause.CONSTANT


def _names(rows: list[ColumnShift], most: int = 6) -> str:
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(row.name for row in rows[:most]) + more
