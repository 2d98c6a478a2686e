"""One comparison of two prediction files, from paths to verdict: what `compare` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from titleholder import records, tables
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import Comparisons, measure
from titleholder.comparison.explore import explore
from titleholder.conclude import conclude
from titleholder.errors import ConfigError
from titleholder.judge import judge
from titleholder.metrics import Registry
from titleholder.metrics.declared import modules_of, registry_of
from titleholder.params.check import check_columns
from titleholder.params.load import load_policy
from titleholder.params.schema import Policy
from titleholder.types import Check, Outcome, Severity, Source, Verdict

SUITE = "compare"


@dataclass(frozen=True, slots=True)
class OneOff:
    """A verdict with what it rests on."""

    verdict: Verdict
    comparisons: Comparisons
    panel: Panel
    champion: Predictions
    candidate: Predictions
    registry: Registry
    policy: Policy


def judge_files(panel: Path, champion: Path, candidate: Path, policy: Path) -> OneOff:
    """Judge two prediction files on a panel.

    Raises UsageError or ConfigError for a file that is missing or a policy that is wrong, and
    BadInput or NotComparable for rows that no judgement can rest on.
    """
    rules = load_policy(policy, lambda found: registry_of(found, policy.parent))
    registry = registry_of(rules, policy.parent)
    names = _names(champion, candidate)
    wheres = _wheres(panel, champion, candidate)
    rows = _panel(panel, rules, wheres[0], policy.name)
    first = _predictions(champion, rows, rules, names[0], wheres[1])
    second = _predictions(candidate, rows, rules, names[1], wheres[2])
    sources = {"panel": panel, "champion": champion, "candidate": candidate, "policy": policy}
    inputs = tuple(source_of(role, path) for role, path in sources.items())
    inputs += modules_of(rules, registry)
    return concluded(rows, first, second, rules, registry, inputs)


def concluded(
    rows: Panel,
    first: Predictions,
    second: Predictions,
    rules: Policy,
    registry: Registry,
    inputs: tuple[Source, ...],
) -> OneOff:
    """The verdict on a candidate (``second``) that answered the same rows as the champion."""
    over = [rule.over for rule in rules.rules if rule.over is not None]
    found = measure(rows, first, second, rules, over, registry)
    comparisons = Comparisons(
        inputs={source.role: f"sha256:{source.sha256}" for source in inputs},
        suite=SUITE,
        task=rules.task,
        champion=first.model,
        candidate=second.model,
        n=len(rows),
        level=rules.level,
        comparisons=found.comparisons,
        flips=found.flips,
    )
    verdict = conclude(
        suite=SUITE,
        policy=rules,
        candidate=second.model,
        findings=judge(rules, found.comparisons),
        declared=("comparability",),
        checks=(_comparable(len(rows), same_bytes(inputs)),),
        inputs=inputs,
    )
    return OneOff(verdict, comparisons, rows, first, second, registry, rules)


def write(found: OneOff, out: Path) -> None:
    """Write ``verdict.json``, ``comparisons.json`` and ``report.html`` below ``out``."""
    from titleholder.report.card import Card, build

    card = Card(
        verdict=found.verdict,
        comparisons=found.comparisons,
        panel=found.panel,
        champion=found.champion,
        candidate=found.candidate,
        explored=explore(found.panel, found.champion, found.candidate, _apart(found.policy)),
        registry=found.registry,
        slices=found.policy.slices,
    )
    records.write(out / "comparisons.json", found.comparisons)
    records.write_bytes(out / "report.html", build(card).encode())
    records.write(out / "verdict.json", found.verdict)


def _apart(policy: Policy) -> set[str]:
    """Columns that tell rows apart or weigh them: nothing to look for slices in."""
    columns = policy.columns
    named = {columns.row_id, columns.cluster or "cluster", columns.weight or "weight"}
    return named | {*columns.ignore}


def _panel(path: Path, policy: Policy, where: str, policy_file: str) -> Panel:
    frame = tables.read_frame(path)
    tables.require(frame, policy.columns.row_id, where)
    problems = check_columns(policy, [str(c) for c in frame.columns], where)
    if problems:
        raise ConfigError(policy_file, [f"{policy_file}: {problem}" for problem in problems])
    return tables.panel_of(frame, policy, where)


def _predictions(path: Path, panel: Panel, policy: Policy, model: str, where: str) -> Predictions:
    return tables.predictions_of(tables.read_frame(path), panel, policy, model, where)


def _wheres(*paths: Path) -> tuple[str, ...]:
    """What messages call the files: by their names, or by their whole paths where two share one."""
    apart = len({path.name for path in paths}) == len(paths)
    return tuple(path.name if apart else str(path) for path in paths)


def _names(champion: Path, candidate: Path) -> tuple[str, str]:
    """The files' stems, or their whole paths where the stems are the same."""
    if champion.stem != candidate.stem:
        return champion.stem, candidate.stem
    return str(champion.with_suffix("")), str(candidate.with_suffix(""))


def source_of(role: str, path: Path) -> Source:
    """A file as an input of a verdict."""
    size = path.stat().st_size
    return Source(role=role, path=path.name, sha256=records.sha256_file(path), bytes=size)


def same_bytes(inputs: Sequence[Source]) -> bool:
    """Whether candidate and champion are one file's bytes, so that nothing could differ."""
    digests = {source.role: source.sha256 for source in inputs}
    return digests["candidate"] == digests["champion"]


def _comparable(rows: int, same: bool) -> Check:
    besides = "; they are the same bytes" if same else ""
    return Check(
        name="comparability",
        kind="comparability",
        severity=Severity.BLOCK,
        outcome=Outcome.PASS,
        reason=f"champion and candidate answered the same {rows:,} rows{besides}",
    )
