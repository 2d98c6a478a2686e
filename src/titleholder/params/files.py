"""Which files and models a suite may name, and where they have to lie."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from titleholder.params.document import Path_
from titleholder.params.registered import is_registered, model_name, registered
from titleholder.params.schema import Chat, Suite, Training
from titleholder.params.shape import Problem
from titleholder.params.sharded import BUCKETS, address_problems
from titleholder.types import Task

TABLES = (".parquet", ".csv", ".jsonl")
# No suffix is a directory of Parquet files.
DATA = (*TABLES, "")
CHATS = (".yaml", ".yml")
# No suffix is a directory: with one file called model.* in it, and all that goes with that.
MODELS = (".skops", ".onnx", *CHATS, *TABLES, "")
PICKLES = (".joblib", ".pickle", ".pkl")
# Models' records are files of their name: it must be a safe one, and none that a stage uses.
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def file_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    """All that is wrong with the files of a suite and what they hold, by their names alone."""
    yield from _named_problems(suite, path)
    yield from _model_problems(suite, path)
    yield from _chat_problems(suite, path)
    yield from _image_problems(suite, path)


def _named_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    named: list[tuple[Path_, str, tuple[str, ...]]] = [
        ((*path, "data", "current"), suite.data.current, DATA),
        ((*path, "models", "champion"), suite.models.champion, MODELS),
    ]
    if suite.data.reference is not None:
        named.append(((*path, "data", "reference", "path"), suite.data.reference.path, DATA))
    for i, training in enumerate(suite.data.training):
        at = (*path, "data", "training", i)
        yield from _training_problems(training, at)
        if training.path is not None:
            named.append(((*at, "path"), training.path, TABLES))
        if training.hashes is not None:
            named.append(((*at, "hashes"), training.hashes, (".parquet",)))
    if suite.expectations is not None:
        named.append(((*path, "expectations"), suite.expectations, (".json",)))
    for i, model in enumerate(suite.models.candidates):
        named.append(((*path, "models", "candidates", i), model, MODELS))
    if suite.chat is not None:
        named += _chat_files(suite.chat, (*path, "chat"))
    trusting = bool(suite.models.trust)
    for where, file, suffixes in named:
        pickled = suffixes == MODELS and PurePosixPath(file).suffix in PICKLES
        if pickled and not trusting:
            told = f"{file!r} is a pickle, which runs whatever code it holds: it must end in .skops"
            yield Problem(where, f"{told}, or its very bytes be vouched for under models.trust")
        else:
            yield from path_problems(file, (*suffixes, *PICKLES) if pickled else suffixes, where)


def _chat_files(chat: Chat, path: Path_) -> list[tuple[Path_, str, tuple[str, ...]]]:
    judge = None if chat.judge is None else chat.judge.model
    files = (
        ("recording", chat.recording, (".jsonl",)),
        ("ratings", chat.ratings, (".csv",)),
        ("traffic", chat.traffic, (".csv",)),
        ("judge", judge, CHATS),
    )
    return [((*path, key), file, suffixes) for key, file, suffixes in files if file is not None]


def _training_problems(training: Training, path: Path_) -> Iterator[Problem]:
    if (training.path is None) == (training.hashes is None):
        yield Problem(path, "needs a path or a file of hashes, one of the two")
    if len(set(training.key)) < len(training.key):
        yield Problem((*path, "key"), "names one column twice")


def path_problems(file: str, suffixes: tuple[str, ...], path: Path_) -> Iterator[Problem]:
    """What keeps a file from being one of these kinds within the project."""
    if suffixes == MODELS and is_registered(file):
        if registered(file) is None:
            told = f"{file!r} must be models:/NAME@ALIAS or models:/NAME/VERSION"
            yield Problem(path, told)
        return
    if "" in suffixes and file.startswith(BUCKETS):
        yield from address_problems(file, path)
        return
    pure = PurePosixPath(file)
    if pure.is_absolute() or ".." in pure.parts or "\\" in file:
        yield Problem(path, f"{file!r} must lie in the project: a relative path without ..")
    elif pure.suffix not in suffixes:
        directory = ", or be a directory without a suffix" if "" in suffixes else ""
        named = " or ".join(suffix for suffix in suffixes if suffix)
        yield Problem(path, f"{file!r} must end in {named}{directory}")


def _chat_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    chats = [m for m in _models(suite) if PurePosixPath(m).suffix in CHATS]
    if chats and suite.task is not Task.SCORED:
        yield Problem((*path, "task"), f"of a chat model, answers are scored: write {Task.SCORED}")
    if suite.chat is not None and not chats:
        yield Problem((*path, "chat"), "no model of the suite is a chat model (.yaml)")


def _models(suite: Suite) -> tuple[str, ...]:
    return (suite.models.champion, *suite.models.candidates)


def _image_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    if suite.images is None:
        return
    where = (*path, "images")
    for key, values in (("mean", suite.images.mean), ("std", suite.images.std)):
        if len(values) not in (1, 3):
            yield Problem(
                (*where, key), f"takes one value, or one a channel, and has {len(values)}"
            )
    if suite.task not in (Task.BINARY, Task.MULTICLASS):
        yield Problem(where, f"are classified here, and this is a {suite.task} task")


def _model_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    names: set[str] = set()
    keys = [("champion",), *(("candidates", i) for i in range(len(suite.models.candidates)))]
    models = _models(suite)
    for key, model in zip(keys, models, strict=True):
        name, where = model_name(model), (*path, "models", *key)
        if not MODEL_NAME.fullmatch(name):
            said = "letters, digits, '.', '-' and '_', and begins with one of the first two"
            yield Problem(where, f"a model is named by its file, which must be of {said}: {name!r}")
        if name in names:
            yield Problem(
                where,
                f"two models are called {name!r}: a model is named by its file: they must differ",
            )
        names.add(name)
