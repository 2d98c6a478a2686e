"""What the gate says beside its code: each reason in full, and what was not heeded."""

import math
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from titleholder import tree
from titleholder.errors import (
    Exit,
    NoVerdict,
    StoreMissing,
    StoreUnreachable,
    TitleholderError,
)
from titleholder.store import Stored
from titleholder.trust import gate
from titleholder.trust.chain import digest_of
from titleholder.trust.publication import publish
from titleholder.trust.statement import Subject, instant, subject_of, subjects_of
from titleholder.trust.waivers import WaiverPredicate, grant
from titleholder.types import Outcome

MODEL = f"sha256:{verdicts.MODEL}"
WEEK = timedelta(days=7)


def _published(*subjects: tuple[Subject, ...], outcome: Outcome = Outcome.PASS) -> MemoryStore:
    store = MemoryStore()
    for subject in subjects or ((verdicts.subject(),),):
        publish(
            store, "dev", verdicts.verdict(outcome, Outcome.PASS), subject, {}, valid_for=WEEK,
            provenance=verdicts.provenance(), signer=keys.key(),
        )  # fmt: skip
    return store


def _asked(store: MemoryStore, model: Path | str = MODEL, deadline: float = 60) -> gate.Answer:
    trust, approvers = keys.trust(keys.key()), keys.trust(keys.key(2))
    return gate.ask(store, "dev", "credit", model, deadline, trust, approvers)


@pytest.mark.parametrize("deadline", [0.0, -1.0, math.nan, math.inf, 3600.0001])
def test_a_deadline_that_is_none_is_a_usage_error(deadline: float) -> None:
    """Nothing is asked."""
    answer = _asked(_published(), deadline=deadline)
    assert answer.exit is Exit.USAGE
    assert answer.reason == f"a deadline of {deadline:g} s is none"


def test_the_longest_deadline_is_one() -> None:
    """An hour."""
    assert _asked(_published(), deadline=gate.LONGEST_DEADLINE_S).exit is Exit.ALLOW


def test_a_verdict_that_expired_says_when_and_what_to_do() -> None:
    """At the very second."""
    store = _published()
    store.pass_time(WEEK - timedelta(seconds=1))
    assert _asked(store).exit is Exit.ALLOW
    store.pass_time(timedelta(seconds=1))
    answer = _asked(store)
    assert (answer.exit, answer.cure) == (Exit.NO_VERDICT, "run it again")
    assert answer.reason == "the verdict expired at 2026-03-09T12:00:00Z"


def test_an_older_verdict_that_is_missing_is_no_history_to_trust() -> None:
    """Though the newest is about this very model, and nobody would have read the older one."""
    store = _published((verdicts.subject(verdicts.OTHER_MODEL),), (verdicts.subject(),))
    assert _asked(store).exit is Exit.ALLOW
    del store.objects["verdicts/dev/credit/00000001.json"]
    answer = _asked(store)
    assert answer.exit is Exit.NO_VERDICT
    assert answer.reason == "the chain is broken: verdicts/dev/credit/00000001.json is missing"


@pytest.mark.parametrize(("walk", "among"), [(200, "all 2"), (2, "the newest 2")])
def test_a_model_that_nobody_judged_is_told_how_far_was_looked(
    walk: int, among: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of which model the newest verdict is."""
    monkeypatch.setattr("titleholder.trust.gate.LONGEST_WALK", walk)
    monkeypatch.setattr("titleholder.trust.chain.LONGEST_WALK", walk)
    store = _published(*((subject_of(f"m{n}", f"{n:064x}"),) for n in (1, 2)))
    answer = _asked(store)
    assert answer.exit is Exit.NO_VERDICT
    assert f"(looked at {among}; the newest is about m2, sha256:{2:064x})" in answer.reason
    assert answer.cure == "deploy the file that was judged, or have this one judged"


def test_a_file_with_a_directory_s_digest_is_not_that_directory(tmp_path: Path) -> None:
    """Its listing, saved under a name; nor is a directory the file that holds its listing."""
    directory, listing = tmp_path / "model", tmp_path / "listing"
    directory.mkdir()
    (directory / "weights").write_bytes(b"w")
    found = tree.of(directory)
    (part,) = found.parts
    listing.write_bytes(f"{part.sha256}  {part.name}\n".encode())
    assert tree.sha256(listing) == found.sha256
    judged = _published(subjects_of("model", found))
    assert _asked(judged, directory).exit is Exit.ALLOW
    answer = _asked(judged, listing)
    assert answer.exit is Exit.NO_VERDICT
    assert answer.reason == "the verdict is about a directory, model/, and this is a file"
    other = _published((subject_of("listing", found.sha256),))
    answer = _asked(other, directory)
    assert answer.exit is Exit.NO_VERDICT
    assert answer.reason == "the verdict is about a file, listing, and this is a directory"


def test_waivers_that_do_not_count_are_told_beside_one_that_does() -> None:
    """Never silent: neither what let the model out nor what had nothing to do with it."""
    store = _published(outcome=Outcome.FAIL)
    for rule, signer in (("r0", 2), ("r9", 2), ("r0", 3)):
        said = WaiverPredicate(
            2, "dev", "credit", rule, "overall", 0.1, "known", "someone",
            instant(store.now()), instant(store.now() + WEEK),
        )  # fmt: skip
        grant(store, verdicts.subject(), said, keys.key(signer))
    answer = _asked(store)
    assert answer.exit is Exit.ALLOW
    assert [one.rule for one in answer.waived] == ["r0"]
    assert len(answer.unheeded) == 2
    assert any("no such finding" in one for one in answer.unheeded)
    assert any("not pinned" in one for one in answer.unheeded)
    alone = gate.ask(store, "dev", "credit", MODEL, trust=keys.trust(keys.key()))
    assert (alone.exit, alone.unheeded) == (Exit.REGRESSED, ())


def test_an_answer_says_on_which_verdict_it_rests() -> None:
    """Where it stands, what it says, who signed it, and from when to when it holds."""
    store = _published((verdicts.subject(verdicts.OTHER_MODEL),), (verdicts.subject(),))
    answer = _asked(store)
    key = "verdicts/dev/credit/00000002.json"
    assert answer.verdict == gate.Believed(
        outcome="PASS",
        digest=digest_of(store.get(key).data),
        sequence=2,
        location=store.locate(key),
        published_at="2026-03-02T12:00:00Z",
        expires_at="2026-03-09T12:00:00Z",
        signature=keys.key().key_id,
        champion=None,
    )
    assert (answer.model, answer.reason) == (MODEL, "All 2 blocking findings passed.")


class Broken(MemoryStore):
    """A store that raises what it is told to."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get(self, key: str) -> Stored:
        """Nothing."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreMissing("no bucket", cure="make it"), Exit.NO_VERDICT),
        (StoreUnreachable("no answer", cure="make it"), Exit.UNDECIDED),
        (NoVerdict("broken", cure="make it"), Exit.NO_VERDICT),
        (ZeroDivisionError("broken"), Exit.UNDECIDED),
    ],
)
def test_a_failure_is_an_answer_with_the_model_it_is_about(error: Exception, code: Exit) -> None:
    """Its reason, its cure, and the digest of what was asked about."""
    answer = _asked(Broken(error))
    assert (answer.exit, answer.model, answer.verdict) == (code, MODEL, None)
    if isinstance(error, TitleholderError):
        assert (answer.reason, answer.cure) == (error.message, "make it")
    else:
        assert answer.reason == "ZeroDivisionError: broken"


def test_a_file_that_cannot_be_read_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the file, why, and no digest."""
    answer = _asked(_published(), tmp_path / "missing")
    assert (answer.exit, answer.model) == (Exit.USAGE, None)
    assert answer.reason == f"{tmp_path / 'missing'}: no such file"

    def refused(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(tree, "sha256", refused)
    answer = _asked(_published(), tmp_path / "locked")
    assert (answer.exit, answer.model) == (Exit.USAGE, None)
    assert answer.reason == f"{tmp_path / 'locked'}: Permission denied"
    assert answer.cure == "make the file readable"


def test_what_hangs_is_left_behind_and_holds_no_process_up() -> None:
    """The answer comes at the deadline; the thread that waits does not keep the process alive."""
    released = threading.Event()

    class Hanging(MemoryStore):
        def get(self, key: str) -> Stored:
            released.wait(30)
            return super().get(key)

    answer = _asked(Hanging(), deadline=0.05)
    assert answer.exit is Exit.UNDECIDED
    assert answer.reason.endswith("gave no whole answer within 0.05 s")
    assert answer.cure == "check the endpoint and the network"
    (left,) = (one for one in threading.enumerate() if one.name == "titleholder-gate")
    assert left.daemon
    released.set()
    left.join(30)


def test_a_store_without_a_verdict_says_how_to_get_one() -> None:
    """For this suite and environment."""
    answer = _asked(MemoryStore())
    assert answer.exit is Exit.NO_VERDICT
    assert answer.reason.endswith("holds no verdict for credit in dev")
    assert answer.cure == "publish one first: titleholder run"


@pytest.mark.parametrize(
    "odd", ["", "sha256:", "ab" * 31, "AB" * 32, "gg" * 32, "md5:" + "ab" * 32]
)
def test_what_is_no_digest_is_told_how_one_is_written(odd: str) -> None:
    """A digest may stand alone or after sha256:, and has 64 lower-case hex digits."""
    answer = _asked(_published(), odd)
    assert answer.exit is Exit.USAGE
    assert (answer.reason, answer.cure) == (
        f"{odd} is no digest", "sha256: and 64 lower-case hex digits",
    )  # fmt: skip
    assert _asked(_published(), verdicts.MODEL).exit is Exit.ALLOW
