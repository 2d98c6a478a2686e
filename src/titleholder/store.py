"""The one narrow door to wherever verdicts are kept.

A store maps keys (``a/b/c``) to bytes and can write conditionally; nothing more is asked of a
vendor. Every implementation passes `tests/contract/test_store.py` and raises only `StoreError`s
(and `UsageError` for a key or an address that cannot be one).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from titleholder.errors import UsageError

_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9._=-]{0,127}"
_KEY = re.compile(rf"{_SEGMENT}(/{_SEGMENT}){{0,15}}")


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was read; ``tag`` changes whenever the bytes under the key do."""

    data: bytes
    tag: str


class Store(Protocol):
    """A place for bytes under keys, with writes that can lose a race but never overwrite one.

    A write that returned is durable. A write that raised `CommitUnknown` may or may not have
    happened; any other error means that it has not.
    """

    @property
    def url(self) -> str:
        """Where this store is, without credentials: for messages and receipts."""

    def prepare(self) -> None:
        """Make ready to be written to, and raise whatever can be known to stand against it."""

    def get(self, key: str) -> Stored:
        """The object under ``key``; ObjectNotFound when there is none."""

    def put_new(self, key: str, data: bytes) -> str:
        """Write where nothing is yet, and return the tag; PreconditionFailed if something is."""

    def put_if(self, key: str, data: bytes, tag: str) -> str:
        """Replace exactly the version called ``tag``; PreconditionFailed if it is another."""

    def remove(self, key: str) -> None:
        """Take the object under ``key`` away, if there is one: evidence, never a verdict.

        A store that keeps versions keeps this one, too, as long as its own rules say.
        """

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with ``prefix``, in order."""

    def revisions(self, key: str) -> int:
        """How often ``key`` was written or removed, as far as the store remembers.

        0 where nothing ever was, 1 where an object lies as it was first written. A store that
        keeps no history knows no more than what it holds.
        """

    def now(self) -> datetime:
        """The store's own clock, UTC; the judge of what has expired."""

    def locate(self, key: str) -> str:
        """An address of ``key`` that a person can open or paste."""


def checked_key(key: str) -> str:
    """The key itself, if it is one: plain segments between slashes, none of them hidden or ``..``.

    >>> checked_key("verdicts/dev/credit/head.json")
    'verdicts/dev/credit/head.json'
    """
    if not _KEY.fullmatch(key):
        raise UsageError(
            f"{key!r} cannot be a key of a store",
            cure="use letters, digits and . _ = - between slashes",
        )
    return key


def media_type(key: str, data: bytes) -> str:
    """What a browser is told that an object is: by its name, or by how it begins.

    Evidence lies under its digest and has no name that says what it is.

    >>> media_type("dashboard/index.html", b""), media_type("evidence/ab", b"<!DOCTYPE html>\\n")
    ('text/html; charset=utf-8', 'text/html; charset=utf-8')
    """
    suffix = key.rpartition("/")[2].rpartition(".")[2]
    if suffix == "html" or data[:32].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "text/html; charset=utf-8"
    if suffix == "txt":
        return "text/plain; charset=utf-8"
    return "application/json" if suffix == "json" else "application/octet-stream"
