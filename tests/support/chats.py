"""A project of a chat product in a directory of its own: gold set, two model files, params."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from titleholder import runner, tables
from titleholder.stages import STAGES
from titleholder.stages.workspace import Workspace, open_workspace
from titleholder.types import Finding, Verdict

SAFE = {"id": "safe", "metric": "toxic_rate", "kind": "ceiling", "value": 0.2}
EXPECTATIONS = {
    "name": "desk",
    "expectations": [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "row_id"}}],
}


def item(i: int, **fields: Any) -> dict[str, Any]:
    """One line of a gold set."""
    asked = [{"role": "user", "content": f"question {i}"}]
    return {"row_id": f"q{i}", "messages": asked, "must_refuse": False, **fields}


@dataclass(frozen=True)
class Desk:
    """The project in ``root``."""

    root: Path

    @classmethod
    def make(
        cls,
        root: Path,
        items: list[dict[str, Any]],
        rules: list[dict[str, Any]] | None = None,
        columns: dict[str, Any] | None = None,
        **chat: Any,
    ) -> "Desk":
        """Write everything; ``chat`` goes into the suite's section of that name."""
        root.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        lines = "".join(json.dumps(one) + "\n" for one in items)
        (root / "gold.jsonl").write_text(lines)
        (root / "e.json").write_text(json.dumps(EXPECTATIONS))
        for name in ("old", "new", "grader"):
            prices = {"usd_per_million_in": 1.0, "usd_per_million_out": 10.0}
            model = {"model": name, "endpoint": "DESK_URL", "key": None, "prices": prices,
                     "sampling": {"max_tokens": 20}}  # fmt: skip
            (root / f"{name}.yaml").write_text(yaml.safe_dump(model))
        suite = {
            "data": {"current": "gold.jsonl"},
            "expectations": "e.json",
            "columns": columns or {},
            "models": {"champion": "old.yaml", "candidates": ["new.yaml"]},
            "task": "scored",
            "chat": {"attempts": 2, "timeout_s": 5.0, **chat},
            "resamples": 200,
            "min_n": 5,
            "rules": rules or [SAFE],
        }
        (root / "params.yaml").write_text(yaml.safe_dump({"suites": {"desk": suite}}))
        return cls(root)

    @property
    def workspace(self) -> Workspace:
        """The suite, opened."""
        return open_workspace(self.root, "desk")

    def run(self) -> runner.Ending:
        """Every stage, in this process."""
        return runner.run_suite(self.workspace, runner.Clock(runner.silence))

    def predict(self) -> None:
        """Stages up to predict; raises what they raise."""
        ws = self.workspace
        for name in ("pull", "validate", "predict"):
            STAGES[name].run_in(ws)

    def verdict(self) -> Verdict:
        """The verdict of a run."""
        ending = self.run()
        assert not ending.error, ending.error
        return ending.judged[0].verdict

    def finding(self, rule: str) -> Finding:
        """One finding of a run."""
        return next(f for f in self.verdict().findings if f.rule == rule)

    def scores(self, model: str = "new") -> dict[str, list[Any]]:
        """A model's predictions file, by column."""
        path = self.workspace.stage("predict") / f"{model}.current.parquet"
        return {str(k): list(v) for k, v in tables.read_frame(path).items()}

    def answers(self, model: str = "new") -> dict[str, list[Any]]:
        """A model's answers, by column."""
        path = self.workspace.stage("predict") / f"{model}.answers.parquet"
        return {str(k): list(v) for k, v in tables.read_frame(path).items()}
