"""Do more rows coincide between panel and training data than chance explains?

Rows of coarse data coincide without any leak: two people of the same age and schooling are not
one person. A key that names rows for good tells; without one, more coincidences than chance makes
(`chance`) are copies. What is not shown is bounded as well: copies cannot be more than the
coincidences, and a copy of a row that is rare in training data is among the twins, of which there
are as many as counted.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from titleholder.leakage import chance
from titleholder.leakage.records import Coincidences, Twins
from titleholder.leakage.rows import Hashes, RowHashes, among
from titleholder.types import Outcome

MOST_TIMES: Final = 6
# Of a clean panel being called leaky, over all numbers of times and both hashes together.
ALPHA: Final = 0.001
NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Copies:
    """How many of the panel's rows are copies of training rows: at least and at most."""

    least: int
    most: int


def counted(
    training: str,
    panel: RowHashes,
    other: RowHashes,
    columns: tuple[str, ...],
    left_out: tuple[str, ...],
    key: tuple[str, ...],
    ids: NDArray[np.str_],
) -> Coincidences:
    """All that has to be known of two sets of rows to judge them; ``ids`` are the panel's."""
    ours, theirs = _multiplicities(panel.normal, other.normal)
    few = (ours > 0) & (theirs > 0) & (ours + theirs <= MOST_TIMES)
    same = among(panel.normal, other.normal)
    keyed = None if panel.key is None or other.key is None else among(panel.key, other.key)
    shown = ids[same if keyed is None else keyed][:NAMED]
    return Coincidences(
        training=training,
        rows=len(panel),
        training_rows=len(other),
        columns=columns,
        left_out=left_out,
        normal=int(same.sum()),
        exact=int(among(panel.exact, other.exact).sum()),
        with_target=_common(panel.with_target, other.with_target),
        key=key,
        keyed=None if keyed is None else int(keyed.sum()),
        twins=_twins(ours, theirs),
        exact_twins=_twins(*_multiplicities(panel.exact, other.exact)),
        rare=int(ours[few].sum()),
        exposed=int(theirs[(ours == 0) & (theirs < MOST_TIMES)].sum()),
        examples=tuple(str(name) for name in shown),
    )


def copies(found: Coincidences) -> Copies:
    """At least and at most how many of the panel's rows are copies, as the module says."""
    least = max(
        sum(chance.beyond(twins, ALPHA / (2 * (MOST_TIMES - 1))) for twins in several)
        for several in (found.twins, found.exact_twins)
    )
    most = found.normal
    if found.exposed:
        seen = found.rare + 3.1 * float(np.sqrt(found.rare))
        most = min(most, int(np.ceil(seen * found.training_rows / found.exposed)))
    return Copies(least, max(most, least))


def judged(found: Coincidences, max_share: float) -> tuple[Outcome, str]:
    """What the coincidences come to, and why.

    FAIL where keys are in common, or copies are shown to be there. PASS where none is shown and
    either the keys differ or those that cannot be ruled out are at most ``max_share`` of the
    panel. Otherwise chance and leak cannot be told apart: INCONCLUSIVE. ERROR where the data
    could not be compared.
    """
    if found.error:
        return Outcome.ERROR, found.error
    if found.keyed:
        key = ", ".join(found.key)
        told = f"{found.keyed:,} of the panel's {found.rows:,} rows have the {key} of a row of"
        return Outcome.FAIL, f"{told} {found.training}, such as {_some(found)}"
    if not found.columns and found.keyed is None:
        return Outcome.ERROR, f"{found.training} has no column in common with the panel"
    range_ = copies(found)
    told = _told(found)
    if range_.least:
        shown = f"at least {range_.least:,} of them are copies: more than chance explains"
        return Outcome.FAIL, f"{told}, and {shown}{_such(found)}"
    if found.keyed == 0:
        return Outcome.PASS, f"{told}; none has its {', '.join(found.key)}"
    if range_.most <= max_share * found.rows:
        return Outcome.PASS, told
    share = range_.most / found.rows
    unsure = f"chance explains it, and copies of up to {share:.2%} of the panel would not show"
    return Outcome.INCONCLUSIVE, f"{told}: {unsure} (name a key, or raise leakage.max_share)"


def _twins(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> tuple[Twins, ...]:
    """The contents that stand 2, 3, ... times in all, by the side that they stand on."""
    together, both = ours + theirs, (ours > 0) & (theirs > 0)
    return tuple(
        Twins(
            times=times,
            here=int((ours == times)[theirs == 0].sum()),
            both=int((both & (together == times)).sum()),
            there=int((theirs == times)[ours == 0].sum()),
        )
        for times in range(2, MOST_TIMES + 1)
    )


def _multiplicities(ours: Hashes, theirs: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How often each content stands on either side."""
    content, where = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
    left = np.bincount(where[: len(ours)], minlength=len(content))
    right = np.bincount(where[len(ours) :], minlength=len(content))
    return left, right


def _common(ours: Hashes | None, theirs: Hashes | None) -> int | None:
    return None if ours is None or theirs is None else int(among(ours, theirs).sum())


def _told(found: Coincidences) -> str:
    if not found.normal:
        return (
            f"none of the panel's {found.rows:,} rows has the content of one of "
            f"{found.training_rows:,} rows of {found.training}"
        )
    target = "" if found.with_target is None else f", {found.with_target:,} in the target, too"
    return (
        f"{found.normal:,} of the panel's {found.rows:,} rows have the content of one of "
        f"{found.training_rows:,} rows of {found.training} "
        f"({found.exact:,} to the last bit{target})"
    )


def _such(found: Coincidences) -> str:
    return f" (among them, or by chance like them: {_some(found)})" if found.examples else ""


def _some(found: Coincidences) -> str:
    count = found.normal if found.keyed is None else found.keyed
    return ", ".join(found.examples) + (", …" if count > len(found.examples) else "")
