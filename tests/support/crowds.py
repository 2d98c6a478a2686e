"""Sixteen processes at once on one store: ``python -m tests.support.crowds DIRECTORY [ENDPOINT]``.

Each crowd does one thing at the same moment; what it left is looked at when all have ended.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.support import keys, verdicts
from tests.support.places import Place
from tests.support.scenarios import Journal, publishing
from titleholder.errors import TitleholderError
from titleholder.store import Store
from titleholder.trust import gate
from titleholder.trust.chain import verdicts as book_of_verdicts
from titleholder.trust.promotion import Book, bootstrap, promote
from titleholder.trust.publication import publish
from titleholder.trust.statement import subject_of
from titleholder.trust.titles import present
from titleholder.types import Outcome, Source

CROWD = 16
Deed = Callable[[Store, int], str]


def main(place: Place) -> dict[str, str]:
    """What is wrong after each crowd; empty where nothing is."""
    return {
        "one question": _one_question(place),
        "a question each": _a_question_each(place),
        "one promotion": _one_promotion(place),
        "a promotion each": _a_promotion_each(place),
    }


def _at_once(place: Place, name: str, deed: Deed) -> list[str]:
    """Let them all begin together; what each of them was told, by number."""
    ready, start = os.pipe(), os.pipe()
    children = []
    for number in range(CROWD):
        child = os.fork()
        if child == 0:
            store = place.store(name)
            store.now()  # the connection stands before the race begins
            os.write(ready[1], b".")
            os.read(start[0], 1)
            try:
                told = deed(store, number)
            except TitleholderError as error:
                told = type(error).__name__
            except Exception as error:
                told = f"ended in {error!r}"
            (place.directory / name / f"{number:02d}").write_text(told)
            os._exit(0)
        children.append(child)
    for _ in children:
        os.read(ready[0], 1)
    os.write(start[1], b"." * CROWD)
    for child in children:
        os.waitpid(child, 0)
    return [(place.directory / name / f"{n:02d}").read_text() for n in range(CROWD)]


def _one_question(place: Place) -> str:
    store = place.filled("one", ())
    told = _at_once(place, "one", lambda s, _: publishing(s, Outcome.PASS).digest)
    count = len([k for k in store.keys("verdicts/") if not k.endswith("head.json")])
    if count != 1 or len(_acknowledged(told)) != 1:
        return f"{count} verdicts for one question, told as {sorted(set(told))}"
    return ""


def _a_question_each(place: Place) -> str:
    store = place.filled("each", ())

    def deed(s: Store, number: int) -> str:
        return str(publishing(s, Outcome.PASS, model=f"{number:064x}").sequence)

    told = [int(one) for one in _at_once(place, "each", deed) if one.isdigit()]
    tip = book_of_verdicts(store, "dev", "credit", keys.trust(keys.key())).tip()
    end = tip.sequence if tip else 0
    # Who was told of an error may have been served all the same; nobody else may be missing.
    if len(set(told)) != len(told) or not len(told) <= end <= CROWD or max(told, default=0) > end:
        return f"lost: acknowledged {sorted(told)}, and the chain ends at {end}"
    return ""


def _titled(place: Place, name: str, models: list[Path]) -> Store:
    """A store with a champion, and a PASS against it for each model."""
    champion = place.directory / "champion"
    champion.write_bytes(b"champion")
    before = Journal()
    bootstrap(_book(before), champion, "the first")
    digest = gate.digest_of_model(champion).removeprefix("sha256:")
    for model in models:
        publish(
            before, "dev",
            verdicts.verdict(Outcome.PASS, inputs=(Source("champion", "champion", digest, 1),)),
            subject_of(model.name, gate.digest_of_model(model).removeprefix("sha256:")), {},
            valid_for=timedelta(days=7), signer=keys.key(), provenance=verdicts.provenance(),
        )  # fmt: skip
    return place.filled(name, before.writes)


def _models(place: Place, count: int) -> list[Path]:
    models = [place.directory / f"model-{number}" for number in range(count)]
    for model in models:
        model.write_text(model.name)
    return models


def _one_promotion(place: Place) -> str:
    (model,) = _models(place, 1)
    store = _titled(place, "title", [model])
    told = _at_once(place, "title", lambda s, _: str(promote(_book(s), model).model))
    return _after(store, told, {gate.digest_of_model(model)})


def _a_promotion_each(place: Place) -> str:
    models = _models(place, CROWD)
    store = _titled(place, "titles", models)

    def deed(s: Store, number: int) -> str:
        ended = promote(_book(s), models[number])
        return str(getattr(ended, "model", None)) if hasattr(ended, "sequence") else "refused"

    told = _at_once(place, "titles", deed)
    winners = {one for one in told if one.startswith("sha256:")}
    if len(winners) != 1:
        return f"{len(winners)} titles of one"
    return _after(store, [one for one in told if one in winners], winners)


def _after(store: Store, told: list[str], expected: set[str]) -> str:
    tip = present(_book(store).chain)
    if tip is None or tip.sequence != 2:
        return f"the title is another: {tip}"
    if not _acknowledged(told) <= expected or f"sha256:{tip.statement.holder}" not in expected:
        return f"an acknowledged title is lost: {sorted(set(told))}"
    return ""


def _acknowledged(told: list[str]) -> set[str]:
    """The digests among what was told; the rest are names of honest errors, or faults of ours."""
    return {one for one in told if one.startswith(("sha256:", "ended in"))}


def _book(store: Store) -> Book:
    return Book(store, "dev", "credit", keys.trust(keys.key()), keys.key())


if __name__ == "__main__":
    directory, *endpoint = sys.argv[1:]
    print(json.dumps(main(Place(Path(directory), *endpoint))))
