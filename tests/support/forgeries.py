"""A signed verdict, and what a forger who may write to the store can make of it without the key."""

import base64
import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import keys, mutations, verdicts
from titleholder import chain as chains
from titleholder import gate, records
from titleholder.errors import Exit
from titleholder.publication import publish
from titleholder.statement import Evidence, Statement, result_of
from titleholder.trust import Trust
from titleholder.types import Outcome, Verdict

FIRST, HEAD = "verdicts/dev/credit/00000001.json", "verdicts/dev/credit/head.json"


def sealed(outcome: Outcome) -> bytes:
    """A verdict of this outcome as its publisher signed it, with something in every field."""
    store = MemoryStore()
    whole = verdicts.verdict(outcome, Outcome.PASS)
    publish(
        store, "dev", whole, verdicts.subject(), {}, valid_for=timedelta(days=7),
        provenance=verdicts.provenance(), signer=keys.key(),
    )  # fmt: skip
    return store.get(FIRST).data


def asked(data: bytes, trust: Trust) -> gate.Answer:
    """The gate's answer where these bytes are the newest verdict, pointer and all."""
    store = MemoryStore()
    store.put_new(FIRST, data)
    store.put_new(HEAD, records.encode(chains.Head(1, chains.digest_of(data))))
    return gate._guarded(store, "dev", "credit", f"sha256:{verdicts.MODEL}", trust)


def forged(outcome: Outcome, seed: int) -> Iterator[tuple[str, bytes]]:
    """Forgeries without end: first each field of the payload once, then all kinds by chance."""
    chance = random.Random(seed)
    envelope = json.loads(sealed(outcome))
    payload = json.loads(base64.b64decode(envelope["payload"]))
    places = list(mutations.paths(payload))
    for path in places:
        yield _inside(envelope, payload, chance, path)
    while True:
        match chance.randrange(5):
            case 0 | 1:
                yield _inside(envelope, payload, chance, chance.choice(places))
            case 2:
                kind, changed = mutations.of_document(payload, chance, chance.choice(places))
                yield _inside(
                    envelope, changed, chance, chance.choice(list(mutations.paths(changed)))
                )
            case 3:
                path = chance.choice(list(mutations.paths(envelope)))
                kind, changed = mutations.of_document(envelope, chance, path)
                yield f"envelope {kind}", records.encode(changed)
            case _:
                kind, data = mutations.of_bytes(records.encode(envelope), chance)
                yield f"bytes {kind}", data


def _inside(
    envelope: dict[str, object], payload: object, chance: random.Random, path: mutations.Path
) -> tuple[str, bytes]:
    kind, changed = mutations.of_document(payload, chance, path)
    text = base64.b64encode(json.dumps(changed, sort_keys=True, indent=2).encode()).decode()
    return f"payload {kind}", records.encode({**envelope, "payload": text})


def survey(outcome: Outcome, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many forgeries, told by kind and exit code, and those that were ALLOWed."""
    trust = keys.trust(keys.key())
    told: Counter[str] = Counter()
    allowed = []
    for number, (kind, data) in zip(range(count), forged(outcome, seed), strict=False):
        answer = asked(data, trust)
        told[f"{kind}: {answer.exit.name}"] += 1
        if answer.exit is Exit.ALLOW:
            allowed.append(f"{number}: {kind}")
    return told, allowed


def consistent(change: Verdict) -> bytes:
    """An unsigned statement about a changed verdict, all its digests put right."""
    enclosed = json.loads(sealed(Outcome.FAIL))
    said = records.decode(base64.b64decode(enclosed["payload"]), Statement)
    evidence = (Evidence("a", "01" * 32, 1),)
    predicate = replace(
        said.predicate, verdict=change, result=result_of(change), signature="unsigned",
        evidence=evidence,
    )  # fmt: skip
    return records.encode(replace(said, predicate=predicate))
