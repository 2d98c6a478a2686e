"""Floors on rows: below them nothing is decided, however clear the interval looks.

One floor is on the rows of a slice and on its clusters, the other on the rows of each true class
there: an interval of a rate of few positives rests on few rows, whatever the slice has in all.
"""

from titleholder.params.schema import Policy
from titleholder.rounding import plural
from titleholder.types import Comparison, Rule


def floor_of(rule: Rule, policy: Policy) -> int:
    """The least rows that the rule asks for: its own floor, else the policy's."""
    return policy.min_n if rule.min_n is None else rule.min_n


def class_floor_of(rule: Rule, policy: Policy) -> int | None:
    """The least rows of each true class that the rule asks for; None where neither names any."""
    return policy.min_n_class if rule.min_n_class is None else rule.min_n_class


def cluster_floor_of(rule: Rule, policy: Policy) -> int:
    """The least clusters: rows of one are one observation, and the policy's own floor holds."""
    return min(floor_of(rule, policy), policy.min_n)


def uncounted(rule: Rule, policy: Policy, known: Comparison) -> str:
    """Why a declared floor on each class cannot be held; empty where it can, or there is none."""
    if class_floor_of(rule, policy) is None or not known.of_rows or known.n_min_class is not None:
        return ""
    return "there is a floor on each class (min_n_class), and nobody counted the classes' rows"


def too_small(rule: Rule, policy: Policy, known: Comparison) -> str:
    """Why a slice is too small to speak of; empty when it is not. Measured figures have no rows."""
    if not known.of_rows:
        return ""
    floor = floor_of(rule, policy)
    if not known.n >= floor:
        return f"{plural(known.n, 'row')}, and the floor is {floor:,}"
    clusters, least = known.n_clusters, cluster_floor_of(rule, policy)
    if clusters is not None and not clusters >= least:
        return f"{plural(clusters, 'cluster')}, and the floor is {least:,}"
    each = class_floor_of(rule, policy)
    if each is not None and known.n_min_class is not None and not known.n_min_class >= each:
        few = f"{plural(known.n_min_class, 'row')} of {known.min_class or 'the rarest class'}"
        return f"{few}, and the floor on each class is {each:,}"
    return ""


def rows_for(rule: Rule, policy: Policy, known: Comparison) -> int | None:
    """The least rows like these that reach all floors; None where no number of them would."""
    floor, each = floor_of(rule, policy), class_floor_of(rule, policy)
    clusters, least = known.n_clusters, cluster_floor_of(rule, policy)
    if clusters is not None and 0 < clusters < least:
        floor = max(floor, -(-known.n * least // clusters))
    if each is None or known.n_min_class is None or known.n_min_class >= each:
        return floor
    if known.n_min_class <= 0:
        return None
    return max(floor, -(-known.n * each // known.n_min_class))
