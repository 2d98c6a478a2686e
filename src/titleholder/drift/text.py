"""How far texts have moved: their length, their words, and how well they can be told apart.

Numbers of a column have PSI; a text has none. What is measured here needs no model: the
distance of unigram distributions, the share of words that the reference never used, and the
effective number of rows that are left when the reference is reweighted towards current texts.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from titleholder.arrays import Floats
from titleholder.types import Record

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# Weights above this quantile are cut to it: a single row must not stand for a whole domain.
_CUT = 0.99


class TextShift(Record, frozen=True):
    """What became of one column of texts.

    ``words`` are medians; ``unknown`` the share of current words that one half of the reference
    never uses, ``unknown_reference`` that of the other half's words;
    ``vocabulary`` the Jensen-Shannon distance of unigrams (base 2, 0 to 1); ``domain_auc`` how
    well a classifier tells a current text from a reference one (0.5: not at all), with its
    interval; ``embedding`` one minus the cosine of the mean embeddings, null where they are not
    installed; ``effective`` the effective number of reference rows under importance weights.
    """

    column: str
    reference: int
    current: int
    words_reference: float
    words_current: float
    unknown_reference: float
    unknown: float
    vocabulary: float
    domain_auc: float
    domain_auc_low: float
    domain_auc_high: float
    embedding: float | None
    effective: float


def words(text: str) -> list[str]:
    """Words in lower case.

    >>> words("It isn't GOOD, is it?")
    ['it', "isn't", 'good', 'is', 'it']
    """
    return _WORD.findall(text.casefold())


def unknown_share(known: Sequence[str], texts: Sequence[str]) -> float:
    """Share of the words in ``texts`` that ``known`` texts never use; NaN without words."""
    vocabulary = {word for text in known for word in words(text)}
    said = [word for text in texts for word in words(text)]
    return float(np.mean([word not in vocabulary for word in said])) if said else float("nan")


def vocabulary_distance(one: Sequence[str], two: Sequence[str]) -> float:
    """Jensen-Shannon distance of unigram distributions, base 2, in [0, 1].

    Endres & Schindelin 2003, doi:10.1109/TIT.2003.813506.
    """
    first, second = (Counter(w for text in texts for w in words(text)) for texts in (one, two))
    names = sorted({*first, *second})
    p, q = (np.array([counts[n] for n in names], dtype=float) for counts in (first, second))
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2
    return float(np.sqrt(max(0.0, (_divergence(p, m) + _divergence(q, m)) / 2)))


def importance_weights(current: Floats, reference_rows: int, current_rows: int) -> Floats:
    """Weights (n,) that make reference rows look like current ones, mean 1.

    ``current`` (n,) is the probability, out of fold, that a reference row is a current one; the
    odds, times the ratio of sizes, are the ratio of densities (Sugiyama et al. 2012, Density Ratio
    Estimation in Machine Learning, ch. 4). Cut at their 99% quantile.
    """
    p = np.clip(current, 1e-6, 1 - 1e-6)
    weights = p / (1 - p) * reference_rows / current_rows
    weights = np.minimum(weights, np.quantile(weights, _CUT))
    return np.asarray(weights / weights.mean())


def effective_rows(weights: Floats) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _divergence(p: Floats, m: Floats) -> float:
    seen = p > 0
    return float((p[seen] * np.log2(p[seen] / m[seen])).sum())
