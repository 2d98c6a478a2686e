"""Judges, titleholder's own and the frameworks': they keep the same promises."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from titleholder.adapters.judges import Grade, Judge, open_judge
from titleholder.errors import BudgetSpent, UsageError
from titleholder.scorers import Item

BY = ["rubric", "deepeval", "ragas"]
ITEM = Item(
    row_id="a",
    messages=({"role": "user", "content": "How long is a return possible?"},),
    contexts=("Returns within 30 days.",),
)


def fitting(messages: Sequence[Mapping[str, str]]) -> str:
    """The smallest object that fits the schema in the system prompt, or a rubric's reply."""
    said = messages[0]["content"]
    if "fits this schema" not in said:
        return '{"reason": "so", "score": 0.75}'
    schema = json.loads(said[said.index("{") :])
    return json.dumps(_fill(schema, schema.get("$defs", {})))


def _fill(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = known[schema["$ref"].split("/")[-1]]
    if "anyOf" in schema:
        return _fill(schema["anyOf"][0], known)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _fill(part, known) for name, part in schema["properties"].items()}
        case "array":
            return [_fill(schema["items"], known)]
        case "string":
            return "yes"
        case _:
            return 1


def judge(by: str, ask: Any) -> Judge:
    """A judge; skipped where its framework is not installed."""
    if by != "rubric":
        pytest.importorskip(by)
    return open_judge(by, ask)


@pytest.mark.parametrize("by", BY)
def test_a_judge_grades_each_answer_in_order(by: str) -> None:
    """A number between 0 and 1 for each."""
    found = judge(by, fitting).grade("faithfulness", [ITEM, ITEM], ["30 days.", "A month."])
    assert [g.error for g in found] == ["", ""]
    assert all(g.score is not None and 0 <= g.score <= 1 for g in found)


@pytest.mark.parametrize("by", BY)
def test_what_is_no_json_is_an_error_of_the_item(by: str) -> None:
    """Never a zero, and the others keep their grades."""

    def ask(messages: Sequence[Mapping[str, str]]) -> str:
        return "I think so" if "broken" in str(messages) else fitting(messages)

    good, bad = judge(by, ask).grade("faithfulness", [ITEM, ITEM], ["30 days.", "broken"])
    assert good.score is not None
    assert bad == Grade(None, bad.error)
    assert bad.error


@pytest.mark.parametrize("by", BY)
def test_what_ends_a_run_is_no_items_affair(by: str) -> None:
    """A budget that is spent is not scored as a hundred errors."""

    def ask(messages: Sequence[Mapping[str, str]]) -> str:
        raise BudgetSpent("all spent")

    with pytest.raises(BudgetSpent):
        judge(by, ask).grade("faithfulness", [ITEM], ["30 days."])


@pytest.mark.parametrize("by", BY)
def test_a_metric_that_a_judge_does_not_know_is_refused(by: str) -> None:
    """With those that it knows."""
    with pytest.raises(UsageError, match="faithfulness"):
        judge(by, fitting).grade("charm", [ITEM], ["30 days."])
