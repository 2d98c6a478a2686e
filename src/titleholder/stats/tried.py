"""What a metric's default method is and what else it may have: tried on a small panel."""

from dataclasses import dataclass, replace

import numpy as np

from titleholder.arrays import Ints, Panel, Predictions
from titleholder.errors import BadInput
from titleholder.metrics import Metric, OfClass
from titleholder.metrics.items import ITEM
from titleholder.stats.estimates import estimated
from titleholder.stats.methods import ORDER, applicable
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import Sample, take
from titleholder.types import IntervalMethod, Task

ROWS = 400
PAID = ("latency_s", "cost_usd", "tokens_in", "tokens_out")
CLASSES = (3, 24)
_DRAW = Draw(resamples=200, seed=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """The name of the default method, and those of all others that may be asked for.

    ``lacks`` says why it could not be tried; the default is then empty.
    """

    default: str
    others: tuple[str, ...] = ()
    lacks: str = ""


def tried(metric: Metric) -> Tried:
    """What a metric gets on rows without weights and clusters.

    One that needs more of them than answers and truth, such as one of a user's own that looks at a
    column, cannot be tried. Of many classes there are few, and more where few give no value.
    """
    if metric.measured:
        return Tried(ORDER)
    try:
        for classes in CLASSES:
            sample = _sample(metric, classes)
            on = metric.on(sample.panel.classes)
            groups = np.arange(ROWS) % 2 if metric.grouped else None
            paired, default = estimated(on, Resampler(sample, _DRAW), 0.95, groups)
            if paired.improvement.value is not None:
                others = [n for n in applicable(on, sample) if n != IntervalMethod.DEFAULT]
                # How many replicates, is for the suite to say.
                return Tried(default.partition(", B=")[0], tuple(others))
    except BadInput as error:
        return Tried("", lacks=error.message)
    except (Exception, SystemExit) as error:  # of a user's own metric
        return Tried("", lacks=f"{type(error).__name__}: {error}")
    return Tried("", lacks=f"it has no value on {ROWS} rows of {CLASSES[-1]} classes")


def _task(metric: Metric) -> Task:
    return next(task for task in Task if task in metric.tasks)


def _sample(metric: Metric, many: int) -> Sample:
    """A panel of the metric's task with two models that differ, always the same.

    Already scored items have scores that it needs; people rated every second one. ``many`` is the
    number of classes where there are more than two; a metric of one class has it among them.
    """
    task, item = _task(metric), metric.needs.removeprefix(ITEM)
    rng = np.random.default_rng(1)
    ids = np.array([str(i) for i in range(ROWS)])
    every = np.ones(ROWS, dtype=bool)
    if task is Task.REGRESSION:
        truth = rng.normal(10.0, 2.0, ROWS)
        panel = Panel(ids, task, truth)
        answers = [truth + rng.normal(0.0, s, ROWS) for s in (1.0, 1.1)]
        models = [Predictions(f"m{i}", value=answer) for i, answer in enumerate(answers)]
    elif task is Task.SCORED:
        panel = Panel(ids, task, None)
        items = rng.random((2, ROWS))
        rated = np.where(np.arange(ROWS) % 2, items + rng.normal(0.0, 0.1, (2, ROWS)), np.nan)
        models = [
            Predictions(f"m{i}", items={item: items[i]}, rated={item: rated[i]}) for i in range(2)
        ]
    else:
        classes = tuple(f"class {i}" for i in range(2 if task is Task.BINARY else many))
        if isinstance(metric.law, OfClass):
            classes = (metric.law.label, *classes[1:])
        codes = rng.integers(0, len(classes), ROWS)
        panel = Panel(ids, task, codes, classes)
        models = [_classifier(i, codes, len(classes), rng) for i in range(2)]
    paid = {name: rng.exponential(1.0, (2, ROWS)) for name in PAID}
    models = [
        replace(model, costs={name: drawn[i] for name, drawn in paid.items()})
        for i, model in enumerate(models)
    ]
    return take("overall", every, panel, models[0], models[1])


def _classifier(i: int, codes: Ints, k: int, rng: np.random.Generator) -> Predictions:
    logits = rng.normal(0.0, 1.0, (ROWS, k)) + 1.5 * np.eye(k)[codes]
    score = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label = score.argmax(axis=1)
    return Predictions(f"m{i}", label=label, score=score[:, 1] if k == 2 else score)
