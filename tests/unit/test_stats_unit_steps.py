"""Steps under draws of clusters and of weighted rows are those of the rows that they hold."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.panels import drawn, sample
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.unit_steps import UnitSteps


@pytest.mark.parametrize("ties", [None, 7])
@pytest.mark.parametrize("clustered", [True, False])
def test_steps_of_units_are_those_of_their_rows(ties: int | None, clustered: bool) -> None:
    """Counts of clusters, brought to rows and weighted, give the very same steps."""
    rng = np.random.default_rng(1)
    panel, first, second = drawn(300, 2, ties=ties)
    cluster = rng.integers(0, 90, 300) if clustered else None
    weight = rng.choice([0.5, 1.0, 3.0], 300)
    rows = sample((replace(panel, cluster=cluster, weight=weight), first, second))
    counts = rng.poisson(1.0, (5, rows.units)).astype(float)
    for ladder in Resampler(rows, Draw(10, 1)).ladders:
        expected = ladder.steps(counts[:, rows.unit] * rows.weight)
        found = UnitSteps.of(ladder, rows).steps(counts)
        for name in ("positives", "negatives", "positives_above", "negatives_above"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)


def test_a_model_that_is_looked_at_by_itself_is_ordered_once() -> None:
    """Both sides are then one object, and their steps as well."""
    panel, first, _ = drawn(600, 3)
    resampler = Resampler(sample((panel, first, first)), Draw(20, 1))
    one, two = resampler.ladders
    assert one is two
    assert all(here is there for here, there in resampler.steps())
