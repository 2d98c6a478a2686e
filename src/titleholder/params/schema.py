"""The shape of params.yaml, one struct a section. Defaults live here and nowhere else.

Every struct refuses unknown keys. Meaning (does the metric exist, can the task have it) is
checked in `titleholder.params.check`; the shape alone is checked here.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from titleholder.types import IntervalMethod, Record, Rule, Severity, Task, TestMethod

Share: TypeAlias = Annotated[float, Meta(ge=0.0, le=1.0)]
Level: TypeAlias = Annotated[float, Meta(gt=0.5, lt=1.0)]
Positive: TypeAlias = Annotated[float, Meta(gt=0.0)]
NonNegative: TypeAlias = Annotated[float, Meta(ge=0.0)]
Count: TypeAlias = Annotated[int, Meta(ge=1)]
# Of suites and environments, which become parts of paths and keys.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
Name: TypeAlias = Annotated[str, Meta(pattern=f"^{NAME}$")]
# Where credentials of a bucket come from (`titleholder.adapters.aws`).
ENV, PROFILE = "env", "profile:"
CREDENTIALS = rf"{ENV}|role|chain|{PROFILE}[^\s\]]{{1,128}}"


class StoreParams(Record, frozen=True):
    """Where verdicts are published: ``file://directory`` or ``s3://bucket/prefix``.

    ``dashboard`` says whether its pages are kept beside them. ``credentials`` of a bucket come from
    variables (``env``), from ``profile:NAME``, from the machine's or container's ``role``, or from
    boto3's whole ``chain``; from nowhere else.
    """

    url: str = "file://.titleholder/store"
    environment: Name = "dev"
    endpoint: str | None = None
    region: str | None = None
    credentials: Annotated[str, Meta(pattern=f"^({CREDENTIALS})$")] = ENV
    valid_hours: Positive = 168.0
    dashboard: bool = True


class Reference(Record, frozen=True):
    """The data that the current ones are held against: a path, at a git revision or as it lies."""

    path: str
    rev: str | None = None


class Training(Record, frozen=True):
    """What a model was trained on: a table, or a file of its rows' hashes; one of the two.

    ``key`` names columns that name a row for good, in every file that it stands in.
    """

    path: str | None = None
    hashes: str | None = None
    key: tuple[str, ...] = ()


class DataParams(Record, frozen=True):
    """The rows that decide, the rows that they are compared with for shift and decay, and the
    rows that must not be among them, since models were trained on these.
    """

    current: str
    reference: Reference | None = None
    training: tuple[Training, ...] = ()


class LeakageParams(Record, frozen=True):
    """How much of the panel may be copied from training data without it being known.

    Copies that are shown to be there fail whatever ``max_share``; it is for those that chance may
    hide, where rows are coarse and no key tells them apart.
    """

    max_share: Share = 0.01
    severity: Severity = Severity.BLOCK


class Columns(Record, frozen=True):
    """Which column plays which part; ``ignore`` is left out of drift."""

    target: str | None = None
    row_id: str = "row_id"
    cluster: str | None = None
    weight: str | None = None
    ignore: tuple[str, ...] = ()


class Models(Record, frozen=True):
    """Model or prediction files. A model's name is its file name without the suffix.

    ``trust`` lists the digests (``sha256:``...) of pickles that may be opened, and so run, in a
    process that is shut in; none is opened unless its very bytes are listed.
    """

    champion: str
    candidates: Annotated[tuple[str, ...], Meta(min_length=1)]
    trust: tuple[Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")], ...] = ()


class Fit(StrEnum):
    """What becomes of an image that is not of the model's size: an error, or it is scaled."""

    EXACT = "exact"
    RESIZE = "resize"


class Scores(StrEnum):
    """What a model's outputs are; logits are put through a softmax."""

    PROBABILITIES = "probabilities"
    LOGITS = "logits"


class Images(Record, frozen=True):
    """How an image becomes a model's input, and its outputs probabilities.

    Models that take floats get ``(pixel / 255 - mean) / std``, with one value or one a channel.
    """

    column: str = "image"
    mean: Annotated[tuple[float, ...], Meta(min_length=1)] = (0.0,)
    std: Annotated[tuple[Positive, ...], Meta(min_length=1)] = (1.0,)
    fit: Fit = Fit.EXACT
    scores: Scores = Scores.PROBABILITIES


class DriftColumn(Record, frozen=True):
    """A threshold of its own for one column."""

    psi: NonNegative | None = None
    ks: Share | None = None
    missing: Share | None = None


class DriftParams(Record, frozen=True):
    """Effect sizes above which a column counts as shifted, and what that does to the verdict."""

    psi: NonNegative = 0.2
    ks: Share | None = None
    missing: Share = 0.05
    columns: dict[str, DriftColumn] = msgspec.field(default_factory=dict)
    severity: Severity = Severity.WARN
    sample: Count = 20_000


class DecayParams(Record, frozen=True):
    """How much worse the champion may do today than on its reference data.

    ``metric`` is the task's headline metric unless given; ``margin`` is in its unit.
    """

    metric: str | None = None
    margin: NonNegative | None = None
    severity: Severity = Severity.WARN


class HoldoutParams(Record, frozen=True):
    """How often the rows of one panel may be asked before only fresh ones count.

    ``budget`` counts distinct questions (a candidate against a champion); ``alpha`` bounds the
    probability that any of them is approved wrongly: each costs (1 - level) / 2. Either, both, or
    none, which counts and never withholds. ``warn_at`` is the share from which on it warns.
    """

    budget: Count | None = None
    alpha: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    warn_at: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.8
    severity: Severity = Severity.BLOCK


class LeaderboardParams(Record, frozen=True):
    """What several models are ranked by: the task's headline metric unless given."""

    metrics: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None


class Binned(Record, frozen=True):
    """A slice by bins of a number: ``bins`` are edges, each bin is [low, high)."""

    column: str
    bins: Annotated[tuple[float, ...], Meta(min_length=2)]


Part: TypeAlias = str | Binned
SliceSpec: TypeAlias = Part | tuple[Part, ...]


class Costs(Record, frozen=True):
    """What one decision between two classes costs, by its kind, in ``unit``; gains are negative."""

    miss: float
    false_alarm: float
    hit: float = 0.0
    correct_rejection: float = 0.0
    unit: str = ""


class BiasParams(Record, frozen=True):
    """Whom the bias audit looks at.

    ``protected`` are columns, by value or binned; unless given, those whose groups a rule compares.
    ``favourable`` is the decision that people want, the positive one or the other. ``privileged``
    names for a column the group that the others are held against; else it is the largest. Groups
    of fewer rows than ``small`` are named as such.
    """

    protected: tuple[Part, ...] | None = None
    favourable: Literal["positive", "negative"] = "positive"
    privileged: dict[str, str] = msgspec.field(default_factory=dict)
    small: Count = 100


THRESHOLD = 0.5


class Policy(Record, frozen=True):
    """What `titleholder compare` needs to judge two prediction files: a suite from `task` on."""

    task: Task
    rules: tuple[Rule, ...]
    positive: str | int | float | bool | None = None
    threshold: Share = THRESHOLD
    classes: Annotated[tuple[str, ...], Meta(min_length=2)] | None = None
    metrics: tuple[str, ...] | None = None
    metrics_from: tuple[str, ...] = ()
    costs: Costs | None = None
    methods: dict[str, IntervalMethod] = msgspec.field(default_factory=dict)
    tests: dict[str, TestMethod] = msgspec.field(default_factory=dict)
    segments: dict[Name, str] = msgspec.field(default_factory=dict)
    slices: tuple[SliceSpec, ...] = ()
    min_n: Count = 20
    min_n_class: Count | None = None
    level: Level = 0.95
    resamples: Annotated[int, Meta(ge=200, le=100_000)] = 2000
    seed: Annotated[int, Meta(ge=0)] = 20260101
    columns: Columns = Columns()
    decay: DecayParams = DecayParams()


class Judge(Record, frozen=True):
    """A model that grades answers: ``model`` is a chat model's file, ``by`` how it is asked.

    ``errors`` is the share of items, 0 unless given, that may lack a judgement.
    """

    model: str
    by: Literal["rubric", "ragas", "deepeval"] = "rubric"
    metrics: Annotated[tuple[str, ...], Meta(min_length=1)] = ("faithfulness", "answer_relevancy")
    errors: Share = 0.0


class Chat(Record, frozen=True):
    """How models behind an endpoint are asked, and how their answers are scored.

    ``recording`` holds kept answers, ``budget_usd`` is for one night, ``per_minute`` counts calls.
    ``scorers`` are all that need no model unless given. ``ratings`` are people's, as CSV;
    ``agreement`` is the least of Krippendorff's alpha that a judge's rules need to count.
    ``traffic`` is a CSV of arrival times to replay.
    """

    recording: str | None = None
    budget_usd: NonNegative | None = None
    concurrency: Annotated[int, Meta(ge=1, le=256)] = 4
    per_minute: Positive | None = None
    timeout_s: Positive = 60.0
    attempts: Annotated[int, Meta(ge=1, le=20)] = 5
    scorers: tuple[str, ...] | None = None
    judge: Judge | None = None
    ratings: str | None = None
    agreement: Share = 0.667
    traffic: str | None = None


class Suite(Policy, frozen=True, kw_only=True):
    """One benchmark: data, models, expectations, drift, and a policy."""

    data: DataParams
    models: Models
    expectations: str | None = None
    drift: DriftParams = DriftParams()
    chat: Chat | None = None
    leakage: LeakageParams = LeakageParams()
    holdout: HoldoutParams = HoldoutParams()
    bias: BiasParams = BiasParams()
    images: Images | None = None
    leaderboard: LeaderboardParams = LeaderboardParams()
    constraints: tuple[str, ...] = ()
    description: str = ""


class Notify(Record, frozen=True):
    """Who is told when a suite's state changes: ``env:NAME``, the variable with the address."""

    webhook: Annotated[str, Meta(pattern=r"^env:[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None


class RunnerKind(StrEnum):
    """Who works on the shards of a panel: this process, its threads, or a Dask cluster."""

    LOCAL = "local"
    THREADS = "threads"
    DASK = "dask"


class RunnerParams(Record, frozen=True):
    """How suites whose data are a directory of Parquet files are worked on, piece by piece.

    ``workers`` are threads or processes, as many as there are processors unless given;
    ``scheduler`` is the address of a Dask cluster that is there already, ``memory`` what each
    process of one that is not may take. ``blocks`` of 131,072 rows make a unit of work. No result
    hangs on any of it.
    """

    kind: RunnerKind = RunnerKind.LOCAL
    workers: Annotated[int, Meta(ge=1, le=4096)] | None = None
    scheduler: Annotated[str, Meta(min_length=1)] | None = None
    memory: Annotated[str, Meta(min_length=1)] | None = None
    blocks: Annotated[int, Meta(ge=1, le=1024)] = 16


class Snapshot(StrEnum):
    """Whether a run reads a private copy of its data and models, or reads them where they lie.

    Data in many files are read where they lie in any case.
    """

    COPY = "copy"
    NONE = "none"


class Params(Record, frozen=True):
    """The whole of params.yaml. ``snapshot`` says what a run reads: a private copy of data and
    models, or (``none``) these as they lie; data in many files are never copied."""

    suites: dict[Name, Suite] = msgspec.field(default_factory=dict)
    store: StoreParams = StoreParams()
    notify: Notify = Notify()
    runner: RunnerParams = RunnerParams()
    snapshot: Snapshot = Snapshot.COPY
