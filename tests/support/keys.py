"""Key pairs for tests, the same in every run, and pins of them."""

from functools import cache
from typing import Any

from titleholder.adapters import ed25519
from titleholder.trust.pins import Pin, Trust


@cache
def key(number: int = 1) -> ed25519.PrivateKey:
    """The key pair of this number."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private: Any = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return ed25519._private(private)


def trust(*keys: ed25519.PrivateKey, environments: frozenset[str] | None = None) -> Trust:
    """These keys pinned, for these environments or for all."""
    return Trust(tuple(Pin(one.public, environments) for one in keys))
