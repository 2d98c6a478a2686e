"""Has the data moved? PSI, KL, JS, KS and Wasserstein a column, judged by effect size.

`profile` summarises a column, by its values or by a `sketch`; `distance` holds the definitions,
`bins` freezes the reference's bins, `glance` says what sketches tell and how surely; `column`
measures one column, `effects` decides, `table` does so for all; `records` is what is written.
"""

from titleholder.drift.effects import Thresholds
from titleholder.drift.profile import (
    Categories,
    Numbers,
    Opaque,
    Profile,
    merge,
    profile,
    summary,
)
from titleholder.drift.records import Bin, Cause, ColumnShift, Drift, Role, ShiftOutcome
from titleholder.drift.sketch import Sketch
from titleholder.drift.table import judge, measure, table, thresholds_of

__all__ = [
    "Bin",
    "Categories",
    "Cause",
    "ColumnShift",
    "Drift",
    "Numbers",
    "Opaque",
    "Profile",
    "Role",
    "ShiftOutcome",
    "Sketch",
    "Thresholds",
    "judge",
    "measure",
    "merge",
    "profile",
    "summary",
    "table",
    "thresholds_of",
]
