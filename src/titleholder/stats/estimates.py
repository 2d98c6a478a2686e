"""The default interval of a metric on a sample: which of the ways is taken, and by what name."""

from titleholder.arrays import Ints
from titleholder.metrics.base import Counts, Metric
from titleholder.stats.by_law import drawn, law_of, undrawn
from titleholder.stats.cells import Cells
from titleholder.stats.extremes import guarded
from titleholder.stats.intervals import Paired, summarise
from titleholder.stats.normal import Normal
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Resampler
from titleholder.stats.shares import METHOD, compare_shares, compare_tables, hits_of, of_cells


def estimated(
    metric: Metric, resampler: Resampler, level: float, group: Ints | Cells | None = None
) -> tuple[Paired, str]:
    """Both models' estimates and the improvement at ``level``, and the method's name.

    Plain shares of rows have score intervals, all else is resampled; ``group`` (n,) codes the
    groups of a grouped metric, or has its cells counted already.
    """
    sample, law = resampler.sample, metric.law
    if isinstance(law, Counts) and law.proportion is not None and sample.plain:
        table = of_cells(law.proportion, resampler.cells)
        return compare_tables(metric, table, law.proportion.misses, level), METHOD
    exact = None if group is not None else undrawn(metric, resampler, level)
    if exact is not None:
        return guarded(metric, exact[0], sample, level), exact[1]
    lawful = None if group is not None else law_of(metric, resampler, level)
    if isinstance(lawful, Normal):
        lawful = drawn(metric.name, lawful, resampler)
    if lawful is not None:
        paired = summarise(metric, lawful, level)
        return guarded(metric, paired, sample, level), lawful.method
    hits = None if group is not None else hits_of(metric, sample)
    if hits is not None:
        return compare_shares(metric, hits, sample, level)
    replicates = replicate(metric, resampler, group)
    paired = summarise(metric, replicates, level)
    return guarded(metric, paired, sample, level), replicates.method
