"""Open an ONNX model and answer one row in a process of its own, and say how much memory it took.

A file that crashes the runtime, asks for all memory or never answers does so here, under limits,
before the process that judges opens it. Run as a script it knows nothing of titleholder:

    python onnx_trial.py BYTES < model-then-inputs

reads a model of so many bytes and then its inputs (npz), and prints one JSON document.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any

SECONDS = 60
MEMORY = 4 * 2**30  # of addresses, beside eight times the model
_CALLS = 3


def trial(model: bytes, feed: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What came of one answer: ``peak_mb`` (None where the system does not tell), or ``error``.

    ``refused`` is an error of a graph that opened and did not take the inputs, for another reason
    than want of memory.
    """
    import numpy as np

    inputs = BytesIO()
    np.savez(inputs, **{f"input:{name}": v for name, v in feed.items()})
    command = [sys.executable, __file__, str(len(model))]
    try:
        done = subprocess.run(
            command, input=model + inputs.getvalue(), env=dict(environment), cwd=os.path.sep,
            capture_output=True, check=False, timeout=5 * SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"did not answer one row within {5 * SECONDS} s"}
    if done.returncode < 0:
        return {"error": f"ended the process that tried it: {_signal(-done.returncode)}"}
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return {"error": said[-1][:300] if said else "no answer"}
    return told


def options(library: Any) -> Any:
    """One thread, every call alike, and nothing printed: errors come as exceptions."""
    chosen = library.SessionOptions()
    chosen.intra_op_num_threads = 1
    chosen.inter_op_num_threads = 1
    chosen.execution_mode = library.ExecutionMode.ORT_SEQUENTIAL
    chosen.use_deterministic_compute = True
    chosen.log_severity_level = 4
    return chosen


def _signal(number: int) -> str:
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return f"it took more than {SECONDS} s or too much memory for one row"
    return signal.Signals(number).name


def _limit(size: int) -> None:
    import resource

    wanted = {
        resource.RLIMIT_AS: MEMORY + 8 * size,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in wanted.items():
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))


def _peak_kb() -> int | None:
    """Most memory that this process has held; that of its parent does not count."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
            lines = dict(line.split(":", 1) for line in status)
        return int(lines["VmHWM"].split()[0])
    except (OSError, KeyError, ValueError):
        return None


def _main() -> None:
    import numpy as np
    import onnxruntime

    size = int(sys.argv[1])
    given = sys.stdin.buffer.read()
    model, packed = given[:size], given[size:]
    with np.load(BytesIO(packed), allow_pickle=False) as held:
        feed = {name.removeprefix("input:"): held[name] for name in held.files}
    _limit(size)
    before = _peak_kb()
    session = None
    try:
        providers = ["CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(model, options(onnxruntime), providers=providers)
        for _ in range(_CALLS):
            session.run(None, feed)
    except Exception as error:  # the vendor raises anything; the parent tells it
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        starved = isinstance(error, MemoryError) or "alloc" in first.lower()
        print(json.dumps({"error" if session is None or starved else "refused": first[:300]}))
        return
    after = _peak_kb()
    peak = None if before is None or after is None else (after - before) * 1024 / 1e6
    print(json.dumps({"peak_mb": peak}))


if __name__ == "__main__":
    _main()
