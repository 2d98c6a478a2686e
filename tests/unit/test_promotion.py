"""The title: given on a trusted PASS, once, to exactly these bytes, and given back with a trail."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from titleholder import records
from titleholder.errors import Exit, NoVerdict, PreconditionFailed, StoreError, UsageError
from titleholder.trust import gate
from titleholder.trust.gate import Answer
from titleholder.trust.pins import Trust
from titleholder.trust.promotion import Book, Crowned, bootstrap, promote, rollback
from titleholder.trust.publication import publish
from titleholder.trust.statement import subject_of
from titleholder.trust.titles import Title, parse_title, present
from titleholder.types import Outcome, Source

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
WEEK = timedelta(days=7)


class House:
    """A store, some model files, and the book of titles of one suite."""

    def __init__(self, directory: Path, signer: Any = None, trust: Trust | None = None) -> None:
        self.directory = directory
        self.store = MemoryStore()
        self.book = Book(self.store, "dev", "credit", trust or Trust(), signer)

    def model(self, name: str) -> Path:
        """The file of a model."""
        path = self.directory / f"{name}.skops"
        path.write_bytes(name.encode())
        return path

    def digest(self, name: str) -> str:
        """Its digest, in hex."""
        return records.sha256_file(self.model(name))

    def judge(self, name: str, against: str, outcome: Outcome = PASS, **said: Any) -> None:
        """Publish a verdict on a model."""
        champion = Source("champion", f"{against}.skops", self.digest(against), 1)
        usual = {"signer": self.book.signer, "provenance": verdicts.provenance()}
        publish(
            self.store, "dev", verdicts.verdict(outcome, inputs=(champion,)),
            subject_of(f"{name}.skops", self.digest(name)), {}, valid_for=WEEK, **{**usual, **said},
        )  # fmt: skip

    def promoted(self, name: str) -> Crowned:
        """Promote a model that has what it takes."""
        found = promote(self.book, self.model(name))
        assert isinstance(found, Crowned), found
        return found

    def asked(self, name: str) -> Answer:
        """What the gate says of it."""
        return gate.ask(self.store, "dev", "credit", self.model(name), trust=self.book.credit)

    @property
    def holder(self) -> str:
        """The digest of the champion."""
        tip = present(self.book.chain)
        assert tip
        return tip.statement.holder


@pytest.fixture(params=["unsigned", "signed"])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> House:
    """With a first champion, ``a``."""
    made = House(tmp_path, keys.key() if request.param == "signed" else None)
    bootstrap(made.book, made.model("a"), "the model that was in production")
    return made


# ------------------------------------------------------------------------- bootstrap


def test_the_first_champion_is_crowned_on_purpose(house: House) -> None:
    """With a reason, on no verdict, and the statement says so."""
    tip = present(house.book.chain)
    assert tip and tip.statement.holder == house.digest("a")
    said = tip.statement.predicate
    assert (said.action, said.sequence, said.verdict, said.replaced) == ("bootstrap", 1, None, None)
    assert said.reason == "the model that was in production"
    signed = house.book.signer is not None
    assert tip.signature == (keys.key().key_id if signed else "unsigned")


def test_there_is_one_bootstrap(house: House) -> None:
    """Whoever wants another champion has to earn it."""
    with pytest.raises(UsageError, match="has a champion"):
        bootstrap(house.book, house.model("b"), "why not")


def test_a_bootstrap_has_a_reason_and_a_file(tmp_path: Path) -> None:
    """Both are needed before anything is written."""
    house = House(tmp_path)
    with pytest.raises(UsageError, match="reason"):
        bootstrap(house.book, house.model("a"), " ")
    with pytest.raises(UsageError, match="no such file"):
        bootstrap(house.book, tmp_path / "absent", "the first")
    assert not house.store.objects


def test_nobody_is_promoted_where_nobody_was_crowned(tmp_path: Path) -> None:
    """A first run is a bootstrap, not a pass."""
    house = House(tmp_path)
    house.judge("b", against="a")
    assert house.asked("b").exit is Exit.ALLOW
    with pytest.raises(NoVerdict, match="nobody holds the title") as caught:
        promote(house.book, house.model("b"))
    assert "--bootstrap" in caught.value.cure
    with pytest.raises(NoVerdict, match="nobody holds the title"):
        rollback(house.book, "worse")


# ------------------------------------------------------------------------- promote


def test_a_trusted_pass_gives_the_title(house: House) -> None:
    """The statement names the verdict, and whose place was taken."""
    house.judge("b", against="a")
    crowned = house.promoted("b")
    assert (crowned.created, crowned.sequence, crowned.action) == (True, 2, "promote")
    assert crowned.model == f"sha256:{house.holder}" == f"sha256:{house.digest('b')}"
    tip = present(house.book.chain)
    assert tip and tip.statement.predicate.replaced == house.digest("a")
    answer = house.asked("b")
    assert answer.verdict and answer.verdict.digest == tip.statement.predicate.verdict


def test_promoting_the_champion_changes_nothing(house: House) -> None:
    """A retry finds it done."""
    house.judge("b", against="a")
    first = house.promoted("b")
    again = house.promoted("b")
    assert (again.created, again.sequence) == (False, first.sequence)


@pytest.mark.parametrize(
    ("outcome", "code"), [(FAIL, Exit.REGRESSED), (INCONCLUSIVE, Exit.INCONCLUSIVE)]
)
def test_anything_but_a_pass_gives_nothing(house: House, outcome: Outcome, code: Exit) -> None:
    """The gate's answer is passed on."""
    house.judge("b", against="a", outcome=outcome)
    answer = promote(house.book, house.model("b"))
    assert isinstance(answer, Answer) and answer.exit is code
    assert house.holder == house.digest("a")


def test_other_bytes_are_another_model(house: House) -> None:
    """The PASS of one file promotes no other."""
    house.judge("b", against="a")
    answer = promote(house.book, house.model("c"))
    assert isinstance(answer, Answer) and answer.exit is Exit.NO_VERDICT


def test_an_expired_pass_gives_nothing(house: House) -> None:
    """What the gate would not let out does not take the title."""
    house.judge("b", against="a")
    house.store.pass_time(WEEK)
    answer = promote(house.book, house.model("b"))
    assert isinstance(answer, Answer) and answer.exit is Exit.NO_VERDICT


def test_of_two_at_once_one_wins_and_the_other_is_told(house: House) -> None:
    """Both had passed against the same champion; only one can be measured against the next."""
    names = [f"m{n}" for n in range(8)]
    for name in names:
        house.judge(name, against="a")

    def attempt(name: str) -> str:
        try:
            found = promote(house.book, house.model(name))
        except PreconditionFailed as error:
            assert "first" in error.message
            return "told"
        return "won" if isinstance(found, Crowned) else found.reason

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(attempt, names))
    assert said.count("won") == 1
    assert all(s in ("won", "told") or "another champion" in s for s in said)
    assert house.holder == house.digest(names[said.index("won")])
    assert len(list(house.store.keys("titles/dev/credit/0"))) == 2


def test_of_many_that_want_the_same_all_get_it_once(house: House) -> None:
    """16 promotions of one model are one title."""
    house.judge("b", against="a")
    house.model("b")
    path = house.directory / "b.skops"
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: promote(house.book, path), range(16)))
    assert all(isinstance(one, Crowned) for one in found)
    assert sum(one.created for one in found if isinstance(one, Crowned)) == 1


@pytest.mark.parametrize("first", ["b", "c"])
def test_a_title_that_is_given_in_the_same_moment_is_given_once(
    first: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the same model: then it has it. To another: then it is told."""
    for name in ("b", "c"):
        house.judge(name, against="a")
    path, sooner, honest = house.model("b"), house.model(first), house.store.put_new

    def late(key: str, data: bytes) -> str:
        if key.startswith("titles/"):
            monkeypatch.setattr(house.store, "put_new", honest)
            promote(house.book, sooner)
        return honest(key, data)

    monkeypatch.setattr(house.store, "put_new", late)
    if first == "b":
        found = promote(house.book, path)
        assert isinstance(found, Crowned) and not found.created
    else:
        with pytest.raises(PreconditionFailed, match="given the title first"):
            promote(house.book, path)
    assert house.holder == house.digest(first)
    assert len(list(house.store.keys("titles/dev/credit/0"))) == 2


def test_a_champion_who_comes_between_asking_and_giving_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate had allowed; by then somebody else was crowned."""
    house.judge("b", against="a")
    house.judge("c", against="a")
    honest = gate.ask

    def slow(*given: Any) -> Answer:
        answer = honest(*given)
        monkeypatch.setattr(gate, "ask", honest)
        house.promoted("c")
        return answer

    monkeypatch.setattr(gate, "ask", slow)
    with pytest.raises(PreconditionFailed, match="first"):
        promote(house.book, house.model("b"))
    assert house.holder == house.digest("c")


def test_a_pointer_that_cannot_be_moved_takes_no_title_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement is what counts."""
    house.judge("b", against="a")

    def failing(*_: object) -> str:
        raise StoreError("not today")

    monkeypatch.setattr(house.store, "put_if", failing)
    assert house.promoted("b").created
    assert house.holder == house.digest("b")


# ------------------------------------------------------------------------- the gate


def test_a_verdict_against_another_champion_does_not_count(house: House) -> None:
    """What was no worse than the old one may be worse than the present one."""
    house.judge("b", against="a")
    house.judge("c", against="a")
    house.promoted("b")
    answer = house.asked("c")
    assert answer.exit is Exit.NO_VERDICT and "against another champion" in answer.reason
    house.store.pass_time(timedelta(days=1))
    house.judge("c", against="b")
    assert house.asked("c").exit is Exit.ALLOW


def test_a_verdict_that_does_not_say_its_champion_does_not_count(house: House) -> None:
    """Nor one that names two."""
    subject = subject_of("b.skops", house.digest("b"))
    for inputs in ((), (Source("champion", "a", house.digest("a"), 1),) * 2):
        whole = verdicts.verdict(PASS, inputs=inputs)
        publish(
            house.store, "dev", whole, subject, {}, valid_for=WEEK, signer=house.book.signer,
            provenance=verdicts.provenance(),
        )  # fmt: skip
        assert "does not say which" in house.asked("b").reason


def test_the_champion_may_go_out_again(house: House) -> None:
    """On the verdict that it was crowned against, for as long as that holds."""
    house.judge("b", against="a")
    house.promoted("b")
    assert house.asked("b").exit is Exit.ALLOW
    house.store.pass_time(WEEK)
    assert house.asked("b").exit is Exit.NO_VERDICT


def test_a_title_that_was_taken_away_closes_the_gate(house: House) -> None:
    """Deleting the newest title does not bring the old champion back."""
    house.judge("b", against="a")
    house.judge("c", against="a")
    house.promoted("b")
    del house.store.objects["titles/dev/credit/00000002.json"]
    del house.store.objects["titles/dev/credit/head.json"]
    answer = house.asked("c")
    assert answer.exit is Exit.NO_VERDICT and "rolled back" in answer.reason
    del house.store.objects["titles/dev/credit/00000001.json"]
    assert house.asked("c").exit is Exit.NO_VERDICT


# ------------------------------------------------------------------------- rollback


def test_a_rollback_returns_to_the_one_before(house: House) -> None:
    """Twice is two steps back and not there and back again; before the first there is none."""
    house.judge("b", against="a")
    house.promoted("b")
    house.judge("c", against="b")
    house.promoted("c")
    first = rollback(house.book, "slow in production")
    assert (first.model, first.action) == (f"sha256:{house.digest('b')}", "rollback")
    tip = present(house.book.chain)
    assert tip and tip.statement.predicate.returns_to == 2
    assert tip.statement.predicate.reason == "slow in production"
    assert rollback(house.book, "that one too").model == f"sha256:{house.digest('a')}"
    with pytest.raises(UsageError, match="no such earlier champion"):
        rollback(house.book, "and that one")


def test_a_rollback_may_name_its_champion(house: House) -> None:
    """One of the trail, and not the present one."""
    house.judge("b", against="a")
    house.promoted("b")
    house.judge("c", against="b")
    house.promoted("c")
    to = house.digest("a")
    assert rollback(house.book, "safest", f"sha256:{to}").model == f"sha256:{to}"
    for name in ("a", "d"):
        with pytest.raises(UsageError, match="no such earlier champion"):
            rollback(house.book, "again", house.digest(name))
    with pytest.raises(UsageError, match="no digest"):
        rollback(house.book, "again", "sha256:x")


def test_who_lost_the_title_by_a_rollback_stays_out(house: House) -> None:
    """A later PASS does not bring it back by itself; returning to it on purpose does."""
    house.judge("b", against="a")
    house.promoted("b")
    rollback(house.book, "it broke")
    house.store.pass_time(timedelta(days=1))
    house.judge("b", against="a")
    answer = house.asked("b")
    assert answer.exit is Exit.NO_VERDICT and "it broke" in answer.reason
    assert isinstance(promote(house.book, house.model("b")), Answer)
    house.judge("c", against="a")
    assert house.promoted("c").created
    to_b = rollback(house.book, "b was not it", f"sha256:{house.digest('b')}")
    assert to_b.model == f"sha256:{house.digest('b')}"


def test_a_rollback_has_a_reason(house: House) -> None:
    """Whoever reads the trail will ask for it."""
    with pytest.raises(UsageError, match="reason"):
        rollback(house.book, "")


# ------------------------------------------------------------------------- whose word


def test_a_pinned_key_wants_a_signing_key(tmp_path: Path) -> None:
    """Nobody writes what he would not believe himself."""
    trust = keys.trust(keys.key())
    for signer, reason in ((None, "unsigned"), (keys.key(2), "not one that is pinned")):
        house = House(tmp_path, signer, trust)
        with pytest.raises(UsageError, match=reason):
            bootstrap(house.book, house.model("a"), "the first")
        assert not house.store.objects
    elsewhere = House(tmp_path, keys.key(), keys.trust(keys.key(), environments=frozenset({"p"})))
    with pytest.raises(UsageError, match="pinned for dev"):
        bootstrap(elsewhere.book, elsewhere.model("a"), "the first")


def test_a_signer_believes_itself_alone_unless_told(tmp_path: Path) -> None:
    """An unsigned PASS does not become a signed title."""
    house = House(tmp_path, keys.key())
    bootstrap(house.book, house.model("a"), "the first")
    house.judge("b", against="a", signer=None)
    answer = promote(house.book, house.model("b"))
    assert isinstance(answer, Answer) and answer.exit is Exit.NO_VERDICT
    assert "unsigned" in answer.reason


def test_a_forged_title_closes_the_gate(tmp_path: Path) -> None:
    """Who may write to the store is not thereby who may crown."""
    house = House(tmp_path, keys.key())
    bootstrap(house.book, house.model("a"), "the first")
    house.judge("b", against="a")
    forger = Book(house.store, "dev", "credit", keys.trust(keys.key(), keys.key(2)), keys.key(2))
    bad = House(tmp_path)
    bad.store = house.store
    bad.book = forger
    bad.judge("c", against="a", signer=keys.key())
    assert isinstance(promote(forger, house.model("c")), Crowned)
    answer = house.asked("b")
    assert answer.exit is Exit.NO_VERDICT and "not pinned" in answer.reason


# ------------------------------------------------------------------------- the statement


def _title(house: House) -> Title:
    tip = present(house.book.chain)
    assert tip
    return tip.statement


@pytest.mark.parametrize(
    "said",
    [
        {"verdict": f"sha256:{'11' * 32}"},
        {"replaced": "11" * 32},
        {"returns_to": 1},
        {"reason": " "},
        {"sequence": 2},
        {"action": "promote"},
        {"action": "rollback"},
        {"action": "usurp"},
    ],
)
def test_a_title_says_what_it_rests_on(tmp_path: Path, said: dict[str, object]) -> None:
    """Each kind its own, and nothing else's."""
    house = House(tmp_path)
    bootstrap(house.book, house.model("a"), "the first")
    sound = _title(house)
    assert parse_title(records.encode(sound), source="s") == sound
    odd = replace(sound, predicate=replace(sound.predicate, **said))
    with pytest.raises(NoVerdict):
        parse_title(records.encode(odd), source="s")


def test_a_verdict_is_no_title(tmp_path: Path) -> None:
    """Statements of one book are refused in the other."""
    house = House(tmp_path)
    house.judge("b", against="a")
    data = house.store.get("verdicts/dev/credit/00000001.json").data
    with pytest.raises(NoVerdict, match="not a title"):
        parse_title(data, source="s")


# ------------------------------------------------------------------------- what is missing


def test_an_older_title_that_is_missing_is_no_history_to_trust(house: House) -> None:
    """Though the newest alone says who the champion is."""
    house.judge("b", "a")
    house.promoted("b")
    house.judge("c", "b")
    assert house.asked("c").exit is Exit.ALLOW
    key = "titles/dev/credit/00000001.json"
    del house.store.objects[key]
    answer = house.asked("c")
    assert (answer.exit, answer.reason) == (
        Exit.NO_VERDICT, f"the chain is broken: {key} is missing",
    )  # fmt: skip
