"""Faithfulness and answer relevancy by DeepEval (4), with the user's judge as its model."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titleholder.adapters.judges.base import Ask, Grade, graded
from titleholder.adapters.judges.structured import structured
from titleholder.errors import UsageError
from titleholder.scorers import Item

METRICS = {"faithfulness": "FaithfulnessMetric", "answer_relevancy": "AnswerRelevancyMetric"}


def open_judge(ask: Ask) -> "DeepEvalJudge":
    """The judge, with DeepEval's telemetry and its keeping of results off."""
    os.environ["DEEPEVAL_TELEMETRY_OPT_OUT"] = "1"
    os.environ["DEEPEVAL_UPDATE_WARNING_OPT_OUT"] = "1"
    return DeepEvalJudge(ask)


@dataclass(frozen=True, slots=True)
class DeepEvalJudge:
    """Grades by DeepEval's metrics."""

    ask: Ask

    def grade(self, metric: str, items: Sequence[Item], answers: Sequence[str]) -> list[Grade]:
        """A grade for each answer, in their order; UsageError for a metric it does not know."""
        if metric not in METRICS:
            raise UsageError(
                f"chat.judge.metrics: DeepEval is asked for {', '.join(METRICS)}, not {metric!r}"
            )
        return graded(lambda item, answer: self._one(metric, item, answer), items, answers)

    def _one(self, metric: str, item: Item, answer: str) -> float:
        from deepeval import metrics
        from deepeval.test_case import LLMTestCase

        # A metric keeps the state of its last case: one a case.
        made = getattr(metrics, METRICS[metric])(
            model=_model(self.ask), async_mode=False, include_reason=False
        )
        case = LLMTestCase(
            input=item.question, actual_output=answer, retrieval_context=list(item.contexts)
        )
        return float(made.measure(case, _show_indicator=False))


def _model(ask: Ask) -> Any:
    from deepeval.models import DeepEvalBaseLLM

    class Asked(DeepEvalBaseLLM):  # type: ignore[misc]
        """The user's judge, as DeepEval calls a model."""

        def load_model(self) -> Any:
            return self

        def generate(self, prompt: str, schema: Any = None) -> Any:
            if schema is None:
                return ask([{"role": "user", "content": prompt}])
            return structured(ask, prompt, schema)

        async def a_generate(self, prompt: str, schema: Any = None) -> Any:
            return self.generate(prompt, schema)

        def get_model_name(self) -> str:
            return "judge"

    return Asked("judge")
