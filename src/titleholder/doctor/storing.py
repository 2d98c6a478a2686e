"""Where verdicts go: the store, its clock, the key that signs, and the nights that are there."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from titleholder import cadence
from titleholder.adapters import ed25519
from titleholder.adapters.stores import store_at
from titleholder.doctor.advice import Advice, Health, Patient
from titleholder.errors import TitleholderError
from titleholder.params.load import load_store
from titleholder.params.schema import StoreParams
from titleholder.stages.workspace import PARAMS_FILE, open_params
from titleholder.store import Store
from titleholder.trust import history, intents
from titleholder.trust.chain import Chain, verdicts
from titleholder.trust.pins import Trust
from titleholder.trust.statement import Statement

LOOKED_BACK = 100  # verdicts
NAMED = 3  # of the nights that were not as usual, the newest
_CURES = {
    cadence.Kind.MISSED: "look at what should have run it; `titleholder history` shows all nights",
    cadence.Kind.LATE: "look at the worker's queue; `titleholder history` shows all nights",
    cadence.Kind.DOUBLED: "see whether two schedules run it; the gate reads the newest verdict",
    cadence.Kind.MOVED: "say `timezone: UTC` in the schedule, or leave it if that is meant",
}
SKEW = timedelta(minutes=5)  # what the gate bears


def signing_key(_: Patient) -> Iterator[Advice]:
    """The private key that `publish` would sign with."""
    key = ed25519.signer(os.environ)
    if key is None:
        yield Advice("signing key", Health.WORRY, "none: verdicts are unsigned, and say so",
                     "titleholder keys new; see docs/security.md")  # fmt: skip
    else:
        yield Advice("signing key", Health.WELL, f"signs as {key.key_id[:19]}")


def store(patient: Patient) -> Iterator[Advice]:
    """The store as `publish` prepares it: reachable, writable, conditional; then its clock."""
    said, kept = _open(patient)
    kept.prepare()
    yield Advice("store", Health.WELL, f"{kept.url} takes conditional writes ({said.environment})")
    apart = kept.now() - datetime.now(UTC)
    seconds = f"{abs(apart.total_seconds()):.0f} s"
    if abs(apart) > SKEW:
        yield Advice("clock", Health.ILL, f"this machine and the store are {seconds} apart",
                     "set both by NTP: the gate blocks beyond five minutes")  # fmt: skip
    else:
        yield Advice("clock", Health.WELL, f"{seconds} from the store's")


def nights(patient: Patient) -> Iterator[Advice]:
    """The newest verdict of each suite, and nights that did not come."""
    said, kept = _open(patient)
    for name in open_params(patient.root).suites:
        about = f"nights of {name}"
        try:
            yield _of_nights(about, verdicts(kept, said.environment, name, Trust()))
        except TitleholderError as error:
            yield Advice(about, Health.ILL, error.message, error.cure)


def publications(patient: Patient) -> Iterator[Advice]:
    """What began to be published and has no verdict: killed, or unknown."""
    said, kept = _open(patient)
    for name in open_params(patient.root).suites:
        found = intents.unfinished(verdicts(kept, said.environment, name, Trust()))
        if found:
            told = ", ".join(f"{one.subject.name} at {one.begun_at}" for one in found[-NAMED:])
            yield Advice(f"publications of {name}", Health.WORRY,
                         f"{len(found)} began and have no verdict: {told}",
                         "run it again: a verdict that did arrive is found and not written twice",
                         )  # fmt: skip


def _of_nights(about: str, chain: Chain[Statement]) -> Advice:
    if chain.tip() is None:
        return Advice(about, Health.WORRY, "no verdict yet", "titleholder run")
    found = history.read(chain, most=LOOKED_BACK)
    newest = found.verdicts[-1]
    unusual = cadence.unusual(history.came(found.verdicts), chain.store.now())
    said = f"newest {newest.night}, {newest.outcome}"
    if datetime.fromisoformat(newest.expires_at) <= chain.store.now():
        return Advice(about, Health.WORRY, f"{said}: expired, so the gate is closed",
                      "titleholder run, or look at what should have run it")  # fmt: skip
    if unusual:
        more = f" (and {len(unusual) - NAMED} more)" if len(unusual) > NAMED else ""
        told = "; ".join(one.told for one in unusual[-NAMED:])
        return Advice(about, Health.WORRY, f"{said}; {told}{more}", _CURES[unusual[-1].kind])
    return Advice(about, Health.WELL, said)


def _open(patient: Patient) -> tuple[StoreParams, Store]:
    said = load_store(patient.root / PARAMS_FILE)
    return said, store_at(said, patient.root, patient.timeout)
