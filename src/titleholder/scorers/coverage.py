"""Facts by meaning: is some sentence of the answer close to each expected fact?"""

from collections.abc import Callable, Sequence

import numpy as np

from titleholder.arrays import Floats
from titleholder.scorers.gold import Item
from titleholder.scorers.texts import sentences

# Texts to unit vectors, (n, d).
Embed = Callable[[Sequence[str]], Floats]
# Cosine from which a sentence tells a fact: of all-MiniLM-L6-v2, paraphrases lie near 0.78 and
# unrelated sentences near 0.09.
CLOSE = 0.6


def fact_coverage(item: Item, answer: str, embed: Embed) -> float:
    """Share of the expected facts that a sentence of the answer is close to; NaN without facts."""
    if not item.facts:
        return np.nan
    said = sentences(answer)
    if not said:
        return 0.0
    near = embed(item.facts) @ embed(said).T
    return float((near.max(axis=1) >= CLOSE).mean())
