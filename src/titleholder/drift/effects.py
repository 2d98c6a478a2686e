"""From effects to an outcome: over its threshold, and more than chance alone.

An effect that is known within bounds decides only where both bounds say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from titleholder.drift import distance
from titleholder.drift.records import Cause, ColumnShift, ShiftOutcome

Bounds = Mapping[str, tuple[float, float]]  # what the exact figure may be, by the effect's name


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Effect sizes from which a column counts as shifted; ``ks`` None does not decide."""

    psi: float = 0.2
    ks: float | None = None
    missing: float = 0.05


def decided(row: ColumnShift, limits: Thresholds, bounds: Bounds) -> ColumnShift:
    """SHIFTED wins over NOT_SCORED: what was measured counts, whatever else was not.

    Only where an effect's bounds would decide differently is the row left open, cause coarse.
    """
    effects = [
        Effect("missing rate", abs(row.missing_change or 0.0), limits.missing, _missing_floor(row)),
        Effect("PSI", row.psi, limits.psi, row.psi_noise or 0.0),
        Effect("KS", row.ks, limits.ks, _ks_floor(row)),
    ]
    open_ones = [e.between(*bounds[e.name]) for e in effects if e.hangs_on(bounds.get(e.name))]
    if open_ones:
        return unscored(row, Cause.COARSE, "; ".join(open_ones))
    shifted = [effect.text(row) for effect in effects if effect.is_real()]
    if shifted:
        reason = "; ".join([*shifted, *([row.reason] if row.reason else [])])
        return msgspec.structs.replace(row, outcome=ShiftOutcome.SHIFTED, reason=reason)
    if row.cause is not Cause.NONE:
        return row
    doubtful = [effect.doubt() for effect in effects if effect.is_over()]
    if doubtful:
        return unscored(row, Cause.TOO_FEW, "; ".join(doubtful))
    return msgspec.structs.replace(row, outcome=ShiftOutcome.OK)


@dataclass(frozen=True, slots=True)
class Effect:
    """A size, the threshold it is held against, and what chance alone stays below."""

    name: str
    size: float | None
    threshold: float | None
    floor: float

    def hangs_on(self, bounds: tuple[float, float] | None) -> bool:
        """Whether the exact size, somewhere between the bounds, would decide differently."""
        if bounds is None or self.size is None:
            return False
        said = [(end.is_over(), end.is_real()) for end in (self._of(size) for size in bounds)]
        return said[0] != said[1]

    def between(self, low: float, high: float) -> str:
        """Why its size does not decide."""
        return f"{self.name} is between {low:.4f} and {high:.4f}: read the values to tell"

    def _of(self, size: float) -> "Effect":
        return Effect(self.name, size, self.threshold, self.floor)

    def is_over(self) -> bool:
        """Whether it reaches its threshold."""
        return (
            self.size is not None
            and self.threshold is not None
            and self.size >= self.threshold
            and self.size > 0
        )

    def is_real(self) -> bool:
        """Whether, beyond that, chance alone does not."""
        return self.is_over() and self.size is not None and self.size > self.floor

    def text(self, row: ColumnShift) -> str:
        """What a shifted column's reason says of it."""
        if self.name == "missing rate":
            return f"missing {row.missing_reference:.1%} -> {row.missing_current:.1%}"
        return f"{self.name} {self.size:.3f} >= {self.threshold:g}"

    def doubt(self) -> str:
        """What the reason says where chance could explain it."""
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


def unscored(row: ColumnShift, cause: Cause, reason: str) -> ColumnShift:
    """The row as NOT_SCORED, with its cause and a reason."""
    return msgspec.structs.replace(row, outcome=ShiftOutcome.NOT_SCORED, cause=cause, reason=reason)
