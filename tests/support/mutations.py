"""Every way to change a JSON document a little, and bytes a little more: seeded and endless."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
# What a value may become, whatever it was.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**63, 0.5, -0.0, 1e308, "", "PASS", "block", "unsigned", [], {},
)  # fmt: skip


def paths(document: Any, here: Path = ()) -> Iterator[Path]:
    """The way to every value in a document, containers included, the document itself not."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in inner:
        yield (*here, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*here, key))


def of_document(document: Any, chance: random.Random, path: Path) -> tuple[str, Any]:
    """A copy with the value at ``path`` changed, and in what way; never the same document."""
    while True:
        changed = copy.deepcopy(document)
        parent = changed
        for key in path[:-1]:
            parent = parent[key]
        kind = chance.choice(KINDS)
        _CHANGES[kind](parent, path[-1], chance)
        if json.dumps(changed, sort_keys=True) != json.dumps(document, sort_keys=True):
            return kind, changed


def of_bytes(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Bytes flipped, cut, doubled, moved or added."""
    while True:
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        kind = chance.choice(("flip", "cut", "repeat", "truncate", "insert", "swap"))
        changed = {
            "flip": data[:at] + bytes(b ^ (1 << chance.randrange(8)) for b in data[at : at + 1]),
            "cut": data[:at],
            "repeat": data[:to] + data[at:to],
            "truncate": data[:to],
            "insert": data[:at] + chance.randbytes(1),
            "swap": data[:at] + data[to:] + data[at:to],
        }[kind]
        if kind in ("flip", "insert"):
            changed += data[at + (kind == "flip") :]
        if kind in ("cut", "repeat"):
            changed += data[to:]
        if changed != data:
            return kind, changed


def _replace(parent: Any, key: Any, chance: random.Random) -> None:
    parent[key] = copy.deepcopy(chance.choice(VALUES))


def _nudge(parent: Any, key: Any, chance: random.Random) -> None:
    """A neighbour of the value: the likeliest forgery."""
    value = parent[key]
    if isinstance(value, bool):
        parent[key] = not value
    elif isinstance(value, int | float):
        parent[key] = value + chance.choice((1, -1, 1e-9, -2 * value, value * 1e-6))
    elif isinstance(value, str) and value:
        at = chance.randrange(len(value))
        parent[key] = value[:at] + chance.choice("0aZ9f- ") + value[at + 1 :]
    elif isinstance(value, list) and value:
        value.append(copy.deepcopy(chance.choice(value)))


def _remove(parent: Any, key: Any, _: random.Random) -> None:
    del parent[key]


def _empty(parent: Any, key: Any, _: random.Random) -> None:
    parent[key] = type(parent[key])() if parent[key] is not None else ""


def _rename(parent: Any, key: Any, chance: random.Random) -> None:
    if isinstance(parent, dict):
        parent[f"{key}{chance.choice('_x ')}"] = parent.pop(key)
    else:
        parent.insert(0, parent.pop(key))


def _borrow(parent: Any, key: Any, chance: random.Random) -> None:
    """The value of a neighbour."""
    keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
    parent[key] = copy.deepcopy(parent[chance.choice(keys)])


_CHANGES = {
    "replaced": _replace,
    "nudged": _nudge,
    "removed": _remove,
    "emptied": _empty,
    "renamed": _rename,
    "borrowed": _borrow,
}
KINDS = tuple(_CHANGES)
