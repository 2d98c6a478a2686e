"""How much of a panel an earlier verdict had seen."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.fakes import MemoryStore
from tests.support import verdicts as made
from titleholder import records
from titleholder.comparison.fingerprint import Fingerprint
from titleholder.stages.compare import Rowed
from titleholder.stages.overlap import PANEL, Overlap, overlap
from titleholder.trust import publication
from titleholder.types import Outcome


def told(store: MemoryStore, directory: Path, rows: range | None, day: int) -> Overlap:
    """What is told of a verdict on these rows, published on a day of March."""
    evidence = {}
    if rows is not None:
        evidence[PANEL] = directory / "panel.json"
        marks = tuple(f"{row:016x}" for row in rows)
        panel = Fingerprint(f"sha256:{rows.start:064x}", len(rows), marks)
        records.write(evidence[PANEL], Rowed({}, panel))
    receipt = publication.publish(
        store, "dev", made.verdict(Outcome.PASS), made.subject(), evidence,
        provenance=made.provenance(), valid_for=timedelta(days=90), logical_date=date(2026, 3, day),
    )  # fmt: skip
    return overlap(store, receipt)


def test_the_share_of_rows_that_were_used_before_is_told(tmp_path: Path) -> None:
    """It is held against the newest verdict of an earlier day; tries of one day do not count."""
    store = MemoryStore()
    assert told(store, tmp_path, range(100), 1).share is None
    assert told(store, tmp_path, range(50, 150), 2).share == pytest.approx(0.5)
    assert told(store, tmp_path, range(60, 160), 3).share == pytest.approx(0.9)
    again = told(store, tmp_path, range(60, 160), 3)
    assert again.share == pytest.approx(0.9) and again.sequence == 2
    assert "about 90% of its rows" in str(again)
    assert "all of its rows" in str(told(store, tmp_path, range(60, 160), 4))


def test_what_cannot_be_found_out_is_told_as_unknown(tmp_path: Path) -> None:
    """A verdict without a fingerprint, or a damaged one, gives a reason and no share."""
    store = MemoryStore()
    told(store, tmp_path, None, 1)
    assert "no fingerprint" in str(told(store, tmp_path, range(9), 2))
    key = next(key for key in store.objects if key.startswith("evidence/"))
    store.objects[key] = type(store.objects[key])(b"junk", "t")
    assert "unknown" in str(told(store, tmp_path, range(10), 3))
