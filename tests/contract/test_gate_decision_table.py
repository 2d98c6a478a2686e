"""The gate's decision table: every combination of conditions, of which exactly one allows.

Each condition has one value that speaks for the model; it stands first. docs/security.md shows
the same table in words.
"""

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, partial
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.fakes import NOON, MemoryStore
from tests.support import keys, verdicts
from titleholder import decimals, records
from titleholder.errors import Exit, NoVerdict
from titleholder.trust import chain, gate
from titleholder.trust.pins import Trust, seal
from titleholder.trust.promotion import Book, _give, rollback
from titleholder.trust.statement import (
    Predicate,
    Statement,
    instant,
    result_of,
    run_key,
    statement,
    subject_of,
)
from titleholder.trust.titles import present
from titleholder.types import Outcome, Source, Verdict

CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "signature": ("by the pinned key", "none", "by another key", "altered", "by a key of prod"),
    "environment": ("dev", "prod"),
    "suite": ("credit", "flights"),
    "model": ("this", "another"),
    "time": ("current", "expired", "from the future"),
    "link": ("in place", "replaced"),
    "head": ("at the newest", "beyond the newest", "rolled back"),
    "outcome": ("PASS", "FAIL", "INCONCLUSIVE"),
    "findings": ("follow", "contradict their intervals", "do not lead to the outcome"),
    "rules": ("all reported", "one unreported"),
    "champion": ("the present one", "another", "this lost the title"),
}
# Those that the verdict itself meets or not; the others are of what lies beside it.
OF_THE_FIRST = (
    "signature", "environment", "suite", "model", "time", "outcome", "findings", "rules",
)  # fmt: skip
JUDGED = {"PASS": Exit.ALLOW, "FAIL": Exit.REGRESSED, "INCONCLUSIVE": Exit.INCONCLUSIVE}
WEEK = timedelta(days=7)
CHAMPION = "ce" * 32
TIMES = {
    "current": NOON,
    "expired": NOON - WEEK,
    "from the future": NOON + timedelta(minutes=5, seconds=1),
}
FIRST, SECOND, HEAD = (f"verdicts/dev/credit/{n}.json" for n in ("00000001", "00000002", "head"))


@cache
def _verdict(suite: str, outcome: str, findings: str, rules: str) -> Verdict:
    against = Source("champion", "champion.skops", CHAMPION, 10)
    whole = verdicts.verdict(Outcome(outcome), Outcome.PASS, suite=suite, inputs=(against,))
    if findings == "contradict their intervals":
        other = Outcome.FAIL if outcome != "FAIL" else Outcome.PASS
        said = replace(whole.findings[0], improvement=verdicts.INTERVALS[other])
        whole = replace(whole, findings=(said, whole.findings[1]))
    if findings == "do not lead to the outcome":
        other = Outcome.PASS if outcome != "PASS" else Outcome.FAIL
        said = replace(whole.findings[0], outcome=other, improvement=verdicts.INTERVALS[other])
        whole = replace(whole, findings=(said, whole.findings[1]))
    if rules == "one unreported":
        whole = replace(whole, rules=(*whole.rules, verdicts.rule(id="unreported")))
    return whole


def _first(case: Mapping[str, str]) -> bytes:
    """The verdict that is asked about, as it is stored."""
    return _sealed(tuple((name, case[name]) for name in OF_THE_FIRST))


@cache
def _sealed(conditions: tuple[tuple[str, str], ...]) -> bytes:
    case = dict(conditions)
    signature = case["signature"]
    whole = _verdict(case["suite"], case["outcome"], case["findings"], case["rules"])
    model = verdicts.MODEL if case["model"] == "this" else verdicts.OTHER_MODEL
    subject = subject_of("candidate.skops", model)
    published = TIMES[case["time"]]
    said = Predicate(
        schema_version=2,
        environment=case["environment"],
        suite=case["suite"],
        sequence=1,
        previous=None,
        signature="unsigned" if signature == "none" else "ed25519",
        run_key=run_key("dev", subject, whole, "2026-03-02", verdicts.provenance().params),
        result=result_of(whole),
        logical_date="2026-03-02",
        published_at=instant(published),
        expires_at=instant(published + WEEK),
        provenance=verdicts.provenance(),
        evidence=(),
        verdict=whole,
    )
    data = decimals.encode(statement((subject,), said))
    signers = {"none": None, "by another key": keys.key(2), "by a key of prod": keys.key(3)}
    sealed = seal(data, signers.get(signature, keys.key()))
    if signature == "altered":
        # Another verdict in the envelope of one that was signed.
        stolen = seal(data.replace(b"20260101", b"20260102"), keys.key())
        sealed = sealed.replace(_between(sealed), _between(stolen))
    return sealed


def _between(envelope: bytes) -> bytes:
    """The line of an envelope that holds the payload."""
    (line,) = (line for line in envelope.splitlines() if b'"payload"' in line)
    return line


@cache
def _second(previous: str) -> bytes:
    """A sound verdict on another model, built on the first."""
    whole = verdicts.verdict(Outcome.PASS)
    subject = subject_of("other.skops", "99" * 32)
    said = Predicate(
        schema_version=2,
        environment="dev",
        suite="credit",
        sequence=2,
        previous=previous,
        signature="ed25519",
        run_key=run_key("dev", subject, whole, "2026-03-02", verdicts.provenance().params),
        result=result_of(whole),
        logical_date="2026-03-02",
        published_at=instant(NOON),
        expires_at=instant(NOON + WEEK),
        provenance=verdicts.provenance(),
        evidence=(),
        verdict=whole,
    )
    return seal(decimals.encode(statement((subject,), said)), keys.key())


@cache
def _titles(champion: str) -> Mapping[str, bytes]:
    """The book of titles: who was crowned, and whose place that was."""
    store = MemoryStore()
    book = Book(store, "dev", "credit", Trust(), keys.key())
    _give(book, None, "bootstrap", subject_of("champion.skops", CHAMPION), reason="the first")
    if champion != "the present one":
        mine = verdicts.MODEL if champion == "this lost the title" else verdicts.OTHER_MODEL
        digest = f"sha256:{'11' * 32}"
        _give(book, present(book.chain), "promote", subject_of("m", mine), verdict=digest)
    if champion == "this lost the title":
        rollback(book, "it was worse")
    return {key: stored.data for key, stored in store.objects.items()}


def _store(case: Mapping[str, str]) -> MemoryStore:
    store = MemoryStore()
    first = _first(case)
    digest = chain.digest_of(first)
    named = digest if case["link"] == "in place" else f"sha256:{'0' * 64}"
    store.put_new(FIRST, first)
    second = _second(named)
    store.put_new(SECOND, second)
    heads = {"beyond the newest": chain.Head(7, digest), "rolled back": chain.Head(1, digest)}
    store.put_new(
        HEAD, records.encode(heads.get(case["head"], chain.Head(2, chain.digest_of(second))))
    )
    for key, data in _titles(case["champion"]).items():
        store.put_new(key, data)
    if case["head"] == "rolled back":
        del store.objects[SECOND]
    return store


@cache
def _trust() -> Trust:
    return Trust(
        (
            *keys.trust(keys.key()).pins,
            *keys.trust(keys.key(3), environments=frozenset({"prod"})).pins,
        )
    )


def _cases() -> list[dict[str, str]]:
    names = list(CONDITIONS)
    return [
        dict(zip(names, values, strict=True)) for values in itertools.product(*CONDITIONS.values())
    ]


def _expected(case: Mapping[str, str]) -> Exit:
    """The table: what may not be trusted is no verdict; what may, decides as it says."""
    sound = all(case[name] == CONDITIONS[name][0] for name in CONDITIONS if name != "outcome")
    return JUDGED[case["outcome"]] if sound else Exit.NO_VERDICT


def _answer(case: Mapping[str, str]) -> gate.Answer:
    return gate._guarded(_store(case), "dev", "credit", f"sha256:{verdicts.MODEL}", _trust())


def _answered(function: Callable[..., Any], *arguments: Any) -> tuple[Any, NoVerdict | None]:
    try:
        return function(*arguments), None
    except NoVerdict as error:
        return None, error


@pytest.fixture
def opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an envelope hangs on its arguments alone: the same bytes are opened once.

    Thousands of combinations share each of them; all else is asked anew for every one.
    """
    ask = cache(partial(_answered, chain.opened))

    def opened(*arguments: Any) -> chain.Link[Statement]:
        link, refusal = ask(*arguments)
        if refusal is not None:
            raise refusal.with_traceback(None)
        return cast("chain.Link[Statement]", link)

    monkeypatch.setattr(chain, "opened", opened)


@pytest.mark.usefixtures("opened_once")
def test_of_all_combinations_exactly_one_allows() -> None:
    """Nothing that is wrong is made up for by anything that is right."""
    allowed = []
    cases = _cases()
    for case in cases:
        answer = _answer(case)
        assert answer.exit is _expected(case), (case, answer)
        if answer.exit is Exit.ALLOW:
            allowed.append(case)
    assert len(cases) == 5 * 2 * 2 * 2 * 3 * 2 * 3 * 3 * 3 * 2 * 3
    assert allowed == [{name: values[0] for name, values in CONDITIONS.items()}]


@pytest.mark.parametrize(
    ("condition", "value"),
    [(name, value) for name, values in CONDITIONS.items() for value in values[1:]],
)
def test_each_condition_alone_withholds_the_permission(condition: str, value: str) -> None:
    """And says why in words of its own."""
    sound = {name: values[0] for name, values in CONDITIONS.items()}
    answer = _answer({**sound, condition: value})
    assert answer.exit is not Exit.ALLOW
    assert answer.reason not in {"", _answer(sound).reason}
