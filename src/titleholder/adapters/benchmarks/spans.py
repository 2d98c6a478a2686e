"""Answers that are spans of text, compared as SQuAD's and ReCoRD's official scripts compare them.

Rajpurkar et al. 2016, doi:10.18653/v1/D16-1264; Zhang et al. 2018, ReCoRD, arXiv:1810.12885.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, joined by one blank.

    >>> normalised("The  U.S. Senate's")
    'us senates'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(told: str, expected: str) -> float:
    """1 if both are equal once normalised."""
    return float(normalised(told) == normalised(expected))


def token_f1(told: str, expected: str) -> float:
    """F1 of the words that both have, with their numbers; 0 without a common one.

    >>> round(token_f1("the Senate of Rome", "Roman Senate"), 3)
    0.4
    """
    one, two = normalised(told).split(), normalised(expected).split()
    common = sum((Counter(one) & Counter(two)).values())
    return 2 * common / (len(one) + len(two)) if common else 0.0


def best(score: Callable[[str, str], float], told: str, expected: Iterable[str]) -> float:
    """The highest score over all answers that are expected."""
    return max(score(told, one) for one in expected)
