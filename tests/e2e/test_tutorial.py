"""docs/tutorial.md, run as it stands: each file is written, each command is typed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What each command ends with: the tutorial's candidate is rejected.
ENDINGS = {"python": 0, "compare": 1, "init": 0, "plan": 0, "run": 0, "gate": 1}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """Every command of the page in its order, in an empty directory."""
    here = tmp_path_factory.mktemp("tutorial")
    ended: dict[str, subprocess.CompletedProcess[str]] = {}
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "console":
            name = text.split("\n", 1)[0].removeprefix("# ")
            (here / name).write_text(text)
            continue
        for line in text.splitlines():
            program, *words = shlex.split(line.removeprefix("$ "))
            module = ["-m", "titleholder"] if program == "titleholder" else []
            key = words[0] if module else program
            ended[key] = subprocess.run(
                [sys.executable, *module, *words], cwd=here, capture_output=True, text=True,
                check=False, env=os.environ,
            )  # fmt: skip
    ended["report"] = subprocess.CompletedProcess(
        [], int(not (here / "verdict/report.html").is_file())
    )
    return ended


@pytest.mark.parametrize("command", ENDINGS)
def test_a_command_ends_as_the_page_says(
    done: dict[str, subprocess.CompletedProcess[str]], command: str
) -> None:
    """In the order of the page, each on what those before it left."""
    assert done[command].returncode == ENDINGS[command], done[command].stderr


def test_the_verdict_is_the_one_that_is_told(
    done: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    """Overall better, and broken on the plan that pays."""
    said = done["compare"].stdout
    assert re.search(r"✕ FAIL\s+recall-everywhere\s+recall\s+plan=pro", said)
    assert re.search(r"✓ PASS\s+auc\s+roc_auc\s+overall", said)
    assert done["report"].returncode == 0
