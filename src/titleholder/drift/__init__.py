"""Has the data moved? PSI, KL, JS, KS and Wasserstein a column, judged by effect size.

`profile` summarises a column, `distance` holds the definitions, `bins` freezes the reference's
bins, `table` decides, `records` is what is written.
"""

from titleholder.drift.profile import Categories, Numbers, Opaque, Profile, merge, profile
from titleholder.drift.records import Bin, Cause, ColumnShift, Drift, Role, ShiftOutcome
from titleholder.drift.table import Thresholds, judge, measure, table, thresholds_of

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
    "Thresholds",
    "judge",
    "measure",
    "merge",
    "profile",
    "table",
    "thresholds_of",
]
