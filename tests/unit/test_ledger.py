"""The ledger: what was asked of which rows, and which nights were counted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from titleholder import ledger, records
from titleholder.adapters.stores.local import LocalStore
from titleholder.comparison.fingerprint import Fingerprint
from titleholder.errors import RecordError
from titleholder.ledger import nights, questions
from titleholder.params.schema import Policy
from titleholder.stats.sequential import Run
from titleholder.store import Store
from titleholder.trust import dsse
from titleholder.types import (
    Estimate,
    Finding,
    IntervalMethod,
    Kind,
    Mode,
    Outcome,
    Severity,
    Task,
)

PANEL = f"sha256:{'aa' * 32}"
STREAM = f"sha256:{'bb' * 32}"
CHAMPION = "cd" * 32
DAY = date(2026, 3, 2)
RULE = verdicts.rule()
SEEN = verdicts.finding(RULE, Outcome.PASS)


@pytest.fixture(params=["memory", "directory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made: Store = MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "store")
    made.prepare()
    yield made


def name(number: int) -> str:
    """A hex digest of its own for each number."""
    return f"{number:064x}"


def question(number: int, **said: Any) -> questions.Draft:
    """A question about candidate ``number``, but for what is said."""
    fields: dict[str, Any] = {
        "panel": PANEL,
        "rows": 1000,
        "candidate": verdicts.subject(name(number)),
        "champion": CHAMPION,
        "question": records.sha256({"number": number}),
        "environment": "dev",
        "suite": "credit",
        "logical_date": DAY,
        "run": f"sha256:{'ee' * 32}",
        "outcome": Outcome.FAIL,
        "level": 0.95,
        **said,
    }
    return questions.Draft(**fields)


# ------------------------------------------------------------------------- questions


def test_each_new_question_has_the_next_number_and_adds_its_error(store: Store) -> None:
    """Failures count like anything else that was asked."""
    asked = [ledger.ask(store, question(n)) for n in range(3)]
    assert [e.number for e in asked] == [1, 2, 3]
    assert [e.spent for e in asked] == pytest.approx([0.025, 0.05, 0.075])
    assert [a.predicate.outcome for a in ledger.asked_of(store, PANEL)] == [Outcome.FAIL] * 3


def test_a_question_asked_again_is_the_same_question(store: Store) -> None:
    """Its number stays, however many others were asked meanwhile; nothing is spent."""
    first = ledger.ask(store, question(0))
    for n in range(1, 5):
        ledger.ask(store, question(n))
    assert ledger.ask(store, question(0, outcome=Outcome.PASS)) == first
    assert len(ledger.asked_of(store, PANEL)) == 5


def test_a_renamed_suite_or_environment_asks_the_same_rows(store: Store) -> None:
    """The page belongs to the rows."""
    ledger.ask(store, question(0))
    assert ledger.ask(store, question(1, suite="other", environment="prod")).number == 2


def test_other_rows_have_a_page_of_their_own(store: Store) -> None:
    """Fresh rows begin at one."""
    ledger.ask(store, question(0))
    fresh = f"sha256:{'ab' * 32}"
    assert ledger.ask(store, question(0, panel=fresh)).number == 1
    assert ledger.panels(store) == (PANEL, fresh)


def test_a_stricter_level_spends_less(store: Store) -> None:
    """Each question costs the one-sided error of its own level."""
    ledger.ask(store, question(0, level=0.9))
    assert ledger.ask(store, question(1, level=0.99)).spent == pytest.approx(0.055)


@pytest.mark.parametrize(
    "changed",
    [
        {"threshold": 0.3},
        {"seed": 2},
        {"level": 0.9},
        {"positive": "no"},
        {"methods": {"roc_auc": IntervalMethod.DELONG}},
    ],
)
def test_what_makes_other_intervals_asks_anew(changed: dict[str, Any]) -> None:
    """A threshold or a seed that is tried out on the panel is a question to it."""
    policy = Policy(task=Task.BINARY, rules=(RULE,), positive="yes")
    one = ledger.question_of(name(1), CHAMPION, policy, [SEEN])
    assert ledger.question_of(name(1), CHAMPION, replace(policy, **changed), [SEEN]) != one
    assert ledger.question_of(name(2), CHAMPION, policy, [SEEN]) != one
    assert ledger.question_of(name(1), name(3), policy, [SEEN]) != one


def asked(*findings: Finding) -> str:
    """The name of one candidate's question that was decided by these findings."""
    policy = Policy(task=Task.BINARY, rules=(RULE,), positive="yes")
    return ledger.question_of(name(1), CHAMPION, policy, findings)


def test_other_bounds_on_the_same_intervals_ask_nothing_new() -> None:
    """A margin is held against intervals that are there already, whatever came of it; a note, a
    timing and another order of the rules are no other question either.
    """
    wider = replace(SEEN, margin=0.05, outcome=Outcome.FAIL, rule="other", reason="x", p_value=0.5)
    warned = verdicts.finding(verdicts.rule(metric="f1", severity=Severity.WARN), Outcome.FAIL)
    shadow = verdicts.finding(verdicts.rule(metric="f1", mode=Mode.SHADOW), Outcome.FAIL)
    fast = verdicts.finding(verdicts.rule(metric="p95_latency_ms"), Outcome.PASS)
    assert asked(wider) == asked(SEEN, warned, shadow, fast) == asked(SEEN)
    other = replace(SEEN, metric="f1")
    assert asked(other, SEEN) == asked(SEEN, other) != asked(SEEN)


@pytest.mark.parametrize(
    "changed",
    [
        {"metric": "f1"}, {"slice": "sex=f"}, {"over": "sex"}, {"kind": Kind.FLOOR},
        {"relative": True}, {"severity": Severity.WARN}, {"mode": Mode.SHADOW}, {"n": 999},
        {"n_clusters": 50}, {"improvement": Estimate(0.02, 0.01, 0.031)},
        {"improvement": Estimate(0.02, 0.009, 0.03)}, {"improvement": Estimate()},
    ],
)  # fmt: skip
def test_another_interval_that_decides_asks_anew(changed: dict[str, Any]) -> None:
    """Of other weights, clusters, costs or code as of another metric or slice; and a rule that was
    taken back leaves another question.
    """
    assert asked(replace(SEEN, **changed)) != asked(SEEN)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).filter(lambda ends: max(map(abs, ends))),
    st.floats(-1e-13, 1e-13),
)
def test_the_last_digits_of_another_machine_are_no_other_question(
    ends: list[float], noise: float
) -> None:
    """Ends that differ by rounding have the same digits, those around nought as well."""
    size = max(map(abs, ends))
    snapped = [round(end / size, 5) * size for end in ends]
    moved = [end + noise * size for end in snapped]
    one, other = (replace(SEEN, improvement=Estimate(*x)) for x in (snapped, moved))
    assert asked(one) == asked(other) or f"{size:.5e}" != f"{max(map(abs, moved)):.5e}"


def test_a_new_rule_for_a_failed_candidate_spends_the_budget(store: Store) -> None:
    """Trying metric after metric until one passes is as many questions as metrics."""
    for number, metric in enumerate(("accuracy", "f1", "recall"), start=1):
        tried = question(0, question=asked(replace(SEEN, metric=metric)))
        assert ledger.ask(store, tried).number == number
    again = question(0, question=asked(replace(SEEN, metric="f1", margin=0.5)))
    assert ledger.ask(store, again).number == 2
    assert len(ledger.asked_of(store, PANEL)) == 3


def test_of_many_at_once_each_has_a_number_of_its_own(store: Store) -> None:
    """16 different questions at the same moment: 1 to 16, none lost; asked again, unchanged."""
    with ThreadPoolExecutor(16) as pool:
        asked = list(pool.map(lambda n: ledger.ask(store, question(n)), range(16)))
        again = list(pool.map(lambda n: ledger.ask(store, question(n)), range(16)))
    assert sorted(e.number for e in asked) == list(range(1, 17))
    assert again == asked
    for exposure in asked:
        questions.retraced(store, exposure)


def test_of_many_that_ask_the_same_one_is_noted(store: Store) -> None:
    """16 runs of one candidate at the same moment are one question."""
    with ThreadPoolExecutor(16) as pool:
        asked = set(pool.map(lambda _: ledger.ask(store, question(0)), range(16)))
    assert len(asked) == len(ledger.asked_of(store, PANEL)) == 1


def test_a_removed_line_is_found_out() -> None:
    """From the middle by the gap, from the end where the store remembers it."""
    for number in (1, 2, 3):
        store = MemoryStore()
        for n in range(3):
            ledger.ask(store, question(n))
        del store.objects[questions.page_of(store, PANEL).key(number)]
        with pytest.raises(RecordError, match="ledger is broken"):
            ledger.ask(store, question(7))


def test_a_page_that_was_taken_away_whole_is_found_out() -> None:
    """A store that remembers does not take it for an empty one."""
    store = MemoryStore()
    ledger.ask(store, question(0))
    store.objects.clear()
    with pytest.raises(RecordError, match="was removed"):
        ledger.ask(store, question(1))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2", b'{"spent": NaN}'])
def test_a_damaged_line_is_never_an_empty_page(store: Store, data: bytes) -> None:
    """What does not parse raises, for who asks as for who reads."""
    store.put_new(questions.page_of(store, PANEL).key(1), data)
    for read in (lambda: ledger.ask(store, question(0)), lambda: ledger.asked_of(store, PANEL)):
        with pytest.raises(RecordError):
            read()


def test_a_line_on_a_foreign_page_is_found_out() -> None:
    """A page that was copied from other rows has another name in its lines."""
    store = MemoryStore()
    ledger.ask(store, question(0))
    other = f"sha256:{'ab' * 32}"
    data = store.get(questions.page_of(store, PANEL).key(1)).data
    store.put_new(questions.page_of(store, other).key(1), data)
    with pytest.raises(RecordError, match="is line 1 of"):
        ledger.ask(store, question(0, panel=other))


def test_a_past_that_was_rewritten_does_not_lead_to_the_exposure() -> None:
    """Whoever takes a question off an earlier line breaks every one after it."""
    store = MemoryStore()
    exposure = [ledger.ask(store, question(n)) for n in range(3)][-1]
    page = questions.page_of(store, PANEL)
    first = page.line(1).said
    cheaper = replace(first, predicate=replace(first.predicate, spent=0.0))
    key = page.key(1)
    store.put_if(key, records.encode(cheaper), store.get(key).tag)
    with pytest.raises(RecordError):
        questions.retraced(store, exposure)


def test_who_signs_finds_out_lines_in_its_name() -> None:
    """A line under our key that we did not sign is refused; others' lines count as they are."""
    store, mine = MemoryStore(), keys.key()
    ledger.ask(store, question(0), keys.key(2))
    ledger.ask(store, question(1))
    assert ledger.ask(store, question(2), mine).number == 3
    page = questions.page_of(store, PANEL)
    data = store.get(page.key(3)).data
    assert dsse.is_envelope(data)
    enclosed = dsse.read(data, source="it")
    forged = dsse.enclose(enclosed.payload.replace(b"0.95", b"0.99"), mine.key_id, b"x" * 64)
    store.put_if(page.key(3), forged, store.get(page.key(3)).tag)
    with pytest.raises(RecordError, match="altered or forged"):
        ledger.ask(store, question(3), mine)


# ---------------------------------------------------------------------------- nights


def rows(number: int, n: int = 500) -> Fingerprint:
    """A panel of its own for each number."""
    sketch = tuple(f"{number:04x}{i:012x}" for i in range(64))
    return Fingerprint(f"sha256:{number:064x}".replace("sha256:0", "sha256:f"), n, sketch)


def night(number: int, **said: Any) -> nights.Draft:
    """A night of fresh rows, but for what is said."""
    digest = f"sha256:{records.sha256({'night': number})}"
    fields: dict[str, Any] = {
        "stream": STREAM,
        "champion": verdicts.subject(CHAMPION),
        "environment": "dev",
        "suite": "credit",
        "logical_date": DAY,
        "panel": replace(rows(number), digest=digest),
        "value": 0.8,
        "std_error": 0.01,
        "unit": 25.0,
        **said,
    }
    return nights.Draft(**fields)


def test_a_night_of_fresh_rows_is_added_to_the_run(store: Store) -> None:
    """The newest line holds the whole state."""
    for n in range(3):
        stands = ledger.count(store, night(n, value=0.8 + n / 10))
    assert stands.watched.number == stands.run.nights == 3
    assert stands.watched.fresh and not stands.refusal
    assert stands.run.sums.total == pytest.approx(500 * 2.7)
    assert nights.retraced(store, stands.watched).run == stands.run
    assert ledger.streams(store) == (STREAM,)


def test_the_same_rows_add_nothing(store: Store) -> None:
    """Scored again, tonight or on any later night: the run stays, and says why."""
    first = ledger.count(store, night(0))
    again = ledger.count(store, night(0, value=0.1))
    assert again.run == first.run
    assert again.watched == first.watched
    assert "add nothing" in again.refusal
    ledger.count(store, night(1))
    late = ledger.count(store, night(0, logical_date=date(2026, 9, 1)))
    assert late.run.nights == 2 and not late.watched.fresh
    assert len(ledger.nights_of(store, STREAM)) == 2


def test_rows_that_were_seen_long_ago_are_remembered(store: Store) -> None:
    """However many nights lie between, not only those whose sketches are looked at."""
    for n in range(nights.LOOK_BACK + 3):
        ledger.count(store, night(n))
    assert "counted before" in ledger.count(store, night(0)).refusal


def test_a_window_that_slides_adds_rows_once(store: Store) -> None:
    """Panels of the last thirty days overlap from night to night: the overlap is refused."""

    def window(start: int) -> Fingerprint:
        sketch = tuple(f"{i:016x}" for i in range(start, start + 60))
        return Fingerprint(f"sha256:{records.sha256({'start': start})}", 60, sketch)

    counted = [
        start
        for start in range(0, 200, 20)
        if ledger.count(store, night(start, panel=window(start))).watched.fresh
    ]
    assert counted == [0, 60, 120, 180]


def test_of_many_at_once_every_night_is_counted_once(store: Store) -> None:
    """8 nights, each by two runs at the same moment."""
    with ThreadPoolExecutor(16) as pool:
        stands = list(pool.map(lambda n: ledger.count(store, night(n % 8)), range(16)))
    assert max(s.watched.number for s in stands) == len(ledger.nights_of(store, STREAM)) == 8


def test_sums_that_do_not_follow_are_found_out() -> None:
    """A night's value that was changed later no longer leads to the run."""
    store = MemoryStore()
    stands = ledger.count(store, night(0))
    page = nights.page_of(store, STREAM)
    said = page.line(1).said
    better = replace(said, predicate=replace(said.predicate, run=Run(25.0).after(500, 0.9, 0.01)))
    store.put_if(page.key(1), records.encode(better), store.get(page.key(1)).tag)
    with pytest.raises(RecordError, match="come out otherwise"):
        nights.retraced(store, stands.watched)


def test_a_stream_that_has_not_begun_stands_nowhere(store: Store) -> None:
    """Tonight has nothing to add, and there is nothing to add it to."""
    assert nights.standing(store, STREAM, "no reference") is None
    ledger.count(store, night(0))
    stands = nights.standing(store, STREAM, "no interval")
    assert stands is not None and stands.run.nights == 1 and not stands.watched.fresh
