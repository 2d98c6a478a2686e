"""The bias audit of a candidate, as a part of the report stage."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from titleholder.adapters import mitigations, proxies
from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.bias import Audit, Mitigation, Option, Proxies, audit, protected_of
from titleholder.bias import mitigation as trial
from titleholder.bias import proxies as given_away
from titleholder.bias.audit import features
from titleholder.bias.rates import Models
from titleholder.comparison.slices import Grouping, grouping
from titleholder.metrics import Registry
from titleholder.params.schema import Part, Suite
from titleholder.stages import STAGES
from titleholder.stages.workspace import Workspace
from titleholder.stats.keys import generator
from titleholder.stats.resampler import Draw
from titleholder.types import Task, Verdict

MOST_ROWS = 10_000  # that proxies are looked for in
MOST_GROUPS = 4  # of a column, the largest, that proxies are looked for
MOST_COLUMNS = 2  # protected ones that mitigations are tried on
EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an audit is made of."""

    suite: Suite
    panel: Panel
    champion: Predictions
    candidate: Predictions
    registry: Registry

    @property
    def draw(self) -> Draw:
        """The suite's resamples and seed."""
        return Draw(self.suite.resamples, self.suite.seed)

    @property
    def models(self) -> Models:
        """Both models as the audit compares them."""
        positive = self.suite.bias.favourable == "positive"
        return Models(
            self.panel, self.champion, self.candidate, self.draw, self.suite.level, positive
        )


def audited(ws: Workspace, verdict: Verdict, asked: Asked) -> Audit | None:
    """The audit; None where nothing is protected, or the task has no groups to compare."""
    protected = protected_of(ws.suite.bias, (rule.over for rule in verdict.rules), ws.suite.slices)
    lacking = asked.champion.label is None or asked.candidate.label is None
    if not protected or ws.suite.task is not Task.BINARY or lacking or not len(asked.panel):
        return None
    classes = asked.panel.classes
    candidate = asked.candidate.model
    inputs = dict([ws.digest(ws.stage("judge") / f"{candidate}.json")])
    inputs["params"] = ws.params_digest(STAGES["report"].params)
    return Audit(
        inputs=inputs,
        suite=ws.name,
        champion=asked.champion.model,
        candidate=candidate,
        positive=classes[1],
        favourable=classes[1 if ws.suite.bias.favourable == "positive" else 0],
        n=len(asked.panel),
        level=ws.suite.level,
        small=ws.suite.bias.small,
        axes=audit(asked.models, protected, ws.suite.bias),
        proxies=tuple(_proxies(asked, protected)),
        mitigations=tuple(_mitigations(asked, protected)),
    )


def _columns(asked: Asked, protected: tuple[Part, ...]) -> dict[str, NDArray[np.generic]]:
    named, suite = asked.suite.columns, asked.suite
    apart = [named.row_id, named.cluster, named.weight, *named.ignore]
    apart += [part if isinstance(part, str) else part.column for part in protected]
    names = features(asked.panel, (name for name in apart if name))
    return {name: asked.panel.columns[name] for name in names if name != suite.columns.target}


def _proxies(asked: Asked, protected: tuple[Part, ...]) -> Iterator[Proxies]:
    columns = _columns(asked, protected)
    n = len(asked.panel)
    rng = generator(asked.suite.seed, "rows", "proxies")
    rows = np.sort(rng.permutation(n)[:MOST_ROWS])
    for part in protected:
        groups = grouping(asked.panel, part)
        for code in _largest(groups):
            yield _given_away(asked, groups, code, columns, rows)


def _largest(groups: Grouping) -> list[int]:
    """The groups to look for; of two, the smaller alone, since the other is its mirror image."""
    order = np.argsort(-np.bincount(groups.code, minlength=len(groups.labels)), kind="stable")
    return [int(order[-1])] if len(order) == 2 else [int(i) for i in order[:MOST_GROUPS]]


def _given_away(
    asked: Asked,
    groups: Grouping,
    code: int,
    columns: dict[str, NDArray[np.generic]],
    rows: Ints,
) -> Proxies:
    member = (groups.code == code)[rows]
    name, least = groups.labels[code], min(int(member.sum()), int((~member).sum()))
    if least < proxies.LEAST or not columns:
        reason = "no other column" if not columns else f"{least} rows are too few to look for"
        return Proxies(groups.column, name, len(rows), (), reason)
    cluster = None if asked.panel.cluster is None else asked.panel.cluster[rows]
    cut = {name: values[rows] for name, values in columns.items()}
    found = proxies.out_of_fold(cut, member, cluster, asked.suite.seed)
    scores: dict[tuple[str, str], Floats] = {
        (given_away.COLUMN, name) if name else (given_away.TOGETHER, EVERYTHING): score
        for name, score in found.items()
    }
    for model in (asked.champion, asked.candidate):
        if model.score is not None:
            scores[given_away.SCORE, model.model] = model.score[rows]
    return given_away.measured(
        groups.column, name, member, scores, cluster, asked.draw, asked.suite.level
    )


def _mitigations(asked: Asked, protected: tuple[Part, ...]) -> Iterator[Mitigation]:
    for part in protected[:MOST_COLUMNS]:
        groups = grouping(asked.panel, part)
        if asked.candidate.score is None:
            yield Mitigation(groups.column, 0, 0, (), "the candidate gives no scores to work on")
        elif not mitigations.installed():
            yield Mitigation(groups.column, 0, 0, (), mitigations.MISSING)
        else:
            yield _tried(asked, groups, _columns(asked, protected), asked.candidate.score)


def _tried(
    asked: Asked, groups: Grouping, columns: dict[str, NDArray[np.generic]], score: Floats
) -> Mitigation:
    halves = trial.halves(asked.panel, asked.suite.seed)
    problem = mitigations.Problem(
        score=score,
        truth=np.asarray(asked.panel.y_true),
        group=groups.code,
        columns=columns,
        fit=halves.fit,
        measure=halves.measure,
        threshold=asked.suite.threshold,
        seed=asked.suite.seed % 2**32,
    )
    second = "balanced_accuracy" if asked.suite.costs is None else "expected_cost"
    price = [asked.registry[name] for name in ("accuracy", second)]
    options = tuple(
        Option(kind, constraint, None, (), (), (), label)
        if isinstance(label, str)
        else trial.option(
            kind,
            constraint,
            asked.models,
            groups,
            halves.measure,
            label,
            price,
            asked.suite.bias.small,
        )
        for kind, constraint, label in mitigations.answers(problem)
    )
    return Mitigation(groups.column, len(halves.fit), len(halves.measure), options)
