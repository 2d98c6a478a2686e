"""Public keys as a command line pins them: ``FILE`` or ``FILE=env1,env2``."""

import re
from collections.abc import Sequence
from pathlib import Path

from titleholder.errors import UsageError
from titleholder.params.schema import NAME
from titleholder.trust.pins import Pin, Trust


def pinned(texts: Sequence[str]) -> Trust:
    """The keys that are believed, and where; UsageError if a file holds none."""
    if not texts:
        return Trust()
    from titleholder.adapters import ed25519

    pins = []
    for text in texts:
        path, environments = _parted(text)
        pins.append(Pin(ed25519.read_public(Path(path)), environments))
    return Trust(tuple(pins))


def require_apart(trust: Trust, approvers: Trust) -> None:
    """UsageError unless those who waive are others than those who judge."""
    if approvers.pins and not trust.pins:
        raise UsageError("--approver goes with --key", cure="pin the key that signs verdicts, too")
    both = {pin.key.key_id for pin in trust.pins} & {pin.key.key_id for pin in approvers.pins}
    if both:
        raise UsageError(
            f"{min(both)} is pinned for verdicts and for waivers",
            cure="whoever judges must not waive: give approvers a key of their own",
        )


def _parted(text: str) -> tuple[str, frozenset[str] | None]:
    """A file and its environments; a file whose name holds ``=`` can be named if it is there."""
    if "=" not in text or Path(text).is_file():
        return text, None
    path, _, names = text.rpartition("=")
    environments = names.split(",")
    if not path or not all(re.fullmatch(NAME, name) for name in environments):
        raise UsageError(f"{text}: is not FILE=ENV,ENV", cure="write FILE, or FILE=staging,prod")
    return path, frozenset(environments)
