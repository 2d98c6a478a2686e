"""Tonight's verdicts: every suite of params.yaml, in parallel, stage by stage.

    python -m flows.nightly                      once, now, on the embedded server
    python -m flows.nightly --serve              from this process, every night (UTC)
    prefect deploy --all                         the deployments of prefect.yaml

A rejected candidate is a finished run with the state Rejected; Failed means that no judgement
could be made.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeAlias

from flows import settings

settings.apply()

from prefect import flow, task  # noqa: E402
from prefect.artifacts import create_markdown_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.exceptions import MissingResult  # noqa: E402
from prefect.runtime import flow_run, task_run  # noqa: E402
from prefect.states import Completed, Failed  # noqa: E402

from flows import units  # noqa: E402
from titleholder import runner  # noqa: E402
from titleholder.cli import endings, outputs  # noqa: E402
from titleholder.cli.declaring import add_credentials  # noqa: E402
from titleholder.errors import Exit, StoreUnreachable, TitleholderError  # noqa: E402
from titleholder.report import leaderboard, markdown  # noqa: E402
from titleholder.stages import STAGES, publish  # noqa: E402
from titleholder.stages.workspace import StoreChoice, Workspace, open_params  # noqa: E402
from titleholder.types import Outcome  # noqa: E402

# What a command line says of the store: url, endpoint, environment, credentials; None leaves it to
# params.yaml.
Store: TypeAlias = dict[str, str | None] | None

NIGHTLY = "15 2 * * *"  # UTC
RETRY_DELAYS_S = [5, 30]
STATE_OF = {
    Outcome.PASS: "Passed",
    Outcome.FAIL: "Rejected",
    Outcome.INCONCLUSIVE: "Inconclusive",
}
# Stages that talk to a network; the others give the same answer however often they run.
NETWORKED = frozenset({"pull", "publish"})


def may_help(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again can help: only where the other side did not answer."""
    return isinstance(state.result(raise_on_failure=False), StoreUnreachable)


def _task_of(name: str) -> Any:
    """A stage as a Prefect task. DVC owns caching, so Prefect caches nothing.

    Its tags are for limits: `prefect concurrency-limit create titleholder-predict 2`.
    """

    @task(
        name=name,
        tags=["titleholder", f"titleholder-{name}"],
        task_run_name=f"{name} {{suite}}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(RETRY_DELAYS_S) if name in NETWORKED else 0,
        retry_delay_seconds=RETRY_DELAYS_S,
        retry_condition_fn=may_help,
    )
    def stage(suite: str, root: str, store: Store, night: str, quiet: bool) -> None:
        ws, clock = _workspace(root, suite, store, night, task_run.run_count), _clock(quiet)
        # A run that was killed, last night or a minute ago, is gone on with by itself.
        if STAGES[name].stands(ws):
            clock.kept(suite, name)
            return
        with clock.stage(suite, name):
            STAGES[name].run_in(ws)

    return stage


TASKS = {name: _task_of(name) for name in STAGES}


@flow(name="benchmark", flow_run_name="{suite}", persist_result=False)
def benchmark(
    suite: str, root: str = ".", store: Store = None, night: str | None = None, quiet: bool = False
) -> Any:
    """One suite from pull to publish; the name of the end state is the verdict.

    ``night`` is the UTC day that the run stands for (YYYY-MM-DD): that of its schedule.
    """
    night = night or _scheduled()
    try:
        ws = _workspace(root, suite, store, night)
        with ws.exclusive():
            for stage in TASKS.values():
                stage(suite=suite, root=root, store=store, night=night, quiet=quiet)
        ending = runner.notified(ws, runner.ending(ws))
    except TitleholderError as error:
        return _not_judged(suite, root, store, night, error)
    for one in ending.judged:
        create_markdown_artifact(
            key=_key(f"findings-{suite}-{one.verdict.candidate}"),
            markdown=markdown.summary(one.verdict),
            description=f"{suite}: may {one.verdict.candidate} take the title?",
        )
    if ending.leaderboard is not None and leaderboard.shown(ending.leaderboard):
        create_markdown_artifact(
            key=_key(f"leaderboard-{suite}"),
            markdown=leaderboard.markdown(ending.leaderboard),
            description=f"{suite}: which of its models?",
        )
    return Completed(name=STATE_OF[ending.outcome], message=ending.sentence, data=ending)


def _not_judged(suite: str, root: str, store: Store, night: str, error: TitleholderError) -> Any:
    """The end of a suite that could not be judged, which people are told of, too."""
    with contextlib.suppress(TitleholderError):  # parameters that nobody can read name nobody
        told = runner.notified(_workspace(root, suite, store, night), runner.failed(suite, error))
        for warning in told.warnings:
            runner.to_stderr(f"titleholder: {suite}: warning: {warning}")
    return Failed(message=f"{suite}: {error.message}", data=error)


class NotJudged(TitleholderError):
    """Some suites of the night ended without a judgement; ``endings`` has all of them."""

    def __init__(self, message: str, endings: list[runner.Ending]) -> None:
        super().__init__(message)
        self.endings = endings


@flow(name="nightly", persist_result=False)
async def nightly(
    suites: list[str] | None = None,
    root: str = ".",
    store: Store = None,
    night: str | None = None,
    quiet: bool = False,
) -> Any:
    """Every suite at once; Failed when one of them could not be judged at all.

    ``night`` is the UTC day that the run stands for (YYYY-MM-DD): that of its schedule.
    """
    names = suites or list(open_params(Path(root)).suites)
    same = {"root": root, "store": store, "night": night or _scheduled(), "quiet": quiet}
    endings = list(await asyncio.gather(*(_apart(name, same) for name in names)))
    said = "; ".join(f"{e.suite}: {STATE_OF.get(e.outcome, 'Failed')}" for e in endings)
    if any(ending.error for ending in endings):
        return Failed(message=said, data=NotJudged(said, endings))
    worst = runner.worst([ending.outcome for ending in endings])
    return Completed(name=STATE_OF[worst], message=said, data=endings)


async def _apart(name: str, same: dict[str, Any]) -> runner.Ending:
    """One suite in a thread of its own."""
    state = await asyncio.to_thread(_flow_of(name, same), suite=name, **same, return_state=True)
    found: Any
    try:
        found = await state.result(raise_on_failure=False)
    except MissingResult as error:  # Prefect lost what one suite said; the others have theirs
        found = error
    if isinstance(found, runner.Ending):
        return found
    if not isinstance(found, TitleholderError):
        found = TitleholderError(f"{type(found).__name__}: {found}")
    return runner.failed(name, found)


def _flow_of(name: str, same: dict[str, Any]) -> Any:
    """The flow of one suite; with Dask's task runner where its data are of many files."""
    try:
        params = open_params(Path(same["root"]))
        wanted = units.are_wanted(params, name)
    except (TitleholderError, KeyError):
        return benchmark  # which says what is wrong
    if not wanted:
        return benchmark
    return benchmark.with_options(task_runner=units.task_runner(params.runner))


def _scheduled() -> str:
    """The UTC day that this flow run was due, which a late start does not change."""
    due: datetime = flow_run.scheduled_start_time
    return due.astimezone(UTC).date().isoformat()


def _workspace(root: str, suite: str, store: Store, night: str, attempt: int = 1) -> Workspace:
    params = StoreChoice(**store or {}).over(open_params(Path(root)))
    ws = Workspace.of(Path(root), params, suite, date.fromisoformat(night))
    lent = units.Units() if units.are_wanted(params, suite) else None
    return replace(ws, attempt=attempt, lent=lent)


def _clock(quiet: bool) -> runner.Clock:
    return runner.Clock(runner.silence if quiet else runner.to_stderr)


def _key(name: str) -> str:
    """An artifact key: Prefect takes lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow once, or serve it every night."""
    args = _parse(arguments)
    store = {
        "url": args.store, "endpoint": args.endpoint, "environment": args.env,
        "credentials": args.credentials,
    }  # fmt: skip
    given: dict[str, Any] = {
        "suites": args.suites or None,
        "store": store,
        "quiet": args.quiet or args.json,
    }
    try:
        # Said here at once, and not after the seconds that a server takes to start.
        params = StoreChoice(**store).over(open_params(Path()))
        for name in args.suites or params.suites:
            publish.ready(Workspace.of(Path(), params, name))
    except TitleholderError as error:
        print(f"titleholder: {error}", file=sys.stderr)
        return error.exit_code
    if args.serve:
        nightly.serve(name="nightly", cron=args.cron, parameters=given)
        return Exit.ALLOW
    if "PREFECT_LOGGING_LEVEL" not in os.environ:
        # Progress and errors are told here; Prefect would add a traceback to every mistake.
        logging.disable(logging.ERROR)
    signal.signal(signal.SIGINT, _interrupted)
    found = asyncio.run(_once(given))
    if not isinstance(found, list):
        print(f"titleholder: the night did not end: {found}", file=sys.stderr)
        return Exit.UNDECIDED
    boards = runner.leaderboards(found)
    judged = [one for ending in found for one in ending.judged]
    outputs.write(args, runner.verdicts(found), runner.errors(found), boards, judged)
    return endings.show(found, as_json=args.json, quiet=args.quiet)


def _interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End at once, with the server that was started for this run.

    Suites run in threads, which Python would wait for: a night that was called off would still
    publish. Records and verdicts are written whole or not at all, so any instant will do.
    """
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.terminate()
    os.write(2, b"titleholder: interrupted\n")
    os._exit(Exit.UNDECIDED)


async def _once(given: dict[str, Any]) -> Any:
    """One night's endings, or whatever came instead of them."""
    state = await nightly(**given, return_state=True)
    found = await state.result(raise_on_failure=False)
    return found.endings if isinstance(found, NotJudged) else found


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.nightly", description=main.__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="all of params.yaml if none")
    parser.add_argument("--serve", action="store_true", help="stay, and run every night")
    parser.add_argument("--cron", default=NIGHTLY, help="when to run with --serve (UTC)")
    parser.add_argument("--store", metavar="URL", help="file://directory or s3://bucket/prefix")
    parser.add_argument("--endpoint", metavar="URL", help="of an S3-compatible store")
    add_credentials(parser)
    parser.add_argument("--env", metavar="NAME", help="environment that the verdict is for")
    parser.add_argument("--quiet", action="store_true", help="no progress and no tables")
    parser.add_argument("--json", action="store_true", help="the endings as one JSON document")
    outputs.add_flags(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
