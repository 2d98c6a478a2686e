"""A suite from pull to publish in one process, and what a person sees of it meanwhile."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from dataclasses import replace as copied
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from titleholder import notice
from titleholder.adapters import webhook
from titleholder.adapters.runners import standing
from titleholder.errors import Exit, TitleholderError
from titleholder.leaderboard import Leaderboard, decided
from titleholder.report import openmetrics, tradeoff
from titleholder.stages import STAGES, compare, finished, judge, publish
from titleholder.stages.chats import calibration
from titleholder.stages.workspace import Workspace
from titleholder.trust import publication
from titleholder.trust.statement import moment
from titleholder.types import Outcome, Record, Verdict

Say = Callable[[str], None]

# From worst to best: what a run of several candidates or suites is called as a whole.
WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.PASS)


class Judged(Record, frozen=True):
    """One candidate's verdict and where it stands: in the store, and as a page to read.

    ``signature`` is the id of the key that signed it, or ``unsigned``. The verdict holds from
    ``published_at`` until ``expires_at``. ``overlap`` says how much of the panel an earlier
    verdict had seen. ``bias`` is the page of the bias audit; empty where nobody is protected.
    ``costs`` is what the change is worth, where the suite says what decisions cost; else empty.
    ``created`` is false where the verdict had been published before.
    """

    verdict: Verdict
    report: str
    published: str
    signature: str
    environment: str
    published_at: str
    expires_at: str
    overlap: str
    bias: str = ""
    costs: str = ""
    created: bool = True

    def watched(self) -> openmetrics.Told:
        """The verdict as a monitoring system is told of it."""
        published, expires = moment(self.published_at), moment(self.expires_at)
        return openmetrics.told(self.verdict, self.environment, published, expires)


class Ending(Record, frozen=True):
    """How a suite ended: its verdicts, or the error that prevented them (``error``).

    ``leaderboard`` has all models, with the outcomes that were published. ``warnings`` are of what
    went wrong beside the verdicts and takes nothing from them.
    """

    suite: str
    outcome: Outcome
    judged: tuple[Judged, ...] = ()
    leaderboard: Leaderboard | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()
    exit_code: int = Exit.ALLOW

    @property
    def sentence(self) -> str:
        """The ending in one line."""
        return "; ".join(one.verdict.reason for one in self.judged) or self.error


class Watcher(Protocol):
    """Sees each stage of each suite begin and end, and shows it."""

    def stage(self, suite: str, name: str) -> AbstractContextManager[None]:
        """A context around one stage."""

    def kept(self, suite: str, name: str) -> None:
        """A stage that an earlier run finished, and that stands as it is."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Says how long each stage of each suite took, as it ends."""

    say: Say

    @contextmanager
    def stage(self, suite: str, name: str) -> Iterator[None]:
        """Time one stage and say how it ended."""
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self.say(f"  {suite:<12} {name:<9} failed after {time.monotonic() - started:.1f} s")
            raise
        self.say(f"  {suite:<12} {name:<9} {time.monotonic() - started:6.1f} s")

    def kept(self, suite: str, name: str) -> None:
        """Say that a stage was finished before."""
        self.say(f"  {suite:<12} {name:<9} finished by the run before, which was cut short")


def run_suites(
    spaces: Sequence[Workspace], clock: Watcher, *, resume: bool = False
) -> list[Ending]:
    """Suites of one project, one after the other; who works on their shards stays for all."""
    if not spaces:
        return []
    with standing(spaces[0].runner) as lent:
        return [run_suite(copied(ws, lent=lent), clock, resume=resume) for ws in spaces]


def run_suite(ws: Workspace, clock: Watcher, *, resume: bool = False) -> Ending:
    """Every stage in order; a TitleholderError ends the suite and is told in its ending.

    With ``resume`` the stages that a run before this one finished are kept, if it never came to
    its end and they are still what they were made of; the others run.
    """
    try:
        with ws.exclusive():
            if not resume:
                finished.forget(ws)
            for stage in STAGES.values():
                if stage.stands(ws):
                    clock.kept(ws.name, stage.name)
                    continue
                with clock.stage(ws.name, stage.name):
                    stage.run_in(ws)
        return notified(ws, ending(ws))
    except TitleholderError as error:
        return notified(ws, failed(ws.name, error))


def ending(ws: Workspace) -> Ending:
    """The ending of a suite whose stages have all run."""
    receipts = publish.read(ws)
    judged = tuple(_judged(ws, receipt, str(receipts.overlap)) for receipt in receipts.receipts)
    problem = publish.shown(ws).problem
    outcomes = {one.verdict.candidate: one.verdict.outcome for one in judged}
    return Ending(
        suite=ws.name,
        outcome=worst(outcomes.values()),
        judged=judged,
        leaderboard=decided(judge.read_leaderboard(ws), outcomes),
        warnings=(
            *calibration.failures(ws),
            *((f"the dashboard is not up to date: {problem}",) if problem else ()),
        ),
    )


def notified(ws: Workspace, ended: Ending) -> Ending:
    """The ending, people told of it where it is another than before; with a warning if not.

    Whatever happens here takes nothing from a verdict.
    """
    if ws.notify.webhook is None:
        return ended
    told = ended.error or [one.verdict for one in ended.judged]
    try:
        send = partial(webhook.post, ws.notify.webhook)
        notice.notify(publish.store_of(ws), ws.store.environment, ws.name, told, send)
    except TitleholderError as error:
        return replace(ended, warnings=(*ended.warnings, str(error)))
    return ended


def failed(suite: str, error: TitleholderError) -> Ending:
    """The ending of a suite that could not be judged."""
    return Ending(
        suite=suite, outcome=Outcome.ERROR, error=str(error), exit_code=int(error.exit_code)
    )


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several outcomes; ERROR when there are none."""
    return min(outcomes, key=WORST_FIRST.index, default=Outcome.ERROR)


def verdicts(endings: Sequence[Ending]) -> list[Verdict]:
    """Every verdict of these endings."""
    return [one.verdict for ending in endings for one in ending.judged]


def leaderboards(endings: Sequence[Ending]) -> list[Leaderboard]:
    """Every leaderboard of these endings."""
    return [ending.leaderboard for ending in endings if ending.leaderboard is not None]


def errors(endings: Sequence[Ending]) -> dict[str, str]:
    """Suites that came to no verdict, with the reason."""
    return {ending.suite: ending.error for ending in endings if ending.error}


def to_stderr(line: str) -> None:
    """A progress line; standard output is kept for results."""
    print(line, file=sys.stderr, flush=True)


def silence(line: str) -> None:
    """No progress lines."""


def _judged(ws: Workspace, receipt: publication.Receipt, overlap: str) -> Judged:
    from titleholder.stages import report  # with all that draws, which only its own stage needs

    card = report.file_of(ws, receipt.candidate)
    audit = card.with_name(report.BIAS_PAGE)
    return Judged(
        verdict=receipt.verdict,
        report=ws.relative(card),
        bias=ws.relative(audit) if audit.is_file() else "",
        published=receipt.location,
        signature=receipt.signature,
        environment=receipt.environment,
        published_at=receipt.published_at,
        expires_at=receipt.expires_at,
        overlap=overlap,
        costs=_in_costs(ws, receipt.candidate),
        created=receipt.created,
    )


def _in_costs(ws: Workspace, candidate: str) -> str:
    costs = ws.suite.costs
    if costs is None:
        return ""
    return tradeoff.in_costs(compare.read(ws, candidate).comparisons, costs.unit)
