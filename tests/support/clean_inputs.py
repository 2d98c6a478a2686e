"""Clean controls beside the bad inputs: valid files of every kind, which must all be let through.

Each is a champion and an equally good, or better, candidate: `compare` has to end in ALLOW.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.support.bad_inputs.case import Case
from tests.support.files import METRICS, SUFFIXES, TASKS, Files

ALLOW = 0
SIDES = ("champion", "candidate")
ROLES = ("panel", *SIDES)
Change = Callable[[Files], object]


def cases() -> Iterator[Case]:
    """All of them, each under a name of its own."""
    for task in TASKS:
        for suffix in SUFFIXES:
            yield from _ids(task, suffix)
            yield from _layouts(task, suffix)
    for suffix in SUFFIXES:
        yield from _labels(suffix)
        yield from _types(suffix)
        yield from _slices(suffix)
    yield from _names()
    yield from _texts()
    yield from _sizes()
    yield from _rules()
    yield from _policies()


def _clean(
    name: str, change: Change, suffix: str = ".csv", task: str = "binary", rows: int = 200,
    more: tuple[str, ...] = (),
) -> Case:  # fmt: skip
    def words(directory: Path) -> list[str]:
        files = Files(directory, suffix, task, rows)
        change(files)
        return files.words("--quiet", *more)

    return Case(name, words, ALLOW, ("ALLOW sha256:",))


def _every(files: Files, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    files.frames = {name: change(frame) for name, frame in files.frames.items()}


def _in(role: str, **columns: Any) -> Change:
    return lambda f: f.frames.update({role: f.frames[role].assign(**columns)})


def _ids(task: str, suffix: str) -> Iterator[Case]:
    made: dict[str, Callable[[int], object]] = {
        "whole numbers": lambda i: i - 3,
        "zeros in front": lambda i: f"{i:06d}",
        "large numbers": lambda i: 10**17 + i,
        "words in many scripts": lambda i: f"строка-行-صف-{i}",
        "awkward text": lambda i: f' a,"b" {i};\t<b>=1+{i}',
    }
    for kind, one in made.items():
        yield _clean(
            f"{task}{suffix}: ids are {kind}",
            lambda f, one=one: _every(f, lambda d: d.assign(row_id=[one(i) for i in range(200)])),
            suffix, task,
        )  # fmt: skip


def _layouts(task: str, suffix: str) -> Iterator[Case]:
    def shuffled(files: Files) -> None:
        for seed, role in enumerate(ROLES):
            files.frames[role] = files.frames[role].sample(frac=1, random_state=seed)

    def wider(files: Files) -> None:
        _every(files, lambda d: d.assign(note="x", score_of_old=1, **{"": 1, "a b": None}))

    yield _clean(f"{task}{suffix}: as it is", lambda f: None, suffix, task)
    yield _clean(f"{task}{suffix}: rows in other orders", shuffled, suffix, task)
    yield _clean(f"{task}{suffix}: more columns", wider, suffix, task)
    yield _clean(
        f"{task}{suffix}: columns the other way round",
        lambda f: _every(f, lambda d: d[d.columns[::-1]]), suffix, task,
    )  # fmt: skip
    yield _clean(
        f"{task}{suffix}: no cluster, no weight",
        lambda f: f.frames.update(panel=f.frames["panel"].drop(columns=["cluster", "weight"])),
        suffix, task,
    )  # fmt: skip
    if suffix == ".parquet":
        yield _clean(
            f"{task}{suffix}: nullable types", lambda f: _every(f, lambda d: d.convert_dtypes()),
            suffix, task,
        )  # fmt: skip


def _labels(suffix: str) -> Iterator[Case]:
    pairs: dict[str, tuple[object, object, object]] = {
        "yes and no": ("no", "yes", "yes"),
        "true and false": (False, True, True),
        "1.0 and 0.0": (0.0, 1.0, 1),
        "-1 and 1": (-1, 1, 1),
        "umlauts": ("nö", "jä", "jä"),
        "with spaces": ("not at all", "by all means", "by all means"),
        "markup": ("<no>", "=yes()", "=yes()"),
        "numbers as text": ("00", "01", "01"),
    }
    for name, (no, yes, positive) in pairs.items():
        if suffix == ".csv" and name == "numbers as text":
            continue  # CSV has no types: 01 is 1 there

        def change(
            files: Files, no: object = no, yes: object = yes, said: object = positive
        ) -> None:
            truth = [yes if one else no for one in files.frames["panel"]["y_true"]]
            files.frames["panel"]["y_true"] = truth
            files.policy["positive"] = said
            for side in SIDES:
                calls = [yes if s >= 0.5 else no for s in files.frames[side]["y_score"]]
                files.frames[side]["y_pred"] = calls

        yield _clean(f"binary{suffix}: labels {name}", change, suffix)


def _types(suffix: str) -> Iterator[Case]:
    numbers: dict[str, Callable[[pd.Series], Any]] = {
        "single precision": lambda s: s.astype("float32"),
        "whole numbers": lambda s: (s > 0.5).astype(int),
        "true and false": lambda s: s > 0.5,
        "few levels": lambda s: s.round(1),
        "nullable": lambda s: s.astype("Float64"),
    }
    for name, cast in numbers.items():

        def change(files: Files, cast: Callable[[pd.Series], Any] = cast) -> None:
            for side in SIDES:
                files.frames[side]["y_score"] = cast(files.frames[side]["y_score"])

        yield _clean(f"binary{suffix}: scores of {name}", change, suffix)
    weights = {"whole": 3, "tiny": 1e-9, "large": 1e9, "some zero": [0.0, 2.0] * 100}
    for name, weight in weights.items():
        yield _clean(f"binary{suffix}: weights {name}", _in("panel", weight=weight), suffix)
    costs = {"latency_s": 0.01, "cost_usd": 0.0, "tokens_in": 100, "tokens_out": 7}
    yield _clean(
        f"binary{suffix}: latency, cost and tokens",
        lambda f: [f.frames.update({s: f.frames[s].assign(**costs)}) for s in SIDES], suffix,
    )  # fmt: skip


def _slices(suffix: str) -> Iterator[Case]:
    rng = np.random.default_rng(5)
    columns: dict[str, Any] = {
        "whole numbers": rng.integers(0, 3, 200),
        "true and false": rng.random(200) < 0.5,
        "some blank": np.where(rng.random(200) < 0.3, None, "here"),
        "one value": "all",
        "halves": rng.integers(0, 2, 200) / 2,
        "awkward words": np.where(rng.random(200) < 0.5, "a & b=c", "[0, 1)"),
    }
    for name, values in columns.items():

        def change(files: Files, values: Any = values) -> None:
            files.frames["panel"]["group"] = values
            files.policy["slices"] = ["group", ["region", "group"]]

        yield _clean(f"binary{suffix}: slices of {name}", change, suffix)
    for bins in ([0, 0.5, 1.0], [-1e9, 0, 1e9], [0.25, 0.75]):

        def binned(files: Files, bins: list[float] = bins) -> None:
            files.frames["panel"]["age"] = np.linspace(0, 0.999, 200)
            files.policy["slices"] = [{"column": "age", "bins": bins}]

        yield _clean(f"binary{suffix}: slices by bins {bins}", binned, suffix)


def _names() -> Iterator[Case]:
    for name in (
        "région",
        "a b",
        "<i>x</i>",
        "=SUM(A1)",
        "класс",
        "😀",
        "x" * 200,
        "a.b-c_d",
        "a=b",
    ):

        def change(files: Files, name: str = name) -> None:
            files.frames["panel"] = files.frames["panel"].rename(columns={"region": name})
            files.policy["slices"] = [name]

        yield _clean(f"a slice column called {name[:20]}", change)
    for name in ("my panel", "pänel", "панель", "a.b.c", "-panel", "p" * 100, "100%", "a'b"):

        def called(files: Files, name: str = name) -> None:
            files.names["panel"] = f"{name}.csv"

        yield _clean(f"a panel file called {name[:20]}.csv", called)
    for suffix in (".CSV", ".Csv"):
        yield _clean(
            f"a panel file that ends in {suffix}",
            lambda f, suffix=suffix: (
                f.names.update(panel=f"panel{suffix}"),
                f.text.update(panel=f.frames["panel"].to_csv(index=False)),
            ),
        )
    for names in (("old/p.csv", "new/p.csv"), ("p.csv", "p.parquet"), ("a/p.csv", "p.csv")):

        def placed(files: Files, names: tuple[str, str] = names) -> None:
            for side, name in zip(SIDES, names, strict=True):
                files.names[side] = name
                files.path(side).parent.mkdir(exist_ok=True)

        yield _clean(f"predictions called {names[0]} and {names[1]}", placed)
    for target, row_id in (("label", "id"), ("Y", "uid"), ("ground truth", "row id")):

        def renamed(files: Files, target: str = target, row_id: str = row_id) -> None:
            _every(files, lambda d: d.rename(columns={"row_id": row_id, "y_true": target}))
            files.policy["columns"] = {"row_id": row_id, "target": target}

        yield _clean(f"a target called {target}, ids called {row_id}", renamed)


def _texts() -> Iterator[Case]:
    def text(change: Callable[[str], bytes]) -> Change:
        return lambda f: [
            f.data.update({role: change(f.frames[role].to_csv(index=False))}) for role in ROLES
        ]

    def lines(change: Callable[[str], bytes]) -> Change:
        return lambda f: [
            f.data.update({r: change(str(f.frames[r].to_json(orient="records", lines=True)))})
            for r in ROLES
        ]

    kinds: dict[str, Callable[[str], bytes]] = {
        "a mark of byte order": lambda t: t.encode("utf-8-sig"),
        "Windows' line ends": lambda t: t.replace("\n", "\r\n").encode(),
        "no last line end": lambda t: t.rstrip("\n").encode(),
        "blank lines at the end": lambda t: (t + "\n\n").encode(),
    }
    for name, change in kinds.items():
        yield _clean(f"CSV with {name}", text(change))
        if name != "a mark of byte order":
            yield _clean(f"JSON Lines with {name}", lines(change), ".jsonl")
    yield _clean(
        "CSV with everything in quotes",
        lambda f: [f.text.update({r: f.frames[r].to_csv(index=False, quoting=1)}) for r in ROLES],
    )
    yield _clean("CSV with a line break in a cell", _in("panel", note="a\nb"))
    yield _clean("JSON Lines with lists that nobody uses",
                 _in("panel", embedding=[[0.1, 0.2]] * 200), ".jsonl")  # fmt: skip
    yield _clean("Parquet with lists that nobody uses",
                 _in("panel", embedding=[[0.1, 0.2]] * 200), ".parquet")  # fmt: skip
    yield _clean("Parquet with a day", _in("panel", day=pd.Timestamp("2028-02-29")), ".parquet")
    yield _clean(
        "Parquet with categories",
        lambda f: f.frames.update(panel=f.frames["panel"].astype({"region": "category"})),
        ".parquet",
    )


def _sizes() -> Iterator[Case]:
    for task in TASKS:
        for rows in (150, 1_000, 20_000):
            yield _clean(
                f"{task}: {rows} rows", lambda f: f.policy.pop("slices"), ".parquet", task, rows
            )


def _rules() -> Iterator[Case]:
    better = {"margin": 0.0}
    for task in TASKS:
        metric = METRICS[task]

        def superior(files: Files, task: str = task) -> None:
            _improve(files, task)
            files.policy["rules"][0].update(kind="superior", **better)

        yield _clean(f"{task}: superior, and it is", superior, task=task)
        yield _clean(
            f"{task}: a warning that fails",
            lambda f, metric=metric: f.policy["rules"].append(
                {"id": "w", "metric": metric, "kind": "superior", "margin": 0.4,
                 "severity": "warn"}
            ),
            task=task,
        )  # fmt: skip
        yield _clean(
            f"{task}: a shadow rule that fails",
            lambda f, metric=metric: f.policy["rules"].append(
                {"id": "s", "metric": metric, "kind": "superior", "margin": 0.4, "mode": "shadow"}
            ),
            task=task,
        )
        yield _clean(
            f"{task}: open and excused",
            lambda f, metric=metric: f.policy["rules"].append(
                {"id": "e", "metric": metric, "kind": "non_inferior", "margin": 0.05,
                 "slice": "*", "min_n": 1000, "on_inconclusive": "warn"}
            ),
            task=task,
        )  # fmt: skip
        yield _clean(
            f"{task}: on every slice",
            lambda f: f.policy["rules"][0].update(slice="*"), task=task,
        )  # fmt: skip
        yield _clean(
            f"{task}: on one slice by name",
            lambda f: f.policy["rules"][0].update(slice="region=north"), task=task,
        )  # fmt: skip
        yield _clean(
            f"{task}: a relative margin",
            lambda f: f.policy["rules"][0].update(relative=True, margin=0.2), task=task,
        )  # fmt: skip
    for metric, bound, value in (
        ("roc_auc", "floor", 0.5), ("accuracy", "floor", 0.0), ("log_loss", "ceiling", 3.0),
        ("brier", "ceiling", 0.9), ("recall", "floor", 0.1), ("ece", "ceiling", 0.9),
    ):  # fmt: skip
        yield _clean(
            f"binary: {bound} of {metric}",
            lambda f, metric=metric, bound=bound, value=value: f.policy["rules"].append(
                {"id": "b", "metric": metric, "kind": bound, "value": value}
            ),
        )


def _improve(files: Files, task: str) -> None:
    """A candidate that is better on every row."""
    truth = files.frames["panel"].get("y_true")
    frame = files.frames["candidate"]
    match task:
        case "binary":
            frame["y_score"] = (frame["y_score"] + 3 * truth) / 4
        case "multiclass":
            for name in [c for c in frame if str(c).startswith("y_score_")]:
                right = (truth == str(name).removeprefix("y_score_")).astype(float)
                frame[name] = (frame[name] + 3 * right) / 4
        case "regression":
            frame["y_pred"] = (frame["y_pred"] + 3 * truth) / 4
        case _:
            frame["score_quality"] = frame["score_quality"] + 0.2


def _policies() -> Iterator[Case]:
    said: dict[str, dict[str, Any]] = {
        "a low level": {"level": 0.6},
        "a high level": {"level": 0.999, "resamples": 10_000},
        "many resamples": {"resamples": 5000},
        "seed 0": {"seed": 0},
        "a threshold of 0": {"threshold": 0},
        "a threshold of 1": {"threshold": 1.0},
        "no slices": {"slices": []},
        "one metric": {"metrics": ["roc_auc"]},
        "the usual metrics": {"metrics": ["usual"]},
        "costs": {"costs": {"miss": 5, "false_alarm": 1, "unit": "€"}},
        "min_n of 1": {"min_n": 1},
        "positive as text": {"positive": "1"},
        "positive as a number with a point": {"positive": 1.0},
    }
    for name, changes in said.items():
        yield _clean(f"a policy with {name}", lambda f, c=changes: f.policy.update(c))
    yield _clean("a policy without a positive class", lambda f: f.policy.pop("positive"))
    rule = "{id: r, metric: roc_auc, kind: non_inferior, margin: 0.05}"
    texts = {
        "JSON": '{"task": "binary", "rules": [{"id": "r", "metric": "roc_auc", '
        '"kind": "non_inferior", "margin": 0.05}]}',
        "one document": f"---\ntask: binary\nrules: [{rule}]\n...\n",
        "comments": f"# who\ntask: binary  # what\nrules:\n  - {rule}  # how\n",
        "Windows' line ends": f"task: binary\r\nrules: [{rule}]\r\n",
        "other scripts": f"task: binary\nrules: [{rule.replace('id: r', 'id: гладко-滑らか')}]\n",
    }
    for name, text in texts.items():
        yield _clean(f"a policy in {name}", lambda f, t=text: f.data.update(policy=t.encode()))
