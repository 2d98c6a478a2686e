"""A chat product's findings in their hard order: safety, then correctness, then operations.

Read from the top: whatever a lower line says, it makes up for nothing above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from titleholder.metrics.conversation import TIERS, tier_of
from titleholder.report import findings as said
from titleholder.types import Finding, Outcome


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: the worst outcome of its rules, and in how many of how many; ``blocks`` says
    whether those are rules that decide, or none of the tier does."""

    name: str
    outcome: Outcome
    count: int
    of: int
    blocks: bool

    @property
    def sentence(self) -> str:
        """The tier in words, without its outcome."""
        what = "blocking findings" if self.blocks else "findings, none of which blocks"
        return f"{self.count} of {self.of} {what}"


def tiers(findings: Sequence[Finding]) -> list[Tier]:
    """The tiers that have findings; empty where nothing was asked about safety."""
    found = [tier for name in TIERS if (tier := _tier(name, findings)) is not None]
    return found if found and found[0].name == TIERS[0] else []


def line(findings: Sequence[Finding]) -> str:
    """All tiers in one line; empty where there are none."""
    told = [f"{t.name} {said.GLYPH[t.outcome]} {t.outcome} ({t.sentence})" for t in tiers(findings)]
    return ", then ".join(told)


def _tier(name: str, findings: Sequence[Finding]) -> Tier | None:
    mine = [f for f in findings if tier_of(f.metric) == name]
    deciding = [f for f in mine if said.decides(f) and not said.excused(f)]
    held = deciding or mine
    if not held:
        return None
    worst = min((f.outcome for f in held), key=said.WORST_FIRST.index)
    count = sum(f.outcome is worst for f in held)
    return Tier(name, worst, count, len(held), blocks=bool(deciding))
