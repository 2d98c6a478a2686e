"""What a bias audit says, as records."""

from titleholder.types import Estimate, Record


class Rate(Record, frozen=True):
    """One rate of both models on one group; ``improvement`` is paired, positive is better."""

    metric: str
    champion: Estimate
    candidate: Estimate
    improvement: Estimate
    reason: str = ""


class Group(Record, frozen=True):
    """The rows of one value, or of one value each of two columns.

    ``positives`` of its ``n`` rows have the positive truth. ``small`` groups have fewer rows than
    the suite calls enough: what is said of them is mostly chance.
    """

    name: str
    n: int
    positives: int
    small: bool
    rates: tuple[Rate, ...]


class Gap(Record, frozen=True):
    """One definition of fairness between groups.

    ``group`` against ``against``, or all groups of the axis where both are empty. ``source``
    names who defines it so.
    """

    definition: str
    source: str
    group: str
    against: str
    champion: Estimate
    candidate: Estimate
    improvement: Estimate
    method: str
    reason: str = ""


class Axis(Record, frozen=True):
    """The groups of one protected column, or of two crossed.

    ``reference`` is the group that the others are held against, ``declared`` whether the suite
    names it; else it is the largest. ``reason`` says why there is nothing to compare.
    """

    columns: tuple[str, ...]
    reference: str
    declared: bool
    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    reason: str = ""


class Proxy(Record, frozen=True):
    """How well one thing tells a group from the rest: the area under the ROC curve, 0.5 is chance.

    ``what`` is a column of the data, ``everything`` all of them together, or a model's score.
    """

    what: str
    kind: str
    auc: Estimate


class Proxies(Record, frozen=True):
    """What gives away the membership of one group; best first within each kind."""

    column: str
    group: str
    n: int
    found: tuple[Proxy, ...]
    reason: str = ""


class Option(Record, frozen=True):
    """What one mitigation would do on rows that it was not fitted on.

    ``kind`` names the mitigation, ``constraint`` what it asks for. ``changed`` is the share of
    rows whose decision it turns. In ``gaps`` and ``rates`` the candidate as it is stands in the
    champion's place. ``reason`` says why it has no figures.
    """

    kind: str
    constraint: str
    changed: float | None
    rates: tuple[Rate, ...]
    gaps: tuple[Gap, ...]
    by_group: tuple[Rate, ...]
    reason: str = ""


class Mitigation(Record, frozen=True):
    """The options for one protected column: fitted on ``fitted`` rows, measured on ``measured``."""

    column: str
    fitted: int
    measured: int
    options: tuple[Option, ...]
    reason: str = ""


class Audit(Record, frozen=True):
    """All that was found of one candidate.

    ``positive`` is the decision that the models are asked for, ``favourable`` the one that people
    want. ``small`` is the number of rows below which a group counts as small.
    """

    inputs: dict[str, str]
    suite: str
    champion: str
    candidate: str
    positive: str
    favourable: str
    n: int
    level: float
    small: int
    axes: tuple[Axis, ...]
    proxies: tuple[Proxies, ...]
    mitigations: tuple[Mitigation, ...]
