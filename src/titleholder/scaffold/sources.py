"""Where models come from that are no files of the directory, and what `init` takes them for.

``predictions`` are tables of answers, whatever models lie beside them. ``mlflow`` is a registry,
whose aliases say who holds the title. ``lm-eval`` are two runs' logs: their items become a panel,
their scores the answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from titleholder.errors import UsageError
from titleholder.params.registered import SCHEME, registered
from titleholder.scaffold.roles import CANDIDATE, CHAMPION, Roles, Said, assign, name_of
from titleholder.scaffold.survey import Survey, Table
from titleholder.types import Task

# What brings the logs of a harness, in memory: they lie nowhere as tables.
ITEM, TASK = "item", "task"


def predictions(survey: Survey, said: Said) -> tuple[Survey, Roles]:
    """Tables of answers alone."""
    found = replace(survey, models=(), pickles=())
    return found, assign(found, said)


def mlflow(survey: Survey, said: Said) -> tuple[Survey, Roles]:
    """Models of a registry: those that are named, or those that its aliases name.

    UsageError where it holds several models, or no alias says who holds the title.
    """
    champion, candidates = said.champion, said.candidates
    if champion is None or not candidates:
        champion, candidates = _of_registry(champion, candidates)
    for uri in (champion, *candidates):
        if registered(uri) is None:
            raise UsageError(
                f"{uri}: is no model of a registry",
                cure="write models:/NAME@ALIAS or models:/NAME/VERSION",
            )
    found = replace(survey, models=(champion, *candidates), pickles=())
    return found, assign(found, replace(said, champion=champion, candidates=candidates))


def _of_registry(champion: str | None, candidates: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    from titleholder.adapters.mlflow import Kept, kept

    there = kept()
    if champion is not None and (named := registered(champion)) is not None:
        there = [one for one in there if one.name == named.name]
    if len(there) != 1:
        names = ", ".join(one.name for one in there) or "none"
        raise UsageError(
            f"the registry holds {len(there)} models: {names}",
            cure="name them: --champion models:/NAME@ALIAS --candidate models:/NAME@ALIAS",
        )
    one: Kept = there[0]
    holder = champion or _by_alias(one.name, one.aliases, CHAMPION)
    wants = candidates or tuple(filter(None, [_by_alias(one.name, one.aliases, CANDIDATE)]))
    if holder is not None and not wants and one.newest not in one.aliases.values():
        wants = (f"{SCHEME}{one.name}/{one.newest}",)
    if holder is None or not wants:
        told = ", ".join(f"{alias} is {version}" for alias, version in one.aliases.items())
        raise UsageError(
            f"{one.name}: which version holds the title, and which wants it? "
            f"(aliases: {told or 'none'}; newest: {one.newest})",
            cure="give one the alias champion and one candidate, or name them: --champion "
            f"models:/{one.name}@ALIAS --candidate models:/{one.name}/{one.newest}",
        )
    return holder, wants


def _by_alias(name: str, aliases: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    found = next((alias for known in names for alias in aliases if alias.lower() == known), None)
    return None if found is None else f"{SCHEME}{name}@{found}"


def lm_eval(survey: Survey, said: Said) -> tuple[Survey, Roles]:
    """The logs of two runs: ``--champion`` and ``--candidate`` name their directories.

    Metrics of which less is better are left out: a suite of one's own may declare them.
    """
    import pandas as pd

    from titleholder.adapters.harness import READERS, by_key, require_alike

    if said.champion is None or len(said.candidates) != 1:
        raise UsageError(
            "which run is the champion's, and which the candidate's?",
            cure="name their directories: --champion runs/old --candidate runs/new",
        )
    paths = (said.champion, said.candidates[0])
    logs = [READERS["lm-eval"](survey.root / path) for path in paths]
    require_alike(*logs)
    keys = list(by_key(logs[0]))
    ids = [f"{task}/{key}" for task, key in keys]
    tables = [Table("items", pd.DataFrame({ITEM: ids, TASK: [task for task, _ in keys]}))]
    for path, log in zip(paths, logs, strict=True):
        scored = by_key(log)
        names = sorted({n for item in log.items for n in item.scores} - log.lower)
        columns = {f"score_{n}": [scored[key].scores.get(n) for key in keys] for n in names}
        tables.append(Table(path, pd.DataFrame({ITEM: ids, **columns})))
    rules = tuple((m, f"{TASK}={t}") for t, m in logs[0].official.items() if m not in logs[0].lower)
    found = replace(survey, tables=tuple(tables), models=(), pickles=(), made=True)
    roles = Roles(
        name=name_of(survey, said),
        current="items",
        reference=None,
        champion=paths[0],
        candidates=paths[1:],
        task=Task.SCORED,
        target=None,
        positive=None,
        row_id=ITEM,
        slices=(TASK,),
        scores=tuple(str(c) for c in tables[1].frame.columns if str(c) != ITEM),
        asked=rules,
    )
    return found, roles


Source = Callable[[Survey, Said], tuple[Survey, Roles]]
SOURCES: Mapping[str, Source] = MappingProxyType(
    {"mlflow": mlflow, "predictions": predictions, "lm-eval": lm_eval}
)


def taken(survey: Survey, said: Said, source: str | None) -> tuple[Survey, Roles]:
    """The survey as a source sees it, and the parts of the suite."""
    return (survey, assign(survey, said)) if source is None else SOURCES[source](survey, said)
