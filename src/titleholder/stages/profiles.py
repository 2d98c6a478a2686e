"""The reference is read once: its profile is kept, and the nights after read current data alone.

What is kept is named by the digest of the data that it was made of and says so itself; of other
data, of another version or damaged, it is made anew. It may be deleted at any time, and the oldest
are. Verdicts that are verified do without it.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder import records, tables
from titleholder.columns import arrays_of
from titleholder.drift.profile import Columns, Profile
from titleholder.drift.sample import Sample
from titleholder.drift.stored import StoredProfile, stored
from titleholder.errors import BadInput, RecordError, UsageError
from titleholder.stages.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

DIRECTORY = Path(".titleholder/profiles")
MOST = 200  # files: those of a hundred references


@dataclass(frozen=True, slots=True)
class Kept:
    """Profiles of a data set's columns, and the rows of it that serve as evidence."""

    profiles: dict[str, Profile]
    sample: Sample


def read(ws: Workspace, sha256: str) -> Kept | None:
    """What is kept of the data with this digest; None where it is nothing that can be used."""
    profile, sample = _paths(ws, sha256)
    try:
        profiles = records.read(profile, StoredProfile).profiles(_source(sha256))
        columns: Columns = arrays_of(tables.read_frame(sample))
    except (RecordError, BadInput, UsageError, OSError):
        return None
    rows = next((part.n for part in profiles.values()), 0)
    drawn = min(rows, ws.suite.drift.sample)
    if set(columns) != set(profiles) or any(len(values) != drawn for values in columns.values()):
        return None
    return Kept(profiles, Sample(columns, rows))


def write(ws: Workspace, sha256: str, profiles: dict[str, Profile], sample: "pd.DataFrame") -> None:
    """Keep the profiles of the data with this digest, and a sample of its rows.

    A sample that Parquet cannot hold (values of several types in a column) is not kept, and the
    data are read again.
    """
    import pyarrow as pa

    profile, beside = _paths(ws, sha256)
    try:
        with records.replacing(beside) as temporary:
            tables.write_parquet(temporary, sample)
    except (pa.ArrowException, ValueError, TypeError):
        return
    records.write(profile, stored(profiles, _source(sha256)))
    _forget(profile.parent)


def _forget(directory: Path) -> None:
    """Remove all but the newest files; another run may do the same."""
    with contextlib.suppress(OSError):
        whole = directory.glob("[!.]*")  # others are being written
        kept = sorted(whole, key=lambda path: (path.stat().st_mtime, path.name))
        for path in kept[:-MOST]:
            path.unlink(missing_ok=True)


def _paths(ws: Workspace, sha256: str) -> tuple[Path, Path]:
    here = ws.root / DIRECTORY
    drift = ws.suite.drift
    return here / f"{sha256}.json", here / f"{sha256}.{ws.suite.seed}.{drift.sample}.parquet"


def _source(sha256: str) -> str:
    return f"sha256:{sha256}"
