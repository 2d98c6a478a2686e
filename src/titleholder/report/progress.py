"""What a terminal shows while suites run: a line a suite, with the stage that is at work."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from titleholder.report.text import visible

if TYPE_CHECKING:
    from rich.progress import TaskID


class Board:
    """A bar a suite that moves on with each stage; use it as a context."""

    def __init__(self, stages: int, stream: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        console = Console(file=stream or sys.stderr, highlight=False, emoji=False)
        self._stages = stages
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[suite]:<12}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[stage]:<22}", markup=False),
            TimeElapsedColumn(),
            console=console,
        )

    def __enter__(self) -> "Board":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def stage(self, suite: str, name: str) -> Iterator[None]:
        """Show one stage of a suite while it runs, and how it ended."""
        task = self._task(suite)
        self._progress.update(task, stage=name)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self._progress.update(task, stage=f"{name} failed")
            self._progress.stop_task(task)
            raise
        took = time.monotonic() - started
        self._progress.update(task, advance=1, stage=f"{name} {took:.1f} s")
        if self._progress.tasks[task].finished:
            self._progress.update(task, stage="done")

    def kept(self, suite: str, name: str) -> None:
        """Move on past a stage that an earlier run finished."""
        self._progress.update(self._task(suite), advance=1, stage=f"{name} kept")

    def _task(self, suite: str) -> "TaskID":
        if suite not in self._tasks:
            self._tasks[suite] = self._progress.add_task(
                "", total=self._stages, suite=visible(suite, 24), stage=""
            )
        return self._tasks[suite]
