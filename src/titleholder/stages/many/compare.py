"""compare, of data in many files: the same records, from sums over shards."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec

from titleholder.comparison import decay
from titleholder.comparison.compare import Measurement
from titleholder.comparison.decay import Decay
from titleholder.comparison.standings import metrics_of
from titleholder.metrics import Metric
from titleholder.params.schema import Suite
from titleholder.stages.many import shards
from titleholder.stages.many.answers_shift import answered
from titleholder.stages.many.blocks import Source
from titleholder.stages.many.planning import Asked, Pair
from titleholder.stages.many.together import Outcome, compared
from titleholder.stages.panels import Rows
from titleholder.stats.intervals import undefined
from titleholder.types import OVERALL, Comparison


def measured(rows: Rows, suite: Suite) -> Outcome:
    """Every candidate against the champion, and every two candidates by the leaderboard."""
    names = (rows.champion, *rows.manifest.candidates())
    source = _source(rows, "current", names, suite)
    between = msgspec.structs.replace(suite, metrics=_board(suite))
    policies: dict[Pair, Suite] = {
        pair: suite if pair[0] == rows.champion else between for pair in combinations(names, 2)
    }
    with shards.runner_of(rows.ws) as runner:
        return compared(source, Asked(policies, rows.registry, rows.gauges.models), runner)


def _board(suite: Suite) -> tuple[str, ...]:
    return metrics_of(suite, ())


def _source(rows: Rows, role: str, names: Sequence[str], suite: Suite) -> Source:
    ws = rows.ws.sent()
    return Source(ws, suite, role, shards.read(ws, role), tuple(names), rows.set.files)


def with_all(found: Measurement, metrics: Sequence[str]) -> tuple[Comparison, ...]:
    """The comparisons over all rows by these metrics; one that was not made says so."""
    overall = {c.metric: c for c in found.comparisons if c.slice == OVERALL and c.over is None}
    some = next(iter(overall.values()))
    lacking = [name for name in metrics if name not in overall]
    nothing = undefined("not measured shard by shard: name it under metrics:")
    blank = [
        msgspec.structs.replace(
            some, metric=name, method="none", champion=nothing.champion,
            candidate=nothing.candidate, improvement=nothing.improvement,
            relative=nothing.relative, std_error=None, relative_std_error=None,
            reason=nothing.reason,
        )
        for name in lacking
    ]  # fmt: skip
    return (*overall.values(), *blank)


def decayed(rows: Rows, suite: Suite, now: Mapping[Pair, Measurement]) -> Decay:
    """The champion on reference shards against the champion on current ones."""
    metric = rows.registry.get(decay.metric_of(suite))
    if metric is None:
        return decay.unavailable(suite, decay.NO_METRIC)
    candidate = rows.manifest.candidates()[0]
    pair = (rows.champion, candidate)
    for model, whose in zip(pair, ("champion", "candidate"), strict=True):
        if not answered(rows, model, "reference"):
            reason = f"there are no {whose}'s answers on reference rows"
            return decay.unavailable(suite, reason)
    then = _on_reference(rows, suite, pair, metric)
    before, after = _champions(then, metric), _champions(now[pair], metric)
    if before is None or after is None:
        return decay.unavailable(suite, f"{metric.name} was not measured: name it under metrics:")
    return decay.of_estimates(
        suite, metric, (before.n, after.n), (before.champion, before.reason),
        (after.champion, after.reason),
    )  # fmt: skip


def _on_reference(rows: Rows, suite: Suite, pair: Pair, metric: Metric) -> Measurement:
    apart = msgspec.structs.replace(suite, metrics=(metric.name,), slices=(), segments={})
    source = _source(rows, "reference", pair, apart)
    with shards.runner_of(rows.ws) as runner:
        asked = Asked({pair: apart}, rows.registry, {})
        return compared(source, asked, runner).measurements[pair]


def _champions(found: Measurement, metric: Metric) -> Comparison | None:
    return next(
        (c for c in found.comparisons
         if (c.metric, c.slice, c.over) == (metric.name, OVERALL, None)), None
    )  # fmt: skip
