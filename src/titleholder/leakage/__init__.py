"""Leakage: rows of the evaluation data that also stand in the training data.

Rows are compared by hashes of their content (`rows`), and coincidences are held against what
chance makes of data that repeat themselves (`coincidence`).
"""

from titleholder.leakage.records import Coincidences, Leakage, Twins

__all__ = ["Coincidences", "Leakage", "Twins"]
