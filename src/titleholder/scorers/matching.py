"""Answers against what was expected: equality, facts by their words, and ROUGE-L."""

import numpy as np

from titleholder.scorers.gold import Item
from titleholder.scorers.texts import content, normalised, words

# A fact counts as told when so much of its content is in the answer, and every number of it.
_TOLD = 0.75


def exact_match(item: Item, answer: str) -> float:
    """1 if the answer is the expected one to the letter; NaN where none is expected."""
    return np.nan if item.answer is None else float(answer.strip() == item.answer.strip())


def normalised_match(item: Item, answer: str) -> float:
    """1 if the normalised answers are equal; NaN where none is expected."""
    if item.answer is None:
        return np.nan
    return float(normalised(answer) == normalised(item.answer))


def fact_recall(item: Item, answer: str) -> float:
    """Share of the expected facts that the answer has in words; NaN where none are expected."""
    if not item.facts:
        return np.nan
    has = set(words(answer))
    return float(np.mean([_is_told(fact, has) for fact in item.facts]))


def rouge_l(item: Item, answer: str) -> float:
    """ROUGE-L F1 against the expected answer, or all facts together; NaN without either.

    Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries.
    """
    from rouge_score.rouge_scorer import RougeScorer

    expected = item.answer if item.answer is not None else " ".join(item.facts)
    if not expected:
        return np.nan
    scorer = RougeScorer(["rougeL"], tokenizer=_Words())
    return float(scorer.score(expected, answer)["rougeL"].fmeasure)


class _Words:
    """Words of any language: the package's own tokenizer keeps English letters alone."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def _is_told(fact: str, has: set[str]) -> bool:
    wanted = content(fact) or words(fact)
    if any(word.isdigit() and word not in has for word in wanted):
        return False
    return sum(word in has for word in wanted) >= _TOLD * len(wanted)
