"""A signed verdict, and what a forger who may write to the store can make of it without the key."""

import base64
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import keys, mutations, verdicts
from titleholder import decimals, records
from titleholder.errors import Exit
from titleholder.store import Stored
from titleholder.trust import chain as chains
from titleholder.trust import gate
from titleholder.trust.pins import Trust
from titleholder.trust.promotion import Book, bootstrap, promote, rollback
from titleholder.trust.publication import publish
from titleholder.trust.statement import Evidence, Statement, result_of, subject_of
from titleholder.trust.waivers import WaiverPredicate, grant
from titleholder.types import Outcome, Source, Verdict

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


def forged(data: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Forgeries of an envelope without end: each field of its payload once, then by chance."""
    chance = random.Random(seed)
    envelope = json.loads(data)
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
    return _surveyed(sealed(outcome), count, seed, lambda data: asked(data, trust))


def survey_titles(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """The same with the rollback by which the model lost its title: it stays out."""
    store = MemoryStore()
    book = Book(store, "dev", "credit", keys.trust(keys.key()), keys.key())
    with tempfile.TemporaryDirectory() as there:
        champion, model = Path(there, "champion"), Path(there, "model")
        champion.write_bytes(b"champion")
        model.write_bytes(b"model")
        bootstrap(book, champion, "the first")
        against = Source("champion", "champion", records.sha256_file(champion), 1)
        publish(
            store, "dev", verdicts.verdict(Outcome.PASS, inputs=(against,)),
            subject_of("model", records.sha256_file(model)), {}, valid_for=timedelta(days=7),
            provenance=verdicts.provenance(), signer=keys.key(),
        )  # fmt: skip
        promote(book, model)
        digest = gate.digest_of_model(model)
    rollback(book, "too slow")
    key = "titles/dev/credit/00000003.json"
    signed = store.get(key).data

    def answered(data: bytes) -> gate.Answer:
        store.objects[key] = Stored(data, "forged")
        head = records.encode(chains.Head(3, chains.digest_of(data)))
        store.objects["titles/dev/credit/head.json"] = Stored(head, "forged")
        return gate._guarded(store, "dev", "credit", digest, book.trust)

    return _surveyed(signed, count, seed, answered)


def survey_waivers(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """The same with the waiver that a failed model would go out by."""
    store = MemoryStore()
    publish(
        store, "dev", verdicts.verdict(Outcome.FAIL, Outcome.PASS), verdicts.subject(), {},
        valid_for=timedelta(days=7), provenance=verdicts.provenance(), signer=keys.key(),
    )  # fmt: skip
    said = WaiverPredicate(
        schema_version=2, environment="dev", suite="credit", rule="r0", slice="overall",
        ceiling=0.1, reason="known", approver="someone", issued_at="2026-03-02T12:00:00Z",
        expires_at="2026-03-09T12:00:00Z",
    )  # fmt: skip
    grant(store, verdicts.subject(), said, keys.key(2))
    (key,) = store.keys("waivers/")
    signed, approvers = store.get(key).data, keys.trust(keys.key(2))

    def answered(data: bytes) -> gate.Answer:
        store.objects[key] = Stored(data, "forged")
        model = f"sha256:{verdicts.MODEL}"
        return gate._guarded(store, "dev", "credit", model, keys.trust(keys.key()), approvers)

    if answered(signed).exit is not Exit.ALLOW:
        raise AssertionError("the waiver itself does not count, so its forgeries show nothing")
    return _surveyed(signed, count, seed, answered)


def _surveyed(
    signed: bytes, count: int, seed: int, answered: Callable[[bytes], gate.Answer]
) -> tuple[Counter[str], list[str]]:
    told: Counter[str] = Counter()
    allowed = []
    for number, (kind, data) in zip(range(count), forged(signed, seed), strict=False):
        answer = answered(data)
        told[f"{kind}: {answer.exit.name}"] += 1
        if answer.exit is Exit.ALLOW:
            allowed.append(f"{number}: {kind}: ALLOW")
    return told, allowed


def consistent(change: Verdict) -> bytes:
    """An unsigned statement about a changed verdict, all its digests put right."""
    enclosed = json.loads(sealed(Outcome.FAIL))
    said = decimals.decode(base64.b64decode(enclosed["payload"]), Statement, source="s")
    evidence = (Evidence("a", "01" * 32, 1),)
    predicate = replace(
        said.predicate, verdict=change, result=result_of(change), signature="unsigned",
        evidence=evidence,
    )  # fmt: skip
    return decimals.encode(replace(said, predicate=predicate))
