"""What the suite's own rules do on pairs whose answer is known, made of the champion's answers.

A trial makes a second model for the panel, and then draws as many rows (or clusters) as the panel
has, with replacement:

- equal: answers are exchanged between rows of one truth and one set of slices, so that the two
  differ on many rows, and over the whole panel are equally good on every metric and slice;
- planted: on top of that, the second model loses a known amount: answers that are flipped, scores
  shrunk towards their mean, or one slice alone damaged.

Beside the verdict of the rules stands what a bare comparison of two numbers says of the very same
pairs: that an estimate lies beyond its rule's bound, or that it is worse than the champion's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.comparison.slices import OVERALL, declared
from titleholder.judge import bound_of, judge
from titleholder.metrics import REGISTRY, Registry
from titleholder.params.schema import Policy
from titleholder.stats.keys import generator
from titleholder.types import (
    Comparison,
    Finding,
    Kind,
    Outcome,
    Record,
    Rule,
    Task,
    decides,
)
from titleholder.verdict import derive

TRIALS = 40
RESAMPLES = 400
EXCHANGED = 0.3
FLIPS = (0.02, 0.05, 0.1)
SHRINKS = (0.7, 0.4)
DAMAGED = 0.3


class Alarm(Record, frozen=True):
    """A rule on one slice, and on how many pairs of a kind it was broken.

    ``own`` says that it asks for a value of the second model's own, whatever the champion's is.
    """

    rule: str
    slice: str
    own: bool
    pairs: int


class Scenario(Record, frozen=True):
    """What became of the trials of one kind.

    ``loss`` says what was planted, in words; empty for equal models. ``regressed``, ``open`` and
    ``allowed`` count verdicts FAIL, INCONCLUSIVE and PASS. Of the same trials, ``beyond`` counts
    those where an estimate of a blocking rule lies beyond its bound, and ``worse`` those where one
    is worse than the champion's at all: what a gate without intervals would have rejected.
    ``alarms`` are the rules that were broken, the most often broken first.
    """

    name: str
    loss: str
    trials: int
    regressed: int
    open: int
    allowed: int
    beyond: int
    worse: int
    alarms: tuple[Alarm, ...] = ()


class SelfTest(Record, frozen=True):
    """The scenarios of one suite; ``n`` is the number of rows of a trial.

    Pairs are made of as many rows of the panel, which has ``rows``: of all, or of a sample.

    ``inputs`` names what it was made of, so that a reader knows whether it still speaks of the
    present rows, champion and rules.
    """

    inputs: dict[str, str]
    suite: str
    champion: str
    n: int
    rows: int
    level: float
    seed: int
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, slots=True)
class Plant:
    """A planted loss: which rows it may touch, and how."""

    name: str
    loss: str
    flips: float = 0.0
    shrink: float = 1.0
    slice: str = OVERALL


def selftest(
    suite: str,
    panel: Panel,
    champion: Predictions,
    policy: Policy,
    trials: int = TRIALS,
    registry: Registry = REGISTRY,
    rows: int | None = None,
) -> SelfTest:
    """Run every scenario ``trials`` times on this panel, which may be a sample of ``rows``."""
    bench = Bench.of(panel, champion, policy, registry)
    plants = [Plant("equally good", ""), *planted(panel, champion, policy)]
    return SelfTest(
        inputs={},
        suite=suite,
        champion=champion.model,
        n=len(panel),
        rows=len(panel) if rows is None else rows,
        level=policy.level,
        seed=policy.seed,
        scenarios=tuple(bench.scenario(plant, trials) for plant in plants),
    )


def planted(panel: Panel, champion: Predictions, policy: Policy) -> Iterator[Plant]:
    """The losses that these answers can have."""
    for share in FLIPS:
        yield Plant(f"flipped {share:.0%}", f"{_worse(panel)} on {share:.0%} of rows", flips=share)
    if champion.score is not None:
        for factor in SHRINKS:
            what = f"scores {factor:g} times as far from their mean"
            yield Plant(f"shrunk to {factor:g}", what, shrink=factor)
    worst = _damaged(panel, policy)
    if worst:
        what = f"{_worse(panel)} on {DAMAGED:.0%} of the rows of {worst}"
        yield Plant("one slice damaged", what, flips=DAMAGED, slice=worst)


def _worse(panel: Panel) -> str:
    return "errors doubled" if panel.task is Task.REGRESSION else "answers flipped"


def _damaged(panel: Panel, policy: Policy) -> str:
    """The largest declared slice that holds less than half of the rows; empty without one."""
    sizes = {part.name: int(part.mask.sum()) for part in declared(panel, policy.slices)}
    small = {name: size for name, size in sizes.items() if size < len(panel) / 2}
    return max(small, key=lambda name: small[name], default="")


@dataclass(frozen=True, slots=True)
class Trial:
    """What the rules made of one pair, which were broken, and what bare numbers would have."""

    outcome: Outcome
    broken: tuple[Finding, ...]
    beyond: bool
    worse: bool


@dataclass(frozen=True, slots=True)
class Slack:
    """Whether one estimate lies beyond its bound, and whether it is worse at all."""

    beyond: bool
    worse: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """A panel, its champion, and the rules of a policy alone, made quick to ask."""

    panel: Panel
    champion: Predictions
    policy: Policy
    stratum: Ints
    registry: Registry = field(default_factory=lambda: REGISTRY)

    @classmethod
    def of(
        cls, panel: Panel, champion: Predictions, policy: Policy, registry: Registry = REGISTRY
    ) -> "Bench":
        """The bench of a suite; only metrics that a row can change are asked."""
        rules = tuple(rule for rule in policy.rules if _of_rows(rule, registry))
        quick = msgspec.structs.replace(
            policy,
            rules=rules,
            metrics=tuple(dict.fromkeys(rule.metric for rule in rules)),
            resamples=min(policy.resamples, RESAMPLES),
        )
        return cls(panel, champion, quick, _strata(panel, policy), registry)

    def scenario(self, plant: Plant, trials: int) -> Scenario:
        """Count what the rules, and the bare numbers, say of this loss."""
        said = [self.trial(plant, trial) for trial in range(trials)]
        outcomes = [one.outcome for one in said]
        return Scenario(
            name=plant.name,
            loss=plant.loss,
            trials=trials,
            regressed=outcomes.count(Outcome.FAIL),
            open=outcomes.count(Outcome.INCONCLUSIVE),
            allowed=outcomes.count(Outcome.PASS),
            beyond=sum(one.beyond for one in said),
            worse=sum(one.worse for one in said),
            alarms=_alarms([finding for one in said for finding in one.broken]),
        )

    def trial(self, plant: Plant, number: int) -> "Trial":
        """One pair, judged by the rules and by bare numbers."""
        rng = generator(self.policy.seed, "selftest", str(number))
        second = _exchanged(self.panel, self.champion, self.stratum, rng)
        rows, cluster = self._drawn(rng)
        panel = _panel(self.panel, rows, cluster)
        champion = self.champion.at(rows)
        candidate = _spoiled(panel, second.at(rows), plant, self.policy, rng)
        over = [rule.over for rule in self.policy.rules if rule.over is not None]
        found = measure(
            panel, champion, candidate, self.policy, over, self.registry, self.policy.rules
        ).comparisons
        findings = judge(self.policy, found)
        slacks = list(_slacks(findings, found, self.policy))
        return Trial(
            outcome=derive(findings, ()),
            broken=tuple(f for f in findings if decides(f) and f.outcome is Outcome.FAIL),
            beyond=any(slack.beyond for slack in slacks),
            worse=any(slack.worse for slack in slacks),
        )

    def _drawn(self, rng: np.random.Generator) -> tuple[Ints, Ints | None]:
        """Rows, or the rows of whole clusters, drawn with replacement, and their new clusters."""
        cluster = self.panel.cluster
        if cluster is None:
            return rng.integers(len(self.panel), size=len(self.panel)), None
        distinct, code = np.unique(cluster, return_inverse=True)
        order = np.argsort(code, kind="stable")
        starts = np.searchsorted(code[order], np.arange(len(distinct) + 1))
        picked = rng.integers(len(distinct), size=len(distinct))
        sizes = starts[picked + 1] - starts[picked]
        rows = np.concatenate([order[starts[c] : starts[c + 1]] for c in picked])
        return rows, np.repeat(np.arange(len(distinct)), sizes)


def _alarms(broken: Iterable[Finding]) -> tuple[Alarm, ...]:
    """How often each rule was broken on each slice, the most often first."""
    often = Counter((f.rule, f.slice, f.kind in (Kind.FLOOR, Kind.CEILING)) for f in broken)
    return tuple(Alarm(*which, pairs) for which, pairs in often.most_common())


def _of_rows(rule: Rule, registry: Registry) -> bool:
    metric = registry.get(rule.metric)
    return metric is None or not metric.measured


def _strata(panel: Panel, policy: Policy) -> Ints:
    """A code (n,) of the rows that may exchange answers: one truth, and the same slices."""
    member = np.column_stack([part.mask for part in declared(panel, policy.slices)])
    _, code = np.unique(np.packbits(member, axis=1), axis=0, return_inverse=True)
    strata: Ints = code.astype(np.int64)
    if panel.y_true is None or panel.task is Task.REGRESSION:
        return strata
    return strata * (int(panel.y_true.max(initial=0)) + 1) + panel.y_true.astype(np.int64)


def _exchanged(
    panel: Panel, champion: Predictions, stratum: Ints, rng: np.random.Generator
) -> Predictions:
    """Another model, as good as the champion: some rows take the answer of a row like them."""
    rows = np.arange(len(panel))
    touched = np.flatnonzero(rng.random(len(rows)) < EXCHANGED)
    mixed = touched[np.lexsort((rng.random(len(touched)), stratum[touched]))]
    ordered = touched[np.argsort(stratum[touched], kind="stable")]
    rows[ordered] = mixed
    if panel.task is Task.REGRESSION and champion.value is not None and panel.y_true is not None:
        # Errors change rows, not answers: an error is as large wherever it is made.
        error = champion.value - panel.y_true
        return replace(champion, model="second", value=panel.y_true + error[rows])
    return replace(champion.at(rows), model="second")


def _spoiled(
    panel: Panel, model: Predictions, plant: Plant, policy: Policy, rng: np.random.Generator
) -> Predictions:
    """The model with the planted loss."""
    parts = {part.name: part.mask for part in declared(panel, policy.slices)}
    here = parts.get(plant.slice, np.zeros(len(panel), dtype=bool))
    hit = here & (rng.random(len(panel)) < plant.flips)
    spoiled = _shrunk(model, plant.shrink, policy) if plant.shrink < 1 else model
    return _flipped(panel, spoiled, hit) if hit.any() else spoiled


def _shrunk(model: Predictions, factor: float, policy: Policy) -> Predictions:
    if model.score is None:
        return model
    mean = model.score.mean(axis=0)
    score: Floats = mean + factor * (model.score - mean)
    if score.ndim > 1:
        return replace(model, score=score, label=score.argmax(axis=1))
    return replace(model, score=score, label=(score >= policy.threshold).astype(np.int64))


def _flipped(panel: Panel, model: Predictions, hit: Bools) -> Predictions:
    """Wrong answers on the rows hit: the other class, the error doubled, the item lost."""
    changes: dict[str, Any] = {}
    if model.value is not None and panel.y_true is not None:
        changes["value"] = np.where(hit, 2 * model.value - panel.y_true, model.value)
    if model.label is not None and panel.y_true is not None:
        k = len(panel.classes)
        wrong = (panel.y_true + 1) % k
        changes["label"] = np.where(hit, wrong, model.label)
    if model.score is not None and model.score.ndim == 1:
        toward = np.where(panel.y_true == 1, 1 - model.score, model.score)
        flipped = np.where(panel.y_true == 1, 1 - toward.clip(0.5), toward.clip(0.5))
        changes["score"] = np.where(hit, flipped, model.score)
    elif model.score is not None:
        rolled = np.roll(np.sort(model.score, axis=1), 1, axis=1)
        changes["score"] = np.where(hit[:, None], rolled, model.score)
    if model.items:
        low = {name: float(values.min()) for name, values in model.items.items()}
        changes["items"] = {n: np.where(hit, low[n], v) for n, v in model.items.items()}
    return replace(model, **changes)


def _slacks(
    findings: tuple[Finding, ...], found: tuple[Comparison, ...], policy: Policy
) -> Iterator["Slack"]:
    """What a bare number says of each finding that decides."""
    by_key = {(c.metric, c.slice, c.over): c for c in found}
    rules = {rule.id: rule for rule in policy.rules}
    for finding in findings:
        comparison = by_key.get((finding.metric, finding.slice, finding.over))
        if comparison is None or not decides(finding):
            continue
        bound = bound_of(rules[finding.rule], comparison)
        value, change = bound.estimate.value, comparison.improvement.value
        yield Slack(
            beyond=value is not None and value <= bound.at,
            worse=change is not None and change < 0,
        )


def _panel(panel: Panel, rows: Ints, cluster: Ints | None) -> Panel:
    return replace(
        panel,
        row_id=np.arange(len(rows)).astype(str),
        y_true=None if panel.y_true is None else panel.y_true[rows],
        weight=None if panel.weight is None else panel.weight[rows],
        cluster=cluster,
        columns={name: values[rows] for name, values in panel.columns.items()},
    )
