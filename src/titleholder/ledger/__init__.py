"""The ledger: every question that was put to a panel, and every night that a champion was watched.

    ledger/panels/{panel's digest}/{number:08d}.json     a line a question: `questions`
    ledger/nights/{stream's digest}/{number:08d}.json    a line a night of fresh rows: `nights`

It lies in the store beside the verdicts, over all suites and environments, since rows that were
renamed are the same rows. A page is only ever added to: a line's number is taken by one
conditional write, and each line has the digest of the one before. What cannot be read raises;
nothing is ever taken for an empty page that is not one.
"""

from titleholder.ledger.nights import Counted, Night, count, nights_of, streams
from titleholder.ledger.page import Page
from titleholder.ledger.questions import Asked, Question, ask, asked_of, panels, question_of

__all__ = [
    "Asked",
    "Counted",
    "Night",
    "Page",
    "Question",
    "ask",
    "asked_of",
    "count",
    "nights_of",
    "panels",
    "question_of",
    "streams",
]
