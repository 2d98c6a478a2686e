"""Panels with protected columns, and audits made of them by the real code."""

import numpy as np

from tests.support.cards import HOSTILE
from titleholder.adapters import mitigations
from titleholder.arrays import Ints, Panel, Predictions
from titleholder.bias import Audit, Mitigation, Proxies, audit, mitigation, proxies
from titleholder.bias.rates import Models
from titleholder.comparison.slices import grouping
from titleholder.metrics import REGISTRY
from titleholder.params.schema import BiasParams
from titleholder.stats.resampler import Draw
from titleholder.types import Task

DRAW = Draw(resamples=200, seed=7)


def models(
    n: int = 600,
    names: tuple[str, ...] = ("a", "b"),
    *,
    positive: bool = True,
    columns: tuple[str, str] = ("group", "site"),
) -> Models:
    """Two models on rows of unequal groups: the later a group, the more often it is called."""
    rng = np.random.default_rng(5)
    group = rng.choice(len(names), n, p=_shares(len(names)))
    y = (rng.random(n) < 0.25 + 0.2 * group / len(names)).astype(np.int64)
    score = np.clip(0.25 + 0.3 * y + 0.2 * group / len(names) + rng.normal(0, 0.15, n), 0.01, 0.99)
    other = np.clip(score + rng.normal(0, 0.08, n), 0.01, 0.99)
    panel = Panel(
        np.arange(n).astype(str), Task.BINARY, y, ("no", "yes"),
        columns={
            columns[0]: np.array(names, dtype=object)[group],
            columns[1]: np.array(["north", "south"], dtype=object)[rng.integers(0, 2, n)],
            "tells": group + rng.normal(0, 0.3, n),
            "noise": rng.normal(0, 1, n),
            "word": np.array(["x", "y", "z"], dtype=object)[rng.integers(0, 3, n)],
        },
    )  # fmt: skip
    return Models(panel, _said("old", score), _said("new", other), DRAW, 0.95, positive)


def made(
    found: Models, *, mitigated: bool = True, protected: tuple[str, ...] = ("group",)
) -> Audit:
    """The audit of these models, proxies and mitigations included."""
    panel, params = found.panel, BiasParams(protected=protected, small=40)
    groups = grouping(panel, protected[0])
    member = groups.code == 0
    scores = {
        (proxies.COLUMN, name): np.asarray(values, dtype=float)
        for name, values in panel.columns.items()
        if values.dtype.kind == "f"
    }
    told: Proxies = proxies.measured(
        protected[0], groups.labels[0], member, scores, None, DRAW, found.level
    )
    return Audit(
        inputs={}, suite="suite", champion=found.champion.model, candidate=found.candidate.model,
        positive=panel.classes[1], favourable=panel.classes[int(found.favourable_is_positive)],
        n=len(panel), level=found.level, small=params.small,
        axes=audit(found, protected, params), proxies=(told,),
        mitigations=(_mitigated(found, protected[0], mitigated),),
    )  # fmt: skip


def plain() -> Audit:
    """Two groups, two columns."""
    return made(models(), protected=("group", "site"))


def without_fairlearn() -> Audit:
    """The same where the mitigations could not be computed."""
    return made(models(), mitigated=False)


def hostile() -> Audit:
    """Every name out of the corpus."""
    found = models(900, HOSTILE[:6], columns=(HOSTILE[0], HOSTILE[1]), positive=False)
    return made(found, protected=(HOSTILE[0], HOSTILE[1]))


def lone() -> Audit:
    """A single group: nothing to compare."""
    return made(models(80, ("only",)), mitigated=False)


AUDITS = (plain, without_fairlearn, hostile, lone)


def problem(found: Models, threshold: float = 0.5) -> mitigations.Problem:
    """The candidate's scores and the first column's groups, ready to be mitigated."""
    halves = mitigation.halves(found.panel, 1)
    groups = grouping(found.panel, next(iter(found.panel.columns)))
    assert found.candidate.score is not None
    return mitigations.Problem(
        score=found.candidate.score, truth=np.asarray(found.panel.y_true), group=groups.code,
        columns={k: v for k, v in found.panel.columns.items() if k in ("noise", "word")},
        fit=halves.fit, measure=halves.measure, threshold=threshold, seed=1,
    )  # fmt: skip


def _mitigated(found: Models, column: str, possible: bool) -> Mitigation:
    if not possible:
        return Mitigation(column, 0, 0, (), mitigations.MISSING)
    given, groups = problem(found), grouping(found.panel, column)
    price = [REGISTRY["accuracy"], REGISTRY["balanced_accuracy"]]
    options = tuple(
        mitigation.option(kind, constraint, found, groups, given.measure, label, price, 40)
        for kind, constraint, label in mitigations.answers(given)
        if not isinstance(label, str)
    )
    return Mitigation(column, len(given.fit), len(given.measure), options)


def _said(model: str, score: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Predictions:
    label: Ints = (score >= 0.5).astype(np.int64)
    return Predictions(model, label=label, score=score)


def _shares(k: int) -> list[float]:
    weights = [1.0 / (i + 1) for i in range(k)]
    return [w / sum(weights) for w in weights]
