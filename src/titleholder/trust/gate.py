"""The deployment gate: may this file go out, on the strength of what was published?

The gate believes only what it can check again: the bytes of the file, the chain of verdicts, the
outcome derived anew, the store's own clock. Whatever else happens, it does not allow.
"""

import dataclasses
import queue
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from titleholder import tree
from titleholder.errors import Exit, NoVerdict, StoreMissing, TitleholderError, UsageError
from titleholder.redaction import redacted
from titleholder.store import Store
from titleholder.trust.chain import LONGEST_WALK, Chain, Link, verdicts
from titleholder.trust.pins import Trust
from titleholder.trust.statement import Statement, is_directory, moment
from titleholder.trust.titles import judged_against, present, require_present_champion, titles
from titleholder.trust.waivers import Waived, waived
from titleholder.types import Outcome, Verdict
from titleholder.verdict import EXIT_OF, derive, reason, recompute

DEADLINE_S = 30.0
LONGEST_DEADLINE_S = 3600.0
# Clocks may differ by this much before a verdict counts as coming from the future.
SKEW = timedelta(minutes=5)
NOBODY = Trust()
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Believed:
    """The verdict that an answer rests on.

    ``signature`` is the id of the pinned key that signed it; without a pinned key it is
    ``unsigned``, or ``unverified`` where there is a signature that nobody checked. ``champion``
    is the hex SHA-256 of the model that it was judged against.
    """

    outcome: str
    digest: str
    sequence: int
    location: str
    published_at: str
    expires_at: str
    signature: str
    champion: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says: a code of `Exit`, why, and on which verdict and bytes it rests.

    ``model`` is ``sha256:`` and the digest of the file that may go out, or None where the file
    could not be read. ``waived`` are the findings that did not pass and are let through by a
    waiver; ``unheeded`` says which waivers lie there and do not count, and why.
    """

    exit: Exit
    reason: str
    cure: str = ""
    model: str | None = None
    verdict: Believed | None = None
    waived: tuple[Waived, ...] = ()
    unheeded: tuple[str, ...] = ()


def ask(
    store: Store,
    environment: str,
    suite: str,
    model: Path | str,
    deadline: float = DEADLINE_S,
    trust: Trust | None = None,
    approvers: Trust | None = None,
) -> Answer:
    """The answer for ``model`` (a file, or ``sha256:`` and its digest), within ``deadline`` s.

    ``trust`` holds the pinned keys; without any, unsigned verdicts are believed and called so.
    ``approvers`` holds the keys whose waivers count; without pinned keys none does.
    Never raises: a failure is an answer too. All that can hang, the file included, runs in a
    thread that is left behind when the time is over.
    """
    if not 0 < deadline <= LONGEST_DEADLINE_S:
        return Answer(Exit.USAGE, f"a deadline of {deadline:g} s is none")
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    worker = threading.Thread(
        target=lambda: answers.put(
            _guarded(store, environment, suite, model, trust or Trust(), approvers or Trust())
        ),
        name="titleholder-gate",
        daemon=True,
    )
    worker.start()
    try:
        return answers.get(timeout=deadline)
    except queue.Empty:
        return Answer(
            Exit.UNDECIDED,
            f"{store.url} gave no whole answer within {deadline:.3g} s",
            cure="check the endpoint and the network",
        )


def _guarded(
    store: Store,
    environment: str,
    suite: str,
    model: Path | str,
    trust: Trust,
    approvers: Trust = NOBODY,
) -> Answer:
    """Any failure as an answer; what nobody expected is UNDECIDED, like all that is not known."""
    digest = None
    try:
        digest = digest_of_model(model)
        kind = None if isinstance(model, str) else model.is_dir()
        return _answer(verdicts(store, environment, suite, trust), digest, kind, approvers)
    except StoreMissing as error:
        # A store that was never made holds no verdict, which is known and not merely unreachable.
        return Answer(Exit.NO_VERDICT, error.message, error.cure, digest)
    except TitleholderError as error:
        return Answer(error.exit_code, error.message, error.cure, digest)
    except Exception as error:
        return Answer(Exit.UNDECIDED, redacted(f"{type(error).__name__}: {error}"), model=digest)


def digest_of_model(model: Path | str) -> str:
    """``sha256:`` and the digest of the file or directory that is to go out; UsageError if none."""
    if isinstance(model, str):
        digest = model.removeprefix("sha256:")
        if len(digest) != 64 or not _HEX.issuperset(digest):
            raise UsageError(f"{model} is no digest", cure="sha256: and 64 lower-case hex digits")
        return f"sha256:{digest}"
    try:
        return f"sha256:{tree.sha256(model)}"
    except OSError as error:
        raise UsageError(f"{model}: {error.strerror}", cure="make the file readable") from error


def _answer(
    chain: Chain[Statement], model: str, directory: bool | None, approvers: Trust
) -> Answer:
    tip = _tip(chain)
    chain.require_no_gap(tip)
    link = _newest_on(chain, tip, model)
    _require_kind(link, directory)
    _require_current(link, chain.store.now())
    outcome = recompute(link.statement.predicate.verdict)
    chain.require_first(link)
    book = titles(chain.store, chain.environment, chain.suite, chain.trust)
    title = present(book)
    if title is not None:
        book.require_no_gap(title)
    require_present_champion(title, model.removeprefix("sha256:"), link.statement.predicate.verdict)
    said = link.statement.predicate
    believed = Believed(
        outcome=str(outcome),
        digest=link.digest,
        sequence=said.sequence,
        location=chain.store.locate(link.key),
        published_at=said.published_at,
        expires_at=said.expires_at,
        signature=link.signature,
        champion=judged_against(said.verdict),
    )
    why = reason(said.verdict.findings, said.verdict.checks)
    answer = Answer(EXIT_OF[outcome], why, model=model, verdict=believed)
    if outcome is Outcome.PASS or not (approvers.pins and chain.trust.pins):
        return answer
    return _with_waivers(chain, answer, said.verdict, approvers)


def _with_waivers(
    chain: Chain[Statement], answer: Answer, verdict: Verdict, approvers: Trust
) -> Answer:
    """ALLOW where waivers cover all that stands against the model, each of them named."""
    model = str(answer.model).removeprefix("sha256:")
    found, unheeded = waived(
        chain.store, approvers, chain.environment, model, verdict, chain.store.now(), SKEW
    )
    covered = {(one.rule, one.slice) for one in found}
    if derive(verdict.findings, verdict.checks, covered) is not Outcome.PASS:
        return dataclasses.replace(answer, unheeded=unheeded)
    why = " ".join((answer.reason, *(f"{one}." for one in found)))
    return dataclasses.replace(answer, exit=Exit.ALLOW, reason=why, waived=found, unheeded=unheeded)


def _tip(chain: Chain[Statement]) -> Link[Statement]:
    tip = chain.newest()
    if tip is None:
        raise NoVerdict(
            f"{chain.store.url} holds no verdict for {chain.suite} in {chain.environment}",
            cure="publish one first: titleholder run",
        )
    return tip


def _newest_on(chain: Chain[Statement], tip: Link[Statement], model: str) -> Link[Statement]:
    """The newest verdict on this model: it supersedes all that came before."""
    seen = 0
    for link in chain.back_from(tip):
        if link.statement.subject[0].digest.sha256 == model.removeprefix("sha256:"):
            return link
        seen += 1
    newest = tip.statement.subject[0]
    among = f"the newest {LONGEST_WALK}" if seen == LONGEST_WALK else f"all {seen}"
    raise NoVerdict(
        f"no verdict is about this model, {model} (looked at {among}; the newest is about "
        f"{newest.name}, sha256:{newest.digest.sha256})",
        cure="deploy the file that was judged, or have this one judged",
    )


def _require_kind(link: Link[Statement], directory: bool | None) -> None:
    """A file that holds a directory's listing has its digest, and is not that directory."""
    judged = link.statement.subject[0]
    if directory is not None and is_directory(judged) is not directory:
        kinds = ("a file", "a directory")
        said = f"the verdict is about {kinds[not directory]}, {judged.name}"
        raise NoVerdict(f"{said}, and this is {kinds[directory]}")


def _require_current(link: Link[Statement], now: datetime) -> None:
    """A verdict holds from its publication until it expires, by the store's clock."""
    said = link.statement.predicate
    published, expires = moment(said.published_at), moment(said.expires_at)
    if not published <= now + SKEW:
        raise NoVerdict(f"the verdict comes from the future: {said.published_at}, now {now:%FT%TZ}")
    if not published < expires:
        raise NoVerdict("the verdict expired before it was published")
    if not now < expires:
        raise NoVerdict(f"the verdict expired at {said.expires_at}", cure="run it again")
