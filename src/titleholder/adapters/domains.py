"""A classifier of domains: can current texts be told from reference texts, and how far?

scikit-learn's logistic regression on TF-IDF, always judged on texts that it was not fitted on
(Rabanser et al. 2019, Failing Loudly; Lopez-Paz & Oquab 2017, Revisiting Classifier Two-Sample
Tests).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats
from titleholder.drift import text
from titleholder.errors import BadInput, UsageError
from titleholder.scorers import embeddings

FEWEST = 50  # texts on each side: with fewer, folds hold too little to tell anything
_FOLDS = 5
_DRAWS = 500
_LEVEL = 0.95
_EMBEDDED = 200


@dataclass(frozen=True, slots=True)
class Shifted:
    """The shift, and the weight of each reference text towards the current ones, (n,)."""

    shift: text.TextShift
    weights: Floats


def compare(column: str, reference: Sequence[str], current: Sequence[str], seed: int) -> Shifted:
    """How far the current texts are from the reference; BadInput with too few of either."""
    for name, texts in (("reference", reference), ("current", current)):
        if len(texts) < FEWEST:
            raise BadInput(
                f"{column}: {len(texts)} {name} texts, and {FEWEST} are the least",
                cure="take more rows: fewer cannot be told apart",
            )
    told = _told_apart(reference, current, seed)
    n = len(reference)
    weights = text.importance_weights(told[:n], n, len(current))
    area, low, high = _area(told, n, seed)
    half = np.random.default_rng(seed).permutation(n)
    one, two = ([reference[i] for i in part] for part in (half[: n // 2], half[n // 2 :]))
    shift = text.TextShift(
        column=column,
        reference=n,
        current=len(current),
        words_reference=_median_words(reference),
        words_current=_median_words(current),
        unknown_reference=text.unknown_share(one, two),
        unknown=text.unknown_share(one, current),
        vocabulary=text.vocabulary_distance(reference, current),
        domain_auc=area,
        domain_auc_low=low,
        domain_auc_high=high,
        embedding=_embedded(reference, current, seed),
        effective=text.effective_rows(weights),
    )
    return Shifted(shift, weights)


def _told_apart(reference: Sequence[str], current: Sequence[str], seed: int) -> Floats:
    """For each text, the probability that it is a current one, by a model that did not see it."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    texts = [*reference, *current]
    side = np.repeat([0, 1], [len(reference), len(current)])
    model = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=20_000),
        LogisticRegression(C=1.0, max_iter=1000),
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    found: Floats = cross_val_predict(model, texts, side, cv=folds, method="predict_proba")[:, 1]
    return found


def _area(told: Floats, n: int, seed: int) -> tuple[float, float, float]:
    """AUC of current against reference, with a percentile interval over resampled texts."""
    from scipy.stats import rankdata

    def area(one: Floats, two: Floats) -> float:
        ranks = rankdata(np.concatenate([one, two]))[len(one) :]
        return float((ranks.sum() - len(two) * (len(two) + 1) / 2) / (len(one) * len(two)))

    rng = np.random.default_rng(seed)
    one, two = told[:n], told[n:]
    draws = [area(rng.choice(one, len(one)), rng.choice(two, len(two))) for _ in range(_DRAWS)]
    low, high = np.quantile(draws, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return area(one, two), float(low), float(high)


def _embedded(reference: Sequence[str], current: Sequence[str], seed: int) -> float | None:
    """One minus the cosine of mean embeddings of a seeded sample; None where not installed."""
    try:
        embed = embeddings.load()
    except (UsageError, ImportError):
        return None
    rng = np.random.default_rng(seed)
    means = []
    for texts in (reference, current):
        chosen = rng.permutation(len(texts))[:_EMBEDDED]
        means.append(embed([texts[i] for i in chosen]).mean(axis=0))
    one, two = (mean / np.linalg.norm(mean) for mean in means)
    return float(1 - one @ two)


def _median_words(texts: Sequence[str]) -> float:
    return float(np.median([len(text.words(t)) for t in texts]))
