"""Suites whose data are a directory of Parquet files, or a prefix of a bucket.

They are read shard by shard. What cannot be had that way is refused when the parameters are
loaded, with its cure: nothing is left out in silence.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from titleholder.params.document import Path_
from titleholder.params.schema import RunnerKind, RunnerParams, Suite
from titleholder.params.shape import Problem
from titleholder.types import Task

BUCKETS = "s3://"
_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s?#@]*)?")
_WHOLE = "of data in one file; name a file under data.current, or"


def is_sharded(path: str) -> bool:
    """Whether a path of data is of many files: a directory, or a prefix of a bucket.

    >>> [is_sharded(p) for p in ("data/clicks", "s3://lake/clicks", "data/clicks.parquet")]
    [True, True, False]
    """
    return path.startswith(BUCKETS) or PurePosixPath(path).suffix == ""


def address_problems(path: str, where: Path_) -> Iterator[Problem]:
    """What is wrong with the address of a prefix."""
    if not _URL.fullmatch(path):
        yield Problem(where, f"{path!r} must be s3://bucket/prefix, without keys or queries in it")


def sharded_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    """What a suite asks for that cannot be had shard by shard; nothing of any other suite."""
    reference, where = suite.data.reference, (*path, "data", "reference")
    if not is_sharded(suite.data.current):
        if reference is not None and is_sharded(reference.path):
            told = "is of many files, and data.current is one: name a file"
            yield Problem((*where, "path"), told)
        yield from _lone_models(suite, path)
        return
    if reference is not None and reference.rev is not None:
        told = "is of data in one file, and data.current is of many: must be left out"
        yield Problem((*where, "rev"), told)
    if reference is not None and PurePosixPath(reference.path).suffix not in ("", ".parquet"):
        told = "data in many files are held against Parquet: write it as such"
        yield Problem((*where, "path"), told)
    if suite.task is Task.SCORED:
        told = f"scored items are judged {_WHOLE} make it {Task.BINARY}, or another task of labels"
        yield Problem((*path, "task"), told)
    if suite.columns.cluster is not None:
        where = (*path, "columns", "cluster")
        yield Problem(where, f"rows that share a cluster are judged {_WHOLE} leave it out")
    if suite.columns.weight is not None:
        yield from _over_weighted(suite, path)
    asked = {
        "methods": bool(suite.methods), "tests": bool(suite.tests),
        "metrics_from": bool(suite.metrics_from), "images": suite.images is not None,
        "chat": suite.chat is not None,
    }  # fmt: skip
    for key, is_asked in asked.items():
        if is_asked:
            yield Problem((*path, key), f"must be left out: they are {_WHOLE} leave them out")
    if suite.data.training:
        where = (*path, "data", "training")
        yield Problem(where, f"leaked rows are looked for in panels {_WHOLE} leave it out")
    if suite.bias.protected:
        where = (*path, "bias", "protected")
        yield Problem(where, f"a bias audit is made {_WHOLE} leave it out (rules may have over:)")


def _over_weighted(suite: Suite, path: Path_) -> Iterator[Problem]:
    """Rules that compare groups of rows with weights."""
    for i, rule in enumerate(suite.rules):
        if rule.over is not None:
            told = f"groups of weighted rows are compared {_WHOLE} leave the weights out"
            yield Problem((*path, "rules", i, "over"), told)


def _lone_models(suite: Suite, path: Path_) -> Iterator[Problem]:
    """Answers in many files, of data in one."""
    candidates = suite.models.candidates
    named: list[tuple[Path_, str]] = [(("champion",), suite.models.champion)]
    named += [(("candidates", i), model) for i, model in enumerate(candidates)]
    for key, model in named:
        if model.startswith(BUCKETS):
            told = f"{model!r} is of many files, and data.current is one: name a file"
            yield Problem((*path, "models", *key), told)


def runner_problems(runner: RunnerParams, path: Path_) -> Iterator[Problem]:
    """What does not go together in the section of the runner."""
    if runner.scheduler is not None and runner.kind is not RunnerKind.DASK:
        yield Problem((*path, "scheduler"), f"is of Dask, and kind is {runner.kind} (write dask)")
    if runner.memory is not None and (runner.kind is not RunnerKind.DASK or runner.scheduler):
        yield Problem((*path, "memory"), "is for processes that a runner of kind dask starts here")
    if runner.workers is not None and runner.kind is RunnerKind.LOCAL:
        yield Problem((*path, "workers"), "kind is local, which is one (write threads or dask)")
    elif runner.workers is not None and runner.scheduler is not None:
        yield Problem((*path, "workers"), "the cluster at runner.scheduler has its own: leave out")
