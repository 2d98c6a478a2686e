"""Faults that are more than a status: what networks, caches and strange servers do to bytes.

Each is given an `Exchange` and returns whether there was anything to spoil.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.support.faultproxy import Answer, Exchange, Fault

# Longer than a client waits for one answer that is meant to hang.
HANG_S = 1.6
PATIENCE_S = 1.0
_BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
<!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">]>
<ListBucketResult><Name>&g;</Name></ListBucketResult>"""

# ------------------------------------------------------------------------- on the way there


def cut_upload(x: Exchange) -> bool:
    """The server gets half of the body, and then silence; the client a closed connection."""
    if not x.body:
        return False
    x.forward(sent=len(x.body) // 2)
    return True


def shortened_upload(x: Exchange) -> bool:
    """The server gets half of the body as if it were the whole."""
    if not x.body:
        return False
    x.send(x.forward(x.body[: len(x.body) // 2]))
    return True


def flipped_upload(x: Exchange) -> bool:
    """The server gets a body with one bit changed."""
    if not x.body:
        return False
    x.send(x.forward(bytes([x.body[0] ^ 1]) + x.body[1:]))
    return True


def doubled(x: Exchange) -> bool:
    """The server gets the request twice; the client hears what came of the first."""
    first = x.forward()
    x.forward()
    x.send(first)
    return True


def doubled_heard_last(x: Exchange) -> bool:
    """The server gets the request twice; the client hears what came of the second."""
    x.forward()
    x.send(x.forward())
    return True


def delivered_late(x: Exchange) -> bool:
    """The connection is cut at once, and the server gets the request all the same, later on."""
    x.proxy.late.append(x.forward)
    return True


def held_back(x: Exchange) -> bool:
    """The client gives up waiting; the server gets the request after that, without an answer."""
    time.sleep(HANG_S)
    x.forward()
    return True


# ------------------------------------------------------------------------- connections


def black_hole(x: Exchange) -> bool:
    """Nobody says a word, and nothing was done."""
    time.sleep(HANG_S)
    return True


def black_hole_after(x: Exchange) -> bool:
    """It was done, and nobody says a word."""
    x.forward()
    time.sleep(HANG_S)
    return True


def reset_before(x: Exchange) -> bool:
    """A reset instead of an answer; nothing was done."""
    x.reset()
    return True


def reset_after(x: Exchange) -> bool:
    """A reset instead of an answer; it was done."""
    x.forward()
    x.reset()
    return True


def reset_midway(x: Exchange) -> bool:
    """A reset in the middle of the answer."""
    answer = x.forward()
    x.send(answer, part=answer.body[: len(answer.body) // 2])
    x.reset()
    return True


def dripped(x: Exchange) -> bool:
    """The whole answer, in small pieces and with time between them."""
    answer = x.forward()
    x.send(answer, part=b"")
    step = max(1, len(answer.body) // 4)
    for start in range(0, len(answer.body), step):
        x.raw(answer.body[start : start + step])
        time.sleep(0.02)
    return True


def dripped_to_silence(x: Exchange) -> bool:
    """The answer begins, a byte at a time, and then hangs."""
    answer = x.forward()
    x.send(answer, declared=len(answer.body) + 1, part=answer.body[:1])
    time.sleep(HANG_S)
    return True


# ------------------------------------------------------------------------- the answer


def _sent(change: Callable[[Answer], Answer]) -> Callable[[Exchange], bool]:
    """A fault that changes the answer; nothing is spoiled where that leaves it as it was."""

    def act(x: Exchange) -> bool:
        answer = x.forward()
        changed = change(answer)
        x.send(changed)
        return changed != answer

    return act


def _instead(answer: Answer, *, forward: bool = False) -> Callable[[Exchange], bool]:
    def act(x: Exchange) -> bool:
        if forward:
            x.forward()
        x.send(answer)
        return True

    return act


def too_long(x: Exchange) -> bool:
    """A Content-Length that promises more than comes."""
    answer = x.forward()
    x.send(answer, declared=len(answer.body) + 10)
    return True


def too_short(x: Exchange) -> bool:
    """A Content-Length that ends the body early."""
    answer = x.forward()
    x.send(answer, declared=len(answer.body) // 2)
    return bool(answer.body)


def no_http(x: Exchange) -> bool:
    """An answer in another protocol."""
    x.raw(b"220 mail.example.org ESMTP\r\n")
    return True


def stale(x: Exchange) -> bool:
    """A cache answers what the object was before it was last written."""
    written = x.proxy.written.get(x.path.partition("?")[0], [])
    if x.method != "GET" or not written:
        return False
    gone = Answer(404, (), b"<Error><Code>NoSuchKey</Code><Message>on order</Message></Error>")
    x.send(written[-2] if len(written) > 1 else gone)
    return True


def crossed(x: Exchange) -> bool:
    """A cache answers with another object, sound in itself."""
    here = x.path.partition("?")[0]
    others = [kept[-1] for path, kept in x.proxy.written.items() if path != here]
    if x.method != "GET" or here not in x.proxy.written or not others:
        return False
    x.send(others[-1])
    return True


def _is_listing(answer: Answer) -> bool:
    return b"<ListBucketResult" in answer.body or b"<ListVersionsResult" in answer.body


def _unending(answer: Answer) -> Answer:
    """A listing that claims to go on, and does not say where."""
    body = answer.body.replace(b"<IsTruncated>false", b"<IsTruncated>true")
    return replace(answer, body=body)


def _without_entries(answer: Answer) -> Answer:
    """A listing without what it lists."""
    if not _is_listing(answer):
        return answer
    body = answer.body
    for tag in (b"Contents", b"Version", b"DeleteMarker"):
        while (start := body.find(b"<" + tag + b">")) >= 0:
            end = body.find(b"</" + tag + b">", start) + len(tag) + 3
            body = body[:start] + body[end:]
    return replace(answer, body=body)


def _half_a_listing(answer: Answer) -> Answer:
    """A listing that breaks off, its length put right."""
    if not _is_listing(answer):
        return answer
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def dated(shift: timedelta) -> Callable[[Answer], Answer]:
    """Answers by a clock that differs by ``shift``."""
    return lambda answer: answer.saying("Date", format_datetime(datetime.now(UTC) + shift, True))


def _xml(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>on order</Message></Error>".encode()


HOUR = timedelta(hours=1)
_CHECKSUM = "x-amz-checksum-sha256"
_PAGE = b"<html><body>Welcome to the hotel's network. Please log in.</body></html>"
ACTS: Mapping[str, Callable[[Exchange], bool]] = {
    "upload cut": cut_upload,
    "upload shortened": shortened_upload,
    "upload flipped": flipped_upload,
    "delivered twice": doubled,
    "delivered twice, heard last": doubled_heard_last,
    "delivered late": delivered_late,
    "held back": held_back,
    "black hole before": black_hole,
    "black hole after": black_hole_after,
    "reset before": reset_before,
    "reset after": reset_after,
    "reset midway": reset_midway,
    "slow drip": dripped,
    "drip to silence": dripped_to_silence,
    "length too long": too_long,
    "length too short": too_short,
    "no HTTP": no_http,
    "stale read": stale,
    "another object": crossed,
    "listing without an end": _sent(_unending),
    "listing without entries": _sent(_without_entries),
    "listing cut": _sent(_half_a_listing),
    "clock an hour ahead": _sent(dated(HOUR)),
    "clock an hour behind": _sent(dated(-HOUR)),
    "clock a week ahead": _sent(dated(8 * 24 * HOUR)),
    "clock of 1970": _sent(lambda a: a.saying("Date", "Thu, 01 Jan 1970 00:00:00 GMT")),
    "clock that is none": _sent(lambda a: a.saying("Date", "yesterday")),
    "wrong checksum": _sent(lambda a: a.saying(_CHECKSUM, "A" * 43 + "=")),
    "wrong ETag": _sent(lambda a: a.saying("ETag", '"0123456789abcdef"')),
    "no mark": _sent(lambda a: a.saying("x-amz-meta-titleholder-writer", None)),
    "called gzip": _sent(lambda a: a.saying("Content-Encoding", "gzip")),
    "a log-in page": _instead(Answer(200, (("Content-Type", "text/html"),), _PAGE)),
    "an error called 200": _instead(Answer(200, (), _xml("InternalError")), forward=True),
    "an XML bomb": _instead(Answer(200, (("Content-Type", "application/xml"),), _BOMB)),
    "204": _instead(Answer(204)),
    "206": _sent(lambda a: replace(a, status=206, body=a.body[:10])),
    "304": _instead(Answer(304)),
    "301 elsewhere": _instead(Answer(301, (), _xml("PermanentRedirect"))),
    "307 to nowhere": _instead(
        Answer(307, (("Location", "http://127.0.0.1:9/"),), _xml("TemporaryRedirect"))
    ),
    "302 without a place": _instead(Answer(302)),
}
STATUSES: Mapping[str, Fault] = {
    "expired token": Fault("*", status=400, code="ExpiredToken"),
    "wrong key": Fault("*", status=403, code="InvalidAccessKeyId"),
    "wrong signature": Fault("*", status=403, code="SignatureDoesNotMatch"),
    "timed out, it says": Fault("*", status=400, code="RequestTimeout"),
    "429 before": Fault("*", status=429, code="TooManyRequests"),
    "501 before": Fault("*", status=501, code="NotImplemented"),
    "504 after": Fault("*", forward=True, status=504),
    "no bucket": Fault("*", status=404, code="NoSuchBucket"),
    "404 of no code": Fault("*", status=404),
    "999": Fault("*", status=999),
}
FAULTS: Mapping[str, Fault] = {
    **{name: Fault("*", act=act) for name, act in ACTS.items()},
    **STATUSES,
}
# Those that a client can only end by losing patience.
HANGING = frozenset({"held back", "black hole before", "black hole after", "drip to silence"})
