"""Models in a pickle: opened only where its digest is trusted, and never in this process.

A pickle is a program. One that ``models.trust`` names by its SHA-256 is given to a process of its
own (`pickle_worker`), which has an environment of a few harmless names, an empty directory for a
home, and is shut in (`confinement`) before it opens anything. What comes back is read as numbers
and labels, and nothing else.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from titleholder.adapters.models.estimator import EstimatorModel
from titleholder.errors import BadInput, TitleholderError, UntrustedModel
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

OPENING_S: Final = 120.0
ANSWERING_S: Final = 3600.0
_MOST_BYTES: Final = 4 << 30
_WORKER: Final = Path(__file__).with_name("pickle_worker.py")
# All that the process is told of this one: none of it is a secret.
_TOLD: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def load(path: Path, task: Task, positive: str | None, trusted: Sequence[str]) -> EstimatorModel:
    """The model in a pickle whose digest is trusted; UntrustedModel for any other.

    The bytes that were hashed are those that are opened: the file is read once.
    """
    data = path.read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest not in trusted:
        named = ", whose digest is none that models.trust names" if trusted else ""
        raise UntrustedModel(
            f"{path}: is a pickle{named}: it runs whatever code it holds when it is opened",
            cure="save the model with skops.io.dump or give its predictions; or, if you know who "
            f"made exactly these bytes, write models.trust: [{digest}]",
        )
    return EstimatorModel(_started(data, path), path.name, task, positive, here=False)


class Confined:
    """An estimator in a process that is shut in, with the attributes that a model is asked for."""

    def __init__(self, process: "_Process", described: Mapping[str, Any]) -> None:
        self._process = process
        self.classes_ = described["classes"]
        if described["names"] is not None:
            self.feature_names_in_ = described["names"]

    def predict(self, frame: "pd.DataFrame") -> Any:
        """Labels, or values as floats."""
        import numpy as np

        told, array = self._process.ask(b"p" + _table(frame), ANSWERING_S)
        if told.get("answer") == "values":
            return _shaped(array, (len(frame),))
        labels = told.get("labels")
        if not isinstance(labels, list) or len(labels) != len(frame):
            raise ValueError("it gave no label for each row")
        return np.array(labels, dtype=object)


class ConfinedScorer(Confined):
    """One that gives a score for each class, too."""

    def predict_proba(self, frame: "pd.DataFrame") -> Any:
        """Scores, rows by classes."""
        _, array = self._process.ask(b"s" + _table(frame), ANSWERING_S)
        return _shaped(array, (len(frame), len(self.classes_)))


@dataclass(frozen=True)
class _Process:
    """A running worker; it ends when nobody holds this any more."""

    running: "subprocess.Popen[bytes]"
    name: str

    def ask(self, message: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Its answer; ValueError for rows that it cannot take, UntrustedModel for no answer."""
        # Who does not read must not hold this process up.
        threading.Thread(target=self._send, args=(message,), daemon=True).start()
        try:
            head, _, array = self._received(time.monotonic() + seconds).partition(b"\n")
            told = json.loads(head)
            if not isinstance(told, dict):
                raise TypeError("no answer")
        except (EOFError, TimeoutError, TypeError, ValueError, RecursionError) as error:
            _end(self.running)
            raise UntrustedModel(
                f"{self.name}: the process that runs it gave no answer ({error})",
                cure="see whether it needs more than to read its own packages; save it with skops",
            ) from None
        if told.get("error") == "rows":
            raise ValueError(str(told.get("told"))[:400])
        return told, array

    def _send(self, message: bytes) -> None:
        try:
            target = _pipe(self.running.stdin)
            target.write(struct.pack(">Q", len(message)))
            target.write(message)
            target.flush()
        except (OSError, ValueError):
            return  # it has ended, and whoever waits for its answer is told

    def _received(self, deadline: float) -> bytes:
        (length,) = struct.unpack(">Q", self._exactly(8, deadline))
        if length > _MOST_BYTES:
            raise ValueError(f"it announced {length:,} bytes")
        return self._exactly(length, deadline)

    def _exactly(self, count: int, deadline: float) -> bytes:
        source = _pipe(self.running.stdout).fileno()
        parts, left = [], count
        while left:
            ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("it took too long")
            part = os.read(source, min(left, 1 << 20))
            if not part:
                raise EOFError("it ended")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def _started(data: bytes, path: Path) -> Confined:
    """The estimator in these bytes, opened elsewhere; UntrustedModel if it cannot be."""
    home = tempfile.mkdtemp(prefix="titleholder-model-")
    try:
        running = subprocess.Popen(
            [sys.executable, "-I", str(_WORKER), json.dumps(_readable())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_environment(home), cwd=home, start_new_session=True,
        )  # fmt: skip
        process = _Process(running, path.name)
        weakref.finalize(process, _end, running)
        told, _ = process.ask(data, OPENING_S)
    finally:
        Path(home).rmdir()  # it has no need of it but to stand somewhere
    if "error" in told:
        _end(running)
        raise _refused(path, str(told["error"]), str(told.get("told"))[:400])
    described = {name: told.get(name) for name in ("classes", "names")}
    return (ConfinedScorer if told.get("scores") else Confined)(process, described)


def _refused(path: Path, kind: str, told: str) -> TitleholderError:
    if kind == "unconfined":
        return UntrustedModel(
            f"{path}: is a pickle, and this system cannot shut in the process that runs it: {told}",
            cure="run it on Linux 5.13 or later with Landlock and seccomp, or save it with skops",
        )
    return UntrustedModel(
        f"{path}: {told}",
        cure="install the versions that it was saved with, or train and save the model again",
    )


def _environment(home: str) -> dict[str, str]:
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    return {**told, **dict.fromkeys(_ONE_THREAD, "1"), "HOME": home, "TMPDIR": home}


def _readable() -> list[str]:
    """Where Python and its packages lie; the project and the home directory are not among it."""
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    found = (sys.prefix, sys.base_prefix, str(_WORKER.parent), *libraries)
    return sorted({os.path.realpath(path) for path in found if path} - {"/"})


def _table(frame: "pd.DataFrame") -> bytes:
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise BadInput(f"these rows cannot be handed over: {error}") from None
    written = pa.BufferOutputStream()
    with pa.ipc.new_stream(written, table.schema) as stream:
        stream.write_table(table)
    return bytes(written.getvalue().to_pybytes())


def _shaped(array: bytes, shape: tuple[int, ...]) -> Any:
    """Floats of this shape in numpy's format; ValueError for anything else."""
    import numpy as np
    from numpy.lib import format as npy

    source = io.BytesIO(array)
    if npy.read_magic(source) != (1, 0):
        raise ValueError("it gave no numbers")
    found, turned, dtype = npy.read_array_header_1_0(source)
    if found != shape or dtype != np.dtype(np.float64) or turned:
        raise ValueError(f"it gave {dtype} of shape {found}, and {shape} was asked for")
    return np.frombuffer(array, np.float64, math.prod(shape), source.tell()).reshape(shape)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError("the process has no pipe")
    return pipe


def _end(running: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    for pipe in (running.stdin, running.stdout):
        with contextlib.suppress(OSError):
            _pipe(pipe).close()
