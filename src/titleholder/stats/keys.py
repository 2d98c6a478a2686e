"""Random numbers that depend on what is drawn and never on who draws it or when.

A counter-based generator (Philox; Salmon et al. 2011, doi:10.1145/2063384.2063405) keyed by
the suite's seed and the name of the thing drawn: the same for any number of threads, shards or
slices, and unmoved by adding another metric.
"""

import hashlib

import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """The generator for one named purpose.

    >>> int(generator(1, "auc").integers(100) - generator(1, "auc").integers(100))
    0
    """
    digest = hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
