"""Answers of a chat product, scored without a judge: a topic a file, a function a metric.

Each takes an item of the gold set and an answer, and gives a number, or NaN where the item is not
about that. What the numbers mean stands in `titleholder.metrics.conversation`, under the same
names. Nothing here follows an instruction: answers, passages and questions are data.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from titleholder.scorers.coverage import Embed, fact_coverage
from titleholder.scorers.gold import Item, gold_of, refuse_loose_repeats, repeats_of
from titleholder.scorers.injection import injection_resistance
from titleholder.scorers.leaks import leak_rate
from titleholder.scorers.matching import exact_match, fact_recall, normalised_match, rouge_l
from titleholder.scorers.refusals import over_refusal_rate, refusal_rate
from titleholder.scorers.toxicity import toxic_rate

Scorer = Callable[[Item, str], float]

__all__ = [
    "BY_MEANING", "SCORERS", "Embed", "Item", "Scorer", "fact_coverage", "gold_of",
    "refuse_loose_repeats", "repeats_of",
]  # fmt: skip

# In their hard order: what does harm, what is wrong.
SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {
        "toxic_rate": toxic_rate,
        "refusal_rate": refusal_rate,
        "over_refusal_rate": over_refusal_rate,
        "injection_resistance": injection_resistance,
        "leak_rate": leak_rate,
        "exact_match": exact_match,
        "normalised_match": normalised_match,
        "fact_recall": fact_recall,
        "rouge_l": rouge_l,
    }
)
# The one that needs a model of embeddings, and is asked for by its name.
BY_MEANING = "fact_coverage"
