"""What each rule can tell with these rows, before a candidate is trained or scored.

The champion's own answers give the noise of each metric on each slice. Two models that answer
the same rows make mostly the same errors, so the noise of their difference is smaller, by the
root of 2 (1 - agreement), where agreement is the correlation of the two metrics over resampled
rows. It is assumed, unless a former comparison on these rows has measured the noise itself.

With a standard error s and the level's quantile z, an interval of half-width z s clears a bound
with power p once the truth lies (z + z_p) s beyond it (Julious 2004, doi:10.1002/sim.1783).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from msgspec.structs import replace

from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.floors import too_small
from titleholder.metrics import REGISTRY, Registry
from titleholder.params.schema import Policy
from titleholder.policy import owed
from titleholder.stats.ends import error_of
from titleholder.types import Comparison, Kind, OnInconclusive, Record, Rule

AGREEMENT = 0.8
OFTEN, NEARLY_ALWAYS = 0.8, 0.95

Key = tuple[str, str, str | None]
Measured = Mapping[Key, Comparison]


class Prospect(Record, frozen=True):
    """What one rule can tell on one slice.

    ``champion`` is its metric today. ``noise`` is the standard error of what the rule judges, in
    the metric's unit (a share where the rule is relative), ``measured`` where a former
    comparison gave it. ``detects_80`` and ``detects_95`` are what the rule settles with that
    power: for `non_inferior` the change (negative: a loss) that FAILs, for `superior` the gain
    that passes, for `floor` and `ceiling` the candidate's value that passes. ``equal_passes`` is
    the chance that a candidate as good as the champion passes. ``never`` says why the rule cannot
    pass with these rows whatever the candidate, ``cannot_fail`` why it cannot fail; ``remark``
    what else should be known. ``bound`` is a share of the champion's value where ``relative``.
    """

    rule: str
    metric: str
    slice: str
    over: str | None
    kind: Kind
    n: int
    n_clusters: int | None
    bound: float
    champion: float | None = None
    noise: float | None = None
    measured: bool = False
    detects_80: float | None = None
    detects_95: float | None = None
    equal_passes: float | None = None
    never: str = ""
    cannot_fail: str = ""
    remark: str = ""
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Basis:
    """What the noise is taken from: an assumed agreement, and former comparisons by key.

    ``registry`` holds the metrics that the policy can name.
    """

    agreement: float = AGREEMENT
    former: Measured | None = None
    registry: Registry = field(default_factory=lambda: REGISTRY)


def plan(
    panel: Panel, champion: Predictions, policy: Policy, basis: Basis | None = None
) -> tuple[Prospect, ...]:
    """A prospect for each finding that the policy will owe, in its order."""
    over = [rule.over for rule in policy.rules if rule.over is not None]
    ways = basis or Basis()
    found = measure(panel, champion, champion, policy, over, ways.registry).comparisons
    return prospects(found, policy, ways)


def prospects(found: Sequence[Comparison], policy: Policy, basis: Basis) -> tuple[Prospect, ...]:
    """The same of what was measured already: comparisons of the champion with any model."""
    now, names = by_key(found), dict.fromkeys(c.slice for c in found)
    return tuple(_prospect(rule, policy, now, basis) for rule in owed(policy.rules, names))


def by_key(comparisons: Iterable[Comparison]) -> Measured:
    """Former comparisons as `Basis` wants them."""
    return {(c.metric, c.slice, c.over): c for c in comparisons}


def _prospect(rule: Rule, policy: Policy, now: Measured, basis: Basis) -> Prospect:
    known = now.get((rule.metric, rule.slice, rule.over))
    blank = Prospect(
        rule=rule.id,
        metric=rule.metric,
        slice=rule.slice,
        over=rule.over,
        kind=rule.kind,
        n=0 if known is None else known.n,
        n_clusters=None if known is None else known.n_clusters,
        bound=_bound(rule),
        relative=rule.relative,
    )
    if known is None:
        return replace(blank, never="there is no such slice in these rows")
    if not known.of_rows:
        return replace(blank, remark="measured of the model itself; more rows make it no surer")
    if not known.available or known.champion.value is None:
        return replace(blank, never=known.reason or "the metric is undefined on these rows")
    return _with_power(blank, rule, policy, known, basis)


def _with_power(
    blank: Prospect, rule: Rule, policy: Policy, known: Comparison, basis: Basis
) -> Prospect:
    noise, measured = _noise(rule, known, basis)
    found = replace(blank, champion=known.champion.value, noise=noise, measured=measured)
    never = _never(rule, policy, known)
    if noise is None:
        return replace(found, never=never or "the champion's own metric has no interval here")
    never = never or _out_of_range(rule, policy, known, noise, basis.registry)
    reach = {power: _reach(policy.level, power) * noise for power in (OFTEN, NEARLY_ALWAYS)}
    return replace(
        found,
        detects_80=_detects(rule, reach[OFTEN]),
        detects_95=_detects(rule, reach[NEARLY_ALWAYS]),
        equal_passes=0.0 if never else _equal_passes(rule, policy, known, noise),
        never=never,
        cannot_fail=_toothless(rule, known, basis.registry),
        remark=_remark(rule, reach[OFTEN]),
    )


def _bound(rule: Rule) -> float:
    if rule.kind in (Kind.NON_INFERIOR, Kind.SUPERIOR):
        margin = rule.margin or 0.0
        return -margin if rule.kind is Kind.NON_INFERIOR else margin
    return rule.value or 0.0


def _noise(rule: Rule, known: Comparison, basis: Basis) -> tuple[float | None, bool]:
    """The standard error of the judged quantity, and whether it was measured before."""
    own = error_of(known.champion, known.level)
    if rule.kind in (Kind.FLOOR, Kind.CEILING):
        return own, False
    former = (basis.former or {}).get((rule.metric, rule.slice, rule.over))
    if former is not None and former.n == known.n and former.level == known.level:
        seen = former.relative_std_error if rule.relative else former.std_error
        if seen is not None and math.isfinite(seen) and seen > 0:
            return seen, True
    if own is None:
        return None, False
    paired = own * math.sqrt(2 * (1 - basis.agreement))
    value = abs(known.champion.value or 0.0)
    if not rule.relative:
        return paired, False
    return (paired / value, False) if value > 0 else (None, False)


def _reach(level: float, power: float) -> float:
    """How many standard errors beyond the bound the truth has to lie."""
    normal = NormalDist()
    return normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)


def _detects(rule: Rule, reach: float) -> float:
    bound = _bound(rule)
    return bound - reach if rule.kind in (Kind.NON_INFERIOR, Kind.CEILING) else bound + reach


def _equal_passes(rule: Rule, policy: Policy, known: Comparison, noise: float) -> float | None:
    """The chance that a candidate as good as the champion passes."""
    if rule.kind in (Kind.NON_INFERIOR, Kind.SUPERIOR):
        room = -_bound(rule)
    elif rule.kind is Kind.FLOOR:
        room = (known.champion.value or 0.0) - _bound(rule)
    else:
        room = _bound(rule) - (known.champion.value or 0.0)
    if noise <= 0:
        return 1.0 if room > 0 else 0.0
    z = NormalDist().inv_cdf((1 + policy.level) / 2)
    return NormalDist().cdf(room / noise - z)


def _never(rule: Rule, policy: Policy, known: Comparison) -> str:
    """Why these rows are too few for the rule, where it would then block; empty when they do."""
    short = too_small(rule, policy, known)
    if not short:
        return ""
    excused = rule.on_inconclusive is not OnInconclusive.BLOCK
    return f"{short}: stays INCONCLUSIVE" + (", which the rule excuses" if excused else "")


def _out_of_range(
    rule: Rule, policy: Policy, known: Comparison, noise: float, registry: Registry
) -> str:
    """Why no candidate could be good enough: what it needs lies outside the metric's range."""
    metric = registry.get(rule.metric)
    if metric is None or rule.relative or metric.target is not None:
        return ""
    low, high = metric.domain
    z = NormalDist().inv_cdf((1 + policy.level) / 2)
    if rule.kind is Kind.SUPERIOR:
        value = known.champion.value or 0.0
        room = high - value if metric.higher_is_better else value - low
        if _bound(rule) + z * noise >= room:
            return f"it asks for a gain above {_bound(rule):g}, and there is room for {room:.3g}"
    if rule.kind is Kind.FLOOR and _bound(rule) + z * noise > high:
        return f"with this noise no value up to {high:g} is surely above {_bound(rule):g}"
    if rule.kind is Kind.CEILING and _bound(rule) - z * noise < low:
        return f"with this noise no value down to {low:g} is surely below {_bound(rule):g}"
    return ""


def _toothless(rule: Rule, known: Comparison, registry: Registry) -> str:
    """Why no candidate could be too bad: the margin is all that the champion has to lose."""
    metric, value = registry.get(rule.metric), known.champion.value
    if rule.kind is not Kind.NON_INFERIOR or rule.relative or metric is None or value is None:
        return ""
    if metric.target is not None:
        return ""
    low, high = metric.domain
    room = value - low if metric.higher_is_better else high - value
    if (rule.margin or 0.0) < room:
        return ""
    return f"it may lose {rule.margin:g}, and the champion has {room:.3g} to lose"


def _remark(rule: Rule, reach: float) -> str:
    if rule.kind is Kind.NON_INFERIOR and reach > (rule.margin or 0.0):
        return "the margin is smaller than what these rows settle: equal models often stay open"
    return ""
