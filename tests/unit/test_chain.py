"""Chains of statements: what is read of them, how far, and what each broken one is called."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from msgspec import structs

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from tests.support.scenarios import Journal, publishing
from titleholder import records
from titleholder.errors import NoVerdict, PreconditionFailed
from titleholder.store import Stored
from titleholder.trust import dsse
from titleholder.trust.chain import Chain, Head, Link
from titleholder.trust.chain import verdicts as verdicts_of
from titleholder.trust.pins import seal
from titleholder.trust.statement import Statement
from titleholder.types import Outcome

BASE = "verdicts/dev/credit"
HEAD = f"{BASE}/head.json"


def _key(number: int) -> str:
    return f"{BASE}/{number:08d}.json"


def _published(count: int) -> MemoryStore:
    store = Journal()
    for number in range(count):
        publishing(store, Outcome.PASS, model=f"{number:064x}")
    return store


def _chain(store: MemoryStore) -> Chain[Statement]:
    return verdicts_of(store, "dev", "credit", keys.trust(keys.key()))


def _tip(store: MemoryStore) -> Link[Statement]:
    tip = _chain(store).newest()
    assert tip is not None
    return tip


def test_nothing_published_is_no_chain() -> None:
    """And no rollback of one."""
    assert _chain(MemoryStore()).newest() is None


@pytest.mark.parametrize("count", [1, 2])
def test_a_chain_that_was_taken_away_whole_is_no_empty_one(count: int) -> None:
    """The store remembers its first link: the pointer and all links are gone."""
    store = _published(count)
    for key in [HEAD, *map(_key, range(1, count + 1))]:
        del store.objects[key]
    with pytest.raises(NoVerdict, match=r"rolled back: .*/00000001\.json was there") as refused:
        _chain(store).newest()
    assert "find out who removed it" in refused.value.cure


def test_a_link_that_was_taken_from_the_end_is_missed() -> None:
    """With a pointer that was put back, so that all else agrees."""
    store = _published(2)
    first = _chain(store).link(1, store.get(_key(1)).data)
    del store.objects[_key(2)]
    store.objects[HEAD] = Stored(records.encode(Head(1, first.digest)), "tag")
    with pytest.raises(NoVerdict, match=r"rolled back: .*/00000002\.json was there"):
        _chain(store).newest()


def test_a_link_that_was_taken_from_the_middle_is_named() -> None:
    """By its own number."""
    store = _published(3)
    tip = _tip(store)
    del store.objects[_key(2)]
    with pytest.raises(NoVerdict, match=rf"broken: {_key(2)} is missing\n") as refused:
        list(_chain(store).back_from(tip))
    assert "find out who changed the store" in refused.value.cure


@pytest.mark.parametrize("gone", [1, 2])
def test_a_number_that_is_missing_is_found_without_reading_every_link(gone: int) -> None:
    """By the names alone; a whole chain has none, however many other objects lie there."""
    store = _published(3)
    tip = _tip(store)
    store.put_new(f"{BASE}/00000000.json", b"junk")
    _chain(store).require_no_gap(tip)
    del store.objects[_key(gone)]
    with pytest.raises(NoVerdict, match=rf"broken: {_key(gone)} is missing\n"):
        _chain(store).require_no_gap(tip)


def test_a_long_chain_is_looked_through_as_far_as_two_listings_show() -> None:
    """A thousand numbers at least: what is missing further back is not seen."""
    store = _published(1)
    tip = _tip(store)
    long = verdicts_of(store, "dev", "credit").link(1, tip.data)
    for number in range(2, 2501):
        store.objects[_key(number)] = Stored(b"", "tag")
    newest, listed, honest = _numbered(2500, long), [], store.keys

    def keys_(prefix: str) -> Iterator[str]:
        listed.append(prefix)
        return honest(prefix)

    store.keys = keys_  # type: ignore[method-assign]
    _chain(store).require_no_gap(newest)
    assert listed == [f"{BASE}/00001", f"{BASE}/00002"]
    del store.objects[_key(999)]
    _chain(store).require_no_gap(newest)
    for number in (1000, 1999, 2499):
        held = store.objects.pop(_key(number))
        with pytest.raises(NoVerdict, match=rf"{_key(number)} is missing"):
            _chain(store).require_no_gap(newest)
        store.objects[_key(number)] = held


def _numbered(sequence: int, like: Link[Statement]) -> Link[Statement]:
    """A link of another number."""
    said = structs.replace(like.statement.predicate, sequence=sequence)
    return replace(like, statement=structs.replace(like.statement, predicate=said))


def _signed(*keys_: int | None) -> MemoryStore:
    """Verdicts signed by these keys in turn, or by nobody."""
    store = MemoryStore()
    for number, key in enumerate(keys_):
        signer = None if key is None else keys.key(key)
        publishing(store, Outcome.PASS, model=f"{number:064x}", signer=signer)
    return store


@pytest.mark.parametrize("early", [None, 9])
def test_what_lies_before_the_first_signed_link_is_told_as_what_it_is(
    early: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not believed; a foreign key's is no better than nobody's. However far back it lies."""
    monkeypatch.setattr("titleholder.trust.chain.LONGEST_WALK", 1)
    chain = _chain(_signed(early, early, 1, 1))
    tip = chain.newest()
    assert tip is not None
    signed, before = chain.signed_from(tip, 10)
    assert [(one.sequence, one.signature) for one in signed] == [
        (4, keys.key().key_id), (3, keys.key().key_id),
    ]  # fmt: skip
    told = "unsigned" if early is None else "unverified"
    assert [(one.sequence, one.signature) for one in before] == [(2, told), (1, told)]
    assert [len(part) for part in chain.signed_from(tip, 3)] == [2, 1]
    assert [len(part) for part in chain.signed_from(tip, 1)] == [1, 0]


@pytest.mark.parametrize("most", [5, 2])
def test_an_unsigned_link_in_the_midst_ends_a_chain_s_credit(most: int) -> None:
    """However few of the newest are asked for."""
    chain = _chain(_signed(1, None, 1))
    tip = chain.newest()
    assert tip is not None
    with pytest.raises(NoVerdict, match=f"{_key(2)} is unsigned"):
        chain.signed_from(tip, most)


def test_a_forged_signature_before_the_first_signed_link_is_no_early_one() -> None:
    """It names a pinned key and was not made by it."""
    store = _signed(None)
    first = _unsigned(store).link(1, store.get(_key(1)).data)
    forged = dsse.enclose(first.data, keys.key().key_id, b"0" * 64)
    store.objects[_key(1)] = Stored(forged, "tag")
    with pytest.raises(NoVerdict):
        _chain(store).signed_from(replace(first, data=forged), 5)


def _unsigned(store: MemoryStore) -> Chain[Statement]:
    return verdicts_of(store, "dev", "credit")


@pytest.mark.parametrize(("most", "numbers"), [(None, [3, 2, 1]), (2, [3, 2]), (0, [])])
def test_a_walk_goes_back_as_far_as_it_is_told(most: int | None, numbers: list[int]) -> None:
    """From the newest, each link once."""
    store = _published(3)
    found = _chain(store).back_from(_tip(store), most)
    assert [link.sequence for link in found] == numbers


def test_a_number_that_was_used_twice_is_told_with_a_cure() -> None:
    """The store remembers that something else lay there."""
    store = _published(1)
    tip = _tip(store)
    _chain(store).require_first(tip)
    store.put_if(tip.key, tip.data + b" ", store.get(tip.key).tag)
    with pytest.raises(NoVerdict, match="was replaced") as refused:
        _chain(store).require_first(tip)
    assert "find out who replaced it" in refused.value.cure


def test_a_pointer_moves_forward_alone() -> None:
    """Where it points already nothing is written, nor where it points beyond."""
    store = _published(2)
    chain = _chain(store)
    first, second = (chain.link(n, store.get(_key(n)).data) for n in (1, 2))
    for link in (second, first):
        before = store.get(HEAD).tag
        assert chain.point_to(link)
        assert store.get(HEAD).tag == before
        assert records.decode(store.get(HEAD).data, Head).sequence == 2


def test_a_pointer_that_somebody_else_moves_meanwhile_is_moved_again() -> None:
    """Until it points here or beyond."""
    store = _published(2)
    chain = _chain(store)
    first, second = (chain.link(n, store.get(_key(n)).data) for n in (1, 2))
    store.objects[HEAD] = Stored(records.encode(Head(1, first.digest)), "tag")
    honest, attempts = store.put_if, []

    def late(key: str, data: bytes, tag: str) -> str:
        attempts.append(key)
        if len(attempts) == 1:
            raise PreconditionFailed("somebody was first")
        return honest(key, data, tag)

    store.put_if = late  # type: ignore[method-assign]
    assert chain.point_to(second)
    assert len(attempts) == 2
    assert records.decode(store.get(HEAD).data, Head).sequence == 2


def test_a_chain_that_begins_while_it_is_looked_at_has_begun() -> None:
    """Its first link is no rollback."""

    class Beginning(Journal):
        def revisions(self, key: str) -> int:
            if not self.objects:
                publishing(self, Outcome.PASS)
            return super().revisions(key)

    assert _tip(Beginning()).sequence == 1


def test_what_is_no_statement_is_named_by_its_key() -> None:
    """Though its key signed it."""
    store = _published(0)
    store.put_new(_key(1), seal(b"{}", keys.key()))
    with pytest.raises(NoVerdict, match=rf"^this is not a verdict: {_key(1)}: "):
        _chain(store).newest()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"sequence": 0, "digest": "x"}', b"[" * 9])
def test_a_pointer_that_is_none_is_named(data: bytes) -> None:
    """Whoever may write to the store cannot make it anything else than a broken chain."""
    store = _published(1)
    store.objects[HEAD] = Stored(data, "tag")
    with pytest.raises(NoVerdict, match=rf"^the chain is broken: {HEAD}: ") as refused:
        _chain(store).newest()
    assert refused.value.cure


def test_the_link_that_a_pointer_names_is_the_one_that_lies_there() -> None:
    """Its digest and its number."""
    store = _published(1)
    store.objects[HEAD] = Stored(records.encode(Head(1, f"sha256:{verdicts.MODEL}")), "tag")
    with pytest.raises(NoVerdict, match=rf"{_key(1)} is not the one that its pointer names"):
        _chain(store).newest()
    tip = _chain(_published(1)).tip()
    assert tip is not None
    store.objects[HEAD] = Stored(records.encode(Head(7, tip.digest)), "tag")
    with pytest.raises(NoVerdict, match="its pointer names number 7, which is missing"):
        _chain(store).newest()


@pytest.mark.parametrize(("beyond", "found"), [(2, True), (3, False)])
def test_a_pointer_may_lag_so_far_and_no_further(
    beyond: int, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look less than a walk is long: then it has not come to the end."""
    store = _published(1 + beyond)
    first = _chain(store).link(1, store.get(_key(1)).data)
    store.objects[HEAD] = Stored(records.encode(Head(1, first.digest)), "tag")
    monkeypatch.setattr("titleholder.trust.chain.LONGEST_WALK", 3)
    if found:
        assert _tip(store).sequence == 1 + beyond
    else:
        with pytest.raises(NoVerdict, match="lags by more than 3 statements"):
            _chain(store).newest()
