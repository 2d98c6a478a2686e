"""The bias audit as a page: what stands out first, then rates, gaps, proxies and mitigations.

Nothing is judged here: rules with ``over:`` decide, and the page says which way it looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from titleholder.bias import Audit, Axis, Gap, Group, Mitigation, Option, Proxies, Rate
from titleholder.metrics import REGISTRY, Registry
from titleholder.report import numbers
from titleholder.report.bias_words import CAVEATS, DEFINITIONS, OPTIONS, RATES, RIGHTS
from titleholder.report.forest import Tick
from titleholder.report.page import rendered
from titleholder.report.text import visible
from titleholder.report.titles import knowing
from titleholder.types import Estimate, Finding

FOUR_FIFTHS = 0.8
MOST_GROUPS = 24
MOST_COLUMNS = 15
TELLING = 0.6  # an area from which a proxy is worth a word
_AXIS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Links:
    """Where evidence lies: addresses relative to the page, and SHA-256 digests in a store."""

    beside: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Headline:
    """What stands out of one protected column: its four-fifths ratio and the widest gaps.

    ``outcome`` borrows the look of a finding: below four fifths for sure, above it, or open.
    """

    axis: Axis
    ratio: Gap
    outcome: str
    text: str
    gaps: tuple[tuple[str, Gap], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One interval on a scale from 0 to 1, positions in per cent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One group's rate of both models."""

    group: Group
    rate: Rate
    champion: Bar | None
    candidate: Bar | None


@dataclass(frozen=True, slots=True)
class Panel:
    """One rate over the groups of an axis, on one scale."""

    metric: str
    title: str
    says: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with its words."""

    option: Option
    title: str
    says: str
    caveat: str


def build(
    audit: Audit,
    findings: Iterable[Finding] = (),
    links: Links | None = None,
    registry: Registry = REGISTRY,
) -> str:
    """The page as HTML text."""
    single = [axis for axis in audit.axes if len(axis.columns) == 1]
    ruled = [f for f in findings if f.over in {axis.columns[0] for axis in single}]
    with knowing(registry):
        return rendered(
            "bias.html.j2",
            audit=audit,
            single=single,
            crossed=[axis for axis in audit.axes if len(axis.columns) > 1],
            headlines=[h for h in (headline(axis) for axis in single) if h],
            ruled=ruled,
            evidence={} if links is None else links.beside,
            published={} if links is None else links.published,
            summary=summary(audit),
            words=SimpleNamespace(
                rates=RATES,
                definitions=DEFINITIONS,
                caveats=CAVEATS,
                rights=RIGHTS,
                bar=bar,
                panels=panels,
                overall=overall,
                signed=signed,
                auc=auc_bars,
                choices=choices,
                needs=needs,
                small=small,
                proxies=proxy_sentence,
            ),
            ticks=[Tick(100 * at, numbers.plain(at)) for at in _AXIS],
        )


def headline(axis: Axis) -> Headline | None:
    """The four-fifths ratio in words; None where the axis has none."""
    ratio = next((g for g in axis.gaps if g.definition == "four_fifths"), None)
    if ratio is None:
        return None
    outcome, text = _four_fifths(ratio.candidate)
    wanted = ("demographic_parity_difference", "equalized_odds_difference")
    gaps = tuple((DEFINITIONS[g.definition].title, g) for g in axis.gaps if g.definition in wanted)
    return Headline(axis, ratio, outcome, text, gaps)


def _four_fifths(ratio: Estimate) -> tuple[str, str]:
    if ratio.value is None or ratio.low is None or ratio.high is None:
        return "ERROR", "cannot be measured"
    if ratio.high < FOUR_FIFTHS:
        return "FAIL", "below four fifths, beyond chance"
    if ratio.low >= FOUR_FIFTHS:
        return "PASS", "above four fifths, beyond chance"
    below = "below" if ratio.value < FOUR_FIFTHS else "above"
    return "INCONCLUSIVE", f"{below} four fifths, may be chance"


def differing(axis: Axis) -> list[str]:
    """Groups whose favourable rate differs from the reference's beyond chance."""
    return [
        gap.group
        for gap in axis.gaps
        if gap.definition == "statistical_parity_difference" and numbers.side(gap.candidate)
    ]


def summary(audit: Audit) -> str:
    """One sentence of plain English on what the audit found."""
    heads = [h for h in (headline(a) for a in audit.axes if len(a.columns) == 1) if h]
    if not heads:
        return "There are no two groups to compare"
    apart = [h for h in heads if differing(h.axis)]
    if not apart:
        return "No group can be said to be treated differently from the reference"
    named = _and([visible(h.axis.columns[0]) for h in apart])
    broken = [visible(h.axis.columns[0]) for h in apart if h.outcome == "FAIL"]
    text = f"Groups of {named} get the favourable decision at different rates"
    if broken:
        return f"{text}, those of {_and(broken)} below four fifths"
    if any(h.outcome != "PASS" for h in apart):
        return f"{text}; whether below four fifths, these rows cannot tell"
    return f"{text}, all above four fifths"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def overall(axis: Axis) -> list[Gap]:
    """Definitions over all groups at once."""
    return [gap for gap in axis.gaps if not gap.group]


def small(axis: Axis) -> list[Group]:
    """Groups with too few rows to say much."""
    return [group for group in axis.groups if group.small]


def panels(axis: Axis) -> list[Panel]:
    """Each rate as a picture: groups below one another, both models' intervals."""
    found = []
    for at, (metric, words) in enumerate(RATES.items()):
        lines = [
            Line(
                group,
                group.rates[at],
                bar(group.rates[at].champion),
                bar(group.rates[at].candidate),
            )
            for group in axis.groups[:MOST_GROUPS]
        ]
        found.append(Panel(metric, words.title, words.says, tuple(lines)))
    return found


def bar(estimate: Estimate) -> Bar | None:
    """An interval in per cent of the scale from 0 to 1; None where there is nothing to draw."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None:
        return None
    ends = (value if low is None else low, value if high is None else high)
    return Bar(*(round(100 * min(max(x, 0.0), 1.0), 2) for x in (value, *ends)))


def signed(axis: Axis) -> list[tuple[str, list[Gap]]]:
    """AIF360's definitions by group, in the order of the groups."""
    by_group: dict[str, list[Gap]] = {}
    for gap in axis.gaps:
        if gap.group:
            by_group.setdefault(gap.group, []).append(gap)
    return list(by_group.items())


def auc_bars(found: Proxies) -> list[tuple[Any, Bar | None]]:
    """Proxies with their bars, on the scale from 0 to 1."""
    return [(proxy, bar(proxy.auc)) for proxy in found.found[: MOST_COLUMNS + 3]]


def proxy_sentence(found: Proxies) -> str:
    """What gives the group away, in a sentence."""
    if found.reason:
        return f"Not looked for: {found.reason}."
    columns = [p for p in found.found if p.kind == "column"]
    telling = [p for p in columns if p.auc.low is not None and p.auc.low > 0.5]
    strong = [p for p in telling if (p.auc.value or 0.0) >= TELLING]
    if strong:
        named = _and([visible(p.what, 40) for p in strong[:3]])
        return f"{named} {'tells' if len(strong) == 1 else 'tell'} this group from the rest best."
    if telling:
        return "Some columns tell this group a little better than chance, none of them well."
    return "No column tells this group from the rest better than chance would."


def choices(mitigation: Mitigation) -> list[Choice]:
    """Options with what they are and what they need."""
    return [Choice(o, *OPTIONS[o.kind, o.constraint]) for o in mitigation.options]


def needs(found: Sequence[Choice]) -> list[tuple[str, str]]:
    """What each option needs to be told, those that share it together."""
    titles: dict[str, list[str]] = {}
    for choice in found:
        titles.setdefault(choice.caveat, []).append(choice.title)
    return [("; ".join(named), caveat) for caveat, named in titles.items()]
