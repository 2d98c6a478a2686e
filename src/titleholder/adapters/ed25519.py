"""Ed25519 keys through `cryptography`: made, read from PEM, used. RFC 8032.

The library is imported by the functions, so that whoever pins no key does not wait for it. A key
has the id that ``openssl pkey -pubin -outform DER | sha256sum`` prints.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from titleholder.environment import SIGNING_KEY, SIGNING_KEY_FILE
from titleholder.errors import UsageError

_NEW = "make one with `titleholder keys new`"
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a gate pins."""

    key_id: str
    _key: Any = field(repr=False, compare=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the private half made this signature over this message."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @property
    def pem(self) -> bytes:
        """The key in a PEM file's words (SubjectPublicKeyInfo)."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        data: bytes = self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return data


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """What signs. It shows itself by its id alone."""

    public: PublicKey
    _key: Any = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """The id of its public half."""
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        """The signature over a message, 64 bytes, always the same for the same message."""
        signature: bytes = self._key.sign(message)
        return signature

    @property
    def pem(self) -> bytes:
        """The key in a PEM file's words (PKCS #8, not encrypted)."""
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        data: bytes = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return data


def generate() -> PrivateKey:
    """A new key from the system's randomness."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _private(Ed25519PrivateKey.generate())


def signer(environment: Mapping[str, str]) -> PrivateKey | None:
    """The key that the environment names, None if it names none.

    UsageError, which never repeats a key, if what is named is no unencrypted Ed25519 key in PEM;
    a variable that is set and empty is a secret that did not arrive, not a wish to go unsigned.
    """
    named = [name for name in (SIGNING_KEY_FILE, SIGNING_KEY) if name in environment]
    if not named:
        return None
    if len(named) > 1:
        raise UsageError(f"{SIGNING_KEY_FILE} and {SIGNING_KEY} are both set", cure="unset one")
    (name,) = named
    if not environment[name].strip():
        raise UsageError(f"{name} is set and empty", cure="unset it, or give it the signing key")
    if name == SIGNING_KEY_FILE:
        path = Path(environment[name])
        return _parsed_private(_bytes_of(path, f"{path} ({name})"), f"{path} ({name})")
    return _parsed_private(environment[name].encode(), name)


def read_public(path: Path) -> PublicKey:
    """The public key in a PEM file; UsageError if there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = _bytes_of(path, str(path))
    if b"PRIVATE KEY" in data:
        raise UsageError(f"{path} is a private key", cure="pin the public key beside it (.pub)")
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path} is no public key in PEM", cure=_NEW) from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} is no Ed25519 key", cure=_NEW)
    return _public(key)


def _parsed_private(data: bytes, source: str) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise UsageError(
            f"{source}: the private key is encrypted",
            cure="give it unencrypted, from a place that keeps secrets",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{source}: holds no private key in PEM", cure=_NEW) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{source}: the private key is not an Ed25519 one", cure=_NEW)
    return _private(key)


def _bytes_of(path: Path, source: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}", cure="name a key file; " + _NEW) from None


def _private(key: Any) -> PrivateKey:
    return PrivateKey(_public(key.public_key()), key)


def _public(key: Any) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(f"sha256:{hashlib.sha256(der).hexdigest()}", key)
