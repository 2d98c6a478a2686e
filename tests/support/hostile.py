# ruff: noqa: E501 - a line an artefact reads best
"""Malicious artefacts: models, archives, tables, configurations, pointers and stores, made anew.

Each is met as a user would meet it, by a command, and must end in a documented code and a message
that names the file and a cure; nothing that it brought along may run or be written.
"""

import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.support import verdicts
from tests.support.bad_inputs.case import DATA, NO_VERDICT, USAGE, Case, told, wrong_with
from titleholder import records
from titleholder.cli import main
from titleholder.types import Outcome
from titleholder.validation import Validation

# A file that nothing may ever write: what would come of code that runs or of a name that leads out.
PROOF = "pwned"
# The champion's own answers are there before the candidate is opened, and a note that they are.
CHAMPION = (
    ".titleholder/runs/s/predict/champion.",
    ".titleholder/runs/s/.finished/predict/champion.",
)
PARAMS = """\
suites:
  s:
    data: {current: data/current.csv}
    columns: {target: y}
    models: {champion: data/champion.csv, candidates: [%s]}
    task: binary
    positive: "1"
    rules: [{id: acc, metric: accuracy, kind: non_inferior, margin: 0.05}]
"""
Make = Callable[[Path], None]


def cases() -> list[Case]:
    """The whole corpus."""
    return [*_models(), *_directories(), *_tables(), *_configs(), *_pointers(), *_stores()]


def wrong(case: Case, directory: Path) -> str:
    """What a command did of an artefact that it may not; empty if nothing."""
    found = told(case, directory)
    if written := sorted(directory.parent.rglob(f"*{PROOF}*")):
        return f"wrote {written}"
    foreign = [name for name in found.left if not name.startswith(CHAMPION)]
    if foreign and not case.judged:
        return f"left {', '.join(foreign)}"
    return wrong_with(case, replace(found, left=()))


# ------------------------------------------------------------------------------ a project


def project(directory: Path, candidate: str = "data/candidate.csv") -> None:
    """A suite on forty rows with ready predictions, and this candidate."""
    (directory / "data").mkdir(parents=True, exist_ok=True)
    (directory / "models").mkdir(exist_ok=True)
    rows = pd.DataFrame({"row_id": [f"r{i}" for i in range(40)], "x": np.arange(40.0)})
    rows.assign(y=np.arange(40) % 2).to_csv(directory / "data/current.csv", index=False)
    for name in ("champion", "candidate"):
        said = rows[["row_id"]].assign(y_score=np.linspace(0, 1, 40))
        said.to_csv(directory / f"data/{name}.csv", index=False)
    (directory / "params.yaml").write_text(PARAMS % candidate)


def pulled(directory: Path) -> None:
    """The project after `pull`, and with data that passed their validation."""
    here = Path.cwd()
    try:
        os.chdir(directory)
        assert main(["stage", "pull", "s"]) == 0
    finally:
        os.chdir(here)
    passed = Validation(Outcome.PASS, "", 40, 3, 1, 1, ())
    records.write(directory / ".titleholder/runs/s/validate/validation.json", passed)


class Bomb:
    """What a pickle would do."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Write a file that the tests look for."""
        return (os.system, (f"touch {PROOF}",))


PICKLE = pickle.dumps(Bomb())

# ------------------------------------------------------------------------------ model files


def _models() -> Iterator[Case]:
    for name, data in _skops().items():
        yield _model(f"skops: {name}", "models/m.skops", data)
    for name, data in _onnx().items():
        yield _model(f"onnx: {name}", "models/m.onnx", data)
    for suffix in ("pkl", "joblib", "pt", "h5", "tar.gz", "zip", "py", "so"):
        yield _model(f"a pickle called .{suffix}", f"models/m.{suffix}", PICKLE, early=True)
    for suffix in ("pkl", "pickle", "joblib"):
        yield _trusted(f"a pickle called .{suffix}, trust in other bytes", suffix, b"others")
    yield _trusted("a trusted pickle that runs a program and is no model", "pkl", PICKLE)


def _trusted(name: str, suffix: str, trusted: bytes) -> Case:
    """A pickle as candidate, in a suite that trusts these bytes."""
    path = f"models/m.{suffix}"

    def words(directory: Path) -> list[str]:
        digest = hashlib.sha256(trusted).hexdigest()
        project(directory, f"{path}], trust: ['sha256:{digest}'")
        (directory / path).write_bytes(PICKLE)
        pulled(directory)
        return ["stage", "predict", "s"]

    return Case(name, words, USAGE, (Path(path).name,))


def _model(name: str, path: str, data: bytes | Make, *, early: bool = False) -> Case:
    """A candidate with these bytes, opened by the predict stage (``early``: refused by name)."""

    def words(directory: Path) -> list[str]:
        project(directory, path)
        file = directory / path
        if callable(data):
            data(file)
        else:
            file.write_bytes(data)
        if early:
            return ["run", "s"]
        pulled(directory)
        return ["stage", "predict", "s"]

    return Case(name, words, USAGE, (Path(path).name,))


def _skops() -> Mapping[str, bytes | Make]:
    return {
        "a pickle": PICKLE,
        "nothing": b"",
        "text": b"<html>not found</html>",
        "an executable": b"\x7fELF" + bytes(200),
        "a tar archive": _tar(),
        "half an archive": _zip({"schema.json": b"{}"})[:40],
        "an archive without a schema": _zip({"a.npy": _npy((1,))}),
        "a name that leads up": _zip({"schema.json": b"{}", "../pwned.npy": b"x"}),
        "a name that leads up, the other way": _zip({"schema.json": b"{}", "..\\pwned.npy": b"x"}),
        "an absolute name": _zip({"schema.json": b"{}", "/tmp/pwned.npy": b"x"}),
        "a drive": _zip({"schema.json": b"{}", "C:pwned.npy": b"x"}),
        "a directory": _zip({"schema.json": b"{}", "d/a.npy": b"x"}),
        "a link": _zip({"schema.json": b"{}", "a.npy": b"/etc/passwd"}, link="a.npy"),
        "an encrypted entry": _encrypted(),
        "one name twice": _doubled(),
        "a script beside": _zip({"schema.json": b"{}", "setup.py": b"import os"}),
        "a library beside": _zip({"schema.json": b"{}", "a.so": b"\x7fELF"}),
        "too many entries": _zip({"schema.json": b"{}", **{f"{i}.npy": b"" for i in range(20_001)}}),
        "a schema that is no JSON": _zip({"schema.json": b"{"}),
        "a schema of a list": _zip({"schema.json": b"[]"}),
        "a schema nested without end": _zip({"schema.json": b"[" * 100_000 + b"]" * 100_000}),
        "a schema that unpacks a thousandfold": _zip({"schema.json": b" " * (70 << 20)}),
        "zeros that unpack a thousandfold": _zip({"schema.json": b"{}", "a.npy": bytes(80 << 20)}),
        "an archive of archives": _zip({"schema.json": b"{}", "a.npz": _zip({"b.npz": b"x"})}),
        "an archive of zeros in an archive": _zip(
            {"schema.json": b"{}", "a.npz": _zip({"b.npy": bytes(80 << 20)})}
        ),
        "an array of objects": _zip({"schema.json": b"{}", "a.npy": _objects()}),
        "an array that promises a petabyte": _zip({"schema.json": b"{}", "a.npy": _npy((1 << 47,))}),
        "an array header with code": _zip({"schema.json": b"{}", "a.npy": _header("__import__('os')")}),
        "an array of negative length": _zip({"schema.json": b"{}", "a.npy": _npy((-5,))}),
        "a shell": _schema("os", "system", "FunctionNode"),
        "eval": _schema("builtins", "eval", "FunctionNode"),
        "a process": _schema("subprocess", "Popen", "ObjectNode"),
        "a reduction": _schema("os", "system", "ReduceNode"),
        "a partial call": _schema("functools", "partial", "PartialNode"),
        "a method of a module": _schema("shutil", "rmtree", "MethodNode"),
        "a loader nobody knows": _schema("sklearn.linear_model", "Ridge", "NoSuchNode"),
        "a cycle": _zip({"schema.json": json.dumps(_node("a", "b", "CachedNode", __id__=1)).encode()}),
    }  # fmt: skip


def _zip(entries: Mapping[str, bytes], link: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.filename = name  # ZipInfo mends what it is given
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if name == link else 0o100644) << 16
            archive.writestr(entry, data)
    return made.getvalue()


def _encrypted() -> bytes:
    """The flag of encryption, in the entry and in the directory."""
    data = bytearray(_zip({"schema.json": b"{}"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _doubled() -> bytes:
    data = _zip({"schema.json": b"{}", "schema.jsoX": b"[]"})
    return data.replace(b"schema.jsoX", b"schema.json")


def _tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo(f"../{PROOF}")
        archive.addfile(entry, io.BytesIO(b""))
    return made.getvalue()


def _header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _npy(shape: tuple[int, ...]) -> bytes:
    return _header(repr(shape)) + bytes(8)


def _objects() -> bytes:
    return _header("(1,)", "'|O'") + PICKLE


def _node(module: str, name: str, loader: str, **more: Any) -> dict[str, Any]:
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def _schema(module: str, name: str, loader: str) -> bytes:
    """A schema that asks for a thing of a module."""
    inner = _node(module, name, loader, content=None, __id__=2)
    whole = {**inner, "__id__": 1, "protocol": 2, "_skops_version": "0.16.0"}
    return _zip({"schema.json": json.dumps({**whole, "content": inner}).encode()})


def _onnx() -> Mapping[str, bytes | Make]:
    from onnx import TensorProto, helper

    def graph(*nodes: Any, weights: Any = ()) -> bytes:
        value = helper.make_tensor_value_info
        inputs = [value("x", TensorProto.FLOAT, ["n", 1])]
        outputs = [value("y", TensorProto.FLOAT, ["n", 1])]
        made = helper.make_graph(list(nodes), "g", inputs, outputs, list(weights))
        data: bytes = helper.make_model(made).SerializeToString()
        return data

    away = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    away.ClearField("float_data")
    away.data_location = TensorProto.EXTERNAL
    entry = away.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"
    plain = helper.make_node("Identity", ["x"], ["y"])
    return {
        "a pickle": PICKLE,
        "nothing": b"",
        "half a graph": graph(plain)[:-9],
        "weights in another file": graph(helper.make_node("Add", ["x", "w"], ["y"]), weights=[away]),
        "an operator of a library": graph(helper.make_node("Shell", ["x"], ["y"], domain="evil")),
        "a loop": graph(helper.make_node("Loop", ["x", "x", "x"], ["y"])),
        "chance": graph(helper.make_node("RandomNormalLike", ["x"], ["y"])),
        "an operator that nobody knows": graph(helper.make_node("System", ["x"], ["y"])),
    }  # fmt: skip


# ------------------------------------------------------------------------------ directories


def _directories() -> Iterator[Case]:
    spoils: dict[str, Make] = {
        "a link to a secret": lambda d: (d / "l").symlink_to("/etc/passwd"),
        "a linked directory": lambda d: (d / "l").symlink_to("/etc"),
        "a pipe": lambda d: os.mkfifo(d / "pipe"),
        "an empty directory": lambda d: (d / "empty").mkdir(),
        "a name over two lines": lambda d: (d / "a\nb").write_text(""),
        "a name that drives a terminal": lambda d: (d / "a\x1b[2Jb").write_text(""),
    }
    for name, spoil in spoils.items():
        yield _directory(name, spoil, "model.skops", ["run", "s"])
    for name in ("model.pkl", "model.sh", "other.skops"):
        yield _directory(f"nothing to open but {name}", lambda d: None, name, None)


def _directory(name: str, spoil: Make, model: str, command: list[str] | None) -> Case:
    def words(directory: Path) -> list[str]:
        project(directory, "models/release")
        (directory / "models/release").mkdir()
        (directory / "models/release" / model).write_bytes(PICKLE)
        spoil(directory / "models/release")
        if command:
            return command
        pulled(directory)
        return ["stage", "predict", "s"]

    return Case(f"directory: {name}", words, USAGE, ("models/release",))


# ------------------------------------------------------------------------------ tables


def _tables() -> Iterator[Case]:
    made: dict[str, tuple[str, bytes | Make, int]] = {
        "rows without end in a few bytes": ("p.parquet", _many_rows, DATA),
        "columns without end": ("p.parquet", _many_columns, DATA),
        "a footer that promises more than there is": ("p.parquet", b"PAR1" + b"\xff" * 60 + b"PAR1", DATA),
        "an archive called Parquet": ("p.parquet", _zip({"a": bytes(1 << 20)}), DATA),
        "an archive called CSV": ("p.csv", _zip({"a": bytes(1 << 20)}), DATA),
        "zeros": ("p.csv", bytes(4096), DATA),
        "a pickle": ("p.csv", PICKLE, DATA),
        "lists without end": ("p.jsonl", b'{"row_id":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", DATA),
        "infinity": ("p.jsonl", b'{"row_id": "a", "y_true": 1e999}\n', DATA),
        "a pipe": ("p.csv", os.mkfifo, USAGE),
        "a device": ("p.csv", lambda path: path.symlink_to("/dev/zero"), USAGE),
        "a directory": ("p.csv", lambda path: path.mkdir(), USAGE),
    }  # fmt: skip
    for name, (file, data, code) in made.items():
        yield _table(name, file, data, code)


def _table(name: str, file: str, data: bytes | Make, code: int) -> Case:
    def words(directory: Path) -> list[str]:
        project(directory)
        path = directory / file
        if callable(data):
            data(path)
        else:
            path.write_bytes(data)
        (directory / "policy.yaml").write_text(
            "task: binary\npositive: 1\n"
            "rules: [{id: a, metric: accuracy, kind: non_inferior, margin: 0.05}]\n"
        )
        predictions = ["--champion", "data/champion.csv", "--candidate", "data/candidate.csv"]
        return ["compare", "--panel", file, *predictions, "--policy", "policy.yaml"]

    return Case(f"table: {name}", words, code, (file,))


def _many_rows(path: Path) -> None:
    """Two million equal rows in a few kilobytes."""
    flat = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2_000_000, np.int8)), ["a"])
    pq.write_table(pa.table({"row_id": flat}), path, compression="zstd")


def _many_columns(path: Path) -> None:
    pq.write_table(pa.table({f"c{i}": [0] for i in range(20_001)}), path)


# ------------------------------------------------------------------------------ configurations


def _configs() -> Iterator[Case]:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    base = PARAMS % "data/candidate.csv"
    texts = {
        "a Python object": base + f"x: !!python/object/apply:os.system ['touch {PROOF}']\n",
        "a Python name": base + "x: !!python/name:os.system\n",
        "a tag of its own": base + "x: !evil {}\n",
        "a billion laughs": bomb + base,
        "an anchor that holds itself": "x: &x [*x]\n" + base,
        "a merge": base.replace("  s:\n", "  s:\n    <<: {a: 1}\n"),
        "nested without end": "suites: " + "[" * 5000 + "]" * 5000,
        "no text": base.encode().decode("latin-1") + "\x00",
        "data outside": base.replace("data/current.csv", "../../etc/passwd.csv"),
        "data at an absolute path": base.replace("data/current.csv", "/etc/passwd.csv"),
        "data by a backslash": base.replace("data/current.csv", "'..\\x.csv'"),
        "a model outside": base.replace("data/candidate.csv", "../../m.skops"),
        "an environment that is a path": base + "store: {environment: ../prod}\n",
        "a suite that is a path": base.replace("  s:\n", "  ../s:\n"),
    }
    for name, text in texts.items():
        yield _config(name, text)


def _config(name: str, text: str) -> Case:
    def words(directory: Path) -> list[str]:
        project(directory)
        (directory / "params.yaml").write_text(text)
        return ["run", "s"]

    return Case(f"params: {name}", words, USAGE, ("params.yaml",))


# ------------------------------------------------------------------------------ pointers


def _pointers() -> Iterator[Case]:
    md5 = "0" * 32
    texts = {
        "a path that leads up": f"outs:\n- md5: {md5}\n  path: ../../{PROOF}\n",
        "an absolute path": f"outs:\n- md5: {md5}\n  path: /tmp/{PROOF}\n",
        "a hash that is a path": "outs:\n- md5: ../../../etc/passwd\n  path: current.csv\n",
        "two outputs": f"outs:\n- {{md5: {md5}, path: current.csv}}\n- {{md5: {md5}, path: x}}\n",
        "a tag": "outs: !!python/object/apply:os.system ['touch pwned']\n",
        "a billion laughs": "a: &a [x]\nb: &b [*a, *a]\nouts:\n- {md5: *b, path: current.csv}\n",
        "nested without end": "outs: " + "[" * 3000 + "]" * 3000,
    }
    for name, text in texts.items():
        yield _pointer(name, text)


def _pointer(name: str, text: str) -> Case:
    def words(directory: Path) -> list[str]:
        project(directory)
        (directory / "data/current.csv.dvc").write_text(text)
        return ["run", "s"]

    return Case(f"pointer: {name}", words, 5, ("data/current.csv.dvc",))


# ------------------------------------------------------------------------------ stores


def _stores() -> Iterator[Case]:
    whole = {"sequence": 1, "digest": f"sha256:{'0' * 64}"}
    heads = {
        "nested without end": b"[" * 100_000 + b"]" * 100_000,
        "not a number": b'{"sequence": NaN, "digest": ""}',
        "infinity": b'{"sequence": 1e999, "digest": ""}',
        "a key twice": b'{"sequence": 1, "sequence": 2, "digest": ""}',
        "a number without end": b'{"sequence": ' + b"9" * 5000 + b', "digest": ""}',
        "a field that nobody knows": json.dumps({**whole, "allow": True}).encode(),
        "a number that is text": json.dumps({**whole, "sequence": "1"}).encode(),
        "a pickle": PICKLE,
    }
    for name, data in heads.items():
        yield _store(f"head: {name}", "head.json", data)
    for name, data in {**heads, "an empty envelope": b'{"payloadType": "x"}'}.items():
        yield _store(f"verdict: {name}", "00000001.json", data)


def _store(name: str, file: str, data: bytes) -> Case:
    def words(directory: Path) -> list[str]:
        place = directory / "store/verdicts/dev/credit"
        place.mkdir(parents=True)
        (place / file).write_bytes(data)
        model = f"sha256:{verdicts.MODEL}"
        store = f"file://{directory / 'store'}"
        return ["gate", "--suite", "credit", "--env", "dev", "--model", model, "--store", store]

    return Case(f"store: {name}", words, NO_VERDICT, (file,))
