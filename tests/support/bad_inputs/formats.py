"""Files that are no tables: missing, empty, cut, of another format, or of none."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.bad_inputs.case import DATA, USAGE, Case
from tests.support.files import SUFFIXES, Files

TABLES = ("panel", "champion", "candidate")
Spoil = Callable[[Files], None]
HEADERS = {"panel": "row_id{s}y_true{s}region", "champion": "row_id{s}y_score"}


def cases() -> Iterator[Case]:
    """Every family of this module."""
    for suffix in SUFFIXES:
        for role in TABLES:
            yield from _whole_file(role, suffix)
    for role in TABLES:
        yield from _of_another_kind(role)
        yield from _of_text(role)
        yield from _of_lines(role)
    yield from _of_policies()


def spoiled(
    name: str, suffix: str, spoil: Spoil, code: int, *says: str, task: str = "binary",
    judged: bool = False,
) -> Case:  # fmt: skip
    """A case of `compare` on files that one thing was done to."""

    def words(directory: Path) -> list[str]:
        files = Files(directory, suffix, task)
        spoil(files)
        return files.words("--quiet", "--out", str(directory / "out"))

    return Case(name, words, code, says, judged)


def _whole_file(role: str, suffix: str) -> Iterator[Case]:
    file = f"{role}{suffix}"
    about = f"{file}: "
    yield spoiled(
        f"{about}missing", suffix, lambda f: f.gone.add(role), USAGE, file, "no such file"
    )
    yield spoiled(f"{about}no bytes", suffix, lambda f: f.data.update({role: b""}), DATA, file)
    junk = bytes(range(256)) * 4
    yield spoiled(f"{about}noise", suffix, lambda f: f.data.update({role: junk}), DATA, file)
    yield spoiled(
        f"{about}a directory", suffix,
        lambda f: (f.gone.add(role), f.path(role).mkdir()), USAGE, file,
    )  # fmt: skip
    if suffix != ".jsonl":
        yield spoiled(
            f"{about}columns and no rows", suffix,
            lambda f: f.frames.update({role: f.frames[role].iloc[:0]}), DATA, file, "no rows",
        )  # fmt: skip
    if suffix == ".parquet":
        yield spoiled(f"{about}cut in half", suffix, lambda f: _halved(f, role), DATA, file)


def _parquet(files: Files, role: str) -> bytes:
    buffer = io.BytesIO()
    files.frames[role].to_parquet(buffer)
    return buffer.getvalue()


def _halved(files: Files, role: str) -> None:
    data = _parquet(files, role)
    files.data[role] = data[: len(data) // 2]


def _of_another_kind(role: str) -> Iterator[Case]:
    for suffix in (".txt", ".xlsx", ".json", ".pkl", ".tsv", ".csv.gz", ".feather", ""):
        name = f"{role}{suffix}"

        def spoil(files: Files, name: str = name) -> None:
            files.names[role] = name
            files.data[role] = b"row_id\n1\n"

        yield spoiled(
            f"{role}: called {name}", ".csv", spoil, USAGE, name, ".parquet, .csv or .jsonl"
        )
    for held, suffix in ((".csv", ".parquet"), (".csv", ".jsonl"), (".parquet", ".csv")):
        name = f"{role}{suffix}"

        def disguise(files: Files, held: str = held, name: str = name) -> None:
            files.names[role] = name
            text = files.frames[role].to_csv(index=False).encode()
            files.data[role] = text if held == ".csv" else _parquet(files, role)

        yield spoiled(f"{role}: {held} called {name}", ".csv", disguise, DATA, name)


def _csv(files: Files, role: str, separator: str = ",") -> list[str]:
    return files.frames[role].to_csv(index=False, sep=separator).splitlines()


def _of_text(role: str) -> Iterator[Case]:
    file = f"{role}.csv"

    def text(change: Callable[[list[str]], list[str]], separator: str = ",") -> Spoil:
        return lambda f: f.text.update({role: "\n".join(change(_csv(f, role, separator))) + "\n"})

    def encoded(encoding: str) -> Spoil:
        return lambda f: f.data.update({role: ("\n".join(_csv(f, role)) + "é\n").encode(encoding)})

    say = f"{file}: "
    for name, separator in (("semicolons", ";"), ("tabs", "\t"), ("bars", "|")):
        yield spoiled(
            f"{say}{name}", ".csv", text(lambda rows: rows, separator), DATA, file, "commas"
        )
    yield spoiled(
        f"{say}a field too many", ".csv",
        text(lambda rows: [*rows[:7], rows[7] + ",1,2", *rows[8:]]), DATA, file, "line 8",
    )  # fmt: skip
    yield spoiled(
        f"{say}a quote that never ends", ".csv",
        text(lambda rows: [*rows[:7], '"' + rows[7], *rows[8:]]), DATA, file, "line 8",
    )  # fmt: skip
    yield spoiled(f"{say}UTF-16", ".csv", encoded("utf-16"), DATA, file, "UTF-8")
    yield spoiled(f"{say}Latin-1", ".csv", encoded("latin-1"), DATA, file, "UTF-8", "line 201")
    yield spoiled(
        f"{say}a column twice", ".csv",
        text(lambda rows: [row + "," + row.split(",")[1] for row in rows]), DATA, file,
    )  # fmt: skip
    yield spoiled(
        f"{say}no line of names", ".csv", text(lambda rows: rows[1:]), DATA, file, "row_id"
    )
    yield spoiled(
        f"{say}a title above the names", ".csv", text(lambda rows: ["Results", *rows]), DATA, file
    )
    yield spoiled(
        f"{say}a line cut short", ".csv",
        text(lambda rows: [*rows[:7], rows[7].split(",")[0], *rows[8:]]), DATA, file, "r6",
    )  # fmt: skip
    yield spoiled(
        f"{say}decimal commas", ".csv",
        text(lambda rows: [r.replace(".", ",") if i else r for i, r in enumerate(rows)])
        if role != "panel"
        else text(lambda rows: [rows[0], *(f"{r},5" for r in rows[1:])]), DATA, file,
    )  # fmt: skip


def _of_lines(role: str) -> Iterator[Case]:
    file = f"{role}.jsonl"

    def lines(change: Callable[[list[str]], list[str]]) -> Spoil:
        def spoil(files: Files) -> None:
            text = files.frames[role].to_json(orient="records", lines=True)
            files.text[role] = "\n".join(change(str(text).splitlines())) + "\n"

        return spoil

    def nth(line: str) -> Spoil:
        return lines(lambda rows: [*rows[:7], line, *rows[8:]])

    say = f"{file}: "
    bad = {
        "a line cut short": '{"row_id": "r7", "y_',
        "a line of text": "hello",
        "a line of a number": "17",
        "a line of a list": '["r7", 1]',
        "a line of null": "null",
        "a line with a comma after it": '{"row_id": "r7", "y_true": 1, "y_score": 0.5},',
        "single quotes": "{'row_id': 'r7', 'y_true': 1}",
    }
    for name, line in bad.items():
        yield spoiled(f"{say}{name}", ".jsonl", nth(line), DATA, f"{file}:8:")
    yield spoiled(
        f"{say}one array", ".jsonl", lines(lambda rows: ["[" + ",".join(rows) + "]"]), DATA, file,
        "one JSON object a line",
    )  # fmt: skip
    yield spoiled(
        f"{say}an array over lines", ".jsonl",
        lines(lambda rows: ["[", *(row + "," for row in rows[:-1]), rows[-1], "]"]), DATA, file,
        "one JSON object a line",
    )  # fmt: skip
    yield spoiled(
        f"{say}an object of columns", ".jsonl",
        lambda f: f.text.update({role: str(f.frames[role].to_json())}), DATA, file,
    )  # fmt: skip
    yield spoiled(
        f"{say}UTF-16", ".jsonl",
        lambda f: f.data.update({role: '{"row_id": "r1"}\n'.encode("utf-16")}), DATA, file,
    )  # fmt: skip


def _of_policies() -> Iterator[Case]:
    texts = {
        "a list": "- task\n- rules\n",
        "a word": "binary\n",
        "a number": "17\n",
        "nothing but a comment": "# to be written\n",
        "an open bracket": "task: [binary\n",
        "a tab": "task: binary\n\trules: []\n",
        "two documents": "task: binary\n---\ntask: binary\n",
        "a tag": "task: !!python/object:os.system x\n",
        "an alias": "a: &a [1]\ntask: binary\nrules: *a\n",
        "a key twice": "task: binary\ntask: binary\nrules: []\n",
        "a key that is a list": "? [a, b]\n: 1\ntask: binary\n",
        "too deep": "task: " + "[" * 60 + "]" * 60 + "\n",
        "far too deep": "task: " + "[" * 5000 + "\n",
        "too large": "# " + "x" * (1 << 20) + "\n",
        "whole suites": "suites: {a: {task: binary}}\n",
    }
    for name, text in texts.items():
        yield spoiled(
            f"policy.yaml: {name}", ".csv", lambda f, text=text: f.text.update(policy=text),
            USAGE, "policy.yaml",
        )  # fmt: skip
    for name, data in {
        "Latin-1": "positive: é\n".encode("latin-1"),
        "UTF-16": "task: binary\n".encode("utf-16"),
        "noise": bytes(range(256)),
        "no bytes": b"",
    }.items():
        yield spoiled(
            f"policy.yaml: {name}", ".csv", lambda f, data=data: f.data.update(policy=data),
            USAGE, "policy.yaml",
        )  # fmt: skip
    yield spoiled(
        "policy.yaml: a directory", ".csv",
        lambda f: (f.gone.add("policy"), f.path("policy").mkdir()), USAGE, "policy.yaml",
    )  # fmt: skip
    yield spoiled(
        "policy.yaml: missing", ".csv", lambda f: f.gone.add("policy"), USAGE, "policy.yaml"
    )
    yield spoiled(
        "policy.yaml: is the panel", ".csv",
        lambda f: f.names.update(policy="panel.csv") or f.gone.add("policy"), USAGE, "panel.csv",
    )  # fmt: skip
