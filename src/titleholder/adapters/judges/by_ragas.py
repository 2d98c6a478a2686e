"""Faithfulness and answer relevancy by ragas (0.4), with the user's judge as its model."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titleholder.adapters.judges.base import Ask, Grade, graded
from titleholder.adapters.judges.structured import structured
from titleholder.errors import UsageError
from titleholder.scorers import Embed, Item

METRICS = ("faithfulness", "answer_relevancy")


def open_judge(ask: Ask) -> "RagasJudge":
    """The judge, with ragas' telemetry off."""
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    return RagasJudge(ask)


@dataclass(frozen=True, slots=True)
class RagasJudge:
    """Grades by ragas' metrics."""

    ask: Ask

    def grade(self, metric: str, items: Sequence[Item], answers: Sequence[str]) -> list[Grade]:
        """A grade for each answer, in their order; UsageError for a metric it does not know."""
        if metric not in METRICS:
            raise UsageError(
                f"chat.judge.metrics: ragas is asked for {', '.join(METRICS)}, not {metric!r}"
            )
        made = _metric(metric, self.ask)
        return graded(lambda item, answer: _score(made, metric, item, answer), items, answers)


def _score(made: Any, metric: str, item: Item, answer: str) -> float:
    case = {"user_input": item.question, "response": answer}
    if metric == "faithfulness":
        if not item.contexts:
            raise ValueError("the item has no passages to be faithful to")
        case["retrieved_contexts"] = list(item.contexts)  # type: ignore[assignment]
    return float(made.score(**case).value)


def _metric(metric: str, ask: Ask) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ragas.metrics.collections import AnswerRelevancy, Faithfulness
    llm = _llm(ask)
    if metric == "faithfulness":
        return Faithfulness(llm=llm)
    from titleholder.scorers.embeddings import load

    return AnswerRelevancy(llm=llm, embeddings=_embedding(load()))


def _llm(ask: Ask) -> Any:
    from ragas.llms.base import InstructorBaseRagasLLM

    class Asked(InstructorBaseRagasLLM):  # type: ignore[misc]
        """The user's judge, as ragas calls a model."""

        def generate(self, prompt: str, response_model: Any) -> Any:
            return structured(ask, prompt, response_model)

        async def agenerate(self, prompt: str, response_model: Any) -> Any:
            return structured(ask, prompt, response_model)

    return Asked()


def _embedding(embed: Embed) -> Any:
    from ragas.embeddings.base import BaseRagasEmbedding

    class Embedded(BaseRagasEmbedding):  # type: ignore[misc]
        """Titleholder's embeddings, as ragas calls them."""

        def embed_text(self, text: str, **_: Any) -> list[float]:
            return [float(x) for x in embed([text])[0]]

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return self.embed_text(text)

    return Embedded()
