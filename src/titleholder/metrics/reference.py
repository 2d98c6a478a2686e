"""The page of all metrics: ``python -m titleholder.metrics.reference`` prints docs/metrics.md.

A test holds the committed page equal to what this prints.
"""

from collections.abc import Iterable, Iterator

from titleholder.metrics import REGISTRY, facts
from titleholder.metrics.base import Family, Metric

HEAD = """\
# Metrics

Every metric that a rule may name, as `python -m titleholder.metrics.reference` prints it. On a
terminal `titleholder metrics --task binary` lists the same, `titleholder metrics roc_auc` tells one
with the methods by which models are compared, and `--suite NAME` adds a suite's own.

Better is up (↑), down (↓) or towards a value (→). Metrics in **bold** are measured in every suite
of their task, unless it lists others; `metrics: [usual, calibration_slope]` measures one more. A
policy on its own measures what its rules name, too. What is resampled: *counts* of a confusion
table, *means* over rows, *ranks* of scores, or nothing, where a figure was *measured* of the
whole model. All of them take weights (`columns.weight`), and clusters as one observation
each (`columns.cluster`). In formulas of numbers, y is the truth, f the answer and e = f - y.
"""

FAMILIES = """\
## Families

A name with brackets is one of many. There is one way to write it: `pinball[0.9]`, not
`pinball[0.90]`. A class is written as the data write it, and may be one of two or of many.
"""

DIFFERENCES = """\
## Where other libraries answer differently

Values agree with scikit-learn and fairlearn to 1e-12 wherever both define them; tests hold that
over generated rows, weighted ones and single-class ones among them. Where they do not:
"""

# What it is about, what is said here, what is said there.
ANSWERS: tuple[tuple[str, str, str], ...] = (
    (
        "precision, recall, specificity, F, Jaccard with nothing to divide by",
        "no value",
        "scikit-learn: 0 and a warning",
    ),
    (
        "Matthews correlation where truth or calls are all of one class",
        "no value",
        "scikit-learn: 0",
    ),
    (
        "Cohen's kappa where truth and calls are all of the same class",
        "no value",
        "scikit-learn: NaN and a warning",
    ),
    ("ROC AUC, Gini, KS on a single class", "no value", "scikit-learn: NaN and a warning"),
    (
        "average precision on a single class",
        "no value",
        "scikit-learn: 0 without positives, 1 with nothing else",
    ),
    (
        "mean absolute percentage error with a truth of exactly 0",
        "no value",
        "scikit-learn: divides by 2.2e-16",
    ),
    ("R² of a constant truth", "no value", "scikit-learn: 1 if all is right, else 0"),
    ("top-k with as many guesses as classes", "no value", "scikit-learn: 1 and a warning"),
    (
        "top-k with scores that tie across the k-th place",
        "shared among the tied",
        "scikit-learn: the later class wins",
    ),
    (
        "one against the rest with fewer than ten rows in a class",
        "no value",
        "scikit-learn: NaN only where a class has none",
    ),
    (
        "macro means over a class that occurs only in rows of weight 0",
        "it does not occur",
        "scikit-learn: it does",
    ),
    (
        "fairness gaps with a group on which the rate is undefined",
        "no value",
        "fairlearn: the group's rate is 0",
    ),
    (
        "ratio of equalised odds where no group has a false positive",
        "no value",
        "fairlearn: the ratio of the true positive rates",
    ),
)

NOTES = """\
The same in all: log loss keeps probabilities a machine epsilon away from 0 and 1; the Brier score
is halved for two classes only; balanced accuracy leaves out classes without rows; a macro mean
counts a class that is never called as precision 0; a ratio of rates that are all 0 has no value.

What no library settles:

- **Bins** of calibration metrics are ten, of equal width; an edge belongs to the bin above it.
  With many classes, the likeliest class's probability is held against whether it came true.
- **`ece_debiased`** is a root mean square, not a mean: only of the square is there an estimate
  without bias. It is below 0 where chance made the square negative, and on average near 0 for a
  calibrated model, for which `ece` lies well above.
- **`brier_reliability`** and **`brier_resolution`** add up to the Brier score only where all
  scores of a bin are the same.
- **`calibration_slope`** has no value where a score tells the classes apart without error.
- **`lift[...]`** counts tied rows at the cut in part, in the order of chance.
- **`smape`** is that of the M3 competition: from 0 to 2, and 0 where truth and answer are both 0.
- **Latency quantiles** are order statistics with distribution-free intervals; of too few rows
  there is none, so that `p99_latency_ms` needs about 370 of them for an interval at 95%.
"""

COSTS = """\
## Costs

`titleholder.metrics.cost` lays a cost matrix over the counts: `cost_per_1000(counts, costs)` is
what 1,000 decisions cost on average, with `costs[truth, call]` in any currency and gains
negative; `best_threshold(y, score, costs)` is the score from which to call positive so that
these rows cost least (of equal costs, the highest score; infinite where it is cheapest to call
nobody), and `expected_cost(costs, task)` is the metric.
"""

OWN = """\
## A metric of one's own

A file that lists its metrics in `METRICS`; a function gives one number a row, and another, if
wanted, says which rows count. Reviews that say the opposite of what they mean are few, so that
accuracy hides them:

```python
from titleholder.metrics import row_metric


def taken_at_its_word(panel, predictions):
    return predictions.label != panel.y_true


def is_sarcastic(panel):
    return panel.columns["sarcastic"] == 1


METRICS = [
    row_metric(
        "sarcasm_missed", taken_at_its_word, where=is_sarcastic,
        task="multiclass", needs="label", higher_is_better=False, domain=(0, 1),
    )
]
```

A suite, or a policy, names the file and then the metric:

```yaml
metrics_from: [metrics/sarcasm.py]
metrics: [usual, sarcasm_missed]
rules:
  - {id: irony, metric: sarcasm_missed, kind: non_inferior, margin: 0.02}
```

All that is wrong with it is told at once, and what is right by `titleholder metrics --suite NAME`.
Both models are then compared on the same sarcastic
reviews, with an interval like any other metric's; those reviews are what `n` counts, and what a
rule's `min_n` and the number of rows that would settle it are about. The file is run, as any
Python module is.

A package offers one to everybody who installs it, under its
name:

```toml
[project.entry-points."titleholder.metrics"]
sarcasm_missed = "reviews.metrics:sarcasm_missed"
```

It is imported when a suite names it, and not before. A metric that is no mean over rows is a
`Metric` with a law of its own: `Counts`, `Means` or `Ranks` in `titleholder.metrics.base`.

## Metrics of Hugging Face's evaluate

With `pip install "titleholder[evaluate]"`, its modules are metrics by their names:

```yaml
metrics: [usual, "evaluate[matthews_correlation]", "evaluate[f1?average=macro]"]
metrics: ["evaluate[./metrics/profit?better=higher&result=profit]"]     # a module of one's own
```

Nothing is downloaded: a name is a module that `evaluate.load` has kept on this machine before, or
the path of a module's directory, and one that is neither is an error that says so. Its code is
run, and is an input of the verdict by its digest, under the role `module:evaluate[NAME]`; a module
that changes during a run ends it. Options stand behind the question mark; `better` says which way
is better where that is not known of the name, and `result` which figure is meant where a module
gives several. It has to take one prediction and one reference a row: class codes (or, as text,
class names), scores of two classes, or numbers.

A module gives a figure of many rows and no interval. Where that figure is the mean of those of
single rows, they are the rows' scores; otherwise each row is worth what the figure loses without
it (the jackknife), which holds of smooth figures and not of medians. Then both models are
compared row by row, as by any metric: tested on accuracy, F1, Matthews, AUC, squared error and
Pearson against titleholder's own, whose intervals they share to about a tenth of their width.
Calls of few classes cost a few calls of the module; of scores and numbers it is asked row by row,
for at most 20,000 distinct rows of a mean and 2,000 of anything else. Weights of rows are
refused.

In a suite of a chat product, `chat.scorers: ["evaluate_text[exact_match]"]` asks a module of
texts about each answer and the expected one, alone; the metric of that name is the mean. A metric
of a whole corpus, such as BLEU, is another thing there than what its authors mean.

## What decisions cost

What a wrong decision costs makes three metrics more, per 1,000 decisions: `expected_cost`,
`cost_of_misses` and `cost_of_false_alarms`, of `costs: {miss: 5, false_alarm: 1, unit: EUR}` in the
suite (and `hit`, `correct_rejection`; gains are negative). They are measured wherever costs are
declared, a rule may hold them to a margin, and the report card says what is saved, with intervals.
"""


def page() -> str:
    """The whole of docs/metrics.md."""
    parts = [HEAD]
    for title, kind in facts.TOPICS.items():
        metrics = [m for m in REGISTRY.values() if facts.kind(m) == kind]
        parts.append(f"## {title}\n\n{_table(metrics)}")
    parts.append(f"{FAMILIES}\n{_families(REGISTRY.families.values())}")
    answers = "".join(f"| {' | '.join(answer)} |\n" for answer in ANSWERS)
    parts.append(f"{DIFFERENCES}\n| | here | there |\n|---|---|---|\n{answers}")
    return "\n".join([*parts, NOTES, COSTS, OWN])


def _table(metrics: Iterable[Metric]) -> str:
    head = "| name | | | formula | range | resampled | source |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(f"{_row(metric)}\n" for metric in metrics)


def _row(metric: Metric) -> str:
    name = f"**`{metric.name}`**" if metric.by_default else f"`{metric.name}`"
    cells = [
        name, metric.title, facts.direction(metric), _cell(metric.formula), facts.span(metric),
        facts.resampled(metric), _cell(metric.source),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _families(families: Iterable[Family]) -> str:
    return "| name | of | in the brackets | formula |\n|---|---|---|---|\n" + "".join(
        f"{row}\n" for family in families for row in _family(family)
    )


def _family(family: Family) -> Iterator[str]:
    for example in family.examples:
        metric = REGISTRY[example]
        tasks = ", ".join(facts.tasks(metric))
        yield f"| `{example}` | {tasks} | {family.argument} | {_cell(metric.formula)} |"


def _cell(text: str) -> str:
    """Text that may stand in a table: a bar would end the cell."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
