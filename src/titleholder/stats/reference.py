"""The page of all paired methods: ``python -m titleholder.stats.reference`` prints docs/methods.md.

A test holds the committed page equal to what this prints. What a metric's default is, and what
else it may have, is not said here but tried on a small panel.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from titleholder.arrays import Ints, Panel, Predictions
from titleholder.metrics import REGISTRY, Metric
from titleholder.metrics.items import ITEM
from titleholder.stats.estimates import estimated
from titleholder.stats.methods import INTERVALS, TESTS, Interval, Test, applicable
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import Sample, take
from titleholder.types import IntervalMethod, Task

ROWS = 400
PAID = ("latency_s", "cost_usd", "tokens_in", "tokens_out")

HEAD = """\
# Paired methods

Every way to an interval and every test that a suite may ask for, as
`python -m titleholder.stats.reference` prints it. Each metric has a default; `methods:` puts
another in its place, `tests:` puts a p-value beside it:

```yaml
methods: {roc_auc: delong, accuracy: bootstrap_bca}
tests: {accuracy: mcnemar, log_loss: wilcoxon}
```

Intervals decide. A test never does: its one-sided p-value is of no improvement at all, and a
margin is not decided by significance. A method that does not apply to the rows at hand (a panel
without clusters, an area with weights) gives no estimate but its reason, and the finding is
INCONCLUSIVE: no other method's numbers are put in its place. How often the defaults hold the
truth is in [coverage.md](coverage.md).
"""

INTERVALS_HEAD = """
## Intervals

| name | method | source |
|---|---|---|"""

TESTS_HEAD = """
## Tests

| name | method | source |
|---|---|---|"""

METRICS_HEAD = f"""
## Which metric may have which

As tried on {ROWS} rows without weights; *default* is what those rows get. With clusters each
unit is a cluster, and `cluster_bootstrap` may be asked for wherever `bootstrap` may.

| metric | default | also |
|---|---|---|"""


def page() -> str:
    """The whole page, as Markdown."""
    lines = [HEAD.rstrip(), INTERVALS_HEAD, *_methods(INTERVALS.items())]
    lines += [TESTS_HEAD, *_methods(TESTS.items()), METRICS_HEAD]
    for metric in REGISTRY.values():
        if not metric.grouped and not metric.measured:
            lines.append(_row(metric))
    return "\n".join(lines) + "\n"


def _methods(table: Iterable[tuple[str, Interval | Test]]) -> Iterator[str]:
    for name, method in table:
        source = method.source.replace("<", "\\<")
        yield f"| `{name}` | {method.title} | {source} |"


def _row(metric: Metric) -> str:
    sample = _sample(_task(metric), metric.needs.removeprefix(ITEM))
    metric = metric.on(sample.panel.classes)
    _, default = estimated(metric, Resampler(sample, Draw(resamples=200, seed=1)), 0.95)
    others = [f"`{n}`" for n in applicable(metric, sample) if n != IntervalMethod.DEFAULT]
    default = default.partition(", B=")[0]  # how many replicates, is for the suite to say
    return f"| `{metric.name}` | {default} | {', '.join(others)} |"


def _task(metric: Metric) -> Task:
    return next(task for task in Task if task in metric.tasks)


def _sample(task: Task, item: str) -> Sample:
    """A panel of the task with two models that differ, always the same.

    Already scored items have scores under ``item``; people rated every second one.
    """
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
        classes = ("no", "yes") if task is Task.BINARY else ("ant", "bee", "cat")
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


if __name__ == "__main__":
    print(page(), end="")
