"""Somebody else who publishes honestly in the middle of a question."""

from tests.support import verdicts
from tests.support.scenarios import Journal, asking, publishing
from titleholder.errors import Exit, ObjectNotFound
from titleholder.store import Stored
from titleholder.types import Outcome


class Racing(Journal):
    """A store to which another model's verdict is published just before its history is read."""

    armed = False

    def revisions(self, key: str) -> int:
        """The history, in which the newest verdict is younger than what was read before."""
        if self.armed:
            self.armed = False
            publishing(self, Outcome.PASS, model=verdicts.OTHER_MODEL)
        return super().revisions(key)


def test_a_verdict_that_comes_meanwhile_is_no_rollback() -> None:
    """The model has passed, and nobody took anything away: ALLOW.

    What was published meanwhile is looked for again; to overlook it would let one false 404 hide a
    newer FAIL.
    """
    store = Racing()
    publishing(store, Outcome.PASS)
    store.armed = True
    assert asking(store).exit is Exit.ALLOW


class Hiding(Journal):
    """A store that denies the newest link once, as a stale replica does."""

    hidden: str | None = None

    def get(self, key: str) -> Stored:
        """The object, but for one false denial."""
        if key == self.hidden:
            self.hidden = None
            raise ObjectNotFound(f"{key}: no such key")
        return super().get(key)


def test_one_false_denial_hides_no_newer_verdict() -> None:
    """A PASS that a FAIL superseded is never allowed because the FAIL was not seen at first."""
    store = Hiding()
    publishing(store, Outcome.PASS)
    publishing(store, Outcome.FAIL)
    store.hidden = sorted(store.keys("verdicts/"))[1]
    assert asking(store).exit is not Exit.ALLOW


class Growing(Journal):
    """A store to which a verdict is published before each look at its history."""

    armed = False
    others = 0

    def revisions(self, key: str) -> int:
        """The history, in which there is always a newer verdict than was read before."""
        if self.armed and key.startswith("verdicts/"):
            self.others += 1
            publishing(self, Outcome.PASS, model=f"{self.others:064x}")
        return super().revisions(key)


def test_a_chain_that_outruns_its_readers_allows_nothing() -> None:
    """Asking ends, and says that it may be asked again."""
    store = Growing()
    publishing(store, Outcome.PASS)
    store.armed = True
    answer = asking(store)
    assert answer.exit is Exit.NO_VERDICT
    assert "grows faster" in answer.reason and answer.cure == "ask again"
