"""DeepEval: a test run as it is kept (``.deepeval/.latest_run_full.json`` or an exported one).

Cases are joined by input and expected output; metrics must agree in threshold and judge.
"""

from pathlib import Path
from typing import Any

from titleholder.adapters.harness.documents import digest, newest, part, read_json
from titleholder.adapters.harness.log import Log, Scored, number, once, repeated
from titleholder.errors import BadInput

HARNESS = "deepeval"
_TASK = "deepeval"


def read(path: Path) -> Log:
    """The test run in a file or directory; BadInput for a metric that ended in an error."""
    file = newest(path, "*.json", "test run of DeepEval") if path.is_dir() else path
    said, where = read_json(file), str(file)
    said = said.get("testRunData", said) if isinstance(said, dict) else said
    cases = part(said, where, "testCases")
    if not cases:
        raise BadInput(f"{where}: holds no test cases")
    keys = repeated([digest([c.get("input"), c.get("expectedOutput")]) for c in cases])
    items: list[Scored] = []
    conditions: dict[str, str] = {}
    for i, (case, key) in enumerate(zip(cases, keys, strict=True)):
        scores, told = _metrics(case, f"{where}: case {i}")
        conditions |= told
        items.append(Scored(_TASK, key, digest(case.get("input")), scores, once(key)))
    return Log(
        harness=HARNESS,
        source=where,
        model=file.parent.name if file.name.startswith(".") else file.stem,
        conditions=conditions,
        official={_TASK: next(iter(items[0].scores))},
        items=items,
    )


def _metrics(case: Any, where: str) -> tuple[dict[str, float], dict[str, str]]:
    """Scores by metric, and under which threshold and judge each was given."""
    scores: dict[str, float] = {}
    conditions: dict[str, str] = {}
    for one in case.get("metricsData") or ():
        name = str(part(one, where, "name"))
        if one.get("error"):
            raise BadInput(f"{where}: {name}: {str(one['error'])[:80]}", cure="run that case again")
        scores[name] = number(part(one, where, "score"), f"{where}: {name}")
        conditions[f"the judge of {name}"] = str(one.get("evaluationModel"))
        conditions[f"the threshold of {name}"] = str(one.get("threshold"))
    if not scores:
        raise BadInput(f"{where}: has no scores", cure="give the test run metrics")
    return scores, conditions
