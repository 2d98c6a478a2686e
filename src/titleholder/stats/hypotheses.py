"""Tests of no improvement: p-values that stand beside an interval and never decide alone.

All are one-sided: small where the candidate is better. Rows that share a cluster enter as one.
They are SciPy's, on the changes by unit that `titleholder.stats.by_row` gives.
"""

import numpy as np

from titleholder.metrics.base import Metric
from titleholder.stats.by_row import changes
from titleholder.stats.keys import generator
from titleholder.stats.resampler import Resampler


def mcnemar(metric: Metric, resampler: Resampler) -> float:
    """Exact McNemar test: of the rows that only one model hits, how many are the candidate's.

    Binomial with one half (McNemar 1947, doi:10.1007/BF02295996); 1 where no row tells the
    models apart. Units must be single rows.
    """
    from scipy.stats import binomtest

    change = changes(metric, resampler.sample)
    won, lost = int((change > 0).sum()), int((change < 0).sum())
    if won + lost == 0:
        return 1.0
    return float(binomtest(won, won + lost, 0.5, alternative="greater").pvalue)


def wilcoxon(metric: Metric, resampler: Resampler) -> float:
    """Wilcoxon's signed rank test (1945, doi:10.2307/3001968); 1 where nothing changes.

    Of the median change, which is not the mean's: it may disagree with the interval.
    """
    from scipy.stats import wilcoxon as signed_rank

    change = changes(metric, resampler.sample)
    if not change.any():
        return 1.0
    return float(signed_rank(change, alternative="greater").pvalue)


def permutation(metric: Metric, resampler: Resampler) -> float:
    """Paired permutation test: the models swapped at random within each unit.

    Exact where all swaps can be tried, else over as many as there are resamples (Good 2005,
    Permutation, Parametric and Bootstrap Tests of Hypotheses, ch. 3).
    """
    from scipy.stats import permutation_test

    change = changes(metric, resampler.sample)
    if not change.any():
        return 1.0
    if len(change) == 1:  # SciPy refuses it: the unit as it is and swapped, each with one half
        return 0.5 if change[0] > 0 else 1.0
    rng = generator(resampler.draw.seed, "permutation", resampler.sample.name)
    found = permutation_test(
        (change,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resampler.draw.resamples,
        alternative="greater",
        rng=rng,
    )
    return float(found.pvalue)
