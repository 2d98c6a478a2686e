"""What is done to a store while something goes wrong with it, and what must hold afterwards."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from titleholder import verification
from titleholder.adapters.stores.local import LocalStore
from titleholder.errors import Exit, TitleholderError, UsageError
from titleholder.store import Store
from titleholder.trust import gate
from titleholder.trust.pins import KeyPair, Trust
from titleholder.trust.promotion import Book, Crowned, bootstrap, promote, rollback
from titleholder.trust.publication import Receipt, publish
from titleholder.trust.statement import Code, instant, subject_of
from titleholder.trust.titles import present
from titleholder.trust.waivers import WaiverPredicate, grant
from titleholder.types import Outcome, Source

PASS, FAIL = Outcome.PASS, Outcome.FAIL
Writes = Sequence[tuple[str, bytes]]
HEAD = "verdicts/dev/credit/head.json"
APPROVER = 2
SIGNER = keys.key()
DEADLINE_S = gate.DEADLINE_S
# For what is looked at afterwards, where a busy machine must not be taken for a lost verdict.
PATIENT_S = 600.0


@dataclass(frozen=True)
class World:
    """A store's content, what is done to it, and how that may end.

    ``wrong`` says what is wrong after ``act`` ended so, once it was tried again without a fault
    (of an ending it looks at ``digest`` and ``sequence``, where there are any);
    ``clean`` whether an ending is the one without any fault.
    """

    writes: Writes
    act: Callable[[Store], object]
    wrong: Callable[[Any, Store], str]
    clean: Callable[[Any], bool]


@dataclass(frozen=True)
class Scenario:
    """A name, and how its world is made; ``reads`` where nothing is written by it."""

    name: str
    world: Callable[[], contextlib.AbstractContextManager[World]]
    reads: bool = False
    deadline: float | None = None


class Journal(MemoryStore):
    """A store in memory, by the clock of today, that remembers what was written in order."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self.writes: list[tuple[str, bytes]] = []

    def _write(self, key: str, data: bytes) -> str:
        self.writes.append((key, data))
        return super()._write(key, data)


# ------------------------------------------------------------------------- publish


@contextlib.contextmanager
def _publishing() -> Iterator[World]:
    def wrong(first: Any, store: Store) -> str:
        again = publishing(store, PASS)
        found = [k for k in store.keys("verdicts/") if not k.endswith("head.json")]
        if len(found) != 1:
            return f"{len(found)} verdicts for one question"
        if getattr(first, "digest", again.digest) != again.digest:
            return "an acknowledged verdict is another"
        if asking(store).exit is not Exit.ALLOW:
            return "the verdict that was published in the end does not open the gate"
        return ""

    yield World((), lambda store: publishing(store, PASS), wrong, lambda e: isinstance(e, Receipt))


# ------------------------------------------------------------------------- gate


@contextlib.contextmanager
def _asking() -> Iterator[World]:
    """Of a model that failed after it had passed, and the pointer lags."""
    before = Journal()
    publishing(before, PASS)
    lagging = before.get(HEAD)
    publishing(before, FAIL, commit="ff" * 20)
    before.put_if(HEAD, lagging.data, before.get(HEAD).tag)
    yield World(
        before.writes, lambda store: asking(store, deadline=DEADLINE_S),
        lambda answer, _: _refused(answer),
        lambda answer: answer.exit is Exit.REGRESSED,
    )  # fmt: skip


def _refused(answer: Any) -> str:
    return "ALLOW" if answer.exit is Exit.ALLOW else ""


@contextlib.contextmanager
def _asking_with_waivers() -> Iterator[World]:
    """Of a model that failed and may go out by a waiver: without it, it may not."""
    before = Journal()
    publishing(before, FAIL)
    waiving(before)

    def wrong(answer: Any, _: Store) -> str:
        silent = answer.exit is Exit.ALLOW and not answer.waived
        return "ALLOW without a word of the waiver" if silent else ""

    yield World(
        before.writes,
        lambda store: asking(store, keys.trust(keys.key(APPROVER)), DEADLINE_S), wrong,
        lambda answer: answer.exit is Exit.ALLOW and bool(answer.waived),
    )  # fmt: skip


# ------------------------------------------------------------------------- titles


@contextlib.contextmanager
def _crowning() -> Iterator[World]:
    with _models() as (champion, model):
        before = Journal()
        bootstrap(_book(before), champion, "the first")
        publishing(before, PASS, model=gate.digest_of_model(model), against=champion)

        def wrong(first: Any, store: Store) -> str:
            again = promote(_book(store), model, PATIENT_S)
            tip = present(_book(store).chain)
            if not isinstance(again, Crowned) or tip is None or tip.sequence != 2:
                return f"promoting again ended in {again}"
            if getattr(first, "sequence", 2) != 2:
                return "an acknowledged title is another"
            return ""

        yield World(
            before.writes, lambda store: promote(_book(store), model, PATIENT_S), wrong,
            lambda e: isinstance(e, Crowned),
        )  # fmt: skip


@contextlib.contextmanager
def _rolling_back() -> Iterator[World]:
    with _models() as (champion, model):
        before = Journal()
        bootstrap(_book(before), champion, "the first")
        publishing(before, PASS, model=gate.digest_of_model(model), against=champion)
        promote(_book(before), model)

        def wrong(first: Any, store: Store) -> str:
            with contextlib.suppress(UsageError):  # it was done already: nobody is before that
                rollback(_book(store), "slow")
            tip = present(_book(store).chain)
            if tip is None or (tip.sequence, tip.statement.predicate.action) != (3, "rollback"):
                return f"the title is not where it was rolled back to: {tip}"
            if getattr(first, "sequence", 3) != 3:
                return "an acknowledged rollback is another"
            digest = gate.digest_of_model(model)
            answer = gate.ask(store, "dev", "credit", digest, PATIENT_S, keys.trust(keys.key()))
            return "ALLOW after a rollback" if answer.exit is Exit.ALLOW else ""

        yield World(
            before.writes, lambda store: rollback(_book(store), "slow"), wrong,
            lambda e: isinstance(e, Crowned),
        )  # fmt: skip


# ------------------------------------------------------------------------- waive, verify


@contextlib.contextmanager
def _waiving() -> Iterator[World]:
    before = Journal()
    publishing(before, FAIL)
    moment = datetime.now(UTC)

    def wrong(first: Any, store: Store) -> str:
        waiving(store, moment)
        kept = list(store.keys("waivers/"))
        if len(kept) != 1:
            return f"{len(kept)} waivers of one"
        answer = asking(store, keys.trust(keys.key(APPROVER)))
        return "" if answer.exit is Exit.ALLOW and answer.waived else f"the waiver is lost: {first}"

    yield World(
        before.writes, lambda store: waiving(store, moment), wrong, lambda e: isinstance(e, str)
    )


def verifying(kept: Path) -> Callable[[], contextlib.AbstractContextManager[World]]:
    """Verify the newest verdict of ``churn`` in a local store, moved to where the fault is."""

    @contextlib.contextmanager
    def world() -> Iterator[World]:
        local = LocalStore(kept)
        writes = [(key, local.get(key).data) for key in local.keys("")]
        place = verification.Place("dev", "churn")

        def act(store: Store) -> object:
            return verification.verify(place, store, Trust())

        def wrong(first: Any, store: Store) -> str:
            # A fault may hide a sound verdict. It is never called something else than it is.
            sound = isinstance(first, TitleholderError) or first.outcome in (None, "PASS")
            return "" if sound else f"called {first.outcome}"

        yield World(writes, act, wrong, lambda e: getattr(e, "outcome", None) == "PASS")

    return world


SCENARIOS = (
    Scenario("publish", _publishing),
    Scenario("gate", _asking, reads=True, deadline=DEADLINE_S),
    Scenario("gate, with a waiver", _asking_with_waivers, reads=True, deadline=DEADLINE_S),
    Scenario("promote", _crowning),
    Scenario("rollback", _rolling_back),
    Scenario("waive", _waiving),
)


# ------------------------------------------------------------------------- deeds


def publishing(
    store: Store,
    outcome: Outcome,
    *,
    commit: str = "12" * 20,
    model: str = verdicts.MODEL,
    against: Path | None = None,
    signer: KeyPair | None = SIGNER,
) -> Receipt:
    """Publish a verdict of this outcome, signed."""
    inputs = ()
    if against is not None:
        digest = gate.digest_of_model(against).removeprefix("sha256:")
        inputs = (Source("champion", "champion", digest, 1),)
    with tempfile.TemporaryDirectory() as there:
        report = Path(there, "report.html")
        report.write_bytes(b"<p>fine</p>")
        return publish(
            store, "dev", verdicts.verdict(outcome, PASS, inputs=inputs),
            subject_of("candidate.skops", model.removeprefix("sha256:")), {"report.html": report},
            valid_for=timedelta(days=7), signer=signer,
            provenance=verdicts.provenance(code=Code(commit=commit, dirty=False)),
        )  # fmt: skip


def asking(
    store: Store, approvers: Trust | None = None, deadline: float = PATIENT_S
) -> gate.Answer:
    """What the gate says of the model."""
    model = f"sha256:{verdicts.MODEL}"
    trust = keys.trust(keys.key())
    return gate.ask(store, "dev", "credit", model, deadline, trust, approvers)


def waiving(store: Store, moment: datetime | None = None) -> str:
    """Let the model break the rule that it fails."""
    now = moment or datetime.now(UTC)
    said = WaiverPredicate(
        schema_version=2, environment="dev", suite="credit", rule="r0", slice="overall",
        ceiling=0.1, reason="known", approver="someone", issued_at=instant(now),
        expires_at=instant(now + timedelta(days=1)),
    )  # fmt: skip
    return grant(store, verdicts.subject(), said, keys.key(APPROVER))


@contextlib.contextmanager
def _models() -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory() as there:
        champion, model = Path(there, "champion"), Path(there, "model")
        champion.write_bytes(b"champion")
        model.write_bytes(b"model")
        yield champion, model


def _book(store: Store) -> Book:
    return Book(store, "dev", "credit", keys.trust(keys.key()), keys.key())
