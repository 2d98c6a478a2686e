"""The files of a first project, each with what is needed and no more."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from titleholder import records
from titleholder.params.registered import is_registered, model_name
from titleholder.params.schema import Suite
from titleholder.scaffold import profile, tables
from titleholder.scaffold.roles import Roles
from titleholder.scaffold.survey import Survey
from titleholder.stages import STAGES
from titleholder.tables.files import write_parquet
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

CI_KINDS = ("github", "gitlab", "none")
RUNS = ".titleholder/runs"


@dataclass(frozen=True, slots=True)
class Draft:
    """One file to be written, by its path below the project, and what it is."""

    path: str
    data: bytes
    what: str


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where the suite reads what, once foreign tables are copied."""

    current: str
    reference: str | None
    training: str | None
    champion: str
    candidates: tuple[str, ...]
    row_id: str
    expectations: str


def drafts(survey: Survey, roles: Roles, ci: str, *, pipeline: bool) -> list[Draft]:
    """All files of the suite in reading order; ``pipeline`` adds DVC's stages and the flow."""
    copies, paths = _copies(survey, roles)
    whole = "reference" if paths.reference else "current"
    frame = tables.current(survey, roles, roles.reference or roles.current)
    found = profile.profile(roles.name, frame, paths.row_id, roles.target)
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    made = [
        *copies,
        Draft("params.yaml", _params(roles, paths).encode(), "the suite and its rules"),
        Draft(paths.expectations, text.encode(), f"what holds of the {whole} data, to be reviewed"),
        gitignore(),
    ]
    if pipeline:
        reads = (
            paths.current, paths.reference, paths.training, paths.expectations, paths.champion,
            *paths.candidates,
        )  # fmt: skip
        files = [path for path in dict.fromkeys(reads) if path and not is_registered(path)]
        stages = dvc_yaml(roles.name, files)
        made.append(Draft("dvc.yaml", stages.encode(), "the stages, for dvc repro"))
        made.append(Draft("flows/nightly.py", nightly(), "the Prefect flow"))
    if ci != "none":
        made.append(gate_in_ci(ci, roles.name, _shipped(roles.name, paths.candidates[0])))
    return made


def gitignore() -> Draft:
    """What keeps verdicts, evidence and reports out of `git add .`."""
    return Draft(".gitignore", b".titleholder/\n", "what runs make is not for git")


def _shipped(suite: str, candidate: str) -> str:
    """The file that CI asks the gate about: that of a registry lies where the run laid it."""
    if not is_registered(candidate):
        return candidate
    return f"{RUNS}/{suite}/pull/registry/{model_name(candidate)}.*"


def keep(root: Path, made: list[Draft], *, write: bool = True) -> tuple[list[Draft], list[Draft]]:
    """Write what is not there yet: what is new, and what was there and is left alone.

    Without ``write`` nothing is written, and all else is the same.
    """
    new: list[Draft] = []
    kept: list[Draft] = []
    for draft in made:
        path = root / draft.path
        there = path.exists() or path.is_symlink()
        (kept if there else new).append(draft)
        if write and not there:
            path.parent.mkdir(parents=True, exist_ok=True)
            records.write_bytes(path, draft.data)
    return new, kept


def _copies(survey: Survey, roles: Roles) -> tuple[list[Draft], _Paths]:
    expectations = f"expectations/{roles.name}.json"
    if not survey.made and tables.fits(survey, roles) and roles.row_id is not None:
        paths = _Paths(
            roles.current, roles.reference, roles.training, roles.champion, roles.candidates,
            roles.row_id, expectations,
        )  # fmt: skip
        return [], paths
    moved: dict[str, Draft] = {}
    parts = {"current": roles.current, "reference": roles.reference}
    if roles.training != roles.reference:  # one copy serves both
        parts["training"] = roles.training
    for part, path in parts.items():
        if path is not None:
            frame = tables.current(survey, roles, path)
            what = f"{path} with a row_id" if roles.row_id is None else f"the rows of {path}"
            moved[path + part] = _table(f"data/{roles.name}/{part}.parquet", frame, what)
    for path in roles.models:
        table = survey.table(path)
        if table is not None:
            frame = tables.answers(survey, roles, table)
            place = f"models/{roles.name}/{_stem(path, roles.models)}.parquet"
            moved[path] = _table(place, frame, f"the answers in {path}")
    at = {key: draft.path for key, draft in moved.items()}
    trained = "reference" if roles.training == roles.reference else "training"
    paths = _Paths(
        current=at[roles.current + "current"],
        reference=at[roles.reference + "reference"] if roles.reference else None,
        training=at[roles.training + trained] if roles.training else None,
        champion=at.get(roles.champion, roles.champion),
        candidates=tuple(at.get(path, path) for path in roles.candidates),
        row_id=roles.row_id or tables.ROW_ID,
        expectations=expectations,
    )
    return list(moved.values()), paths


def _stem(path: str, models: tuple[str, ...]) -> str:
    """What a model's copy is called: as its file, or by its whole path where two are alike."""
    if [PurePosixPath(other).stem for other in models].count(PurePosixPath(path).stem) == 1:
        return PurePosixPath(path).stem
    return "-".join(PurePosixPath(path).with_suffix("").parts)


def _table(path: str, frame: "pd.DataFrame", what: str) -> Draft:
    buffer = io.BytesIO()
    write_parquet(buffer, frame)
    return Draft(path, buffer.getvalue(), what)


# ----------------------------------------------------------------------------- params.yaml


def _params(roles: Roles, paths: _Paths) -> str:
    reference = "null" if paths.reference is None else f"{{path: {_q(paths.reference)}, rev: null}}"
    candidates = ", ".join(map(_q, paths.candidates))
    slices = "".join(f"\n      - {_q(name)}" for name in roles.slices) or " []"
    template = _template("params.yaml.txt").decode()
    return template.format(
        others="".join(_others(template)),
        name=_q(roles.name),
        current=_q(paths.current),
        reference=reference,
        training="" if paths.training is None else f"{{path: {_q(paths.training)}}}",
        expectations=_q(paths.expectations),
        row_id=_q(paths.row_id),
        target="null" if roles.target is None else _q(roles.target),
        champion=_q(paths.champion),
        candidates=candidates,
        task=roles.task.value,
        positive="null" if roles.positive is None else _q(roles.positive),
        slices=slices,
        rules="\n".join(f"      - {rule}" for rule in _rules(roles)),
    )  # fmt: skip


def _others(template: str) -> Iterator[str]:
    """Every further key that a stage tracks, at its default: `dvc repro` wants to see it."""
    tracked = sorted({key for stage in STAGES.values() for key in stage.params})
    fields = {field.name: field for field in msgspec.structs.fields(Suite)}
    for key in tracked:
        if re.search(rf"^({{others}})?    {key}:", template, re.MULTILINE):
            continue
        field = fields[key]
        made = field.default_factory() if callable(field.default_factory) else field.default
        yield f"    {key}: {json.dumps(msgspec.to_builtins(made))}\n"


def _rules(roles: Roles) -> Iterator[str]:
    """A first policy: no worse than the champion overall, nor by much on any slice."""
    keep_up = "kind: non_inferior"
    match roles.task:
        case Task.SCORED:
            for metric, on in roles.asked:
                name = f"{metric}-{on.partition('=')[2]}"
                yield (
                    f"{{id: {_q(name)}, metric: {_q(metric)}, slice: {_q(on)},"
                    f"\n         {keep_up}, margin: 0.02}}"
                )
            if roles.asked:
                return
            for score in (s.removeprefix("score_") for s in roles.scores if s != "y_score"):
                yield f"{{id: {_q(score)}, metric: {_q(score)}, {keep_up}, margin: 0.02}}"
            return
        case Task.REGRESSION:
            yield f"{{id: error, metric: mae, {keep_up}, margin: 0.02, relative: true}}"
            yield f"{{id: large-errors, metric: rmse, {keep_up}, margin: 0.05, relative: true}}"
            everywhere = f'metric: mae, slice: "*", {keep_up}, margin: 0.1, relative: true'
        case Task.BINARY if _scored(roles):
            yield f"{{id: auc, metric: roc_auc, {keep_up}, margin: 0.01}}"
            yield f"{{id: log-loss, metric: log_loss, {keep_up}, margin: 0.02}}"
            everywhere = f'metric: recall, slice: "*", {keep_up}, margin: 0.05'
        case Task.BINARY:
            yield f"{{id: accuracy, metric: accuracy, {keep_up}, margin: 0.01}}"
            everywhere = f'metric: recall, slice: "*", {keep_up}, margin: 0.05'
        case Task.MULTICLASS:
            yield f"{{id: accuracy, metric: accuracy, {keep_up}, margin: 0.01}}"
            yield f"{{id: f1, metric: f1_macro, {keep_up}, margin: 0.02}}"
            everywhere = f'metric: accuracy, slice: "*", {keep_up}, margin: 0.05'
    if roles.slices:
        yield f"{{id: everywhere, {everywhere},\n         min_n: 100, on_inconclusive: warn}}"


def _scored(roles: Roles) -> bool:
    """Whether the models give scores: those that are run do, tables may."""
    return not roles.scores or "y_score" in roles.scores


def _q(text: str) -> str:
    """A text as YAML reads it back, bare where that is the same."""
    plain = text.replace("/", "").replace(".", "").replace("_", "").replace("-", "")
    bare = plain.isalnum() and plain[:1].isalpha() and text[:1].isalpha()
    words = {"yes", "no", "true", "false", "null", "on", "off", "y", "n"}
    if bare and text.isascii() and text.lower() not in words:
        return text
    import yaml

    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=len(text) * 10)
    return quoted.rstrip("\n")


# ------------------------------------------------------------------------------- dvc.yaml


def dvc_yaml(name: str, reads: list[str]) -> str:
    """The stages of the suite ``name``, which begin with the files that it ``reads``."""
    import yaml

    stages: dict[str, Any] = {}
    for stage in STAGES.values():
        here: dict[str, Any] = {"cmd": f"titleholder stage {stage.name} {name}"}
        here["deps"] = list(reads) if stage.name == "pull" else []
        here["deps"] += [f"{RUNS}/{name}/{before}" for before in stage.after]
        tracked = [f"suites.{name}.{key}" for key in stage.params]
        if stage.name == "publish":
            tracked.append("store")
        if tracked:
            here["params"] = tracked
        # Hashed, not cached: a fresh clone's `dvc pull` brings data, not runs nobody made yet.
        here["outs"] = [{f"{RUNS}/{name}/{stage.name}": {"cache": False}}]
        stages[stage.name] = here
    head = "# The stages of titleholder; `dvc repro` runs those whose inputs changed.\n"
    return head + str(yaml.safe_dump({"stages": stages}, sort_keys=False, allow_unicode=True))


# ------------------------------------------------------------------------------ templates


def nightly() -> bytes:
    """The Prefect flow that runs every suite of a project."""
    return _template("nightly.py.txt")


def gate_in_ci(kind: str, suite: str, model: str) -> Draft:
    """The file by which CI asks the gate about a suite's model."""
    path, what = {
        "github": (".github/workflows/titleholder.yml", "the gate, on GitHub"),
        "gitlab": (".gitlab/titleholder.yml", "the gate, on GitLab: include it"),
    }[kind]
    text = _template(f"{kind}.yml").decode()
    return Draft(path, text.replace("@SUITE@", suite).replace("@MODEL@", model).encode(), what)


def _template(name: str) -> bytes:
    return (files("titleholder.scaffold") / "templates" / name).read_bytes()
