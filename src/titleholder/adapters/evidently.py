"""Evidently's drift report as evidence: something to look at, never what decides.

Evidently 0.7 samples nothing itself (a million rows take minutes), leaves nullable columns out
without a word, and raises on columns that are empty or infinite: so it is given a seeded sample
of each side (`drift.sample`) in plain numpy types, and only the columns that it can read; what was
left out is said. Its page carries names and values inside a script as they are, so that a category
called ``</script>`` would end it: angle brackets are replaced before it sees them.
"""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder import records
from titleholder.drift.column import MAX_CATEGORIES
from titleholder.drift.profile import MOST_LABELS, Categories, Columns, Numbers, Profile, profile
from titleholder.drift.sample import Sample

HTML = "evidently.html"
JSON = "evidently.json"
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "&": "＆"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the report lies (or ``unavailable: <why>``), and what it leaves out or draws on."""

    files: dict[str, str]
    notes: tuple[str, ...]


def report(reference: Sample, current: Sample, *, evidence_dir: Path) -> Evidence:
    """Write ``evidently.html`` (about 4 MB, mostly its own scripts) and ``evidently.json``.

    Columns are arrays (n,) of one length a side. Evidently's own failures end up in the
    result; OSError (a full disk, a read-only directory) is raised.
    """
    before, after = reference.columns, current.columns
    readable, notes = _readable(before, after)
    notes = (*notes, *_sampling_notes(reference, current))
    if not readable:
        return _unavailable("no column that Evidently can read", notes)
    evidence_dir.mkdir(parents=True, exist_ok=True)
    with _quiet():
        try:
            html, text = _rendered(readable, before, after)
        except OSError:
            raise
        except Exception as error:  # the vendor raises anything; a page less must not cost the run
            reason = " ".join(str(error).split())[:300]
            return _unavailable(f"{type(error).__name__}: {reason}", notes)
    records.write_bytes(evidence_dir / HTML, html.encode())
    records.write_bytes(evidence_dir / JSON, text.encode())
    here = evidence_dir.name
    return Evidence({"evidently_html": f"{here}/{HTML}", "evidently_json": f"{here}/{JSON}"}, notes)


def _unavailable(reason: str, notes: tuple[str, ...]) -> Evidence:
    text = f"unavailable: {reason}"
    return Evidence({"evidently_html": text, "evidently_json": text}, notes)


def _sampling_notes(reference: Sample, current: Sample) -> tuple[str, ...]:
    notes = []
    for side, sample in (("reference", reference), ("current", current)):
        n = len(next(iter(sample.columns.values()), ()))
        if n < sample.rows:
            notes.append(f"drawn from a seeded sample of {n:,} of {sample.rows:,} {side} rows")
    return tuple(notes)


def _readable(before: Columns, after: Columns) -> tuple[dict[str, str], tuple[str, ...]]:
    """The columns that Evidently can read, with their kind, and why the others are left out."""
    kinds, notes = {}, []
    for name in {**before, **after}:
        reason = _unreadable(name, before, after)
        if reason:
            notes.append(f"{name} left out: {reason}")
        else:
            kinds[name] = profile(before[name]).kind
    return kinds, tuple(notes)


def _unreadable(name: str, before: Columns, after: Columns) -> str:
    if name not in before or name not in after:
        return f"not in {'reference' if name not in before else 'current'}"
    sides = profile(before[name]), profile(after[name])
    kinds = [side.kind for side in sides]
    for side, where in zip(sides, ("reference", "current"), strict=True):
        if side.n == side.missing:
            return f"no value in {where}"
        if side.infinite:
            return f"{side.infinite} infinite values in {where}"
    if kinds[0] != kinds[1]:
        return f"{kinds[0]} in reference, {kinds[1]} in current"
    return _unfit(sides[0], sides[1])


def _unfit(before: Profile, after: Profile) -> str:
    if isinstance(before, Categories) and isinstance(after, Categories):
        most = max(len(before.counts), len(after.counts))
        return f"{most} distinct values" if most > MAX_CATEGORIES else ""
    if before.kind == "categorical":
        return f"over {MOST_LABELS} distinct values"
    return "" if isinstance(before, Numbers) else f"values of type {before.kind}"


def _rendered(kinds: Mapping[str, str], before: Columns, after: Columns) -> tuple[str, str]:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    shown = _display_names(kinds)
    numeric = [shown[name] for name, kind in kinds.items() if kind == "numeric"]
    labels = [shown[name] for name, kind in kinds.items() if kind != "numeric"]
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=labels)
    sides = [
        Dataset.from_pandas(_frame(kinds, shown, columns), data_definition=definition)
        for columns in (after, before)
    ]
    snapshot = Report([DataDriftPreset()]).run(*sides)
    return snapshot.get_html_str(as_iframe=False), snapshot.json()


def _frame(kinds: Mapping[str, str], shown: Mapping[str, str], columns: Columns) -> Any:
    import pandas as pd

    cast = {
        shown[name]: columns[name].astype(np.float64)
        if kind == "numeric"
        else _texts(columns[name])
        for name, kind in kinds.items()
    }
    return pd.DataFrame(cast)


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    """Labels as text without angle brackets; None where missing."""
    texts = np.empty(len(values), dtype=object)
    known: dict[Any, str | None] = {}
    for row, value in enumerate(values.tolist()):
        key = value if value.__hash__ is not None else str(value)
        if key not in known:
            known[key] = None if _is_missing(value) else _harmless(value)
        texts[row] = known[key]
    return texts


def _is_missing(value: Any) -> bool:
    one = np.empty(1, dtype=object)
    one[0] = value
    return profile(one).missing == 1


def _display_names(names: Mapping[str, str]) -> dict[str, str]:
    """Names without angle brackets, and still all different."""
    shown: dict[str, str] = {}
    for name in names:
        clean = _harmless(name)
        while clean in shown.values():
            clean += "'"
        shown[name] = clean
    return shown


def _harmless(value: object) -> str:
    text = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return text.translate(_HARMLESS)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No telemetry, no warnings that the user could do nothing about."""
    os.environ["DO_NOT_TRACK"] = "1"
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
