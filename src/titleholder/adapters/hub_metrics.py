"""Metrics of Hugging Face's `evaluate`, by name: ``evaluate[accuracy]``, ``evaluate[wer/module]``.

The family ``evaluate[NAME?key=value&...]``: NAME is a module that `evaluate` has kept before, or
the path of a module's directory; nothing is ever downloaded. ``config``, ``result`` (where several
figures come back) and ``better`` (higher, lower) are read here, every other key is handed over to
the module. Needs the extra ``titleholder[evaluate]``; modules are Python code, and are run. Their
digest is an input of the verdict (``module:evaluate[NAME]``).

``evaluate_text[...]`` is the same of texts, as a scorer of a chat suite (``chat.scorers``): the
module is asked about each answer against the expected one, alone, and the metric is the mean.

A module gives one figure for many rows. How far it would move with other rows is found by rows:

- where the figure is the mean of the figures of single rows, those are the rows' scores, exactly;
- otherwise by the infinitesimal jackknife's finite form: a row is worth what the figure loses
  without it (Efron & Stein 1981, doi:10.1214/aos/1176345462). This holds of smooth figures, not of
  medians. Rows that are alike are left out once, so that calls of few classes cost few figures.
"""

import hashlib
import inspect
import math
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import numpy as np

from titleholder import records
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.errors import BadInput, UsageError
from titleholder.metrics.base import Code, Family, Means, Metric, first
from titleholder.metrics.items import item_metric
from titleholder.types import Task

# Distinct rows that a figure is taken of, or without, one by one: a call takes 1 to 5 ms.
MOST_SINGLE = 20_000
MOST_ROWS = 2_000
_TRIED = 50
_SAME = 1e-9
_LOWER = frozenset({"brier_score", "cer", "mae", "mape", "mase", "mse", "smape", "ter", "wer"})
_HIGHER = frozenset({
    "accuracy", "exact_match", "f1", "glue", "matthews_correlation", "pearsonr", "precision",
    "r_squared", "recall", "roc_auc", "spearmanr", "super_glue",
})  # fmt: skip


class Module(Protocol):
    """What is used of an `evaluate.EvaluationModule`."""

    features: Any
    _compute: Callable[..., Any]

    def compute(self, **inputs: Any) -> Any:
        """All figures of some rows, by name."""


@dataclass(frozen=True, slots=True)
class Said:
    """What stands in the brackets."""

    argument: str
    module: str
    config: str | None
    result: str | None
    better: str | None
    options: tuple[tuple[str, Any], ...]


def parse(argument: str) -> Said | None:
    """The parts of an argument; None where it is none."""
    module, _, query = argument.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    own = {key: value for key, value in pairs if key in ("config", "result", "better")}
    if not module or own.get("better", "higher") not in ("higher", "lower"):
        return None
    if query and "&".join(f"{key}={value}" for key, value in pairs) != query:
        return None
    options = tuple((key, _value(value)) for key, value in pairs if key not in own)
    return Said(argument, module, own.get("config"), own.get("result"), own.get("better"), options)


@cache
def make(argument: str) -> Metric | None:
    """The metric that an argument names; None where it is no argument.

    UsageError where `evaluate` or the module is not there, where the module does not take one
    prediction and one reference a row, or where nobody says which way is better.
    """
    said = parse(argument)
    if said is None:
        return None
    module = _load(said)
    wanted = _wanted(module, said)
    law = Means(partial(_columns, module, said, wanted), first)
    return Metric(
        f"evaluate[{argument}]", f"{Path(said.module).name} (evaluate)", wanted.tasks, wanted.part,
        _higher(said), (-math.inf, math.inf), "", f"Hugging Face evaluate: {argument}",
        "https://huggingface.co/docs/evaluate", law, by_default=False, code=_code(module),
    )  # fmt: skip


FAMILY = Family(
    "evaluate",
    "a metric of Hugging Face's evaluate: a kept name or a path, ?key=value for its options",
    ("evaluate[accuracy]", "evaluate[f1?average=macro]"),
    make,
)


@cache
def make_text(argument: str) -> Metric | None:
    """The metric that is the mean of a module's figures of single texts; None for no argument.

    UsageError as `make` says, and for a module that does not take texts.
    """
    said = parse(argument)
    if said is None:
        return None
    module = _load(said)
    _of_texts(module, said)
    formula = f"mean over items of Hugging Face evaluate: {argument}"
    made = item_metric(f"{TEXTS.name}[{argument}]", formula, higher_is_better=_higher(said))
    return replace(made, code=_code(module))


TEXTS = Family(
    "evaluate_text",
    "a metric of texts of Hugging Face's evaluate: a kept name or a path, ?key=value for options",
    ("evaluate_text[exact_match]",),
    make_text,
)


def scorer(name: str) -> Callable[[str, str], float]:
    """What ``evaluate_text[...]`` gives an answer against the expected one.

    UsageError for a name that is none.
    """
    said = parse(name.removeprefix(f"{TEXTS.name}[").removesuffix("]"))
    if said is None:
        raise UsageError(f"there is no scorer {name!r}", cure="evaluate_text[NAME?key=value]")
    module = _load(said)
    figure = partial(_figure, module, said, _of_texts(module, said))
    return lambda expected, told: figure(np.array([told], object), np.array([expected], object))


def _of_texts(module: Module, said: Said) -> str:
    """Under which name a module of texts takes what was answered."""
    wanted = _wanted(module, said)
    if not wanted.words:
        raise UsageError(f"{TEXTS.name}[{said.argument}]: takes no texts")
    return wanted.input


def _value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _higher(said: Said) -> bool:
    name = Path(said.module).name
    if said.better is not None:
        return said.better == "higher"
    if name not in _HIGHER | _LOWER:
        raise UsageError(
            f"evaluate[{said.argument}]: nobody knows which way is better",
            cure=f"say it: evaluate[{said.argument}{'&' if '?' in said.argument else '?'}"
            "better=higher], or lower",
        )
    return name in _HIGHER


def _load(said: Said) -> Module:
    os.environ["HF_EVALUATE_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        import evaluate
    except ImportError:
        raise UsageError(
            f"evaluate[{said.argument}]: Hugging Face's evaluate is not installed",
            cure='pip install "titleholder[evaluate]"',
        ) from None
    try:
        found: Module = evaluate.load(said.module, said.config, keep_in_memory=True)
    except (Exception, SystemExit) as error:  # the hub's client, the module's own imports: anything
        told = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UsageError(
            f"evaluate[{said.argument}]: cannot be loaded: {told}",
            cure="give the path of the module's directory, or load it once where its hub can be "
            "reached: nothing is downloaded here",
        ) from None
    return found


def _code(module: Module) -> Code:
    """The module's file and those beside it, which `evaluate` keeps in a directory of their own."""
    place = Path(inspect.unwrap(module._compute).__code__.co_filename).parent
    files = {path.name: path.read_bytes() for path in sorted(place.glob("*.py"))}
    told = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return Code(records.sha256(told), sum(map(len, files.values())))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a module wants: ``part`` of the predictions (label, score, value) under the name
    ``input``, labels as words or as codes."""

    part: str
    tasks: frozenset[Task]
    input: str
    words: bool = False


def _wanted(module: Module, said: Said) -> Wanted:
    features = module.features[0] if isinstance(module.features, list) else module.features
    named = {name: str(getattr(kind, "dtype", "")) for name, kind in dict(features).items()}
    truth = named.pop("references", "")
    ((told, kind), *more) = named.items() if named else (("", ""),)
    if truth and kind and not more:
        if "float" in truth and "float" in kind:
            return Wanted("value", frozenset({Task.REGRESSION}), told)
        if "float" in kind:
            return Wanted("score", frozenset({Task.BINARY}), told)
        classes = frozenset({Task.BINARY, Task.MULTICLASS})
        return Wanted("label", classes, told, words="string" in kind)
    raise UsageError(
        f"evaluate[{said.argument}]: takes {', '.join(dict(features))}, and not one prediction "
        "and one reference a row",
        cure="score the rows where the model runs, and bring them as score_<metric>",
    )


# --------------------------------------------------------------------------- by rows


def _columns(
    module: Module, said: Said, wanted: Wanted, panel: Panel, predictions: Predictions
) -> Floats:
    """What each row is worth, (n, 1): their mean is the module's figure."""
    if panel.weight is not None:
        raise BadInput(
            f"evaluate[{said.argument}]: modules of evaluate know no weights of rows",
            cure="leave the column of weights out, or take a metric of titleholder's own",
        )
    truth, told = np.asarray(panel.y_true), np.asarray(getattr(predictions, wanted.part))
    if wanted.words:
        words = np.asarray(panel.classes, dtype=object)
        truth, told = words[truth], words[told]
    return _worth(partial(_figure, module, said, wanted.input), truth, told, said)[:, None]


Figure = Callable[[Any, Any], float]


def _figure(module: Module, said: Said, name: str, told: Any, truth: Any) -> float:
    """The module's figure of some rows; NaN where it gives none. BadInput where it fails."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            inputs = {name: told.tolist(), "references": truth.tolist()}
            found = module.compute(**inputs, **dict(said.options))
    except (Exception, SystemExit) as error:
        raise BadInput(
            f"evaluate[{said.argument}] failed: {type(error).__name__}: {str(error)[:200]}"
        ) from error
    if not isinstance(found, dict) or not found:
        raise BadInput(f"evaluate[{said.argument}]: gives {str(found)[:60]!r}, and no figures")
    if said.result is None and len(found) > 1:
        raise BadInput(
            f"evaluate[{said.argument}]: gives {', '.join(found)}", cure="say which: ?result=..."
        )
    key = said.result or next(iter(found))
    if key not in found or not np.isscalar(found[key]):
        raise BadInput(f"evaluate[{said.argument}]: gives no single figure {key!r}")
    return float(found[key])


def _worth(figure: Figure, truth: Any, told: Any, said: Said) -> Floats:
    whole = figure(told, truth)
    if not math.isfinite(whole):
        return np.full(len(truth), np.nan)
    kinds, of_row = _alike(truth, told)
    single = _singles(figure, truth, told, kinds)
    if single is not None:
        rows: Floats = single[of_row]
        if abs(rows.mean() - whole) <= _SAME * max(1.0, abs(whole)):
            return rows
    if len(kinds) > MOST_ROWS or len(truth) < 2:
        raise BadInput(
            f"evaluate[{said.argument}]: {len(kinds):,} distinct rows are too many to be taken one "
            f"by one (at most {MOST_SINGLE:,} of a mean over rows, else {MOST_ROWS:,})",
            cure="ask it of a smaller panel, or take a metric of titleholder's own",
        )
    keep = np.ones(len(truth), dtype=bool)
    lost = np.empty(len(kinds))
    for i, row in enumerate(kinds.tolist()):
        keep[row] = False
        lost[i] = whole - figure(told[keep], truth[keep])
        keep[row] = True
    change = (len(truth) - 1) * lost[of_row]
    return np.asarray(whole + change - change.mean())


def _alike(truth: Any, told: Any) -> tuple[Any, Any]:
    """The first row of each kind of row, and of which kind each row is."""
    codes = [np.unique(x, return_inverse=True)[1] for x in (truth, told)]
    pair = codes[0].astype(np.int64) * (int(codes[1].max()) + 1) + codes[1]
    _, kinds, of_row = np.unique(pair, return_index=True, return_inverse=True)
    return kinds, of_row


def _singles(figure: Figure, truth: Any, told: Any, kinds: Any) -> Floats | None:
    """The figure of each kind of row alone; None where the whole is not their mean."""
    if len(kinds) > MOST_SINGLE:
        return None
    some = np.arange(min(_TRIED, len(truth)))
    try:
        alone = [figure(told[[i]], truth[[i]]) for i in some]
        if not abs(np.mean(alone) - figure(told[some], truth[some])) <= _SAME:
            return None
        return np.array([figure(told[[i]], truth[[i]]) for i in kinds.tolist()])
    except BadInput:  # such as a correlation of one row
        return None
