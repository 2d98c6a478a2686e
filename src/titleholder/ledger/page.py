"""A page of the ledger: numbered lines, none ever replaced, each naming the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from titleholder import records
from titleholder.errors import NoVerdict, ObjectNotFound, RecordError, StoreMissing
from titleholder.store import Store
from titleholder.trust import dsse
from titleholder.trust.chain import digest_of
from titleholder.trust.pins import KeyPair, Pin, Trust, seal
from titleholder.trust.statement import Digest, Sequence1, Signing
from titleholder.types import Record

BOOK: Final = "ledger"
Kind: TypeAlias = Literal["panels", "nights"]


class Placed(Record, frozen=True, kw_only=True):
    """What the predicate of every line says of its place: on which page, and after which line."""

    schema_version: Literal[1]
    page: Digest
    sequence: Sequence1
    previous: Digest | None
    signature: Signing


class Said(Protocol):
    """A statement that is a line."""

    @property
    def predicate(self) -> Placed:
        """What it says, its place included."""


S = TypeVar("S", bound=Said)


@dataclass(frozen=True, slots=True)
class Line(Generic[S]):
    """A line as it stands in the store, with the digest of its bytes."""

    key: str
    digest: str
    said: S


@dataclass(frozen=True, slots=True)
class Page(Generic[S]):
    """The lines about one panel, or one stream of nights; ``name`` is its digest.

    Whoever signs finds out lines under its own key that it did not write. Lines of others, signed
    or not, are read as they are: what they add can withhold an approval, and never give one.
    """

    store: Store
    kind: Kind
    name: Digest
    form: type[S]
    signer: KeyPair | None = None

    @property
    def base(self) -> str:
        """The part that the keys of its lines begin with."""
        return f"{BOOK}/{self.kind}/{self.name.removeprefix('sha256:')}"

    def key(self, number: int) -> str:
        """Where the line of this number lies."""
        return f"{self.base}/{number:08d}.json"

    def length(self) -> int:
        """How many lines there are; RecordError if one between them is gone, or the last was."""
        keys = self._keys()
        while self.store.revisions(self.key(len(keys) + 1)) > 0:
            now = self._keys()
            if len(now) <= len(keys):
                raise _broken(f"{self.key(len(keys) + 1)} was there, and was removed")
            keys = now  # somebody added a line meanwhile
        return len(keys)

    def _keys(self) -> list[str]:
        try:
            keys = list(self.store.keys(f"{self.base}/"))
        except StoreMissing:
            return []  # nothing was ever published there; whoever publishes makes it first
        expected = [self.key(number) for number in range(1, len(keys) + 1)]
        wrong = [key for key, due in zip(keys, expected, strict=True) if key != due]
        if wrong:
            raise _broken(f"a line before {wrong[0]} is missing, or that one does not belong there")
        return keys

    def tip(self) -> Line[S] | None:
        """The newest line; None on an empty page."""
        length = self.length()
        return self.line(length) if length else None

    def line(self, number: int) -> Line[S]:
        """The line of this number; RecordError if it is not there or not one of this page."""
        key = self.key(number)
        try:
            data = self.store.get(key).data
        except ObjectNotFound:
            raise _broken(f"{key} is missing") from None
        return self.read(number, data)

    def lines(self, until: int | None = None) -> Iterator[Line[S]]:
        """Every line from the first on, or as far as a number, each held to the one before it."""
        previous = None
        for number in range(1, (self.length() if until is None else until) + 1):
            line = self.line(number)
            if line.said.predicate.previous != previous:
                raise _broken(f"{line.key} was not written after the line before it")
            previous = line.digest
            yield line

    def place(self, tip: Line[S] | None) -> dict[str, Any]:
        """What the line after ``tip`` says of its place."""
        return {
            "schema_version": 1,
            "page": self.name,
            "sequence": 1 if tip is None else tip.said.predicate.sequence + 1,
            "previous": None if tip is None else tip.digest,
            "signature": "unsigned" if self.signer is None else "ed25519",
        }

    def append(self, said: S) -> Line[S]:
        """Take the number that the line names; PreconditionFailed if somebody has it already."""
        data = seal(records.encode(said), self.signer)
        key = self.key(said.predicate.sequence)
        self.store.put_new(key, data)
        return Line(key, digest_of(data), said)

    def read(self, number: int, data: bytes) -> Line[S]:
        """These bytes as the line of this number."""
        key = self.key(number)
        try:
            opened = self._trust(data).open(data, "", source=key)
        except NoVerdict as error:
            raise _broken(error.message) from error
        said = records.decode(opened.payload, self.form, source=key)
        place = said.predicate
        if (place.page, place.sequence) != (self.name, number):
            raise _broken(f"{key} is line {place.sequence} of {place.page}")
        if (place.previous is None) != (number == 1):
            raise _broken(f"{key} does not say which line came before it")
        if (place.signature == "ed25519") is not opened.enveloped:
            raise _broken(f"{key} lost its signature, or calls itself unsigned")
        return Line(key, digest_of(data), said)

    def _trust(self, data: bytes) -> Trust:
        """Our own key for what it is said to have signed, everybody's word for the rest."""
        if self.signer is None or not dsse.is_envelope(data):
            return Trust()
        ours = dsse.read(data, source=self.base).key_id == self.signer.key_id
        return Trust((Pin(self.signer.public),)) if ours else Trust()


def names(store: Store, kind: Kind) -> tuple[Digest, ...]:
    """The digests of all pages of a kind, in order."""
    prefix = f"{BOOK}/{kind}/"
    try:
        found = {key.removeprefix(prefix).split("/")[0] for key in store.keys(prefix)}
    except StoreMissing:
        return ()
    return tuple(f"sha256:{name}" for name in sorted(found))


def _broken(what: str) -> RecordError:
    return RecordError(
        f"the ledger is broken: {what}",
        cure="find out who changed the store, and restore the object; fresh rows have a new page",
    )
