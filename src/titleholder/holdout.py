"""The holdout budget: how many candidates a panel may be asked about before its word wears out.

Each distinct question to a panel may be answered with a false approval with the one-sided error of
its level. By the union bound the first k together may be so with k times that: the error is spent
evenly, question by question (Bonferroni's spending; Lan & DeMets 1983,
doi:10.1093/biomet/70.3.659, for the idea of spending). That holds for candidates that were chosen
one after the other as well, as long as all that is learned of a candidate that did not pass is
that it did not: until the first approval there is then but one course of events (Renggli et al.
2019, arXiv:1903.00278). Whoever tunes candidates by the very numbers a panel gave wears it out
faster than any such count can tell (Dwork et al. 2015, doi:10.1126/science.aaa9375).
"""

from typing import Final

from titleholder.params.schema import HoldoutParams
from titleholder.trust.statement import Exposure
from titleholder.types import Check, Outcome, Record, Severity
from titleholder.verdict import HOLDOUT

_CURE: Final = "judge on fresh rows: they begin a budget of their own"
# Two sums of the same shares differ by rounding; a budget is not spent by that.
_ROUNDING: Final = 1e-9


class Left(Record, frozen=True):
    """What is left of a budget; None where none of that kind was declared."""

    questions: int | None
    error: float | None

    @property
    def spent(self) -> bool:
        """Whether more was asked than was granted."""
        over = self.questions is not None and self.questions < 0
        return over or (self.error is not None and self.error < -_ROUNDING)


def left(params: HoldoutParams, number: int, spent: float) -> Left:
    """What is left after ``number`` questions that may have cost an error of ``spent``."""
    return Left(
        questions=None if params.budget is None else params.budget - number,
        error=None if params.alpha is None else params.alpha - spent,
    )


def check(exposure: Exposure, params: HoldoutParams) -> Check:
    """PASS within the budget; INCONCLUSIVE as a warning when it is nearly spent, and when it is.

    The severity of a budget that is spent is the suite's; without a declared budget the count is
    told, and decides nothing.
    """
    told = _told(exposure, params)
    if params.budget is None and params.alpha is None:
        said = f"{told}; the suite declares no budget (holdout.budget)"
        return _check(Severity.INFO, Outcome.PASS, said)
    if left(params, exposure.number, exposure.spent).spent:
        said = f"the holdout budget of these rows is spent: {told}; {_CURE}"
        return _check(params.severity, Outcome.INCONCLUSIVE, said)
    if _near(exposure, params):
        said = f"the holdout budget of these rows is nearly spent: {told}; get fresh rows soon"
        return _check(Severity.WARN, Outcome.INCONCLUSIVE, said)
    return _check(params.severity, Outcome.PASS, told)


def unreadable(why: str) -> Check:
    """The check where the ledger cannot be read: whatever it held, this is no PASS."""
    return _check(Severity.BLOCK, Outcome.ERROR, why)


def _near(exposure: Exposure, params: HoldoutParams) -> bool:
    """Whether the declared share of the budget is used."""
    used = [
        exposure.number / params.budget if params.budget is not None else 0.0,
        exposure.spent / params.alpha if params.alpha else 0.0,
    ]
    return max(used) >= params.warn_at - _ROUNDING


def _told(exposure: Exposure, params: HoldoutParams) -> str:
    of = "" if params.budget is None else f" of {params.budget}"
    most = "" if params.alpha is None else f", of {params.alpha:.3g}"
    rows = exposure.panel.removeprefix("sha256:")[:12]
    return (
        f"question {exposure.number}{of} to the rows {rows}; all up to this one approve wrongly "
        f"with a probability of at most {min(exposure.spent, 1.0):.3g}{most}"
    )


def _check(severity: Severity, outcome: Outcome, reason: str) -> Check:
    return Check(name=HOLDOUT, kind=HOLDOUT, severity=severity, outcome=outcome, reason=reason)
