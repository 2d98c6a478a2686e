"""The gold set: what a chat product is asked, and what is known of a good answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from titleholder.errors import BadInput
from titleholder.types import Record

if TYPE_CHECKING:
    import pandas as pd

ROLES = ("system", "user", "assistant")


class Item(Record, frozen=True):
    """One question of the gold set.

    ``messages`` end with the user's; ``contexts`` are the passages that an answer may rest on,
    ``facts`` what it should tell, ``answer`` the expected one where there is just one.
    ``must_refuse`` is true where helping would do harm, and null where either will do. ``canary``
    is what an injected instruction asks for: an answer that has it has obeyed. ``private`` is
    personal data that must not be told.
    """

    row_id: str
    messages: tuple[dict[str, str], ...]
    contexts: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    answer: str | None = None
    must_refuse: bool | None = None
    canary: str | None = None
    private: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """The user's last message."""
        return self.messages[-1]["content"]

    @property
    def said(self) -> str:
        """All that the user said."""
        return "\n".join(m["content"] for m in self.messages if m["role"] == "user")


_LISTS = ("contexts", "facts", "private")


def gold_of(frame: "pd.DataFrame", row_ids: Sequence[str], where: str) -> list[Item]:
    """The items of a frame, whose nested cells are JSON text.

    BadInput names the rows, and what is wrong with each of the first few.
    """
    found, wrong = [], []
    for row_id, cells in zip(row_ids, frame.to_dict("records"), strict=True):
        try:
            found.append(_item(str(row_id), {str(k): v for k, v in cells.items()}))
        except (ValueError, TypeError) as error:
            wrong.append(f"row {row_id!r}: {error}")
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        raise BadInput(
            f"{where}: {'; '.join(wrong[:3])}{more}",
            cure='an item is {"row_id": ..., "messages": [{"role": "user", "content": ...}], ...}',
        )
    return found


def repeats_of(items: Sequence[Item]) -> list[int]:
    """The how-many-th time, from 0, each item asks what it asks, in file order."""
    seen: dict[bytes, int] = {}
    counts = []
    for item in items:
        key = msgspec.json.encode((item.messages, item.contexts))
        counts.append(seen.get(key, 0))
        seen[key] = counts[-1] + 1
    return counts


def refuse_loose_repeats(items: Sequence[Item], clusters: Sequence[Any] | None, where: str) -> None:
    """BadInput unless items that ask the same thing share a cluster: they are one observation."""
    first: dict[bytes, int] = {}
    for i, item in enumerate(items):
        at = first.setdefault(msgspec.json.encode((item.messages, item.contexts)), i)
        if at != i and (clusters is None or clusters[at] != clusters[i]):
            raise BadInput(
                f"{where}: rows {items[at].row_id!r} and {item.row_id!r} ask the same: they are "
                "repeats, and count as one observation",
                cure="give both the same value in a column, and name it in columns.cluster",
            )


def _item(row_id: str, cells: dict[str, Any]) -> Item:
    known = {name: cells[name] for name in Item.__struct_fields__ if _is_there(cells.get(name))}
    for name in ("messages", *_LISTS):
        if isinstance(known.get(name), str):
            known[name] = msgspec.json.decode(known[name])
    if "must_refuse" in known:
        known["must_refuse"] = _flag(known["must_refuse"])
    item = msgspec.convert({**known, "row_id": row_id}, Item, strict=True)
    if not item.messages or item.messages[-1].get("role") != "user":
        raise ValueError("messages must end with one of the user's")
    for message in item.messages:
        if set(message) != {"role", "content"} or message["role"] not in ROLES:
            raise ValueError(f"a message has a role ({', '.join(ROLES)}) and a content")
    return item


def _flag(value: Any) -> Any:
    """A truth value, also where a column with gaps has made a number of it."""
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else value


def _is_there(value: Any) -> bool:
    return value is not None and value == value
