"""What is written of a shift: one struct a column, one record a suite. Nothing here computes."""

from enum import StrEnum

import msgspec

from titleholder.types import Outcome, Record


class ShiftOutcome(StrEnum):
    """What became of one column; a column that could not be scored is never OK."""

    OK = "OK"
    SHIFTED = "SHIFTED"
    NOT_SCORED = "NOT_SCORED"


class Role(StrEnum):
    """What a column is to the models: what they read, what they predict, what they said."""

    FEATURE = "feature"
    TARGET = "target"
    PREDICTION = "prediction"


class Cause(StrEnum):
    """Why a column was not scored."""

    NONE = ""
    ABSENT = "absent"
    EMPTY = "empty"
    ALL_NULL = "all_null"
    NON_FINITE = "non_finite"
    CONSTANT = "constant"
    COARSE = "coarse"
    KIND = "kind"
    TIME = "time"
    TEXT = "text"
    TOO_FEW = "too_few"
    ERROR = "error"


class Bin(Record, frozen=True):
    """One bin and the share of scored rows in it, on each side; shares lie in [0, 1]."""

    label: str
    reference: float
    current: float


class ColumnShift(Record, frozen=True):
    """How far one column moved, reference to current. Undefined figures are null.

    ``n_*`` are rows, missing ones included; ``missing_*`` are shares of them, ``infinite_*``
    counts of +inf and -inf (which are not missing). ``psi``, ``kl`` (current from reference)
    and ``js`` are in nats on ``n_bins`` bins frozen from the reference. ``wasserstein`` is in
    standard deviations of the reference. ``ks`` is at most ``ks_within`` below the exact one, and
    ``wasserstein`` at most ``wasserstein_within`` off; 0 is exact.
    ``psi_noise`` is what PSI stays below by chance alone (see `titleholder.drift.distance`).
    ``new_*`` are categories of current that the reference lacks, with the share of current
    rows; ``vanished_*`` the reverse; only the most frequent are named. ``bins`` holds those
    with the most rows.
    """

    name: str
    role: Role
    kind: str
    n_reference: int
    n_current: int
    outcome: ShiftOutcome
    cause: Cause
    reason: str
    missing_reference: float | None = None
    missing_current: float | None = None
    missing_change: float | None = None
    infinite_reference: int = 0
    infinite_current: int = 0
    n_bins: int | None = None
    psi: float | None = None
    psi_noise: float | None = None
    kl: float | None = None
    js: float | None = None
    ks: float | None = None
    ks_within: float = 0.0
    wasserstein: float | None = None
    wasserstein_within: float = 0.0
    n_new: int = 0
    new_share: float | None = None
    new_categories: tuple[str, ...] = ()
    n_vanished: int = 0
    vanished_share: float | None = None
    vanished_categories: tuple[str, ...] = ()
    psi_threshold: float | None = None
    ks_threshold: float | None = None
    missing_threshold: float | None = None
    bins: tuple[Bin, ...] = ()


class Drift(Record, frozen=True):
    """The shift of a suite's current data from its reference.

    ``evidence`` maps a name to a path in the stage's directory, or to ``unavailable: <why>``.
    ``ignored`` names the columns that were left out on purpose.
    """

    inputs: dict[str, str]
    outcome: Outcome
    reason: str
    columns: tuple[ColumnShift, ...]
    ignored: tuple[str, ...] = ()
    evidence: dict[str, str] = msgspec.field(default_factory=dict)
    evidence_notes: tuple[str, ...] = ()
