"""A fresh clone of this repository, as a user would have it, to run the pipeline in."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from tests.support import warm
from tests.support.warm import Done
from titleholder.stages.workspace import RUNS

REPOSITORY = Path(__file__).parents[2]
# What the working tree may have changed since the last commit, and the clone has to see.
OVERLAY = ("params.yaml", "dvc.yaml", "prefect.yaml", "expectations", "flows", ".dvcignore")
# What no two runs agree on: evidence of vendors, what this machine measured, receipts.
UNEQUAL = ("evidence", "measured.json", "publish", "report")


@dataclass(frozen=True)
class Project:
    """Commands run in ``root``, with an empty home and no telemetry."""

    root: Path
    home: Path

    @classmethod
    def make(cls, directory: Path) -> Self:
        """Clone the repository and lay the working tree's own files over it."""
        root, home = directory / "project", directory / "home"
        home.mkdir(parents=True)
        _run(["git", "clone", "-q", str(REPOSITORY), str(root)], directory, dict(os.environ))
        for name in OVERLAY:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, root / name, dirs_exist_ok=True)
            else:
                shutil.copy(source, root / name)
        # The clone runs the code of the checkout; its own copy is what DVC hashes.
        return cls(root, home)

    def titleholder(self, *arguments: str, **environment: str) -> Done:
        """Run the command line where the imports are done; see `tests.support.warm`."""
        return warm.call(arguments, self.root, self._environment(**environment))

    def anew(self, *arguments: str, **environment: str) -> Done:
        """Run the command line as a user does, in a process that begins from nothing."""
        return warm.anew(arguments, self.root, self._environment(**environment))

    def flow(self, *arguments: str, **environment: str) -> Done:
        """Run tonight's flow once."""
        return self.python("-m", "flows.nightly", *arguments, **environment)

    def dvc(self, *arguments: str) -> Done:
        """Run DVC."""
        return self.python("-m", "dvc", *arguments)

    def git(self, *arguments: str) -> Done:
        """Run git."""
        return _run(["git", *arguments], self.root, dict(os.environ))

    def python(self, *arguments: str, **environment: str) -> Done:
        """Run this interpreter in the project."""
        return _run([sys.executable, *arguments], self.root, self._environment(**environment))

    def start_flow(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start tonight's flow in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "flows.nightly", *arguments], cwd=self.root,
            env=self._environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            start_new_session=True,
        )  # fmt: skip

    def _environment(self, **more: str) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {
            **os.environ, "HOME": str(self.home), "PATH": path,
            "DVC_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1", **more,
        }  # fmt: skip

    def edit(self, *path: str, value: Any) -> None:
        """Set one key of params.yaml."""
        file = self.root / "params.yaml"
        document = yaml.safe_load(file.read_text())
        section = document
        for key in path[:-1]:
            section = section[key]
        section[path[-1]] = value
        # A value that stands in two places is written twice: params.yaml has no aliases.
        plain = json.loads(json.dumps(document))
        file.write_text(yaml.safe_dump(plain, sort_keys=False))

    def params(self) -> dict[str, Any]:
        """What params.yaml says."""
        document: dict[str, Any] = yaml.safe_load((self.root / "params.yaml").read_text())
        return document

    def vary(self) -> None:
        """Make of one suite four: as it is, models swapped, data refused, and a model missing."""
        suite = self.params()["suites"]["flights"]
        models = suite["models"]
        swapped = {"champion": models["candidates"][0], "candidates": [models["champion"]]}
        gone = {**models, "candidates": ["models/flights/nobody.skops"]}
        text = (self.root / "expectations/flights.json").read_text()
        refused = text.replace('"min_value": 1000', '"min_value": 1000000', 1)
        (self.root / "expectations/strict.json").write_text(refused)
        suites = {
            "flights": suite,
            "swapped": {**suite, "models": swapped},
            "strict": {**suite, "expectations": "expectations/strict.json"},
            "gone": {**suite, "models": gone},
        }
        self.edit("suites", value=suites)

    def records(self, suite: str) -> dict[str, bytes]:
        """Every record of a suite that two runs of the same inputs must agree on."""
        base = self.root / RUNS / suite
        files = (path for path in sorted(base.rglob("*")) if path.is_file())
        named = {path.relative_to(base).as_posix(): path for path in files}
        return {
            name: path.read_bytes()
            for name, path in named.items()
            if not set(name.split("/")) & set(UNEQUAL) and not Path(name).name.startswith(".")
        }


def _run(command: list[str], cwd: Path, env: dict[str, str]) -> Done:
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=900
    )
    return Done(done.returncode, done.stdout, done.stderr)
