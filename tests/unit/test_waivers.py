"""Waivers: one rule, one slice, one model, so far, so long, by name; never silent, never a flag."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import NOON, MemoryStore
from tests.support import keys, verdicts
from titleholder import decimals, records
from titleholder import verdict as v
from titleholder.errors import Exit
from titleholder.trust import gate
from titleholder.trust.gate import Answer
from titleholder.trust.pins import Trust, seal
from titleholder.trust.promotion import Book, bootstrap, promote
from titleholder.trust.publication import publish
from titleholder.trust.statement import instant, subject_of
from titleholder.trust.waivers import MOST, WaiverPredicate, grant, noticed, waived
from titleholder.types import Check, Estimate, Finding, Kind, Outcome, Rule, Severity, Source

PASS, FAIL, INCONCLUSIVE, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR
JUDGE, APPROVER = keys.key(1), keys.key(9)
WEEK, DAY = timedelta(days=7), timedelta(days=1)


def _said(**said: Any) -> WaiverPredicate:
    whole = WaiverPredicate(
        schema_version=2,
        environment="dev",
        suite="credit",
        rule="r1",
        slice="overall",
        ceiling=0.08,
        reason="the old data had duplicates",
        approver="A. Approver",
        issued_at=instant(NOON),
        expires_at=instant(NOON + DAY),
    )
    return replace(whole, **said)


class Desk:
    """A store with a signed verdict on r0 (which passed) and r1, and the gate before it."""

    def __init__(self, outcome: Outcome = FAIL, **said: Any) -> None:
        self.store = MemoryStore()
        whole = verdicts.verdict(PASS, outcome)
        whole = replace(whole, **said)
        publish(
            self.store, "dev", whole, verdicts.subject(), {}, valid_for=WEEK, signer=JUDGE,
            provenance=verdicts.provenance(),
        )  # fmt: skip

    def grant(self, signer: Any = APPROVER, model: str = verdicts.MODEL, **said: Any) -> str:
        """Keep a waiver."""
        return grant(self.store, subject_of("candidate.skops", model), _said(**said), signer)

    def ask(self, approvers: Trust | None = None, trust: Trust | None = None) -> Answer:
        """What the gate says."""
        return gate._guarded(
            self.store, "dev", "credit", f"sha256:{verdicts.MODEL}",
            keys.trust(JUDGE) if trust is None else trust,
            keys.trust(APPROVER) if approvers is None else approvers,
        )  # fmt: skip


@pytest.mark.parametrize("outcome", [FAIL, INCONCLUSIVE])
def test_a_waiver_lets_the_model_out_and_says_so(outcome: Outcome) -> None:
    """ALLOW, with rule, slice, how far beyond, until when, by whom and why; the verdict stays."""
    desk = Desk(outcome)
    before = desk.ask()
    assert before.exit is v.EXIT_OF[outcome]
    desk.grant()
    answer = desk.ask()
    assert answer.exit is Exit.ALLOW and answer.verdict
    assert answer.verdict.outcome == str(outcome)
    short = {FAIL: 0.07, INCONCLUSIVE: 0.04}[outcome]
    assert answer.reason == (
        f"{before.reason} WAIVED r1 (overall), {outcome}: {short:.4g} beyond its bound, at most "
        "0.08, until 2026-03-03T12:00:00Z, by A. Approver: the old data had duplicates."
    )
    (one,) = answer.waived
    assert (one.rule, one.slice, one.signature) == ("r1", "overall", APPROVER.key_id)
    assert one.shortfall == pytest.approx(short)


def test_without_a_pinned_approver_there_are_no_waivers() -> None:
    """Nor where the verdict itself is not held against a key."""
    desk = Desk()
    desk.grant()
    assert desk.ask(approvers=Trust()).exit is Exit.REGRESSED
    assert desk.ask(trust=Trust()).exit is Exit.REGRESSED


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"signer": keys.key(2)}, "not pinned"),
        ({"signer": JUDGE}, "not pinned"),
        ({"rule": "r9"}, "no such finding"),
        ({"slice": "sex=f"}, "no such finding"),
        ({"rule": "r0"}, "is PASS, not to waive"),
        ({"ceiling": 0.0699}, "beyond its bound"),
        ({"expires_at": instant(NOON)}, "expired"),
        ({"issued_at": instant(NOON + timedelta(minutes=5, seconds=1))}, "from the future"),
        ({"issued_at": "2026-02-30T00:00:00Z"}, "no moment"),
    ],
)
def test_a_waiver_that_is_not_for_this_does_not_count(said: dict[str, Any], reason: str) -> None:
    """Another key, rule or slice, too far, too late, too early: the answer stays, and says so."""
    desk = Desk()
    desk.grant(**said)
    answer = desk.ask()
    assert answer.exit is Exit.REGRESSED and not answer.waived
    (told,) = answer.unheeded
    assert reason in told


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"environment": "prod"}, "for credit in prod"),
        ({"suite": "flights"}, "for flights in dev"),
        ({"model": verdicts.OTHER_MODEL}, "another model"),
    ],
)
def test_a_waiver_that_was_moved_does_not_count(said: dict[str, Any], reason: str) -> None:
    """It says itself what it is for; where it lies does not matter."""
    desk = Desk()
    desk.grant(**said)
    (moved,) = desk.store.keys("waivers/")
    assert desk.ask().unheeded == ()
    desk.store.put_new(
        f"waivers/dev/credit/{verdicts.MODEL}/moved.json", desk.store.get(moved).data
    )
    answer = desk.ask()
    assert answer.exit is Exit.REGRESSED and reason in answer.unheeded[0]


def test_a_waiver_without_approvers_is_not_even_read() -> None:
    """Whoever asks with no key at all is told so, and is not given the benefit of the doubt."""
    desk = Desk()
    desk.grant()
    whole = verdicts.verdict(PASS, FAIL)
    found = waived(desk.store, Trust(), "dev", verdicts.MODEL, whole, NOON, timedelta(0))
    assert found[0] == () and "no approver's key is pinned" in found[1][0]


def test_an_approver_counts_in_his_environments_alone() -> None:
    """As a key that signs verdicts does."""
    desk = Desk()
    desk.grant()
    elsewhere = keys.trust(APPROVER, environments=frozenset({"prod"}))
    answer = desk.ask(approvers=elsewhere)
    assert answer.exit is Exit.REGRESSED and "may not sign for dev" in answer.unheeded[0]


def test_an_unsigned_or_odd_object_is_no_waiver() -> None:
    """Whatever lies there."""
    desk = Desk()
    base = f"waivers/dev/credit/{verdicts.MODEL}"
    desk.grant()
    (key,) = desk.store.keys("waivers/")
    del desk.store.objects[key]
    desk.store.put_new(f"{base}/a.json", decimals.encode(_said()))
    verdict = desk.store.get("verdicts/dev/credit/00000001.json").data
    desk.store.put_new(f"{base}/b.json", verdict)
    desk.store.put_new(f"{base}/c.json", seal(b"{}", APPROVER))
    answer = desk.ask()
    assert answer.exit is Exit.REGRESSED and len(answer.unheeded) == 3


def test_a_crowd_of_waivers_is_none() -> None:
    """A gate has better things to do than to read them all."""
    desk = Desk()
    desk.grant()
    for number in range(MOST):
        desk.store.put_new(f"waivers/dev/credit/{verdicts.MODEL}/{number}.json", b"")
    answer = desk.ask()
    assert answer.exit is Exit.REGRESSED and "none of them counts" in answer.unheeded[0]


def test_an_error_is_never_waived() -> None:
    """What could not be judged is not known to be small."""
    desk = Desk(ERROR)
    desk.grant(ceiling=1e9)
    answer = desk.ask()
    assert answer.exit is Exit.INCONCLUSIVE and "is ERROR" in answer.unheeded[0]
    errors = [verdicts.finding(verdicts.rule(), ERROR), verdicts.finding(verdicts.rule(), PASS)]
    assert v.derive(errors, [], {("auc", "overall")}) is INCONCLUSIVE


def test_a_check_is_never_waived() -> None:
    """Data that were refused say nothing that could be permitted."""
    failed = Check("data", "data", Severity.BLOCK, FAIL, "bad")
    desk = Desk(INCONCLUSIVE, checks=(failed,))
    desk.grant()
    assert desk.ask().exit is Exit.INCONCLUSIVE


def test_a_waiver_covers_one_finding() -> None:
    """Another rule that failed still stands against the model."""
    desk = Desk()
    whole = verdicts.verdict(PASS, FAIL, FAIL)
    publish(
        desk.store, "dev", whole, verdicts.subject(), {}, valid_for=WEEK, signer=JUDGE,
        provenance=verdicts.provenance(params=f"sha256:{'ab' * 32}"),
    )  # fmt: skip
    desk.grant()
    answer = desk.ask()
    assert answer.exit is Exit.REGRESSED and not answer.waived
    desk.grant(rule="r2")
    answer = desk.ask()
    assert answer.exit is Exit.ALLOW and [one.rule for one in answer.waived] == ["r1", "r2"]


def test_waivers_alone_are_no_pass() -> None:
    """Some rule has to have passed."""
    broken = verdicts.finding(verdicts.rule(), FAIL)
    assert v.derive([broken], [], {("auc", "overall")}) is INCONCLUSIVE
    sound = verdicts.finding(verdicts.rule(id="other"), PASS)
    assert v.derive([broken, sound], [], {("auc", "overall")}) is PASS
    assert v.derive([broken, sound], [], {("auc", "sex=f")}) is FAIL


@pytest.mark.parametrize(
    ("rule", "said", "short"),
    [
        (verdicts.rule(), {"improvement": Estimate(-0.06, -0.08, -0.04)}, 0.07),
        (
            verdicts.rule(kind=Kind.SUPERIOR, margin=0.02),
            {"improvement": Estimate(0.0, -0.01, 0.01)},
            0.03,
        ),
        (
            verdicts.rule(kind=Kind.CEILING, margin=None, value=0.2),
            {"candidate": Estimate(0.3, 0.25, 0.35)},
            0.15,
        ),
        (
            verdicts.rule(kind=Kind.FLOOR, margin=None, value=0.9),
            {"candidate": Estimate(0.8, 0.75, 0.85)},
            0.15,
        ),
    ],
)
def test_the_shortfall_is_in_the_rule_s_unit(
    rule: Rule, said: dict[str, Estimate], short: float
) -> None:
    """From the bound to the unfavourable end of the interval, whichever side that is."""
    assert v.shortfall(rule, verdicts.finding(rule, FAIL, **said)) == pytest.approx(short)


def _odd(outcome: Outcome, improvement: Estimate) -> Finding:
    return verdicts.finding(verdicts.rule(), outcome, improvement=improvement)


def test_what_has_no_interval_has_no_shortfall() -> None:
    """So no ceiling is high enough."""
    for finding in (
        _odd(INCONCLUSIVE, Estimate()),
        _odd(ERROR, Estimate()),
        _odd(PASS, Estimate()),
    ):
        assert v.shortfall(verdicts.rule(), finding) is None
    assert v.shortfall(verdicts.rule(margin=None), _odd(FAIL, Estimate(0.0, 0.0, 0.0))) is None


def test_a_model_that_was_let_out_by_a_waiver_is_not_promoted(tmp_path: Path) -> None:
    """Or its loss would be the measure of the next one."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    store = MemoryStore()
    book = Book(store, "dev", "credit", keys.trust(JUDGE), JUDGE)
    bootstrap(book, tmp_path / "a", "the first")
    champion = Source("champion", "a", records.sha256_file(tmp_path / "a"), 1)
    model = records.sha256_file(tmp_path / "b")
    publish(
        store, "dev", verdicts.verdict(PASS, FAIL, inputs=(champion,)), subject_of("b", model), {},
        valid_for=WEEK, signer=JUDGE, provenance=verdicts.provenance(),
    )  # fmt: skip
    grant(store, subject_of("b", model), _said(), APPROVER)
    trusts = keys.trust(JUDGE), keys.trust(APPROVER)
    assert gate._guarded(store, "dev", "credit", f"sha256:{model}", *trusts).exit is Exit.ALLOW
    answer = promote(book, tmp_path / "b")
    assert isinstance(answer, Answer) and answer.exit is Exit.REGRESSED


def test_a_waiver_in_the_store_is_told_with_the_verdict_and_decides_nothing() -> None:
    """WAIVED is said of the finding it would cover; outcome and findings stay what they are."""
    store, judged = MemoryStore(), verdicts.verdict(Outcome.FAIL)
    said = WaiverPredicate(
        2, "dev", "credit", "r0", "overall", 1.0, "the desk accepts it", "Ada",
        instant(store.now()), instant(store.now() + timedelta(days=1)),
    )  # fmt: skip
    grant(store, verdicts.subject(), said, keys.key())
    (told,) = noticed(store, "dev", verdicts.MODEL, judged, store.now(), timedelta(minutes=5))
    assert "WAIVED r0 (overall)" in told.reason and "Ada: the desk accepts it" in told.reason
    whole = v.with_checks(judged, (told,))
    assert v.recompute(whole) is judged.outcome
    assert (whole.reason, whole.findings) == (judged.reason, judged.findings)
    assert not noticed(store, "prod", verdicts.MODEL, judged, store.now(), timedelta(minutes=5))
    assert not noticed(store, "dev", verdicts.OTHER_MODEL, judged, store.now(), timedelta(0))


def test_what_is_no_waiver_or_covers_nothing_is_not_told() -> None:
    """Whatever lies there, of whatever time: a verdict is published all the same."""
    store, judged = MemoryStore(), verdicts.verdict(Outcome.FAIL)
    base = f"waivers/dev/credit/{verdicts.MODEL}"
    store.put_new(f"{base}/a.json", b"junk")
    store.put_new(f"{base}/b.json", seal(b"{}", keys.key()))
    for ceiling, until in ((1.0, -1), (1e-9, 1)):
        said = WaiverPredicate(
            2, "dev", "credit", "r0", "overall", ceiling, "the desk accepts it", "Ada",
            instant(store.now() - timedelta(days=2)), instant(store.now() + timedelta(days=until)),
        )  # fmt: skip
        grant(store, verdicts.subject(), said, keys.key())
    assert len(list(store.keys("waivers/"))) == 4
    assert not noticed(store, "dev", verdicts.MODEL, judged, store.now(), timedelta(minutes=5))


@pytest.mark.parametrize(("ceiling", "exit_code"), [(0.01, Exit.ALLOW), (0.00999, Exit.REGRESSED)])
def test_a_shortfall_that_is_the_ceiling_in_decimals_is_within_it(
    ceiling: float, exit_code: Exit
) -> None:
    """A floor of 0.80 that is missed by 0.01: in binary, 0.80 - 0.79 is more than that."""
    floor = Rule("floor", "roc_auc", Kind.FLOOR, value=0.80)
    low = Estimate(0.791, 0.79, 0.795)
    found = verdicts.finding(floor, Outcome.FAIL, candidate=low, margin=None)
    kept = verdicts.rule(id="kept")
    assert v.shortfall(floor, found) == 0.01
    findings = (found, verdicts.finding(kept, PASS))
    desk = Desk(rules=(floor, kept), findings=findings)
    desk.grant(rule="floor", ceiling=ceiling)
    assert desk.ask().exit is exit_code
