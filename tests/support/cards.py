"""Verdicts with all that a report card shows: realistic, hostile and as large as they come.

Findings come from the judge itself, so that intervals, outcomes and reasons agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import msgspec
import numpy as np

from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import Comparisons, Flips
from titleholder.comparison.decay import Decay, unavailable
from titleholder.drift import Bin, Cause, ColumnShift, Drift, Role, ShiftOutcome
from titleholder.judge import judge
from titleholder.params.schema import Binned, Policy
from titleholder.report.card import Card
from titleholder.types import (
    Check,
    Comparison,
    Estimate,
    Kind,
    Mode,
    OnInconclusive,
    Outcome,
    Rule,
    Severity,
    Source,
    Task,
    Verdict,
)
from titleholder.validation import Expectation, Validation
from titleholder.verdict import derive, reason

# What a page, a table in Markdown and a terminal must survive, in any name.
HOSTILE = (
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "' onmouseover='document.title=1",
    "</title></style></svg><script>document.title='owned'</script>",
    "a|b|c",
    "`code` **bold** ![x](http://198.51.100.7/x.png) [l](javascript:alert(1))",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "abc\u202efdp.exe",
    "\u2066hidden\u2069\u200b",
    "two\nlines\r\n| not | a | row |",
    "nul\x00byte",
    "{{ 7 * 7 }}{% raw %}",
    "$\\frac{1}{0}$",
    "&amp;lt; &#x3c;",
    "@everyone #1 www.example.com http://198.51.100.7/",
    "=cmd|' /C calc'!A0",
    "名前🧪é",
    "long-" * 2000,
)

SLICES = ("sex=female", "sex=male", "age=[18, 40)", "age=[40, 65)", "sex=female & age=[18, 40)")


@dataclass(frozen=True)
class Moved:
    """What a comparison should say: champion's value, improvement and half its interval."""

    champion: float = 0.85
    by: float = 0.01
    half: float = 0.008
    n: int = 4000


def comparison(
    metric: str, slice_: str = "overall", moved: Moved | None = None, over: str | None = None
) -> Comparison:
    """One comparison; without ``moved`` the quantity is undefined."""
    nothing = Estimate()
    champion = candidate = improvement = relative = nothing
    if moved is not None:
        lower_is_better = metric in {"log_loss", "brier", "ece", "mae", "rmse", "size_mb"}
        value = moved.champion + (-moved.by if lower_is_better or over else moved.by)
        champion = _around(moved.champion, moved.half)
        candidate = _around(value, moved.half)
        improvement = _around(moved.by, moved.half)
        relative = _around(moved.by / moved.champion, moved.half / moved.champion)
    # What is known exactly has no standard error: no floor on rows is asked of it.
    error = moved.half / 1.96 if moved and moved.half else None
    return Comparison(
        metric=metric,
        slice=slice_,
        over=over,
        n=moved.n if moved else 0,
        n_clusters=None,
        n_min_class=40,
        method="paired bootstrap over cells, B=2000" if moved and moved.half else "none",
        level=0.95,
        champion=champion,
        candidate=candidate,
        improvement=improvement,
        relative=relative,
        std_error=error,
        relative_std_error=error,
        reason="" if moved else "a single class on this slice",
        of_rows=metric != "size_mb",
    )


def card(
    rules: Iterable[Rule],
    comparisons: Sequence[Comparison],
    checks: tuple[Check, ...] = (),
    task: Task = Task.BINARY,
    names: tuple[str, str, str] = ("credit", "champion", "gradient-boosting-v7"),
) -> Card:
    """A card whose findings are judged from these rules and comparisons."""
    suite, champion, candidate = names
    policy = Policy(task=task, rules=tuple(rules))
    findings = judge(policy, comparisons)
    verdict = Verdict(
        schema_version=1,
        suite=suite,
        task=task,
        candidate=candidate,
        outcome=derive(findings, checks),
        reason=reason(findings, checks),
        error_control="Intersection-union test: every blocking rule must pass at its own level.",
        level=0.95,
        rules=policy.rules,
        findings=findings,
        declared=tuple(check.name for check in checks),
        checks=checks,
        inputs=_sources(champion, candidate),
    )
    slices = dict.fromkeys(c.slice for c in comparisons)
    record = Comparisons(
        inputs={},
        suite=suite,
        task=task,
        champion=champion,
        candidate=candidate,
        n=4000,
        level=0.95,
        comparisons=tuple(comparisons),
        flips=tuple(Flips(slice=s, n=4000, better=120 + i, worse=90) for i, s in enumerate(slices)),
    )
    return Card(verdict=verdict, comparisons=record)


RULES = (
    Rule(id="auc", metric="roc_auc", kind=Kind.NON_INFERIOR, margin=0.01),
    Rule(id="log-loss", metric="log_loss", kind=Kind.NON_INFERIOR, margin=0.02, relative=True),
    Rule(
        id="recall-everywhere",
        metric="recall",
        kind=Kind.NON_INFERIOR,
        slice="*",
        margin=0.05,
        on_inconclusive=OnInconclusive.WARN,
    ),
    Rule(
        id="parity",
        metric="demographic_parity_difference",
        kind=Kind.CEILING,
        over="sex",
        value=0.2,
        severity=Severity.WARN,
    ),
    Rule(id="better", metric="f1", kind=Kind.SUPERIOR, margin=0.0, mode=Mode.SHADOW),
    Rule(id="small", metric="size_mb", kind=Kind.CEILING, value=20),
)


def passing() -> Card:
    """Every rule passes with room."""
    return _credit(recall=Moved(0.7, 0.02, 0.03), auc=Moved())


def failing() -> Card:
    """Recall is lost on two slices, and drift withholds what else would pass."""
    checks = (
        _check("data", Outcome.PASS, "31 of 31 expectations hold"),
        _check("drift", Outcome.FAIL, "income: PSI 0.41 is above 0.2", Severity.WARN),
        _check("decay", Outcome.INCONCLUSIVE, "change [-0.06, 0.01]", Severity.WARN),
    )
    return _credit(recall=Moved(0.7, -0.12, 0.04), auc=Moved(by=-0.004), checks=checks)


def explained() -> Card:
    """The same with the rows at hand, so that the broken slices can be looked into."""
    made = failing()
    assert made.panel is not None and made.champion is not None and made.candidate is not None
    n = len(made.panel)
    rng = np.random.default_rng(4)
    columns = {
        "sex": np.array(["female", "male"], dtype=object)[np.arange(n) % 2],
        "age": rng.integers(18, 65, n),
    }
    took = [{"latency_s": rng.gamma(2, 0.01 * scale, n)} for scale in (1, 3)]
    return replace(
        made,
        panel=replace(made.panel, columns=columns),
        champion=replace(made.champion, costs=took[0]),
        candidate=replace(made.candidate, costs=took[1]),
        slices=("sex", Binned("age", (18, 40, 65))),
    )


def inconclusive() -> Card:
    """The overall AUC cannot be told, and the rule does not excuse it."""
    return _credit(recall=Moved(0.7, 0.01, 0.04), auc=Moved(by=-0.006, half=0.012, n=1191))


def erring() -> Card:
    """A metric that has a rule was not measured at all, and a data check crashed."""
    checks = (_check("data", Outcome.ERROR, "the expectation suite could not be read"),)
    found = _credit(recall=Moved(0.7, 0.02, 0.03), auc=Moved(), checks=checks)
    rest = [c for c in found.comparisons.comparisons if c.metric != "roc_auc"]
    return replace(card(RULES, rest, checks), drift=found.drift)


def hostile() -> Card:
    """Every name that can come from data, parameters or file names is one of `HOSTILE`."""
    rules = [
        Rule(id=name, metric="recall", kind=Kind.NON_INFERIOR, slice=name, margin=0.05)
        for name in HOSTILE
    ]
    rules.append(Rule(id="m", metric=HOSTILE[0], kind=Kind.FLOOR, value=0.5))
    rules.append(Rule(id="o", metric="f1", kind=Kind.CEILING, over=HOSTILE[1], value=0.5))
    found = [
        comparison("recall", name, Moved(0.7, 0.01 * i - 0.1)) for i, name in enumerate(HOSTILE)
    ]
    found.append(comparison(HOSTILE[0], moved=Moved()))
    found.append(comparison("f1", over=HOSTILE[1], moved=Moved()))
    checks = tuple(_check(name, Outcome.FAIL, name) for name in HOSTILE)
    made = card(rules, found, checks, names=(HOSTILE[0], HOSTILE[3], HOSTILE[1]))
    columns = tuple(_column(name, 0.3, labels=HOSTILE) for name in HOSTILE)
    return replace(
        made,
        drift=Drift(inputs={}, outcome=Outcome.FAIL, reason=HOSTILE[3], columns=columns),
        validation=_validation(HOSTILE),
        evidence={name: name for name in HOSTILE} | {"docs": "../../validate/evidence/index.html"},
        **_rows(HOSTILE[:3], Task.MULTICLASS),
    )


def large() -> Card:
    """50 slices, 12 metrics with a rule each, 30 columns: what a page has to carry."""
    metrics = (
        "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "mcc",
        "roc_auc", "average_precision", "log_loss", "brier", "ece",
    )  # fmt: skip
    slices = ["overall", *(f"region=area-{i:02d} & band=[{i}, {i + 1})" for i in range(50))]
    rng = np.random.default_rng(7)
    found = [
        comparison(m, s, Moved(0.8, float(rng.normal(0, 0.02)), float(rng.uniform(0.005, 0.05))))
        for s, m in product(slices, metrics)
    ]
    rules = [
        Rule(id=f"{m}-everywhere", metric=m, kind=Kind.NON_INFERIOR, slice="*", margin=0.03)
        for m in metrics
    ]
    columns = tuple(_column(f"feature_{i:02d}", float(rng.gamma(1, 0.1))) for i in range(30))
    return replace(
        card(rules, found),
        drift=Drift(inputs={}, outcome=Outcome.FAIL, reason="9 columns moved", columns=columns),
        validation=_validation(["negative", "NaN", "99999"]),
        **_rows(("no", "yes"), Task.BINARY, 20_000),
    )


def regression() -> Card:
    """Arrival delays: errors grew in the morning."""
    rules = [
        Rule(id="error", metric="mae", kind=Kind.NON_INFERIOR, margin=0.5),
        Rule(id="hours", metric="mae", kind=Kind.NON_INFERIOR, slice="*", margin=1.0),
    ]
    slices = ["overall", "hour=[0, 9)", "hour=[9, 13)", "hour=[13, 24)"]
    moves = (0.1, -2.5, 0.4, 1.9)
    found = [
        comparison("mae", s, Moved(23.4, by, 0.6)) for s, by in zip(slices, moves, strict=True)
    ]
    names = ("flights", "champion", "candidate")
    made = card(rules, found, task=Task.REGRESSION, names=names)
    return replace(made, **_rows((), Task.REGRESSION))


def skipped() -> Card:
    """The data broke their expectations, so that no model was run and nothing was compared."""
    said = "the data check did not pass"
    policy = Policy(task=Task.BINARY, rules=RULES)
    findings = judge(policy, (), skipped=said)
    checks = (
        _check("data", Outcome.FAIL, "1 of 2 expectations does not hold"),
        _check("comparability", Outcome.INCONCLUSIVE, "no models were run"),
    )
    made = card(RULES, ())
    return replace(
        made,
        verdict=msgspec.structs.replace(
            made.verdict,
            outcome=derive(findings, checks),
            reason=reason(findings, checks),
            findings=findings,
            checks=checks,
        ),
        comparisons=msgspec.structs.replace(made.comparisons, n=0, flips=(), skipped=said),
        validation=_validation(["-1", "1e9"]),
        decay=unavailable(policy, said),
    )


def multiclass() -> Card:
    """Five kinds of clothes, one of them confused more often."""
    rules = [Rule(id="accuracy", metric="accuracy", kind=Kind.NON_INFERIOR, margin=0.01)]
    found = [comparison("accuracy", s, Moved(0.86, 0.012, 0.006)) for s in ("overall", *SLICES)]
    made = card(rules, found, task=Task.MULTICLASS, names=("vision", "resnet", "vgg"))
    kinds = ("bag", "boot", "coat", "dress", "shirt")
    return replace(made, **_rows(kinds, Task.MULTICLASS))


def scored() -> Card:
    """Answers that a harness has scored already; nothing is known of classes or truths."""
    rules = [Rule(id="helpful", metric="helpful", kind=Kind.SUPERIOR, margin=0.0)]
    found = [comparison("helpful", s, Moved(0.61, 0.03, 0.02)) for s in ("overall", *SLICES[:2])]
    made = card(rules, found, task=Task.SCORED, names=("chat", "v1", "v2"))
    return replace(made, **_rows((), Task.SCORED))


def bare() -> Card:
    """Two prediction files and a policy: no drift, no validation, no decay, no evidence."""
    found = passing()
    return Card(
        verdict=found.verdict,
        comparisons=found.comparisons,
        panel=found.panel,
        champion=found.champion,
        candidate=found.candidate,
    )


def unjudged() -> Card:
    """A verdict that holds nothing at all."""
    made = card((), ())
    empty = msgspec.structs.replace(made.verdict, inputs=(), rules=())
    return Card(verdict=empty, comparisons=made.comparisons)


CARDS = (
    passing, failing, explained, inconclusive, erring, hostile, large, regression, skipped,
    multiclass, scored, bare, unjudged,
)  # fmt: skip


def _credit(recall: Moved, auc: Moved, checks: tuple[Check, ...] = ()) -> Card:
    """The suite of a credit model, with everything that a card can show."""
    worst = replace(recall, half=recall.half * 3, n=180)
    found = [
        comparison("roc_auc", moved=auc),
        comparison("log_loss", moved=Moved(0.29, 0.004, 0.003)),
        comparison("f1", moved=Moved(0.6, 0.01, 0.02)),
        comparison("recall", moved=replace(recall, by=recall.by / 4)),
        *(
            comparison("recall", s, replace(recall, by=recall.by / (i + 1)))
            for i, s in enumerate(SLICES[:4])
        ),
        comparison("recall", SLICES[4], worst),
        *(comparison("roc_auc", s, replace(auc, half=0.02)) for s in SLICES),
        comparison("log_loss", SLICES[4]),
        comparison("demographic_parity_difference", over="sex", moved=Moved(0.14, -0.05, 0.04)),
        comparison("size_mb", moved=Moved(1.2, -0.4, 0.0, 1)),
    ]  # fmt: skip
    columns = (
        _column("income", 0.41), _column("age", 0.04), _column("employer", 0.12, labels=("a", "b")),
        ColumnShift(
            name="notes", role=Role.FEATURE, kind="text", n_reference=4000, n_current=4000,
            outcome=ShiftOutcome.NOT_SCORED, cause=Cause.TEXT, reason="free text is not scored",
        ),
    )  # fmt: skip
    said = Drift(inputs={}, outcome=Outcome.FAIL, reason="income moved", columns=columns)
    return replace(
        card(RULES, found, checks),
        drift=said,
        validation=_validation(["-1", "1e9"]),
        decay=Decay(
            metric="roc_auc", n_reference=4100, n_current=4000, level=0.95,
            reference=_around(0.87, 0.01), current=_around(0.85, 0.01),
            change=_around(-0.02, 0.015),
        ),
        evidence={"Evidently's report": "../../drift/evidence/evidently.html"},
        **_rows(("no", "yes"), Task.BINARY),
    )  # fmt: skip


def _rows(classes: Sequence[str], task: Task, n: int = 1500) -> dict[str, object]:
    """A panel and the answers of two models, the second a little better."""
    rng = np.random.default_rng(11)
    ids = np.arange(n).astype(str)
    if task is Task.REGRESSION:
        y = rng.gamma(2, 15, n) - 15
        models = [
            Predictions(m, value=y + rng.normal(s / 9, s, n)) for m, s in (("a", 18), ("b", 15))
        ]
    elif task is Task.SCORED:
        scores = [np.clip(rng.normal(mean, 0.2, n), 0, 1) for mean in (0.61, 0.64)]
        panel = Panel(row_id=ids, task=task, y_true=None)
        first, second = (Predictions("m", items={"helpful": s}) for s in scores)
        return {"panel": panel, "champion": first, "candidate": second}
    else:
        k = len(classes)
        y = rng.integers(0, k, n) if k > 2 else (rng.random(n) < 0.25).astype(int)
        models = [_answers(y, k, noise, rng) for noise in (0.32, 0.24)]
    panel = Panel(row_id=ids, task=task, y_true=y, classes=tuple(classes))
    return {"panel": panel, "champion": models[0], "candidate": models[1]}


def _answers(y: np.ndarray, k: int, noise: float, rng: np.random.Generator) -> Predictions:
    if k > 2:
        wrong = rng.random(len(y)) < noise
        return Predictions("m", label=np.where(wrong, (y + 1) % k, y))
    score = np.clip(0.25 + 0.45 * y + rng.normal(0, noise, len(y)), 0, 1)
    return Predictions("m", label=(score >= 0.5).astype(int), score=score)


def _column(name: str, psi: float, labels: Sequence[str] = ()) -> ColumnShift:
    """A column with its bins; shifted above a PSI of 0.2."""
    names = labels or [f"({i * 1.2345:g}, {(i + 1) * 1.2345:g}]" for i in range(10)]
    k = len(names)
    now = np.linspace(1, 1 + 2 * psi, k)
    bins = tuple(
        Bin(label=str(label), reference=1 / k, current=float(share))
        for label, share in zip(names, now / now.sum(), strict=True)
    )
    shifted = psi > 0.2
    return ColumnShift(
        name=name, role=Role.FEATURE, kind="categorical" if labels else "numeric",
        n_reference=4100, n_current=4000,
        outcome=ShiftOutcome.SHIFTED if shifted else ShiftOutcome.OK, cause=Cause.NONE,
        reason=f"PSI {psi:.3g} is above 0.2" if shifted else "",
        missing_reference=0.0, missing_current=0.013, missing_change=0.013, n_bins=k, psi=psi,
        psi_noise=0.02, kl=psi / 2, js=psi / 8, ks=psi / 3, wasserstein=psi, psi_threshold=0.2,
        n_new=len(labels), new_share=0.01 if labels else None, new_categories=tuple(labels)[:5],
        bins=bins,
    )  # fmt: skip


def _validation(offending: Iterable[str]) -> Validation:
    values = tuple(offending)
    broken = Expectation(
        index=0, id="a", type="expect_column_values_to_be_between", column=values[0],
        kwargs='{"min_value": 0}', outcome=Outcome.FAIL, reason=f"unexpected: {values[0]}",
        observed=values[-1], n=4000, unexpected_count=12, unexpected_share=0.003, offending=values,
    )  # fmt: skip
    held = Expectation(
        index=1, id="b", type="expect_table_row_count_to_be_between", column=None,
        kwargs='{"min_value": 1000}', outcome=Outcome.PASS, reason="", observed="4000",
    )  # fmt: skip
    return Validation(
        outcome=Outcome.FAIL, reason="1 of 2 expectations does not hold", rows=4000, columns=13,
        declared=2, evaluated=2, expectations=(broken, held),
    )  # fmt: skip


def _check(name: str, outcome: Outcome, said: str, severity: Severity = Severity.BLOCK) -> Check:
    return Check(name=name, kind="data", severity=severity, outcome=outcome, reason=said)


def _around(value: float, half: float) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half)


def _sources(champion: str, candidate: str) -> tuple[Source, ...]:
    roles = {"current": "data/c.parquet", "champion": champion, f"candidate:{candidate}": candidate}
    return tuple(
        Source(role=role, path=path, sha256=f"{i:x}" * 64, bytes=10**i, dvc=f"md5:{i:x}" * 8)
        for i, (role, path) in enumerate(roles.items(), start=3)
    )
