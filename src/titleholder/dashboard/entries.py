"""What the dashboard keeps of one run: enough for a page of many nights, and no more."""

from collections.abc import Sequence

import msgspec

from titleholder.drift.records import ColumnShift, Drift, ShiftOutcome
from titleholder.params.schema import HoldoutParams
from titleholder.report import findings as said
from titleholder.report.text import visible
from titleholder.rounding import plural
from titleholder.trust.chain import Link
from titleholder.trust.history import Judged, judged
from titleholder.trust.statement import Exposure, Statement
from titleholder.types import Check, Estimate, Finding, Outcome, Record

MOST_MARKS = 80
MOST_SHIFTS = 8
LONGEST_REASON = 300
DIGITS = 6  # more than any chart shows


class Mark(Record, frozen=True, array_like=True):
    """What one rule found on one slice that night, held against ``bound``.

    ``own`` says that the candidate's own value was judged, not its improvement; ``above`` on
    which side of the bound it had to lie. ``standing`` says what hangs on it: blocks, warns,
    informs, excused or shadow.
    """

    rule: str
    slice: str
    over: str | None
    metric: str
    outcome: Outcome
    standing: str
    own: bool
    above: bool
    relative: bool
    value: float | None
    low: float | None
    high: float | None
    bound: float
    champion: float | None
    candidate: float | None
    n: int

    @property
    def series(self) -> tuple[str, str, str]:
        """Which line of a chart it belongs to."""
        return (self.rule, self.over or "", self.slice)

    @property
    def estimate(self) -> Estimate:
        """The quantity that was judged."""
        return Estimate(self.value, self.low, self.high)

    @property
    def where(self) -> str:
        """On what it was found: a slice, or the groups of a column."""
        return f"over {self.over}" if self.over else self.slice


class Shift(Record, frozen=True, array_like=True):
    """How far one column had moved that night."""

    column: str
    psi: float | None
    limit: float | None
    outcome: ShiftOutcome


class Asked(Record, frozen=True):
    """Which question this was to the rows of its panel, and how many may be asked.

    ``spent`` is the error that all questions up to this one may have cost; ``budget`` and ``alpha``
    are what the suite grants, None where it declares none.
    """

    number: int
    spent: float
    budget: int | None = None
    alpha: float | None = None

    @property
    def left(self) -> int | None:
        """How many questions are left; None where they are not counted."""
        return None if self.budget is None else max(self.budget - self.number, 0)

    @property
    def over(self) -> bool:
        """Whether nothing is left of it."""
        spent = self.alpha is not None and self.spent >= self.alpha
        return spent or self.left == 0

    @property
    def text(self) -> str:
        """What is left, in a few words."""
        if self.budget is not None:
            return f"{self.left:,} of {plural(self.budget, 'question')} left"
        if self.alpha is not None:
            return f"{max(self.alpha - self.spent, 0.0):.3g} of an error of {self.alpha:.3g} left"
        return f"question {self.number:,}, no budget declared"


class Unmet(Record, frozen=True):
    """A check that did not pass."""

    name: str
    outcome: Outcome
    severity: str
    reason: str


class Entry(Record, frozen=True):
    """One run. ``report`` says that its report card is kept; ``left_out`` counts further marks."""

    run: Judged
    marks: tuple[Mark, ...]
    left_out: int
    unmet: tuple[Unmet, ...]
    shifts: tuple[Shift, ...]
    drift: Outcome | None
    report: bool
    asked: Asked | None = None

    @property
    def month(self) -> str:
        """The month of its night, as YYYY-MM."""
        return self.run.night[:7]


def entry_of(
    link: Link[Statement],
    drift: Drift | None,
    holdout: HoldoutParams | None = None,
    *,
    report: bool = False,
) -> Entry:
    """What is kept of a published verdict; NoVerdict if it contradicts itself.

    ``holdout`` is what the suite granted; ``report`` says whether its report card is kept beside
    the page of the run.
    """
    verdict = link.statement.predicate.verdict
    run = judged(link)
    ordered = said.ordered(verdict.findings)
    return Entry(
        run=msgspec.structs.replace(
            run,
            candidate=visible(run.candidate),
            reason=visible(run.reason, LONGEST_REASON),
        ),
        marks=tuple(_mark(finding) for finding in ordered[:MOST_MARKS]),
        left_out=max(len(ordered) - MOST_MARKS, 0),
        unmet=tuple(_unmet(c) for c in verdict.checks if c.outcome is not Outcome.PASS),
        shifts=_shifts(drift.columns) if drift else (),
        drift=drift.outcome if drift else None,
        report=report,
        asked=_asked(link.statement.predicate.exposure, holdout),
    )


def _asked(exposure: Exposure | None, holdout: HoldoutParams | None) -> Asked | None:
    if exposure is None:
        return None
    granted = holdout or HoldoutParams()
    return Asked(exposure.number, exposure.spent, granted.budget, granted.alpha)


def _mark(finding: Finding) -> Mark:
    held = said.judged(finding)
    return Mark(
        rule=visible(finding.rule),
        slice=visible(finding.slice),
        over=visible(finding.over) if finding.over else None,
        metric=visible(finding.metric),
        outcome=finding.outcome,
        standing=said.consequence(finding),
        own=held.own,
        above=held.above,
        relative=finding.relative and not held.own,
        value=_short(held.estimate.value),
        low=_short(held.estimate.low),
        high=_short(held.estimate.high),
        bound=held.bound,
        champion=_short(finding.champion.value),
        candidate=_short(finding.candidate.value),
        n=finding.n,
    )


def _unmet(check: Check) -> Unmet:
    return Unmet(
        name=visible(check.name),
        outcome=check.outcome,
        severity=str(check.severity),
        reason=visible(check.reason, LONGEST_REASON),
    )


def _shifts(columns: Sequence[ColumnShift]) -> tuple[Shift, ...]:
    """The columns that moved most, those beyond their limit first."""

    def moved(column: ColumnShift) -> tuple[bool, float]:
        return (column.outcome is ShiftOutcome.OK, -(column.psi or 0.0))

    return tuple(
        Shift(visible(c.name), _short(c.psi), c.psi_threshold, c.outcome)
        for c in sorted(columns, key=moved)[:MOST_SHIFTS]
    )


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
