"""A fault at the first request, at the second, and so on until it is never reached.

What is done through the fault stands in `tests.support.scenarios`; the faults themselves here and
in `tests.support.spoilers`.
"""

import dataclasses
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support import faultproxy, seaweed
from tests.support.faultproxy import Fault
from tests.support.scenarios import Scenario, Writes
from tests.support.spoilers import FAULTS as SPOILERS
from tests.support.spoilers import HANGING, PATIENCE_S
from titleholder.adapters.stores import s3
from titleholder.adapters.stores.s3 import S3Store
from titleholder.errors import TitleholderError

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
FAULTS: Mapping[str, Fault] = {**COMMON, **RARE, **SPOILERS}


@dataclass
class Tally:
    """How often a fault was injected, what became of it, and what must never happen."""

    injected: int = 0
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def note(self, where: str, outcome: str, wrong: str = "") -> None:
        """One injection."""
        self.injected += 1
        self.told[outcome] += 1
        if wrong:
            self.wrong.append(f"{where}: {wrong}")


@dataclass
class Wire:
    """A prefix, reached through a proxy that does one thing wrong, and directly."""

    proxy: faultproxy.Proxy
    faulty: S3Store
    direct: S3Store

    @property
    def reached(self) -> bool:
        """Whether the fault met its request."""
        return not self.proxy.at


def injected(server: seaweed.Server, scenario: Scenario, name: str) -> Tally:
    """The scenario with this fault at each request in turn, and once without any."""
    tally = Tally()
    with scenario.world() as world:
        for number, wire in enumerate(wires(server, name, world.writes, scenario.reads), start=1):
            spoiled = wire.proxy.spoiled
            started = time.monotonic()
            first = _attempted(lambda wire=wire: world.act(wire.faulty))
            took = time.monotonic() - started
            if not wire.reached:
                # Who has little patience may lose it with a busy server, too.
                if not world.clean(first) and name not in HANGING:
                    tally.wrong.append(f"{scenario.name}, {name}: a clean control ended in {first}")
                continue
            for deliver in wire.proxy.late:
                deliver()
            if wire.proxy.spoiled == spoiled:
                continue
            tally.slowest = max(tally.slowest, took)
            wrong = _unforeseen(first) or world.wrong(first, wire.direct)
            if scenario.deadline is not None and took > scenario.deadline + 1:
                wrong = wrong or f"took {took:.1f} s"
            tally.note(f"{scenario.name}, {name}, request {number}", _name(first), wrong)
    return tally


def wires(server: seaweed.Server, name: str, writes: Writes, reads: bool = False) -> Iterator[Wire]:
    """The fault at request 1, 2, ... until it is not reached any more.

    Each on a fresh prefix that holds what was written before; where nothing will be written, on
    one and the same.
    """
    at = 0
    reached = True
    with faultproxy.in_front_of(server.endpoint) as proxy:
        # One client each, since making one takes longer than all that it is then asked for.
        patience = PATIENCE_S if name in HANGING else 30.0
        clients = {
            endpoint: S3Store(server.bucket, endpoint=endpoint, timeout=wait)._client()
            for endpoint, wait in ((proxy.endpoint, patience), (server.endpoint, 30.0))
        }
        # What was there before goes through the proxy too, which remembers it for later.
        patient = S3Store(server.bucket, endpoint=proxy.endpoint, timeout=30)._client()
        prefix = ""
        while reached:
            at += 1
            if not (prefix and reads):
                prefix = uuid.uuid4().hex
                proxy.written.clear()
                for key, data in writes:
                    _put(patient, server, f"{prefix}/{key}", data)
            # That the server keeps its promises is found out once, not at each prefix anew.
            s3._FIT.add((server.endpoint, server.bucket, f"{prefix}/"))
            proxy.seen.clear()
            proxy.late.clear()
            proxy.at = {at: FAULTS[name]}
            faulty, direct = (
                S3Store(server.bucket, prefix, endpoint=endpoint, pause=0.001)
                for endpoint in clients
            )
            faulty._made, direct._made = clients.values()
            yield Wire(proxy, faulty, direct)
            reached = not proxy.at


def _put(client: Any, server: seaweed.Server, key: str, data: bytes) -> None:
    client.put_object(
        Bucket=server.bucket, Key=key, Body=data, ChecksumSHA256=s3._checksum(data),
        Metadata={s3._MARK: "before"},
    )  # fmt: skip


def _attempted(call: Any) -> Any:
    """What it returned, or what it ended in."""
    try:
        return call()
    except Exception as error:
        return error


def _unforeseen(ended: object) -> str:
    """An error that is none of ours has no documented exit code."""
    if isinstance(ended, Exception) and not isinstance(ended, TitleholderError):
        return f"ended in {type(ended).__name__}: {ended}"
    return ""


def _name(ended: object) -> str:
    exit_code = getattr(ended, "exit", None)
    if exit_code is not None:
        return str(exit_code.name)
    if dataclasses.is_dataclass(ended) or not isinstance(ended, Exception):
        return "done"
    return type(ended).__name__
