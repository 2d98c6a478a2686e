"""Panels and predictions from files, read strictly and joined by row id.

Everything that could make a comparison lie is refused here, with the rows named: missing or
doubled row ids, other rows than the panel's, blanks, infinities, probabilities outside [0, 1],
labels that the other side does not know.
"""

from titleholder.comparison.slices import label_of as label
from titleholder.tables.cells import ids_of, numbers, require
from titleholder.tables.files import names_in, read_frame, read_plain, write_parquet
from titleholder.tables.json_lines import objects
from titleholder.tables.panel import WEIGHT, classes_of, panel_of, weightless
from titleholder.tables.predictions import predictions_of, with_figures

__all__ = [
    "WEIGHT",
    "classes_of",
    "ids_of",
    "label",
    "names_in",
    "numbers",
    "objects",
    "panel_of",
    "predictions_of",
    "read_frame",
    "read_plain",
    "require",
    "weightless",
    "with_figures",
    "write_parquet",
]
