"""The title: which model is the champion of a suite in an environment, and how it came to be.

The book of titles is a chain like that of the verdicts; its newest statement is the champion.
Taking the next number is the compare-and-swap: of two that read the same newest title, one
writes the next and the other finds it taken. Nothing is ever erased, so the chain is the trail.
"""

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from titleholder import records
from titleholder.errors import NoVerdict, RecordError
from titleholder.store import Store
from titleholder.trust.chain import Chain, Link
from titleholder.trust.pins import Trust
from titleholder.trust.statement import Digest, Hex, Instant, Placed, Sequence1, Subject
from titleholder.types import Record, Verdict

TITLE_TYPE: Final = "urn:titleholder:title:v1"
Action: TypeAlias = Literal["bootstrap", "promote", "rollback"]


class TitlePredicate(Placed, frozen=True, kw_only=True):
    """How the subject became champion, and in whose place.

    ``verdict`` is the digest of the published verdict that a promotion rests on; ``returns_to``
    the number of the earlier title that a rollback restores. A bootstrap, the first of a chain,
    rests on neither and says so by its name; it and a rollback have a reason in words.
    """

    schema_version: Literal[1]
    action: Action
    replaced: Hex | None
    verdict: Digest | None
    returns_to: Sequence1 | None
    reason: Annotated[str, Meta(max_length=2000)]
    crowned_at: Instant


class Title(Record, frozen=True):
    """An in-toto statement: the subject holds the title."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]
    predicate_type: Literal["urn:titleholder:title:v1"] = msgspec.field(name="predicateType")
    predicate: TitlePredicate

    @property
    def holder(self) -> str:
        """The champion's hex SHA-256."""
        return self.subject[0].digest.sha256


def parse_title(data: bytes, *, source: str) -> Title:
    """A title from its bytes, strictly; NoVerdict when they are not one."""
    try:
        title = records.decode(data, Title, source=source)
    except RecordError as error:
        raise NoVerdict(f"this is not a title: {error.message}") from error
    said = title.predicate
    wants = {
        "bootstrap": (False, False, False),
        "promote": (True, True, False),
        "rollback": (True, False, True),
    }[said.action]
    if tuple(part is not None for part in (said.replaced, said.verdict, said.returns_to)) != wants:
        raise NoVerdict(f"{source} is a {said.action} that does not say what it rests on")
    if (said.action == "bootstrap") != (said.sequence == 1):
        raise NoVerdict(f"{source}: a chain of titles begins with a bootstrap, and with one only")
    if said.action != "promote" and not said.reason.strip():
        raise NoVerdict(f"{source} is a {said.action} without a reason")
    return title


def titles(store: Store, environment: str, suite: str, trust: Trust) -> Chain[Title]:
    """The book of titles of a suite in an environment."""
    return Chain(store, environment, suite, trust, "titles", parse_title)


def present(chain: Chain[Title]) -> Link[Title] | None:
    """The newest title, None where there never was one; NoVerdict if one was taken away."""
    return chain.newest()


def judged_against(verdict: Verdict) -> str | None:
    """The hex SHA-256 of the champion that the candidate was compared with."""
    found = [source.sha256 for source in verdict.inputs if source.role == "champion"]
    return found[0] if len(found) == 1 else None


def require_present_champion(tip: Link[Title] | None, model: str, verdict: Verdict) -> None:
    """NoVerdict unless the verdict on ``model`` (hex) was against the champion of today.

    The champion itself may go out again on the verdict that it was crowned against. A model that
    lost the title by a rollback stays out for as long as that rollback stands.
    """
    if tip is None:
        return
    said = tip.statement.predicate
    if said.action == "rollback" and said.replaced == model:
        raise NoVerdict(
            f"this model lost the title by a rollback at {said.crowned_at}: {said.reason}",
            cure="promote another one, or return to it on purpose: titleholder rollback --to",
        )
    champion, holder = judged_against(verdict), tip.statement.holder
    if champion == holder:
        return
    if said.action == "promote" and model == holder and champion == said.replaced:
        return
    raise NoVerdict(
        f"the verdict is against another champion ({_short(champion)}) than the present one "
        f"({_short(holder)}, since {said.crowned_at})",
        cure="make the present champion the champion of the suite, and run it again",
    )


def _short(sha256: str | None) -> str:
    return f"sha256:{sha256[:12]}" if sha256 else "it does not say which"
