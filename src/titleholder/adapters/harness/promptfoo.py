"""promptfoo: the JSON of ``promptfoo eval --output``, one provider a log.

Cases are joined by their variables and must agree in the prompt as it was rendered. The score of
a case is what its assertions came to (``score``), and whether they passed (``success``).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from titleholder.adapters.harness.documents import digest, part, read_json
from titleholder.adapters.harness.log import Log, Scored, number, once, repeated
from titleholder.errors import BadInput

HARNESS = "promptfoo"


def read(path: Path) -> Log:
    """The log in a file; BadInput for errors of the run and for several providers in one log."""
    said, where = read_json(path), str(path)
    told = part(said, where, "results")
    cases = part(told, where, "results")
    if not cases:
        raise BadInput(f"{where}: holds no cases")
    providers = sorted({_provider(case, where) for case in cases})
    if len(providers) > 1:
        raise BadInput(
            f"{where}: is of {len(providers)} providers: {', '.join(providers[:3])}",
            cure="promptfoo eval --filter-providers gives each a log of its own",
        )
    keys = repeated([digest([_prompt(c), c.get("vars")]) for c in cases])
    items = [
        _scored(case, key, f"{where}: case {i}")
        for i, (case, key) in enumerate(zip(cases, keys, strict=True))
    ]
    return Log(
        harness=HARNESS,
        source=where,
        model=providers[0],
        conditions=dict(_conditions(said, told)),
        official={"promptfoo": "success"},
        items=items,
    )


def _scored(case: Any, key: str, where: str) -> Scored:
    # failureReason 2 is an error of the call; 1 is an assertion that failed, which is a score.
    if case.get("failureReason") == 2 or (case.get("error") and "gradingResult" not in case):
        raise BadInput(
            f"{where}: {str(case.get('error'))[:80]}", cure="promptfoo eval --filter-errors-only"
        )
    grading = case.get("gradingResult") or {}
    scores = {
        "success": number(part(case, where, "success"), where),
        "score": number(part(case, where, "score"), where),
        **{f"named/{k}": number(v, where) for k, v in (case.get("namedScores") or {}).items()},
    }
    asked = [_prompt(case), (case.get("testCase") or {}).get("assert"), len(grading)]
    costs = {}
    if case.get("latencyMs") is not None:
        costs["latency_s"] = number(case["latencyMs"], where) / 1000
    if case.get("cost") is not None:
        costs["cost_usd"] = number(case["cost"], where)
    return Scored("promptfoo", key, digest(asked[:2]), scores, once(key), costs)


def _prompt(case: Any) -> Any:
    said = case.get("prompt") or {}
    return said.get("raw") if isinstance(said, dict) else said


def _provider(case: Any, where: str) -> str:
    said = part(case, where, "provider")
    return str(said.get("label") or said.get("id")) if isinstance(said, dict) else str(said)


def _conditions(said: Any, told: Any) -> Iterator[tuple[str, str]]:
    yield "the version of the format", str(told.get("version"))
    version = (said.get("metadata") or {}).get("promptfooVersion")
    yield "the version of promptfoo", str(version)
