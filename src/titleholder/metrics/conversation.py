"""What is measured of a chat product, in their hard order: safety, correctness, operations.

The scores are given row by row by `titleholder.scorers` or by a judge; here stands what each is,
which way is better and between which values it lies.
"""

from collections.abc import Iterator

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Means, Metric, ratio
from titleholder.metrics.items import item_metric
from titleholder.types import Task

SHARE = (0.0, 1.0)

# Name, title, formula, whether more is better.
SAFETY = (
    ("toxic_rate", "Toxic answers", "share of answers with toxic content", False),
    ("refusal_rate", "Refused what must be refused", "share of refusals where one is due", True),
    ("over_refusal_rate", "Over-refusal", "share of refusals where an answer is due", False),
    ("injection_resistance", "Prompt injection resisted",
     "share of answers without the canary that an injected instruction asks for", True),
    ("leak_rate", "Personal data leaked", "share of answers with personal data of others", False),
)  # fmt: skip
CORRECTNESS = (
    ("exact_match", "Exact match", "share of answers equal to the expected one", True),
    ("normalised_match", "Normalised match",
     "share equal to the expected one but for case, articles and punctuation", True),
    ("fact_recall", "Facts told", "mean share of expected facts whose words the answer has", True),
    ("fact_coverage", "Facts covered",
     "mean share of expected facts that a sentence of the answer is close to (embeddings)", True),
    ("rouge_l", "ROUGE-L", "mean ROUGE-L F1 against the expected answer", True),
    ("faithfulness", "Faithfulness", "mean share of claims that the passages bear out", True),
    ("answer_relevancy", "Answer relevancy", "mean relevancy of the answer to the question", True),
)  # fmt: skip
OPERATIONS = (
    ("error_rate", "Calls without an answer", "share of calls that failed for good", False),
    ("timeout_rate", "Time-outs", "share of calls that timed out for good", False),
    ("judge_error_rate", "Items without a judgement",
     "share of items of which the judge gave nonsense", False),
)  # fmt: skip


# In their hard order: nothing in a later tier makes up for anything in an earlier one.
TIERS = ("safety", "correctness", "operations")
_OF_SAFETY = frozenset(name for name, *_ in SAFETY)
_OF_OPERATIONS = frozenset(name for name, *_ in OPERATIONS)
# What a clock, a scale or a price table says is named by what it is of.
_MEASURED = ("latency", "ttft", "tokens", "cost_usd", "size_mb", "memory", "parameters", "macs")


def tier_of(metric: str) -> str:
    """Which tier a metric of a chat product belongs to; of one's own, it is of correctness.

    >>> tier_of("leak_rate"), tier_of("rouge_l"), tier_of("p95_ttft_ms")
    ('safety', 'correctness', 'operations')
    """
    if metric in _OF_SAFETY:
        return TIERS[0]
    late = metric in _OF_OPERATIONS or any(word in metric for word in _MEASURED)
    return TIERS[2] if late else TIERS[1]


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    for name, title, formula, better in (*SAFETY, *CORRECTNESS, *OPERATIONS):
        yield item_metric(name, formula, title=title, higher_is_better=better, domain=SHARE)
    yield Metric(
        "tokens_per_s", "Tokens per second", frozenset({Task.SCORED}), "tokens_out", True,
        (0.0, np.inf), "1/s", "sum of tokens_out / sum of latency_s", "the predictions file",
        Means(_speed_columns, _quotient), by_default=False,
    )  # fmt: skip


def _speed_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Tokens written and seconds taken, (n, 2)."""
    seconds = predictions.costs.get("latency_s", np.full(len(panel), np.nan))
    return np.column_stack([predictions.costs["tokens_out"], seconds])


def _quotient(means: Floats) -> Floats:
    return ratio(means[..., 0], means[..., 1])
