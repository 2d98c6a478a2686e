"""Publishing: evidence, verdict, pointer; once, in order, and only forward."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from titleholder import decimals, records
from titleholder.errors import (
    CommitUnknown,
    NoVerdict,
    PreconditionFailed,
    StoreError,
    UsageError,
)
from titleholder.trust import attestation, dsse
from titleholder.trust import chain as chains
from titleholder.trust.chain import Chain, Head
from titleholder.trust.publication import Receipt, publish
from titleholder.trust.statement import Code, Provenance, Statement
from titleholder.types import Estimate, Kind, Outcome, Source, Verdict

WEEK = timedelta(days=7)
PASS, FAIL = Outcome.PASS, Outcome.FAIL
HEAD = "verdicts/dev/credit/head.json"


@pytest.fixture
def store() -> MemoryStore:
    """An empty store at noon."""
    return MemoryStore()


def _publish(
    store: MemoryStore,
    verdict: Verdict | None = None,
    model: str = verdicts.MODEL,
    evidence: dict[str, Path] | None = None,
    **said: object,
) -> Receipt:
    whole = verdict or verdicts.verdict(PASS)
    subject = verdicts.subject(model)
    usual = {"valid_for": WEEK, "provenance": verdicts.provenance()}
    return publish(store, "dev", whole, subject, evidence or {}, **{**usual, **said})


def _statement(store: MemoryStore, key: str) -> Statement:
    return decimals.decode(store.get(key).data, Statement, source=key)


def test_a_verdict_is_published_with_what_stands_behind_it(
    store: MemoryStore, tmp_path: Path
) -> None:
    """The statement names its evidence by digest, and each lies under it."""
    (tmp_path / "report.html").write_bytes(b"<p>fine</p>")
    receipt = _publish(store, evidence={"report.html": tmp_path / "report.html"})
    key = "verdicts/dev/credit/00000001.json"
    said = _statement(store, key).predicate
    (kept,) = said.evidence
    assert kept.name == "report.html" and kept.bytes == 11
    assert store.get(f"evidence/sha256/{kept.sha256[:2]}/{kept.sha256}").data == b"<p>fine</p>"
    assert (said.sequence, said.previous) == (1, None)
    assert (said.published_at, said.expires_at) == ("2026-03-02T12:00:00Z", "2026-03-09T12:00:00Z")
    assert (said.environment, said.suite, said.logical_date) == ("dev", "credit", "2026-03-02")
    assert receipt.created and receipt.pointed
    assert (receipt.outcome, receipt.sequence, receipt.candidate) == (PASS, 1, "candidate")
    assert receipt.location == store.locate(key)
    assert receipt.digest == chains.digest_of(store.get(key).data)
    assert records.decode(store.get(HEAD).data, Head) == Head(1, receipt.digest)


def test_the_intent_comes_first_then_evidence_and_the_pointer_last(tmp_path: Path) -> None:
    """A reader never finds a verdict whose evidence is not there yet."""
    written: list[str] = []

    class Noting(MemoryStore):
        def put_new(self, key: str, data: bytes) -> str:
            written.append(key)
            return super().put_new(key, data)

    for name in ("b", "a"):
        (tmp_path / name).write_text(name)
    _publish(Noting(), evidence={name: tmp_path / name for name in ("b", "a")})
    assert [key.split("/")[0] for key in written] == [
        "intents",
        "evidence",
        "evidence",
        "verdicts",
        "verdicts",
        "test-results",
    ]
    assert written[-2] == HEAD


def test_the_same_result_twice_is_one_verdict(store: MemoryStore) -> None:
    """Publishing again finds what stands there, and says so."""
    first = _publish(store)
    store.pass_time(timedelta(hours=3))
    again = _publish(store)
    assert again == replace(first, created=False)
    assert list(store.keys("verdicts/")) == ["verdicts/dev/credit/00000001.json", HEAD]


def test_publishing_again_moves_a_pointer_that_lags(store: MemoryStore) -> None:
    """A crash between the verdict and the pointer is healed by running again."""
    first = _publish(store)
    del store.objects[HEAD]
    assert _publish(store) == replace(first, created=False)
    assert records.decode(store.get(HEAD).data, Head).sequence == 1


def test_the_next_night_is_a_new_verdict_with_a_new_expiry(store: MemoryStore) -> None:
    """Unchanged inputs, asked again on another day: the verdict is renewed."""
    first = _publish(store)
    store.pass_time(timedelta(days=1))
    second = _publish(store)
    assert second.created and second.sequence == 2
    assert second.expires_at > first.expires_at and second.run_key != first.run_key
    said = _statement(store, "verdicts/dev/credit/00000002.json").predicate
    assert said.previous == first.digest


def test_a_retry_after_midnight_is_still_of_its_night(store: MemoryStore) -> None:
    """The logical date of the run decides, not the hour of the retry."""
    night = date(2026, 3, 2)
    first = _publish(store, logical_date=night)
    store.pass_time(timedelta(hours=14))
    assert _publish(store, logical_date=night) == replace(first, created=False)


def test_an_expired_verdict_is_not_one_that_stands(store: MemoryStore) -> None:
    """The same result after its expiry is published anew."""
    _publish(store, valid_for=timedelta(hours=1))
    store.pass_time(timedelta(hours=1))
    assert _publish(store, valid_for=timedelta(hours=1)).sequence == 2


def _by(commit: str) -> Provenance:
    return verdicts.provenance(code=Code(commit=commit * 20, dirty=False))


def test_another_answer_by_other_code_is_another_verdict(store: MemoryStore) -> None:
    """The later one supersedes, and going back to the first is a third."""
    first = _publish(store, verdicts.verdict(PASS), provenance=_by("01"))
    second = _publish(store, verdicts.verdict(FAIL), provenance=_by("02"))
    third = _publish(store, verdicts.verdict(PASS), provenance=_by("01"))
    assert [r.sequence for r in (first, second, third)] == [1, 2, 3]
    assert first.run_key == second.run_key == third.run_key
    assert [r.outcome for r in (first, second, third)] == [PASS, FAIL, PASS]


@pytest.mark.parametrize("outcomes", [(FAIL, PASS), (PASS, FAIL), (Outcome.INCONCLUSIVE, PASS)])
def test_a_question_that_the_same_code_answers_in_two_ways_is_answered_in_none(
    store: MemoryStore, outcomes: tuple[Outcome, Outcome]
) -> None:
    """INCONCLUSIVE is appended, says why, and stays however often one asks that night."""
    first, second = (_publish(store, verdicts.verdict(outcome)) for outcome in outcomes)
    assert (second.created, second.outcome) == (True, Outcome.INCONCLUSIVE)
    assert f"verdict {first.sequence} answered the same question otherwise" in (
        second.verdict.reason
    )
    for outcome in outcomes:
        again = _publish(store, verdicts.verdict(outcome))
        assert again == replace(second, created=False)
    other = _publish(store, verdicts.verdict(PASS), provenance=_by("02"))
    assert (other.created, other.outcome) == (True, PASS)
    store.pass_time(timedelta(days=1))
    assert _publish(store, verdicts.verdict(PASS)).outcome is PASS


def test_a_finding_that_moved_is_another_answer(store: MemoryStore) -> None:
    """Equal outcomes from unequal numbers, by equal code on equal inputs, are no repetition."""
    whole = verdicts.verdict(PASS)
    moved = replace(whole.findings[0], improvement=Estimate(0.02, 0.0100001, 0.03))
    _publish(store, whole)
    again = _publish(store, replace(whole, findings=(moved,)))
    assert again.outcome is Outcome.INCONCLUSIVE


def test_what_a_clock_measured_repeats_by_its_outcome(store: MemoryStore) -> None:
    """No two runs agree on a latency; they may have to agree on what it decides."""
    rule = verdicts.rule(id="fast", metric="p95_latency_ms", kind=Kind.CEILING, value=9.0)
    rule = replace(rule, margin=None)

    def measured(ms: float) -> Verdict:
        outcome = PASS if ms < 9 else FAIL
        found = verdicts.finding(rule, outcome, candidate=Estimate(ms, ms, ms))
        return verdicts.verdict(PASS, rules=(rule,), findings=(found,), outcome=outcome)

    first = _publish(store, measured(3.0))
    assert _publish(store, measured(3.5)) == replace(first, created=False)
    assert _publish(store, measured(11.0)).outcome is Outcome.INCONCLUSIVE


def test_a_later_try_is_the_same_verdict(store: MemoryStore) -> None:
    """Times and the number of the attempt are told, and are no part of the question."""
    first = _publish(store)
    later = verdicts.provenance(
        attempt=2, started_at="2026-03-02T12:30:00Z", finished_at="2026-03-02T12:31:00Z"
    )
    assert _publish(store, provenance=later) == replace(first, created=False)


def test_other_parameters_are_another_question(store: MemoryStore) -> None:
    """Whatever part of the suite's section it was that changed."""
    _publish(store, verdicts.verdict(FAIL))
    changed = verdicts.provenance(params=f"sha256:{'ab' * 32}")
    assert _publish(store, verdicts.verdict(PASS), provenance=changed).outcome is PASS


# ------------------------------------------------------------------------- signed


def test_a_signed_verdict_lies_in_an_envelope(store: MemoryStore) -> None:
    """Statement and test result both, and whoever pins the key reads the same as others."""
    receipt = _publish(store, signer=keys.key())
    assert receipt.signature == keys.key().key_id
    for key in ("verdicts/dev/credit/00000001.json", "test-results/dev/credit/00000001.json"):
        assert dsse.is_envelope(store.get(key).data)
    tip = chains.verdicts(store, "dev", "credit", keys.trust(keys.key())).tip()
    assert tip and tip.digest == receipt.digest
    assert tip.statement.predicate.signature == "ed25519"
    assert tip.statement.predicate.provenance == verdicts.provenance()


def test_an_unsigned_verdict_says_so(store: MemoryStore) -> None:
    """In the statement and in the receipt."""
    assert _publish(store).signature == "unsigned"
    key = "verdicts/dev/credit/00000001.json"
    assert _statement(store, key).predicate.signature == "unsigned"


def test_who_signs_takes_no_other_word_for_an_answer(store: MemoryStore) -> None:
    """An unsigned verdict, or another key's, does not stand in for one's own, nor spoil it."""
    _publish(store, verdicts.verdict(FAIL))
    _publish(store, verdicts.verdict(FAIL), signer=keys.key(2))
    mine = _publish(store, signer=keys.key())
    assert (mine.sequence, mine.created, mine.outcome) == (3, True, PASS)
    assert _publish(store, signer=keys.key()) == replace(mine, created=False)


def test_retries_of_signed_publishers_are_one_verdict(store: MemoryStore) -> None:
    """16 at once with one key and one answer."""
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda _: _publish(store, signer=keys.key()), range(16)))
    assert sum(r.created for r in receipts) == 1
    assert {r.digest for r in receipts} == {receipts[0].digest}


def test_a_test_result_that_cannot_be_written_does_not_unpublish(store: MemoryStore) -> None:
    """The verdict stands, the receipt tells, and publishing again writes it."""
    honest = store.put_new

    def refusing(key: str, data: bytes) -> str:
        if key.startswith("test-results/"):
            raise StoreError("not today")
        return honest(key, data)

    store.put_new = refusing  # type: ignore[method-assign]
    receipt = _publish(store)
    assert receipt.created and not receipt.pointed
    store.put_new = honest  # type: ignore[method-assign]
    assert _publish(store).pointed
    said = records.decode(
        store.get("test-results/dev/credit/00000001.json").data, attestation.ResultStatement
    )
    assert (said.predicate.result, said.subject[0]) == ("PASSED", verdicts.subject())


def test_candidates_share_a_chain_and_do_not_hide_each_other(store: MemoryStore) -> None:
    """Each finds its own verdict among those of the others."""
    _publish(store)
    other = _publish(store, model=verdicts.OTHER_MODEL)
    assert other.sequence == 2
    assert not _publish(store).created
    assert not _publish(store, model=verdicts.OTHER_MODEL).created


def test_the_search_for_what_stands_ends_with_the_night_before(store: MemoryStore) -> None:
    """A new candidate does not read the whole history of the suite."""
    reads: list[str] = []
    for _ in range(6):
        _publish(store, model=verdicts.OTHER_MODEL)
        store.pass_time(timedelta(days=1))
    honest = store.get
    store.get = lambda key: reads.append(key) or honest(key)  # type: ignore[assignment]
    _publish(store)
    assert not any("0000000" + str(n) in key for key in reads for n in (1, 2, 3))


def test_suites_and_environments_have_chains_of_their_own(store: MemoryStore) -> None:
    """What is published for one says nothing for another."""
    _publish(store)
    _publish(store, verdicts.verdict(PASS, suite="flights"))
    publish(
        store, "prod", verdicts.verdict(PASS), verdicts.subject(), {},
        valid_for=WEEK, provenance=verdicts.provenance(),
    )  # fmt: skip
    assert sorted({key.rsplit("/", 1)[0] for key in store.keys("verdicts/")}) == [
        "verdicts/dev/credit",
        "verdicts/dev/flights",
        "verdicts/prod/credit",
    ]


def test_of_many_publishers_each_gets_a_number(store: MemoryStore) -> None:
    """16 at once take 16 numbers in one unbroken chain, with the pointer at its end."""
    models = [f"{n:064x}" for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda model: _publish(store, model=model), models))
    assert sorted(r.sequence for r in receipts) == list(range(1, 17))
    chain = chains.verdicts(store, "dev", "credit")
    tip = chain.tip()
    assert tip and len(list(chain.back_from(tip))) == 16
    assert records.decode(store.get(HEAD).data, Head).sequence == 16


def test_of_many_publishers_of_one_result_one_publishes(store: MemoryStore) -> None:
    """16 at once with the same answer are one verdict."""
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda _: _publish(store), range(16)))
    assert sum(r.created for r in receipts) == 1
    assert {r.sequence for r in receipts} == {1}


def test_losing_every_race_is_told(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publisher does not try for ever."""

    def lose(*_: object) -> None:
        raise PreconditionFailed("lost")

    monkeypatch.setattr(Chain, "append", lose)
    with pytest.raises(StoreError, match="went in first"):
        _publish(store)


def test_an_unknown_commit_is_settled_by_publishing_again(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it arrived or not, there is one verdict in the end, and the evidence is kept."""
    honest = Chain.append

    def silent(self: Chain, sequence: int, data: bytes) -> None:
        honest(self, sequence, data)
        raise CommitUnknown("no answer")

    monkeypatch.setattr(Chain, "append", silent)
    with pytest.raises(CommitUnknown):
        _publish(store)
    monkeypatch.undo()
    receipt = _publish(store)
    assert (receipt.sequence, receipt.created, receipt.pointed) == (1, False, True)


def test_a_pointer_that_cannot_be_moved_does_not_unpublish(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict stands, and the receipt says that the pointer lags."""
    monkeypatch.setattr(store, "put_if", _failing)
    assert _publish(store).pointed
    receipt = _publish(store, verdicts.verdict(FAIL))
    assert receipt.created and not receipt.pointed
    tip = chains.verdicts(store, "dev", "credit").tip()
    assert tip and tip.digest == receipt.digest


def _failing(*_: object) -> str:
    raise StoreError("not today")


def test_a_pointer_never_moves_back(store: MemoryStore) -> None:
    """A slow publisher does not undo a fast one."""
    _publish(store)
    chain = chains.verdicts(store, "dev", "credit")
    first = chain.tip()
    _publish(store, verdicts.verdict(FAIL))
    assert first and chain.point_to(first)
    assert records.decode(store.get(HEAD).data, Head).sequence == 2


def test_a_pointer_that_others_keep_moving_is_left_to_them(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded attempts, and no failure of the publication."""

    def lose(*_: object) -> str:
        raise PreconditionFailed("lost")

    _publish(store)
    monkeypatch.setattr(store, "put_if", lose)
    assert not _publish(store, verdicts.verdict(FAIL)).pointed


def test_evidence_that_is_there_already_is_not_written_twice(
    store: MemoryStore, tmp_path: Path
) -> None:
    """The same bytes under two names are one object."""
    for name in ("a", "b"):
        (tmp_path / name).write_text("same")
    receipt = _publish(store, evidence={name: tmp_path / name for name in ("a", "b")})
    assert [kept.name for kept in receipt.evidence] == ["a", "b"]
    assert len(list(store.keys("evidence/"))) == 1


def test_damaged_evidence_is_not_built_on(store: MemoryStore, tmp_path: Path) -> None:
    """An object that does not have its digest is told, and nothing is published."""
    (tmp_path / "a").write_text("true")
    _publish(store, evidence={"a": tmp_path / "a"})
    (key,) = store.keys("evidence/")
    store.put_if(key, b"false", store.get(key).tag)
    with pytest.raises(StoreError, match="damaged"):
        _publish(store, verdicts.verdict(FAIL), evidence={"a": tmp_path / "a"})
    assert len(list(store.keys("verdicts/"))) == 2


def test_a_verdict_that_contradicts_itself_is_not_published(store: MemoryStore) -> None:
    """What no gate would believe does not go out."""
    with pytest.raises(NoVerdict):
        _publish(store, verdicts.verdict(FAIL, outcome=PASS))
    assert not store.objects


@pytest.mark.parametrize("valid_for", [timedelta(0), timedelta(days=-1)])
def test_a_verdict_is_valid_for_a_while(store: MemoryStore, valid_for: timedelta) -> None:
    """One that has expired when it is published is a mistake."""
    with pytest.raises(UsageError, match="valid"):
        _publish(store, valid_for=valid_for)


def test_nothing_is_built_on_a_broken_chain(store: MemoryStore) -> None:
    """Whoever replaced a link is not helped to a fresh one."""
    _publish(store)
    _publish(store, verdicts.verdict(FAIL))
    store.objects["verdicts/dev/credit/00000002.json"] = store.get(
        "verdicts/dev/credit/00000001.json"
    )
    with pytest.raises(NoVerdict, match="broken"):
        _publish(store)


def test_the_time_may_be_given(store: MemoryStore) -> None:
    """For the records of another day; it is written in UTC."""
    receipt = _publish(store, now=datetime(2026, 5, 1, tzinfo=UTC))
    assert receipt.published_at == "2026-05-01T00:00:00Z"


def test_inputs_make_another_question(store: MemoryStore) -> None:
    """New data with the same findings are a new verdict on the same day."""
    _publish(store)
    data = (Source("current", "data/current.parquet", "11" * 32, 10),)
    assert _publish(store, verdicts.verdict(PASS, inputs=data)).created


def test_a_search_is_bounded(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many verdicts a day has, the search for one that stands ends."""
    monkeypatch.setattr(chains, "LONGEST_WALK", 3)
    for number in range(5):
        _publish(store, model=f"{number:064x}")
    assert _publish(store, model=f"{0:064x}").sequence == 6


def test_evidence_that_comes_and_goes_is_given_up(store: MemoryStore, tmp_path: Path) -> None:
    """Said to be there and found missing, again and again: nothing is published on it."""
    (tmp_path / "a").write_text("a")
    honest = store.put_new

    def denying(key: str, data: bytes) -> str:
        if key.startswith("evidence/"):
            raise PreconditionFailed("somebody was first")
        return honest(key, data)

    store.put_new = denying  # type: ignore[method-assign]
    with pytest.raises(StoreError, match="comes and goes"):
        _publish(store, evidence={"a": tmp_path / "a"})
    assert not list(store.keys("verdicts/"))
