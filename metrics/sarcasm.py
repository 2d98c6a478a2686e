"""A user's own metric for the `sentiment` suite: texts that say the opposite of what they mean.

Nobody marked sarcasm in these data. What stands in for it here: a text with strong words of one
sign that people rated with the other. The list is short, and in the open, so that it can be
quarrelled with.
"""

import re

import numpy as np

from titleholder.metrics import row_metric

GLAD = re.compile(
    r"\b(great|love\w*|wonderful|brilliant|fantastic|awesome|perfect\w*|best|thanks|nice|fun)\b",
    re.IGNORECASE,
)


def taken_at_its_word(panel, predictions):
    """1 where the model says positive of a text that people rated negative."""
    return predictions.label != panel.y_true


def is_sarcastic(panel):
    """Glad words, and a rating of at most -0.5 on a scale of -4 to 4."""
    glad = np.array([bool(GLAD.search(text)) for text in panel.columns["text"]])
    return glad & (np.asarray(panel.columns["rating"], dtype=float) <= -0.5)


METRICS = [
    row_metric(
        "sarcasm_missed", taken_at_its_word, where=is_sarcastic,
        task="binary", needs="label", higher_is_better=False, domain=(0, 1),
        title="Sarcasm taken at its word",
        formula="share of glad words with a negative rating that are called positive",
    )
]  # fmt: skip
