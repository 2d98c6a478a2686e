"""Where a suite's records lie, and what a stage is given to work with."""

import contextlib
import fcntl
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

import msgspec

from titleholder import records
from titleholder.errors import Busy, UsageError
from titleholder.params.schema import (
    NAME,
    Notify,
    Params,
    RunnerParams,
    Snapshot,
    StoreParams,
    Suite,
)
from titleholder.shards.runner import Runner

PARAMS_FILE = "params.yaml"
RUNS = Path(".titleholder/runs")
# Beside the stages of a suite: private copies of what a run reads (`titleholder.stages.snapshot`).
COPIES = ".snapshot"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One suite in one project directory.

    Records go to ``.titleholder/runs/<suite>/<stage>/``; only the stage of that name writes there.
    ``night`` is the UTC day that a run stands for, however late it runs; None is today. It is no
    input of any record, only of what `publish` calls a second try of the same question.
    ``started`` is when whatever opened the workspace began, ``attempt`` the how many-th try it is;
    both are told in the published verdict. ``notify`` is who is told of a change,
    ``runner`` who works on the shards of data in many files, unless somebody is ``lent`` for it,
    ``snapshot`` whether stages read a private copy of the inputs.
    """

    root: Path
    name: str
    suite: Suite
    store: StoreParams
    night: date | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    attempt: int = 1
    notify: Notify = field(default_factory=Notify)
    runner: RunnerParams = field(default_factory=RunnerParams)
    snapshot: Snapshot = Snapshot.COPY
    lent: Runner | None = field(default=None, compare=False)

    @classmethod
    def of(cls, root: Path, params: Params, name: str, night: date | None = None) -> "Workspace":
        """The workspace of a suite; UsageError with the nearest name when there is none."""
        suite = params.suites.get(name)
        if suite is None:
            near = get_close_matches(name, params.suites, n=1)
            hint = (
                f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(params.suites)}"
            )
            raise UsageError(f"{PARAMS_FILE} has no suite {name!r}", cure=hint)
        return cls(
            root.resolve(), name, suite, params.store, night,
            notify=params.notify, runner=params.runner, snapshot=params.snapshot,
        )  # fmt: skip

    def sent(self) -> "Workspace":
        """The workspace as whoever works on a unit has it: without whoever sent it."""
        return replace(self, lent=None)

    def stage(self, name: str) -> Path:
        """The directory of one stage's records."""
        return self.root / RUNS / self.name / name

    def params_digest(self, keys: Iterable[str]) -> str:
        """The digest of the suite's parameters under these keys, defaults filled in."""
        section = {key: msgspec.to_builtins(getattr(self.suite, key)) for key in sorted(keys)}
        return f"sha256:{records.sha256(section)}"

    def digest(self, path: Path) -> tuple[str, str]:
        """A file as an entry of a record's ``inputs``: its relative path and its digest."""
        return self.relative(path), f"sha256:{records.sha256_file(path)}"

    def relative(self, path: Path) -> str:
        """A path as records name it: below the project directory, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def told(self, message: str) -> str:
        """A message as records tell it: with paths below the project, not those of the copy."""
        return self._of_copy.sub("", message).replace(f"{self.root}/", "")

    def as_given(self, message: str) -> str:
        """A message that names the project's own files where it named copies of them."""
        return self._of_copy.sub(f"{self.root}/", message)

    @property
    def _of_copy(self) -> re.Pattern[str]:
        copies = re.escape(f"{self.root / RUNS / self.name / COPIES}/")
        return re.compile(rf"{copies}[^/\s]+/")

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the suite for this process; Busy when another one has it.

        The lock goes with the process, however it ends: nothing has to be cleaned up.
        """
        path = self.root / RUNS / self.name / ".lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    f"another run of the suite {self.name!r} is at work in this directory",
                    cure="wait until it has ended",
                ) from None
            yield


def at_work(directory: Path) -> bool:
    """Whether a run holds the suite whose directory this is."""
    try:
        with (directory / ".lock").open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """What a command line says of the store; None leaves params.yaml its say."""

    url: str | None = None
    endpoint: str | None = None
    environment: str | None = None
    credentials: str | None = None

    def over(self, params: Params) -> Params:
        """The parameters with this choice laid over their store section."""
        said = {
            "url": self.url, "endpoint": self.endpoint, "environment": self.environment,
            "credentials": self.credentials,
        }  # fmt: skip
        chosen = {key: value for key, value in said.items() if value is not None}
        if self.environment is not None and not re.fullmatch(NAME, self.environment):
            raise UsageError(
                f"--env {self.environment!r} cannot be the name of an environment",
                cure="letters, digits, '.', '-' and '_', the first a letter or digit",
            )
        store = msgspec.structs.replace(params.store, **chosen)
        return msgspec.structs.replace(params, store=store)


def open_params(root: Path) -> Params:
    """All that ``params.yaml`` declares; one ConfigError with every problem in it."""
    from titleholder.metrics.declared import registry_of
    from titleholder.params.load import load

    return load(root / PARAMS_FILE, lambda policy: registry_of(policy, root))


def open_workspace(root: Path, suite: str) -> Workspace:
    """The workspace of one suite of the project in ``root``."""
    return Workspace.of(root, open_params(root), suite)
