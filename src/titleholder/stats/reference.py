"""The page of all paired methods: ``python -m titleholder.stats.reference`` prints docs/methods.md.

A test holds the committed page equal to what this prints. What a metric's default is, and what
else it may have, is not said here but tried on a small panel (`titleholder.stats.tried`).
"""

from collections.abc import Iterable, Iterator

from titleholder.metrics import REGISTRY, Metric
from titleholder.stats.methods import INTERVALS, TESTS, Interval, Test
from titleholder.stats.tried import ROWS, tried

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
margin is not decided by significance. A method that a metric can never have is refused with the
configuration. One that does not apply to the rows at hand (a panel without clusters, an area with
weights) gives no estimate but its reason, and the finding is INCONCLUSIVE: no other method's
numbers are put in its place. How often the defaults hold the truth is in
[coverage.md](coverage.md).
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
    found = tried(metric)
    others = ", ".join(f"`{name}`" for name in found.others)
    return f"| `{metric.name}` | {found.default} | {others} |"


if __name__ == "__main__":
    print(page(), end="")
