"""Processes that are killed while they publish or give a title, and what is left by them.

    python -m tests.support.kills DEED DIRECTORY COUNT SEED [ENDPOINT]

A process of its own, without threads, so that it may fork. Each child does the deed once, on a
store of its own, and notes that it was acknowledged. It is killed by itself at a labelled point
(each file it opens for writing, links, renames or removes, each piece of a request it sends, each
answer it gets), the first, the second, and so on until there is none; and by its parent at
``COUNT`` random instants. Afterwards the deed is done again, and the store has to hold it once.
"""

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

from tests.support.places import Place
from tests.support.scenarios import SCENARIOS, World
from titleholder.adapters.stores.s3 import S3Store
from titleholder.store import Store

ACKNOWLEDGED = "acknowledged"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = frozenset({"os.link", "os.rename", "os.remove", "os.mkdir", "os.chmod"})
_SENDING = frozenset({"http.client.connect", "http.client.send"})


@dataclass(frozen=True)
class Found:
    """How many were killed at labelled points and at random, and what was wrong afterwards."""

    points: int
    at_random: int
    finished: int
    wrong: list[str]


def main(deed: str, place: Place, count: int, seed: int) -> Found:
    """Kill at every point and at random; then do the deed again in every store."""
    scenario = next(one for one in SCENARIOS if one.name == deed)
    chance = random.Random(seed)
    with scenario.world() as world:
        longest = _timed(world, place)
        points = _at_points(world, place)
        finished = 0
        for number in range(count):
            finished += _at_random(world, place, f"r{number:04d}", chance.random() * longest)
        names = [f"p{n:04d}" for n in range(1, points + 1)] + [f"r{n:04d}" for n in range(count)]
        wrong = [f"{name}: {told}" for name in names if (told := _wrong(world, place, name))]
    return Found(points, count - finished, finished, wrong)


def dying_at(number: int) -> Callable[[str], None]:
    """A counter of labelled points that ends the process at the one of this number."""
    left = number

    def point(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def watched(point: Callable[[str], None], below: str = "") -> None:
    """Pass by a labelled point at each change of a file, and each step of a request.

    ``below`` names the directory whose files count; all of them without one.
    """

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _SENDING:
            point(event)
        elif event in _CHANGES or (event == "open" and _writes(arguments)):
            path = str(arguments[0])
            if below in path and not path.startswith("/dev/"):
                point(f"{event} {Path(path).name}")

    sys.addaudithook(hook)
    called = S3Store._call

    def answered(self: S3Store, operation: str, **parameters: object) -> object:
        answer = called(self, operation, **parameters)
        point(f"answered {operation}")
        return answer

    S3Store._call = answered  # this process alone, and it is about to die


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & _WRITING)


def _at_points(world: World, place: Place) -> int:
    """One child a point, until one comes through; how many were killed."""
    number = 0
    while True:
        number += 1
        name = f"p{number:04d}"
        place.filled(name, world.writes)
        child = _forked(world, place, name, lambda number=number: watched(dying_at(number)))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return number - 1


def _at_random(world: World, place: Place, name: str, after: float) -> bool:
    """Kill a child after so many seconds; whether it had finished by then."""
    place.filled(name, world.writes)
    child = _forked(world, place, name, lambda: None)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def _forked(world: World, place: Place, name: str, prepared: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        prepared()
        _done(world, place.store(name), place.directory / name / ACKNOWLEDGED)
        os._exit(0)
    return child


def _done(world: World, store: Store, acknowledged: Path) -> None:
    ended = world.act(store)
    said = {name: getattr(ended, name) for name in ("digest", "sequence") if hasattr(ended, name)}
    acknowledged.write_text(json.dumps(said))


def _timed(world: World, place: Place) -> float:
    """How long the deed takes that nobody kills (s), its imports left out."""
    for name in ("first", "again"):
        store = place.filled(name, world.writes)
        started = time.monotonic()
        world.act(store)
    return time.monotonic() - started


def _wrong(world: World, place: Place, name: str) -> str:
    """What is wrong with what a killed process left; empty if nothing is."""
    first = None
    with contextlib.suppress(OSError, ValueError):
        first = SimpleNamespace(**json.loads((place.directory / name / ACKNOWLEDGED).read_text()))
    return world.wrong(first, place.store(name))


if __name__ == "__main__":
    deed, directory, count, seed, *endpoint = sys.argv[1:]
    found = main(deed, Place(Path(directory), *endpoint), int(count), int(seed))
    print(json.dumps(asdict(found)))
