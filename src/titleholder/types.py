"""The words of the domain as frozen records.

Structs (msgspec) are what records on disk are made of: they encode to canonical JSON and refuse
unknown fields. What holds arrays in memory stands in `titleholder.arrays`, so that the gate can
read a verdict without importing numpy. Nothing in this file computes.
"""

from enum import StrEnum

import msgspec

# The slice that is every row.
OVERALL = "overall"


class Task(StrEnum):
    """What kind of answer the models of a suite give."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    SCORED = "scored"


class Kind(StrEnum):
    """What a rule asks of a metric."""

    NON_INFERIOR = "non_inferior"
    SUPERIOR = "superior"
    FLOOR = "floor"
    CEILING = "ceiling"


class Severity(StrEnum):
    """Whether a rule decides, warns or only informs."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


class OnInconclusive(StrEnum):
    """What an INCONCLUSIVE finding of a blocking rule does to the verdict."""

    BLOCK = "block"
    WARN = "warn"
    PASS = "pass"


class Mode(StrEnum):
    """A shadow rule is judged and shown, and never counts."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class IntervalMethod(StrEnum):
    """Ways to an interval that a metric may be given instead of its default."""

    DEFAULT = "default"
    NEWCOMBE = "newcombe"
    DELONG = "delong"
    PAIRED_T = "paired_t"
    INFLUENCE_T = "influence_t"
    BOOTSTRAP = "bootstrap"
    BOOTSTRAP_BCA = "bootstrap_bca"
    BOOTSTRAP_T = "bootstrap_t"
    CLUSTER_BOOTSTRAP = "cluster_bootstrap"


class TestMethod(StrEnum):
    """Tests of no improvement that may stand beside an interval."""

    MCNEMAR = "mcnemar"
    WILCOXON = "wilcoxon"
    PERMUTATION = "permutation"


class Outcome(StrEnum):
    """What became of one rule, one check or the whole verdict. ERROR is never a verdict."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all that is written to disk: frozen, and strict when it is read."""


# ---------------------------------------------------------------------------- policy


class Rule(Record, frozen=True):
    """One line of policy: a metric on a slice, with a kind and a severity.

    ``margin`` (>= 0, in the metric's unit, or a share of the champion's value when ``relative``)
    belongs to non_inferior and superior; ``value`` belongs to floor and ceiling.
    ``over`` names the slice column whose groups a fairness metric compares. Below ``min_n`` rows,
    or ``min_n_class`` rows of any true class, nothing is decided; of a metric that compares
    groups, each class has to have as many in each group.
    """

    id: str
    metric: str
    kind: Kind
    slice: str = OVERALL
    over: str | None = None
    margin: float | None = None
    value: float | None = None
    relative: bool = False
    min_n: int | None = None
    min_n_class: int | None = None
    severity: Severity = Severity.BLOCK
    on_inconclusive: OnInconclusive = OnInconclusive.BLOCK
    mode: Mode = Mode.ENFORCE


# ------------------------------------------------------------------------- judgement


class Estimate(Record, frozen=True):
    """A value with its confidence interval, in the metric's own unit.

    All three are null where the metric is undefined; the reason stands beside it.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None


class Gauge(Record, frozen=True):
    """A figure taken of a whole model on ``n`` observations; low = value = high if exact.

    Both ends are null where ``n`` is too small for an interval, which takes ``least``.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    least: int | None = None


class Tested(Record, frozen=True):
    """A one-sided test of no improvement at all; ``reason`` says why there is no p-value."""

    method: str
    p_value: float | None
    reason: str = ""


class Comparison(Record, frozen=True):
    """One metric on one slice: champion, candidate and the paired improvement.

    ``improvement`` is oriented: positive is better, whatever the metric's direction.
    ``relative`` is the improvement as a share of the champion's absolute value.
    ``std_error`` is that of the improvement. ``reason`` is empty unless something is undefined.
    ``available`` is false where the predictions lack what the metric needs, or nothing was
    measured at all: a fault, where a mere lack of evidence is not. ``of_rows`` is false for
    figures of the whole model, such as its size, which no number of rows makes surer.
    ``n_min_class`` is how many rows the rarest true class has on the slice, or in the group where
    it has fewest if groups are compared; None for tasks without classes. ``min_class`` says which.
    ``least`` is how many observations an interval takes, where there are too few for any.
    ``test`` is the test that the suite asked for beside the interval; it decides nothing.
    """

    metric: str
    slice: str
    over: str | None
    n: int
    n_clusters: int | None
    n_min_class: int | None
    method: str
    level: float
    champion: Estimate
    candidate: Estimate
    improvement: Estimate
    relative: Estimate
    std_error: float | None
    relative_std_error: float | None
    reason: str = ""
    available: bool = True
    of_rows: bool = True
    test: Tested | None = None
    min_class: str = ""
    least: int | None = None


class Finding(Record, frozen=True):
    """What became of one rule on one slice, with everything the decision rested on.

    ``p_value`` is that of the null that the rule's bound is missed: small where the rule is kept.
    ``culprit_p`` is the other side of it: of the null that the rule is kept, adjusted by Holm for
    all rules that decide, so that naming what is below one side's level names anyone wrongly
    with at most that probability. None where there is no standard error, or nothing decides.
    ``n_min_class`` is how many rows the rarest true class has, as of a `Comparison`.
    """

    rule: str
    metric: str
    slice: str
    over: str | None
    kind: Kind
    severity: Severity
    on_inconclusive: OnInconclusive
    mode: Mode
    outcome: Outcome
    reason: str
    method: str
    n: int
    n_clusters: int | None
    champion: Estimate
    candidate: Estimate
    improvement: Estimate
    p_value: float | None
    margin: float | None
    relative: bool
    value: float | None
    level: float
    rows_needed: int | None
    culprit_p: float | None = None
    test: Tested | None = None
    n_min_class: int | None = None


def decides(of: "Rule | Finding") -> bool:
    """Whether a rule or a finding counts towards the verdict at all."""
    return of.mode is Mode.ENFORCE and of.severity is Severity.BLOCK


class Check(Record, frozen=True):
    """What became of a condition beside the rules: data, drift, decay, comparability."""

    name: str
    kind: str
    severity: Severity
    outcome: Outcome
    reason: str


class Source(Record, frozen=True):
    """One input as it was read: where it lies and which bytes they were.

    ``sha256`` is the plain hex digest of the file. ``dvc`` is the hash DVC tracks it by,
    ``revision`` the git commit that last changed its ``.dvc`` file; both are null for files
    that DVC does not track. ``rev`` is the revision that the suite asked for, if any.
    """

    role: str
    path: str
    sha256: str
    bytes: int
    dvc: str | None = None
    rev: str | None = None
    revision: str | None = None


class Verdict(Record, frozen=True):
    """All that was declared and all that was found; the outcome follows from it.

    ``declared`` names the checks that had to be looked at, as ``rules`` are what had to be judged.
    """

    schema_version: int
    suite: str
    task: Task
    candidate: str
    outcome: Outcome
    reason: str
    error_control: str
    level: float
    rules: tuple[Rule, ...]
    declared: tuple[str, ...]
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    inputs: tuple[Source, ...]
