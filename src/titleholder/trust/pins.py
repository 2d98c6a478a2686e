"""Whose word counts: pinned public keys, and statements opened on the strength of them.

Without a pinned key every statement is opened and is called what it then is: unsigned, or signed
by nobody knows whom. With one, a statement that no pinned key signed for this environment is none.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from titleholder.errors import NoVerdict, RecordError
from titleholder.trust import dsse

UNSIGNED: Final = "unsigned"
UNVERIFIED: Final = "unverified"


class Signer(Protocol):
    """A private key."""

    @property
    def key_id(self) -> str:
        """``sha256:`` and the digest of the public key's DER encoding."""

    def sign(self, message: bytes) -> bytes:
        """The signature over a message."""


class Verifier(Protocol):
    """A public key."""

    @property
    def key_id(self) -> str:
        """``sha256:`` and the digest of the public key's DER encoding."""

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made the signature over exactly this message."""


class KeyPair(Signer, Protocol):
    """A private key that has its public half at hand, to know its own signatures by."""

    @property
    def public(self) -> Verifier:
        """The public half."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A public key that is believed, in these environments or (None) in all."""

    key: Verifier
    environments: frozenset[str] | None = None

    def counts_in(self, environment: str) -> bool:
        """Whether its signature counts in this environment."""
        return self.environments is None or environment in self.environments


@dataclass(frozen=True, slots=True)
class Opened:
    """A payload and who vouches for it: a pinned key's id, or `UNSIGNED`, or `UNVERIFIED`."""

    payload: bytes
    signature: str
    enveloped: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """The pinned keys; none at all is the unsigned mode."""

    pins: tuple[Pin, ...] = ()

    def open(self, data: bytes, environment: str, *, source: str) -> Opened:
        """The payload of a statement as stored; NoVerdict unless it may be believed."""
        if not dsse.is_envelope(data):
            return self._bare(data, source)
        try:
            enclosed = dsse.read(data, source=source)
        except RecordError as error:
            raise NoVerdict(
                f"this is not a verdict: {error.message}",
                cure="find out who changed the store; restore the object",
            ) from error
        if not self.pins:
            return Opened(enclosed.payload, UNVERIFIED, enveloped=True)
        return Opened(enclosed.payload, self._signer(enclosed, environment, source), enveloped=True)

    def is_claimed(self, data: bytes, *, source: str) -> bool:
        """Whether a statement names a pinned key as its signer, rightly or not."""
        if not dsse.is_envelope(data):
            return False
        return dsse.read(data, source=source).key_id in {pin.key.key_id for pin in self.pins}

    def _bare(self, data: bytes, source: str) -> Opened:
        if self.pins:
            raise NoVerdict(
                f"{source} is unsigned, and a key is pinned",
                cure="publish a new one with its private half: TITLEHOLDER_SIGNING_KEY_FILE "
                "(titles that were given without a key begin anew, in another environment)",
            )
        return Opened(data, UNSIGNED, enveloped=False)

    def _signer(self, enclosed: dsse.Enclosed, environment: str, source: str) -> str:
        """The id of the pinned key that signed; NoVerdict with what is wrong when none did."""
        known = [pin for pin in self.pins if pin.key.key_id == enclosed.key_id]
        if not known:
            raise NoVerdict(
                f"{source} is signed by a key that is not pinned ({enclosed.key_id})",
                cure="pin that key if it is yours; otherwise find out who wrote to the store",
            )
        here = [pin for pin in known if pin.counts_in(environment)]
        if not here:
            raise NoVerdict(f"{source} is signed by a key that may not sign for {environment}")
        if not here[0].key.verifies(enclosed.signed, enclosed.signature):
            raise NoVerdict(
                f"{source} does not have the signature of its key: it was altered or forged",
                cure="find out who changed the store; restore the object",
            )
        return enclosed.key_id


def seal(payload: bytes, signer: Signer | None) -> bytes:
    """A statement as it is stored: in an envelope with a signature, or, without a signer, bare."""
    if signer is None:
        return payload
    signature = signer.sign(dsse.pae(dsse.PAYLOAD_TYPE, payload))
    return dsse.enclose(payload, signer.key_id, signature)
