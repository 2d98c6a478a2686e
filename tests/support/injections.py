"""A fault at the first request, at the second, and so on until it is never reached."""

import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support import faultproxy, keys, seaweed, verdicts
from tests.support.faultproxy import Fault
from titleholder import gate
from titleholder.adapters.stores.s3 import S3Store
from titleholder.errors import Exit, TitleholderError
from titleholder.promotion import Book, Crowned, bootstrap, promote
from titleholder.publication import Receipt, publish
from titleholder.statement import Code, subject_of
from titleholder.titles import present
from titleholder.types import Outcome, Source

PASS, FAIL = Outcome.PASS, Outcome.FAIL
ANY = "*"  # these meet their request by its number
COMMON: Mapping[str, Fault] = {
    "cut before": Fault(ANY),
    "lost after": Fault(ANY, forward=True),
    "500 after": Fault(ANY, forward=True, status=500, code="InternalError"),
    "412 after": Fault(ANY, forward=True, status=412, code="PreconditionFailed"),
    "404 before": Fault(ANY, status=404, code="NoSuchKey"),
    "403 before": Fault(ANY, status=403, code="AccessDenied"),
}
RARE: Mapping[str, Fault] = {
    "500 before": Fault(ANY, status=500, code="InternalError"),
    "502 after": Fault(ANY, forward=True, status=502),
    "503 before": Fault(ANY, status=503, code="SlowDown"),
    "503 after": Fault(ANY, forward=True, status=503, code="ServiceUnavailable"),
    "409 before": Fault(ANY, status=409, code="ConditionalRequestConflict"),
    "409 after": Fault(ANY, forward=True, status=409, code="OperationAborted"),
    "412 before": Fault(ANY, status=412, code="PreconditionFailed"),
    "404 after": Fault(ANY, forward=True, status=404, code="NoSuchKey"),
    "403 after": Fault(ANY, forward=True, status=403, code="AccessDenied"),
    "400 skewed": Fault(ANY, status=403, code="RequestTimeTooSkewed"),
    "400 bad digest": Fault(ANY, status=400, code="BadDigest"),
    "507 full": Fault(ANY, status=507, code="XMinioStorageFull"),
    "200 and nothing": Fault(ANY, status=200),
    "200 after, and nothing": Fault(ANY, forward=True, status=200),
    "418 unheard of": Fault(ANY, status=418, code="Teapot"),
    "flipped": Fault(ANY, forward=True, flip=True),
    "flipped, no checksum": Fault(
        ANY, forward=True, flip=True, without=frozenset({"x-amz-checksum-sha256"})
    ),
    "half an answer": Fault(ANY, forward=True, half=True),
    "no date": Fault(ANY, forward=True, without=frozenset({"date"})),
    "no etag": Fault(ANY, forward=True, without=frozenset({"etag"})),
    "slow": Fault(ANY, forward=True, wait=0.05),
}


@dataclass
class Tally:
    """How often a fault was injected, what became of it, and what must never happen."""

    injected: int = 0
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, where: str, outcome: str, wrong: str = "") -> None:
        """One injection."""
        self.injected += 1
        self.told[outcome] += 1
        if wrong:
            self.wrong.append(f"{where}: {wrong}")


@dataclass
class Wire:
    """A fresh prefix, reached through a proxy that does one thing wrong, and directly."""

    proxy: faultproxy.Proxy
    faulty: S3Store
    direct: S3Store

    @property
    def reached(self) -> bool:
        """Whether the fault met its request."""
        return not self.proxy.at


def wires(server: seaweed.Server, fault: Fault) -> Iterator[Wire]:
    """The fault at request 1, 2, ... until it is not reached any more."""
    at = 0
    reached = True
    with faultproxy.in_front_of(server.endpoint) as proxy:
        # One client each, since making one takes longer than all that it is then asked for.
        clients = {
            endpoint: S3Store(server.bucket, endpoint=endpoint, timeout=2)._client()
            for endpoint in (proxy.endpoint, server.endpoint)
        }
        while reached:
            at += 1
            prefix = uuid.uuid4().hex
            proxy.seen.clear()
            proxy.at = {at: fault}
            faulty, direct = (
                S3Store(server.bucket, prefix, endpoint=endpoint, pause=0.001)
                for endpoint in clients
            )
            faulty._made, direct._made = clients.values()
            yield Wire(proxy, faulty, direct)
            reached = not proxy.at


def publications(server: seaweed.Server, name: str, fault: Fault) -> Tally:
    """Publish through the fault, then publish again: one verdict, whatever was said before."""
    tally = Tally()
    for number, wire in enumerate(wires(server, fault), start=1):
        first = _attempted(lambda wire=wire: _publish(wire.faulty, PASS))
        if not wire.reached:
            tally.wrong += [] if isinstance(first, Receipt) else ["a clean control failed"]
            continue
        again = _publish(wire.direct, PASS)
        wrong = ""
        verdict_keys = [k for k in wire.direct.keys("verdicts/") if not k.endswith("head.json")]
        if len(verdict_keys) != 1:
            wrong = f"{len(verdict_keys)} verdicts for one question"
        elif isinstance(first, Receipt) and first.digest != again.digest:
            wrong = "an acknowledged verdict is another"
        elif _asked(wire.direct).exit is not Exit.ALLOW:
            wrong = "the verdict that was published in the end does not open the gate"
        told = "published" if isinstance(first, Receipt) else type(first).__name__
        tally.note(f"publish, {name}, request {number}", told, wrong)
    return tally


def questions(server: seaweed.Server, name: str, fault: Fault, deadline: float = 10.0) -> Tally:
    """Ask the gate through the fault, of a model that failed after it had passed."""
    tally = Tally()
    for number, wire in enumerate(wires(server, fault), start=1):
        _publish(wire.direct, PASS)
        lagging = wire.direct.get(_HEAD)
        _publish(wire.direct, FAIL, commit="ff" * 20)
        wire.direct.put_if(_HEAD, lagging.data, wire.direct.get(_HEAD).tag)
        started = time.monotonic()
        answer = _asked(wire.faulty, deadline)
        took = time.monotonic() - started
        if not wire.reached:
            tally.wrong += [] if answer.exit is Exit.REGRESSED else ["a clean control failed"]
            continue
        wrong = "ALLOW" if answer.exit is Exit.ALLOW else ""
        wrong = wrong or (f"{took:.1f} s" if took > deadline + 1 else "")
        tally.note(f"gate, {name}, request {number}", answer.exit.name, wrong)
    return tally


def promotions(server: seaweed.Server, name: str, fault: Fault) -> Tally:
    """Promote through the fault, then promote again: one title more, whatever was said."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as there:
        model, champion = Path(there, "model"), Path(there, "champion")
        model.write_bytes(b"model")
        champion.write_bytes(b"champion")
        for number, wire in enumerate(wires(server, fault), start=1):
            bootstrap(_book(wire.direct), champion, "the first")
            _publish(wire.direct, PASS, model=gate.digest_of_model(model), against=champion)
            first = _attempted(lambda wire=wire: promote(_book(wire.faulty), model, 10.0))
            if not wire.reached:
                tally.wrong += [] if isinstance(first, Crowned) else ["a clean control failed"]
                continue
            again = promote(_book(wire.direct), model)
            tip = present(_book(wire.direct).chain)
            wrong = ""
            if not isinstance(again, Crowned) or tip is None or tip.sequence != 2:
                wrong = f"promoting again ended in {again}"
            elif isinstance(first, Crowned) and first.sequence != 2:
                wrong = "an acknowledged title is another"
            told = "crowned" if isinstance(first, Crowned) else _name(first)
            tally.note(f"promote, {name}, request {number}", told, wrong)
    return tally


_HEAD = "verdicts/dev/credit/head.json"


def _name(ended: object) -> str:
    return ended.exit.name if isinstance(ended, gate.Answer) else type(ended).__name__


def _attempted(call: Any) -> Any:
    """What it returned, or which of our errors it ended in; any other is a fault of ours."""
    try:
        return call()
    except TitleholderError as error:
        return error


def _publish(
    store: S3Store,
    outcome: Outcome,
    *,
    commit: str = "12" * 20,
    model: str = verdicts.MODEL,
    against: Path | None = None,
) -> Receipt:
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
            valid_for=timedelta(days=7), signer=keys.key(),
            provenance=verdicts.provenance(code=Code(commit=commit, dirty=False)),
        )  # fmt: skip


def _asked(store: S3Store, deadline: float = 10.0) -> gate.Answer:
    model = f"sha256:{verdicts.MODEL}"
    return gate.ask(store, "dev", "credit", model, deadline, keys.trust(keys.key()))


def _book(store: S3Store) -> Book:
    return Book(store, "dev", "credit", keys.trust(keys.key()), keys.key())
