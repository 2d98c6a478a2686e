"""Telling people when the state of a suite has changed, and only then.

    notified/{environment}/{suite}.json     what was told last

A state is the outcome of each candidate, or that no judgement was made. It is sent first and noted
after: whoever is killed in between tells it twice, which is better than never. Where the note
cannot be read, nobody can know whether anything changed, and it is told.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from titleholder import records
from titleholder.errors import ObjectNotFound, PreconditionFailed, RecordError, StoreError
from titleholder.report import sentences
from titleholder.report.findings import GLYPH
from titleholder.report.text import visible
from titleholder.store import Store, Stored
from titleholder.types import Record, Verdict

NO_JUDGEMENT = "NO JUDGEMENT"
_LONGEST = 2900  # Slack takes 3,000 characters in a section
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Notified(Record, frozen=True):
    """What was told last: an outcome a candidate; under no name that nothing was judged."""

    states: dict[str, str]


def notify(
    store: Store,
    environment: str,
    suite: str,
    told: "Sequence[Verdict] | str",
    send: Callable[[Mapping[str, Any]], None],
) -> bool:
    """Send what is ``told``, verdicts or why there are none, if it is another state than before.

    Whether it was sent. What ``send`` raises goes on, and then nothing is noted.
    """
    states = _states(told)
    key = f"notified/{environment}/{suite}.json"
    known, before = _known(store, key)
    if before == states:
        return False
    send(message(environment, suite, told, before or {}))
    with contextlib.suppress(StoreError):  # it is told again with the next run
        _note(store, key, known, Notified(states))
    return True


def message(
    environment: str, suite: str, told: "Sequence[Verdict] | str", before: Mapping[str, str]
) -> dict[str, Any]:
    """A message in Slack's format: a line of plain text, and the same with its reasons."""
    lines = _lines(told, before)
    head = f"titleholder: {visible(suite)} in {visible(environment)}"
    plain = f"{head}: {'; '.join(first for first, _ in lines)}"
    body = "\n".join([f"*{_escaped(head)}*", *(f"{_escaped(a)}\n{_escaped(b)}" for a, b in lines)])
    section = {"type": "section", "text": {"type": "mrkdwn", "text": body[:_LONGEST]}}
    return {"text": _escaped(plain)[:_LONGEST], "blocks": [section]}


def _lines(told: "Sequence[Verdict] | str", before: Mapping[str, str]) -> list[tuple[str, str]]:
    """For each candidate what it is now and was before, and why."""
    if isinstance(told, str):
        return [(f"! {NO_JUDGEMENT}{_was(before, '', NO_JUDGEMENT)}", visible(told, 600))]
    return [
        (
            f"{GLYPH[one.outcome]} {visible(one.candidate)}: {one.outcome}"
            f"{_was(before, one.candidate, one.outcome)}. {sentences.answer(one)}",
            visible(one.reason, 600),
        )
        for one in told
    ]


def _was(before: Mapping[str, str], candidate: str, now: str) -> str:
    known = before.get(candidate) or before.get("")
    return f" (before: {visible(known, 40)})" if known and known != now else ""


def _states(told: "Sequence[Verdict] | str") -> dict[str, str]:
    if isinstance(told, str):
        return {"": NO_JUDGEMENT}
    return {one.candidate: str(one.outcome) for one in told}


def _known(store: Store, key: str) -> tuple[Stored | None, dict[str, str] | None]:
    """What was noted; None where that cannot be known."""
    try:
        held = store.get(key)
        return held, records.decode(held.data, Notified, source=key).states
    except ObjectNotFound:
        return None, None
    except RecordError:
        return held, None
    except StoreError:
        return None, None


def _note(store: Store, key: str, held: Stored | None, said: Notified) -> None:
    data = msgspec.json.encode(said, order="sorted") + b"\n"
    with contextlib.suppress(PreconditionFailed):  # somebody else has told it
        if held is None:
            store.put_new(key, data)
        else:
            store.put_if(key, data, held.tag)


def _escaped(text: str) -> str:
    """Text that Slack takes for nothing else: no mention, no link, no emphasis of its own."""
    plain = text.translate(_ENTITIES)
    return "".join(f"{char}\u200b" if char in "*_~`@#" else char for char in plain)
