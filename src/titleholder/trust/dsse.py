"""The signing envelope (DSSE v1.0.0): a payload, its type, and a signature over both.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md

What is signed is the pre-authentication encoding of type and payload, so that no payload can be
taken for another kind of one. Stricter than the protocol asks: there is one signature, it names
its key, and an envelope has exactly one writing (`records.encode`, standard base64), so that
nothing can be added to one and no byte of it changed without being seen.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from titleholder import records
from titleholder.errors import RecordError
from titleholder.types import Record

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class Signature(Record, frozen=True):
    """A signature in base64 and the id of the key that is said to have made it."""

    keyid: str
    sig: str


class Envelope(Record, frozen=True):
    """The JSON envelope; ``payload`` is in base64."""

    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = msgspec.field(name="payloadType")
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=1)]


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What an envelope holds: the payload's bytes, the signature, and whose it is said to be."""

    payload: bytes
    key_id: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return pae(PAYLOAD_TYPE, self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what a signature is made over.

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def enclose(payload: bytes, key_id: str, signature: bytes) -> bytes:
    """The envelope's bytes."""
    return records.encode(
        Envelope(
            payload=_text(payload),
            payload_type=PAYLOAD_TYPE,
            signatures=(Signature(key_id, _text(signature)),),
        )
    )


def is_envelope(data: bytes) -> bool:
    """Whether these bytes mean to be an envelope, sound or not."""
    try:
        top = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(top, dict) and "payloadType" in top


def read(data: bytes, *, source: str) -> Enclosed:
    """What the envelope holds, nothing of it verified; RecordError if it is not written as ours."""
    envelope = records.decode(data, Envelope, source=source)
    if records.encode(envelope) != data:
        raise RecordError(f"{source}: the envelope is not in its one canonical writing")
    (one,) = envelope.signatures
    return Enclosed(_bytes(envelope.payload, source), one.keyid, _bytes(one.sig, source))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str, source: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RecordError(f"{source}: the envelope holds what is no base64") from None
    if _text(data) != text:
        raise RecordError(f"{source}: the envelope's base64 is not the usual one")
    return data
