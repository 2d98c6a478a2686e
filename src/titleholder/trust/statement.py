"""The statement: what is published of a verdict, in the shape of an in-toto Statement v1.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
Signed, it is the payload of a DSSE envelope; unsigned, it is published bare and says so.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from titleholder import decimals, records
from titleholder.errors import NoVerdict, RecordError
from titleholder.tree import MOST_FILES, Tree, digest_of
from titleholder.types import Record, Verdict

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:titleholder:verdict:v2"
STATEMENT_VERSION: Final = 2

Hex: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Digest: TypeAlias = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Instant: TypeAlias = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Day: TypeAlias = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Sequence1: TypeAlias = Annotated[int, Meta(ge=1, le=99_999_999)]
# What a statement says of its own signature, so that one that lost its envelope shows it.
Signing: TypeAlias = Literal["unsigned", "ed25519"]


class DigestSet(Record, frozen=True):
    """What in-toto calls a digest set, with the one algorithm that counts here."""

    sha256: Hex


class Subject(Record, frozen=True):
    """What was judged: the candidate's file, by the SHA-256 of its bytes, or its directory.

    A directory's name ends in a slash, and its digest is that of its listing (`titleholder.tree`).
    """

    name: str
    digest: DigestSet


class Evidence(Record, frozen=True):
    """A file that stands behind the verdict, kept in the store under its digest."""

    name: str
    sha256: Hex
    bytes: Count


class Code(Record, frozen=True):
    """The commit that was checked out, and whether tracked files differed from it."""

    commit: str | None
    dirty: bool


class Runtime(Record, frozen=True):
    """What computed: versions, the BLAS library, and its threads; ``seed`` is the suite's."""

    titleholder: str
    python: str
    numpy: str
    scipy: str
    blas: str
    threads: Annotated[int, Meta(ge=1)]
    seed: Count


class Provenance(Record, frozen=True):
    """How a verdict was made.

    ``params`` is the digest of the suite's whole section of params.yaml with defaults filled in,
    ``policy`` of the part that judges; ``lock`` that of requirements.lock, if there is one.
    Of these, only ``params`` (which holds the policy and the seed) is part of the question; the
    rest says who answered. ``started_at`` and ``finished_at`` are of the machine's clock: when
    the command (or, in a flow, the task) that published began, and when all evidence was there.
    ``snapshot`` says how much of the inputs was read from a private copy: all, what is of one file
    (data in many files are read where they lie), or nothing; null where nobody said.
    """

    code: Code
    lock: Digest | None
    params: Digest
    policy: Digest
    runtime: Runtime
    started_at: Instant
    finished_at: Instant
    attempt: Annotated[int, Meta(ge=1)]
    snapshot: Literal["whole", "part", "none"] | None = None

    def made_alike(self, other: "Provenance") -> bool:
        """Whether the same code, packages and libraries were at work."""
        mine, others = (self.code, self.lock, self.runtime), (other.code, other.lock, other.runtime)
        return mine == others


class Placed(Record, frozen=True, kw_only=True):
    """What the predicate of every chained statement says of its place.

    ``previous`` is the digest of the statement before this one in the chain of its suite and
    environment.
    """

    environment: Name
    suite: Name
    sequence: Sequence1
    previous: Digest | None
    signature: Signing


class Exposure(Record, frozen=True):
    """Which question this was to the panel's rows: a line of the ledger, by its digest.

    ``number`` counts the questions up to this one; ``spent`` is the error that they may have cost
    together.
    """

    panel: Digest
    number: Sequence1
    line: Digest
    spent: Annotated[float, Meta(ge=0.0)]


class Watched(Record, frozen=True):
    """How far the champion had been watched on fresh rows: a line of the ledger, by its digest.

    ``fresh`` says whether this run's rows were the ones that the line added.
    """

    stream: Digest
    number: Sequence1
    line: Digest
    fresh: bool


class Predicate(Placed, frozen=True, kw_only=True):
    """What is said of the subject: who asked what, when, what follows, and until when it holds.

    ``run_key`` names the question (environment, subject, rules, parameters, inputs, logical
    date), ``result`` the answer (the whole `Verdict`). ``exposure`` and ``watched`` are what the
    ledger had to add; null where nothing was asked of any rows, or where it could not be read.
    """

    schema_version: Literal[2]
    run_key: Digest
    result: Digest
    logical_date: Day
    published_at: Instant
    expires_at: Instant
    provenance: Provenance
    evidence: tuple[Evidence, ...]
    verdict: Verdict
    exposure: Exposure | None = None
    watched: Watched | None = None


class Statement(Record, frozen=True):
    """A published verdict: first of its subjects is the model; the files of a directory follow."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=MOST_FILES + 1)]
    predicate_type: Literal["urn:titleholder:verdict:v2"] = msgspec.field(name="predicateType")
    predicate: Predicate


def subject_of(name: str, sha256: str) -> Subject:
    """The file ``name``, whose bytes have this hex SHA-256."""
    return Subject(name, DigestSet(sha256))


def subjects_of(name: str, model: Tree) -> tuple[Subject, ...]:
    """A model called ``name``: its file, or its directory and then each of its files."""
    if not model.parts:
        return (subject_of(name, model.sha256),)
    files = (subject_of(f"{name}/{part.name}", part.sha256) for part in model.parts)
    return (subject_of(f"{name}/", model.sha256), *files)


def is_directory(subject: Subject) -> bool:
    """Whether a subject is a directory."""
    return subject.name.endswith("/")


def _require_whole(subjects: tuple[Subject, ...], source: str) -> None:
    """NoVerdict unless a directory's digest follows from its files, and a file stands alone."""
    model, *files = subjects
    if not is_directory(model):
        if files:
            raise NoVerdict(f"{source} is about a file and names more than that")
        return
    names = [file.name for file in files]
    if len(set(names)) < len(names) or not all(name.startswith(model.name) for name in names):
        raise NoVerdict(f"{source} is about {model.name} and names files that are not in it")
    listed = ((one.name.removeprefix(model.name), one.digest.sha256) for one in files)
    if digest_of(listed) != model.digest.sha256:
        raise NoVerdict(f"{source}: the digest of {model.name} does not follow from its files")


def statement(subjects: tuple[Subject, ...], predicate: Predicate) -> Statement:
    """The predicate, said of a model and, where it is a directory, of its files."""
    return Statement(STATEMENT_TYPE, subjects, PREDICATE_TYPE, predicate)


def encode(said: Statement) -> bytes:
    """The bytes of a statement, numbers with a fraction as decimal text."""
    return decimals.encode(said)


def parse(data: bytes, *, source: str) -> Statement:
    """A statement from its bytes, strictly; NoVerdict when they are not one.

    One of version 1, whose numbers are written as numbers, is read as what it would be today.
    """
    try:
        written = records.decode(data, dict[str, Any], source=source)
        said = decimals.convert(as_of_today(written, Statement), Statement, source=source)
    except RecordError as error:
        raise NoVerdict(
            f"this is not a verdict: {error.message}",
            cure="if another version of titleholder wrote it, read it with that one",
        ) from error
    if said.predicate.verdict.suite != said.predicate.suite:
        raise NoVerdict(f"{source} was published for another suite: {said.predicate.suite}")
    if said.predicate.result != f"sha256:{records.sha256(written['predicate']['verdict'])}":
        raise NoVerdict(f"{source} does not hold the result that it names")
    _require_whole(said.subject, source)
    return said


def as_of_today(written: dict[str, Any], as_type: type) -> dict[str, Any]:
    """A plain statement of version 1 as one of version 2; any other as it is.

    Both versions are read, and say the same; the second is what is written.
    """
    kind, separator, version = str(written.get("predicateType")).rpartition(":")
    predicate = written.get("predicate")
    if version != "v1" or not isinstance(predicate, dict) or predicate.get("schema_version") != 1:
        return written
    raised = {**predicate, "schema_version": STATEMENT_VERSION}
    now = {**written, "predicateType": f"{kind}{separator}v2", "predicate": raised}
    return dict(decimals.as_text(now, as_type))


def plain(data: bytes) -> dict[str, Any]:
    """A statement as the writer wrote it, without what a later version has added by default."""
    return records.decode(data, dict)


def result_of(verdict: Verdict) -> str:
    """The digest of the whole answer."""
    return f"sha256:{records.sha256(decimals.plain(verdict))}"


def run_key(
    environment: str, subject: Subject, verdict: Verdict, logical_date: str, params: str
) -> str:
    """The digest of the question: this file, these rules, parameters and inputs, on this day."""
    return question_of(
        {
            "subject": [msgspec.to_builtins(subject)],
            "predicate": {
                "environment": environment,
                "logical_date": logical_date,
                "provenance": {"params": params},
                "verdict": decimals.plain(verdict),
            },
        }
    )


def question_of(said: dict[str, Any]) -> str:
    """The run key of a plain statement, from what stands in it."""
    predicate = said["predicate"]
    verdict = predicate["verdict"]
    question = {
        "environment": predicate["environment"],
        "logical_date": predicate["logical_date"],
        "params": predicate["provenance"]["params"],
        "subject": said["subject"][0],
        **{name: verdict[name] for name in ("suite", "task", "level", "rules", "inputs")},
    }
    return f"sha256:{records.sha256(question)}"


def instant(moment: datetime) -> str:
    """A moment as statements write it: UTC, whole seconds, with a Z.

    >>> instant(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The moment that a statement wrote; NoVerdict if the calendar has no such one."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise NoVerdict(f"{text} is no moment of the calendar") from None
