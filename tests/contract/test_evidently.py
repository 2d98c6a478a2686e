"""Evidently as evidence: what it cannot read is left out by name, and its page is harmless."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from titleholder.adapters import evidently
from titleholder.adapters.evidently import Evidence, report
from titleholder.drift.sample import CURRENT, REFERENCE, sampled

RNG = np.random.default_rng(0)


def made(tmp_path: Path, reference: dict, current: dict, sample: int = 20_000) -> Evidence:
    """A report on these columns."""
    sides = sampled(reference, sample, 1, REFERENCE), sampled(current, sample, 1, CURRENT)
    return report(*sides, evidence_dir=tmp_path / "evidence")


def drifts(tmp_path: Path) -> dict[str, float]:
    """Evidently's own drift figure, a column."""
    metrics = json.loads((tmp_path / "evidence/evidently.json").read_text())["metrics"]
    return {m["config"]["column"]: m["value"] for m in metrics if "column" in m["config"]}


def test_what_evidently_cannot_read_is_left_out_by_name(tmp_path: Path) -> None:
    """It raises on these columns, or drops them without a word."""
    n = 200
    x = RNG.normal(size=n)
    infinite = x.copy()
    infinite[0] = np.inf
    reference = {
        "x": x, "blank": x, "infinite": x, "gone": x, "kind": x,
        "text": np.array([f"t{i}" for i in range(n)] * 6, dtype=object)[:n],
        "day": np.array(["2020-01-01"] * n, dtype="M8[ns]"),
        "label": np.array(["a", None] * 100, dtype=object),
    }  # fmt: skip
    current = {
        **reference, "blank": np.full(n, np.nan), "infinite": infinite,
        "kind": np.array(["a"] * n, dtype=object), "new": x,
    }  # fmt: skip
    del current["gone"]
    found = made(tmp_path, reference, current)
    assert found.files == {
        "evidently_html": "evidence/evidently.html",
        "evidently_json": "evidence/evidently.json",
    }
    assert set(drifts(tmp_path)) == {"x", "label", "text"}
    assert found.notes == (
        "blank left out: no value in current",
        "infinite left out: 1 infinite values in current",
        "gone left out: not in current",
        "kind left out: numeric in reference, categorical in current",
        "day left out: values of type datetime",
        "new left out: not in reference",
    )


def test_rows_are_sampled_by_seed_and_the_record_says_so(tmp_path: Path) -> None:
    """The same seed gives the same figures."""
    sides = {"x": RNG.normal(size=5000)}, {"x": RNG.normal(size=4000) + 1}
    first = made(tmp_path, *sides, sample=1000)
    before = drifts(tmp_path)
    made(tmp_path, *sides, sample=1000)
    assert drifts(tmp_path) == before
    assert first.notes == (
        "drawn from a seeded sample of 1,000 of 5,000 reference rows",
        "drawn from a seeded sample of 1,000 of 4,000 current rows",
    )


def test_names_and_values_cannot_end_the_script_that_carries_them(tmp_path: Path) -> None:
    """The page holds its data inside a script, as they are."""
    hostile = "</script><script>alert(1)</script>"
    labels = np.array([hostile, "<img src=x>"] * 100, dtype=object)
    assert made(tmp_path, {hostile: labels}, {hostile: labels}).notes == ()
    page = (tmp_path / "evidence/evidently.html").read_text()
    assert "<script>alert(1)" not in page
    assert re.search(r"(‹|\\u2039)script(›|\\u203a)alert\(1\)", page)


def test_names_that_differ_in_brackets_alone_stay_apart(tmp_path: Path) -> None:
    """Two columns never become one."""
    x = RNG.normal(size=100)
    made(tmp_path, {"a<": x, "a‹": x}, {"a<": x, "a‹": x})
    assert set(drifts(tmp_path)) == {"a‹", "a‹'"}


@pytest.mark.parametrize("empty", [{}, {"x": np.full(5, np.nan)}])
def test_nothing_readable_is_said(tmp_path: Path, empty: dict) -> None:
    """No page, and the record says why."""
    found = made(tmp_path, empty, empty)
    assert found.files["evidently_html"] == "unavailable: no column that Evidently can read"


def test_a_failure_of_evidently_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shift table does not depend on it, and silence would look like evidence."""

    def dies(*_: object) -> None:
        raise ValueError("too many bins")

    monkeypatch.setattr(evidently, "_rendered", dies)
    found = made(tmp_path, {"x": np.ones(9)}, {"x": np.ones(9)})
    assert found.files["evidently_html"] == "unavailable: ValueError: too many bins"


def test_nothing_is_left_at_home_and_no_telemetry_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tracking is off before the import."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    made(tmp_path, {"x": RNG.normal(size=50)}, {"x": RNG.normal(size=50)})
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert list((tmp_path / "home").iterdir()) == []
