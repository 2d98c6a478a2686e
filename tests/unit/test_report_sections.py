"""Sections of the card that answer one question each: which rows, which segments, which metrics."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support import cards
from titleholder import records
from titleholder.arrays import Predictions
from titleholder.comparison.slices import declared
from titleholder.report import card, trials
from titleholder.report.changed import changed
from titleholder.report.explaining import explained
from titleholder.report.latency import latency
from titleholder.report.overall import overall
from titleholder.report.segments import segments
from titleholder.selftest import Scenario, SelfTest
from titleholder.types import Task

CARD = cards.explained()


def test_rows_that_explain_a_finding_are_of_its_slice_and_its_truth() -> None:
    """A fall of recall on women is explained by women who are truly positive."""
    panel, champion, candidate = CARD.panel, CARD.champion, CARD.candidate
    assert panel is not None and champion is not None and candidate is not None
    found = explained(panel, (champion, candidate), CARD.slices, CARD.verdict.findings)
    told = found["sex=female", "recall"]
    mask = next(s.mask for s in declared(panel, CARD.slices) if s.name == "sex=female")
    positive = mask & (np.asarray(panel.y_true) == 1)
    lost = positive & (np.asarray(champion.label) == 1) & (np.asarray(candidate.label) == 0)
    assert told.rows.n_worse == int(lost.sum())
    at = {str(row): i for i, row in enumerate(panel.row_id)}
    assert all(lost[at[row.row_id]] for row in told.rows.worse)


def test_rows_without_a_mask_are_all_rows() -> None:
    """Looking among everything is looking at everything."""
    panel, champion, candidate = CARD.panel, CARD.champion, CARD.candidate
    assert panel is not None and champion is not None and candidate is not None
    everything = np.ones(len(panel), dtype=bool)
    assert changed(panel, champion, candidate) == changed(panel, champion, candidate, everything)
    assert changed(panel, champion, candidate, ~everything) is None


def test_error_by_segment_is_of_regressions_and_worst_first() -> None:
    """Bars lie on one scale from zero to the largest end."""
    found = segments(cards.regression().comparisons.comparisons, Task.REGRESSION)
    assert found is not None
    values = [row.candidate.value for row in found.rows]
    assert values == sorted(values, reverse=True)
    assert max(max(r.champion.high, r.candidate.high) for r in found.rows) == pytest.approx(100)
    assert segments(cards.passing().comparisons.comparisons, Task.BINARY) is None


def test_every_metric_of_all_rows_is_listed_those_with_rules_first() -> None:
    """None is left out because no rule names it."""
    comparisons = CARD.comparisons.comparisons
    lines = overall(comparisons, CARD.verdict.rules)
    whole = [c for c in comparisons if c.slice == "overall" and c.over is None]
    assert {line.comparison.metric for line in lines} == {
        c.metric for c in whole if c.metric != "size_mb"
    }
    ruled = [line.ruled for line in lines]
    assert ruled == sorted(ruled, reverse=True)


def test_latency_is_drawn_where_both_models_say_how_long_rows_took() -> None:
    """One side alone is no comparison, and a handful of rows no distribution."""
    slow = Predictions("m", costs={"latency_s": np.linspace(0.01, 0.2, 100)})
    drawn = latency(slow, slow)
    assert drawn is not None and drawn.rows[2] == ("50%", "105", "105")
    assert latency(slow, Predictions("m")) is None
    few = replace(slow, costs={"latency_s": np.ones(3)})
    assert latency(slow, few) is None


def _table(n: int, rows: int) -> SelfTest:
    equal = Scenario("equally good", "", 4, regressed=0, open=1, allowed=3, beyond=1, worse=2)
    return SelfTest({}, "s", "champion", n, rows, 0.95, 1, (equal,))


def test_a_table_of_a_sample_says_so_everywhere() -> None:
    """On the terminal, in the record and on the report card; one of all rows does not."""
    some, every = _table(100_000, 2_500_000), _table(100_000, 100_000)
    assert "100,000 of 2,500,000 rows each" in trials.plain(some)
    assert "A sample: pairs are made of 100,000 of the panel's 2,500,000" in trials.plain(some)
    assert b'"n": 100000' in records.encode(some) and b'"rows": 2500000' in records.encode(some)
    page = card.build(replace(cards.bare(), selftest=some))
    assert "on 100,000 of 2,500,000 rows:" in page and "A sample: pairs" in page
    assert "sample" not in trials.plain(every)
    assert "on these rows:" in card.build(replace(cards.bare(), selftest=every))
