"""What the parameters mean: every rule that can never be judged as it stands, told at once.

The shape is right by the time this is called. Nothing here reads data; `check_columns` is for
whoever has read their names.
"""

import math
import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from titleholder.params.document import Path_
from titleholder.params.expression import BadExpression, columns_in, parse
from titleholder.params.leaderboards import leaderboard_problems
from titleholder.params.named import MetricFacts, Metrics, measured_problems, metric_problems
from titleholder.params.registered import is_registered, model_name, registered
from titleholder.params.schema import Binned, Chat, Part, Policy, SliceSpec, Suite, Training
from titleholder.params.shape import Problem, nearest
from titleholder.params.sharded import BUCKETS, address_problems, sharded_problems
from titleholder.types import Kind, Mode, Rule, Severity, Task

OVERALL, EVERY = "overall", "*"
TABLES = (".parquet", ".csv", ".jsonl")
# No suffix is a directory of Parquet files.
DATA = (*TABLES, "")
CHATS = (".yaml", ".yml")
# No suffix is a directory: with one file called model.* in it, and all that goes with that.
MODELS = (".skops", ".onnx", *CHATS, *TABLES, "")
PICKLES = (".joblib", ".pickle", ".pkl")
# Models' records are files of their name: it must be a safe one, and none that a stage uses.
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
BEYOND = 5  # resamples that lie beyond each end of an interval
MOST_DRAWN = 100_000
CLASSED = (Task.BINARY, Task.MULTICLASS)
MARGINS = (Kind.NON_INFERIOR, Kind.SUPERIOR)


def suite_problems(suite: Suite, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """All that is wrong with the meaning of a suite."""
    yield from policy_problems(suite, metrics, path)
    yield from _file_problems(suite, path)
    yield from _model_problems(suite, path)
    yield from _chat_problems(suite, path)
    yield from _bias_problems(suite, (*path, "bias"))
    yield from _image_problems(suite, path)
    yield from leaderboard_problems(suite, metrics, path)
    yield from sharded_problems(suite, path)
    for name in suite.drift.columns:
        if name in suite.columns.ignore:
            where = (*path, "drift", "columns", name)
            yield Problem(where, "the column is in columns.ignore, so its threshold never counts")


def policy_problems(policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """All that is wrong with the meaning of a policy."""
    yield from _task_problems(policy, metrics, path)
    yield from _draw_problems(policy, path)
    yield from _segment_problems(policy, path)
    for i, spec in enumerate(policy.slices):
        yield from _slice_problems(spec, (*path, "slices", i))
    yield from _rules_problems(policy, path)
    for i, rule in enumerate(policy.rules):
        yield from _rule_problems(rule, policy, metrics, (*path, "rules", i))


def check_columns(policy: Policy, columns: Collection[str], where: str) -> list[str]:
    """Columns that a policy names and the data lack, each with the nearest that there is."""
    wanted: dict[str, str] = {}
    named = policy.columns
    for key in ("target", "cluster", "weight"):
        if getattr(named, key) is not None:
            wanted[getattr(named, key)] = f"columns.{key}"
    for i, spec in enumerate(policy.slices):
        for part in _parts(spec):
            wanted[_column(part)] = f"slices[{i}]"
    for segment, text in policy.segments.items():
        wanted.pop(segment, None)
        for column in columns_in(parse(text)):
            wanted[column] = f"segments.{segment}"
    for i, rule in enumerate(policy.rules):
        if rule.over is not None and rule.over not in policy.segments:
            wanted.setdefault(rule.over, f"rules[{i}].over")
    protected = policy.bias.protected if isinstance(policy, Suite) else None
    for i, part in enumerate(protected or ()):
        wanted.setdefault(_column(part), f"bias.protected[{i}]")
    return [
        f"{key}: {where} has no column {name!r}{nearest(name, columns)}"
        for name, key in wanted.items()
        if name not in columns
    ]


# ---------------------------------------------------------------------------- task


def _task_problems(policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    if policy.task is Task.BINARY and isinstance(policy, Suite) and policy.positive is None:
        yield Problem(path, "'positive' is missing: which label is the positive class?")
    if policy.task is not Task.BINARY and policy.positive is not None:
        yield Problem(
            (*path, "positive"), f"a {policy.task} task has no positive class: must be left out"
        )
    if policy.min_n_class is not None and policy.task not in CLASSED:
        yield Problem((*path, "min_n_class"), _no_classes(policy.task))
    if policy.classes is not None:
        where = (*path, "classes")
        if policy.task is not Task.MULTICLASS:
            yield Problem(where, f"belong to a multiclass task, and this is {policy.task}")
        doubled = sorted({c for c in policy.classes if policy.classes.count(c) > 1})
        if doubled:
            yield Problem(where, f"{doubled[0]!r} stands twice")
    if policy.task is not Task.SCORED:
        for i, name in enumerate(policy.metrics or ()):
            if name != "usual":
                yield from metric_problems(name, policy.task, metrics, (*path, "metrics", i))
        if policy.decay.metric is not None:
            where = (*path, "decay", "metric")
            yield from metric_problems(policy.decay.metric, policy.task, metrics, where)
        for key, asked in (("methods", policy.methods), ("tests", policy.tests)):
            for name in asked:
                yield from metric_problems(name, policy.task, metrics, (*path, key, name))


def _draw_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    """An end beyond which hardly any resample lies is not where its level says.

    With b of them beyond each end on average an interval errs about 1 + 1/b times as often.
    """
    least = math.ceil(BEYOND / ((1 - policy.level) / 2) - 1e-6)
    if policy.resamples >= least:
        return
    told = f"{policy.resamples} are too few for a level of {policy.level:g}"
    cure = f"write resamples: {least}"
    if least > MOST_DRAWN:
        cure = f"at most {MOST_DRAWN:,} are drawn: take a level of {1 - 2 * BEYOND / MOST_DRAWN:g}"
    yield Problem((*path, "resamples"), f"{told} ({cure})")


def own_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    """What has to be right before the metrics of a policy can be known: its files and costs."""
    costs, where = policy.costs, (*path, "costs")
    for i, file in enumerate(policy.metrics_from):
        yield from _path_problems(file, (".py",), (*path, "metrics_from", i))
    if costs is None:
        return
    if policy.task is not Task.BINARY:
        yield Problem(where, f"are of misses and false alarms, and a {policy.task} task has none")
    figures = {
        "miss": costs.miss, "false_alarm": costs.false_alarm, "hit": costs.hit,
        "correct_rejection": costs.correct_rejection,
    }  # fmt: skip
    for name, figure in figures.items():
        if not math.isfinite(figure):
            yield Problem((*where, name), f"{figure} is no cost")
    if costs.miss <= costs.hit and costs.false_alarm <= costs.correct_rejection:
        yield Problem(where, "no wrong decision costs more than the right one, and one must do so")


def _bias_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    bias = suite.bias
    for i, part in enumerate(bias.protected or ()):
        yield from _slice_problems(part, (*path, "protected", i))
    if bias.protected and suite.task is not Task.BINARY:
        yield Problem((*path, "protected"), f"audits are of binary tasks, and this is {suite.task}")
    names = [_column(part) for part in bias.protected or ()]
    for name in bias.privileged if bias.protected is not None else ():
        if name not in names:
            yield Problem((*path, "privileged", name), f"is not protected{nearest(name, names)}")


# -------------------------------------------------------------------------- slices


def _parts(spec: SliceSpec) -> tuple[Part, ...]:
    return spec if isinstance(spec, tuple) else (spec,)


def _column(part: Part) -> str:
    return part.column if isinstance(part, Binned) else part


def _slice_problems(spec: SliceSpec, path: Path_) -> Iterator[Problem]:
    parts = _parts(spec)
    columns = [_column(part) for part in parts]
    if isinstance(spec, tuple) and len(spec) < 2:
        yield Problem(path, "a crossed slice needs at least two columns")
    if len(set(columns)) < len(columns):
        yield Problem(path, "a crossed slice names one column twice: they must differ")
    for part in parts:
        if isinstance(part, Binned) and not all(a < b for a, b in pairwise(part.bins)):
            yield Problem(path, f"bins of {part.column!r} must rise from edge to edge")


def _segment_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    for name, text in policy.segments.items():
        where = (*path, "segments", name)
        try:
            parse(text)
        except BadExpression as error:
            yield Problem(where, str(error))
        if name in (policy.columns.target, policy.columns.row_id):
            yield Problem(where, "is the name of a column that has a part to play already")


def _slice_names(policy: Policy) -> list[str]:
    """How the declared slices begin: their columns, crossed ones joined."""
    return [" & ".join(_column(p) for p in _parts(spec)) for spec in policy.slices]


# --------------------------------------------------------------------------- rules


def _rules_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    where = (*path, "rules")
    if not policy.rules:
        yield Problem(where, "there are none, and nothing passes by absence (write at least one)")
        return
    deciding = [
        rule for rule in policy.rules
        if rule.severity is Severity.BLOCK and rule.mode is Mode.ENFORCE
    ]  # fmt: skip
    if not deciding:
        yield Problem(
            where,
            "none of them is enforced and blocks, so nothing could ever pass: one must do both",
        )
    seen: set[str] = set()
    for i, rule in enumerate(policy.rules):
        if rule.id in seen:
            yield Problem((*where, i, "id"), f"{rule.id!r} stands twice")
        seen.add(rule.id)


def _rule_problems(rule: Rule, policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    where = (*path, "metric")
    facts = metrics.get(rule.metric)
    if policy.task is not Task.SCORED or facts is not None:
        yield from metric_problems(rule.metric, policy.task, metrics, where)
    if facts is not None and isinstance(policy, Suite):
        yield from measured_problems(rule.metric, facts, policy, where)
    yield from _number_problems(rule, facts, path)
    yield from _over_problems(rule, facts, policy, path)
    yield from _where_problems(rule, facts, policy, path)
    yield from _floor_problems(rule, facts, policy, path)


def _floor_problems(
    rule: Rule, facts: MetricFacts | None, policy: Policy, path: Path_
) -> Iterator[Problem]:
    """Floors on rows are of at least one row, and those on classes of what has classes."""
    for name in ("min_n", "min_n_class"):
        least = getattr(rule, name)
        if least is not None and least < 1:
            yield Problem((*path, name), f"must be at least 1, and is {least}")
    where = (*path, "min_n_class")
    if rule.min_n_class is None:
        return
    if policy.task not in CLASSED:
        yield Problem(where, _no_classes(policy.task))
    elif facts is not None and facts.measured:
        yield Problem(where, f"{rule.metric} is measured of the model, not of rows: leave it out")


def _no_classes(task: Task) -> str:
    return f"a {task} task has no classes to count: must be left out (min_n counts all rows)"


def _number_problems(rule: Rule, facts: MetricFacts | None, path: Path_) -> Iterator[Problem]:
    if rule.kind in MARGINS:
        yield from _margin_problems(rule, facts, path)
    else:
        yield from _value_problems(rule, facts, path)


def _margin_problems(rule: Rule, facts: MetricFacts | None, path: Path_) -> Iterator[Problem]:
    where = (*path, "margin")
    if rule.value is not None:
        yield Problem(
            (*path, "value"), f"{rule.kind} is held against a margin, not a value (write margin)"
        )
    if rule.margin is None:
        if rule.kind is Kind.NON_INFERIOR:
            yield Problem(path, "'margin' is missing: how much worse may the candidate be?")
        return
    if rule.margin < 0:
        yield Problem(
            where,
            f"is of the wrong sign: {rule.margin:g} must be positive, whatever the metric's "
            f"direction (write {-rule.margin:g})",
        )
    elif rule.margin == 0 and rule.kind is Kind.NON_INFERIOR:
        yield Problem(where, "must be above 0: two equal models could never be told apart from it")
    elif facts is not None and not rule.relative and rule.margin >= _width(facts):
        yield Problem(
            where, f"{rule.margin:g} is as wide as the metric's whole range: must be less"
        )
    elif rule.relative and rule.margin >= 1:
        yield Problem(where, f"{rule.margin:g} is a share of the champion's value: must be below 1")
    if rule.relative and facts is not None and facts.measured:
        yield Problem((*path, "relative"), f"{rule.metric} is measured once, not row by row")


def _value_problems(rule: Rule, facts: MetricFacts | None, path: Path_) -> Iterator[Problem]:
    where = (*path, "value")
    if rule.margin is not None:
        yield Problem(
            (*path, "margin"), f"{rule.kind} is held against a value, not a margin (write value)"
        )
    if rule.relative:
        yield Problem((*path, "relative"), f"belongs to margins; {rule.kind} has none")
    if rule.value is None:
        yield Problem(path, f"'value' is missing: what is the {rule.kind}?")
    elif facts is not None and not facts.domain[0] <= rule.value <= facts.domain[1]:
        low, high = facts.domain
        yield Problem(where, f"{rule.value:g} lies outside the metric's range [{low:g}, {high:g}]")
    if facts is not None and facts.target is None:
        wrong = Kind.FLOOR if not facts.higher_is_better else Kind.CEILING
        if rule.kind is wrong:
            better = "more" if facts.higher_is_better else "less"
            other = Kind.CEILING if wrong is Kind.FLOOR else Kind.FLOOR
            yield Problem(
                (*path, "kind"),
                f"of {rule.metric}, {better} is better: a {wrong} would punish it (write {other})",
            )


def _width(facts: MetricFacts) -> float:
    low, high = facts.domain
    return high - low if math.isfinite(low) and math.isfinite(high) else math.inf


def _over_problems(
    rule: Rule, facts: MetricFacts | None, policy: Policy, path: Path_
) -> Iterator[Problem]:
    if facts is None:
        return
    where = (*path, "over")
    if not facts.grouped:
        if rule.over is not None:
            yield Problem(where, f"{rule.metric} has no groups: use slice: instead")
        return
    columns = sorted({_column(part) for spec in policy.slices for part in _parts(spec)})
    if rule.over is None:
        yield Problem(path, f"'over' is missing: between the groups of which column?"
                            f"{nearest('', columns)}")  # fmt: skip
    elif isinstance(policy, Suite) and rule.over not in columns:
        yield Problem(where, f"{rule.over!r} is no declared slice{nearest(rule.over, columns)}")
    if rule.slice != OVERALL:
        yield Problem((*path, "slice"), f"{rule.metric} is taken over all rows: leave slice out")


def _where_problems(
    rule: Rule, facts: MetricFacts | None, policy: Policy, path: Path_
) -> Iterator[Problem]:
    """A slice must be declared; its value is known only once the data are."""
    where = (*path, "slice")
    if rule.slice == OVERALL or (facts is not None and facts.grouped):
        return
    if facts is not None and facts.measured:
        yield Problem(
            where, f"{rule.metric} is measured of the model, not of rows: leave slice out"
        )
        return
    if not policy.slices:
        yield Problem(where, f"{rule.slice!r}: the suite declares no slices")
        return
    if rule.slice == EVERY:
        return
    parts = rule.slice.split(" & ")
    columns = " & ".join(_column_of(part) for part in parts)
    if columns not in _slice_names(policy):
        near = nearest(columns, [OVERALL, *_slice_names(policy)])
        yield Problem(where, f"{rule.slice!r} is of no declared slice{near}")
        return
    for part in parts:
        if _column_of(part) == part:
            value = "true" if part in policy.segments else "VALUE"
            told = f'{part!r} says no value (write {part}={value}, or "*" for all slices)'
            yield Problem(where, told)


def _column_of(part: str) -> str:
    """The column that a slice's name begins with: ``a=x``, ``a=[0, 1)``, ``a<0`` or ``a>=1``."""
    for sign in (">=", "=", "<"):
        if sign in part:
            return part.split(sign, 1)[0]
    return part


# --------------------------------------------------------------------------- files


def _file_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    named: list[tuple[Path_, str, tuple[str, ...]]] = [
        ((*path, "data", "current"), suite.data.current, DATA),
        ((*path, "models", "champion"), suite.models.champion, MODELS),
    ]
    if suite.data.reference is not None:
        named.append(((*path, "data", "reference", "path"), suite.data.reference.path, DATA))
    for i, training in enumerate(suite.data.training):
        at = (*path, "data", "training", i)
        yield from _training_problems(training, at)
        if training.path is not None:
            named.append(((*at, "path"), training.path, TABLES))
        if training.hashes is not None:
            named.append(((*at, "hashes"), training.hashes, (".parquet",)))
    if suite.expectations is not None:
        named.append(((*path, "expectations"), suite.expectations, (".json",)))
    for i, model in enumerate(suite.models.candidates):
        named.append(((*path, "models", "candidates", i), model, MODELS))
    if suite.chat is not None:
        named += _chat_files(suite.chat, (*path, "chat"))
    trusting = bool(suite.models.trust)
    for where, file, suffixes in named:
        pickled = suffixes == MODELS and PurePosixPath(file).suffix in PICKLES
        if pickled and not trusting:
            told = f"{file!r} is a pickle, which runs whatever code it holds: it must end in .skops"
            yield Problem(where, f"{told}, or its very bytes be vouched for under models.trust")
        else:
            yield from _path_problems(file, (*suffixes, *PICKLES) if pickled else suffixes, where)


def _chat_files(chat: Chat, path: Path_) -> list[tuple[Path_, str, tuple[str, ...]]]:
    judge = None if chat.judge is None else chat.judge.model
    files = (
        ("recording", chat.recording, (".jsonl",)),
        ("ratings", chat.ratings, (".csv",)),
        ("traffic", chat.traffic, (".csv",)),
        ("judge", judge, CHATS),
    )
    return [((*path, key), file, suffixes) for key, file, suffixes in files if file is not None]


def _training_problems(training: Training, path: Path_) -> Iterator[Problem]:
    if (training.path is None) == (training.hashes is None):
        yield Problem(path, "needs a path or a file of hashes, one of the two")
    if len(set(training.key)) < len(training.key):
        yield Problem((*path, "key"), "names one column twice")


def _path_problems(file: str, suffixes: tuple[str, ...], path: Path_) -> Iterator[Problem]:
    if suffixes == MODELS and is_registered(file):
        if registered(file) is None:
            told = f"{file!r} must be models:/NAME@ALIAS or models:/NAME/VERSION"
            yield Problem(path, told)
        return
    if "" in suffixes and file.startswith(BUCKETS):
        yield from address_problems(file, path)
        return
    pure = PurePosixPath(file)
    if pure.is_absolute() or ".." in pure.parts or "\\" in file:
        yield Problem(path, f"{file!r} must lie in the project: a relative path without ..")
    elif pure.suffix not in suffixes:
        directory = ", or be a directory without a suffix" if "" in suffixes else ""
        named = " or ".join(suffix for suffix in suffixes if suffix)
        yield Problem(path, f"{file!r} must end in {named}{directory}")


def _chat_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    chats = [m for m in _models(suite) if PurePosixPath(m).suffix in CHATS]
    if chats and suite.task is not Task.SCORED:
        yield Problem((*path, "task"), f"of a chat model, answers are scored: write {Task.SCORED}")
    if suite.chat is not None and not chats:
        yield Problem((*path, "chat"), "no model of the suite is a chat model (.yaml)")


def _models(suite: Suite) -> tuple[str, ...]:
    return (suite.models.champion, *suite.models.candidates)


def _image_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    if suite.images is None:
        return
    where = (*path, "images")
    for key, values in (("mean", suite.images.mean), ("std", suite.images.std)):
        if len(values) not in (1, 3):
            yield Problem(
                (*where, key), f"takes one value, or one a channel, and has {len(values)}"
            )
    if suite.task not in (Task.BINARY, Task.MULTICLASS):
        yield Problem(where, f"are classified here, and this is a {suite.task} task")


def _model_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    names: set[str] = set()
    keys = [("champion",), *(("candidates", i) for i in range(len(suite.models.candidates)))]
    models = _models(suite)
    for key, model in zip(keys, models, strict=True):
        name, where = model_name(model), (*path, "models", *key)
        if not MODEL_NAME.fullmatch(name):
            said = "letters, digits, '.', '-' and '_', and begins with one of the first two"
            yield Problem(where, f"a model is named by its file, which must be of {said}: {name!r}")
        if name in names:
            yield Problem(
                where,
                f"two models are called {name!r}: a model is named by its file: they must differ",
            )
        names.add(name)
