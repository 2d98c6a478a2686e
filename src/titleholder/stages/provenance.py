"""How a verdict of this workspace is being made: code, packages, libraries, parameters, times."""

import platform
from datetime import UTC, datetime
from typing import Literal

import msgspec

from titleholder import __version__, records
from titleholder.adapters import git
from titleholder.params.schema import Policy
from titleholder.stages import manifest
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace
from titleholder.trust.statement import Code, Provenance, Runtime, instant

LOCK = "requirements.lock"


def of(ws: Workspace) -> Provenance:
    """The provenance of what is published now."""
    lock = ws.root / LOCK
    commit, dirty = git.checked_out(ws.root)
    return Provenance(
        code=Code(commit=commit, dirty=dirty),
        lock=f"sha256:{records.sha256_file(lock)}" if lock.is_file() else None,
        params=f"sha256:{records.sha256(ws.suite)}",
        policy=f"sha256:{records.sha256(_policy(ws))}",
        runtime=_runtime(ws.suite.seed),
        started_at=instant(ws.started),
        finished_at=instant(datetime.now(UTC)),
        attempt=ws.attempt,
        snapshot=_snapshot(ws),
    )


def _snapshot(ws: Workspace) -> Literal["whole", "part", "none"]:
    """How much of what was judged was read from a private copy."""
    found = [one for one in manifest.read(ws).sources if not manifest.is_installed(one.role)]
    copied = [manifest.local_path(ws, one) != manifest.original(ws, one)
              for one in found if not shards.has(ws, one.role)]  # fmt: skip
    if not any(copied):
        return "none"
    return "whole" if all(copied) and len(copied) == len(found) else "part"


def _policy(ws: Workspace) -> dict[str, object]:
    """The part of the suite that judges: what a policy file for `compare` would hold."""
    return {name: msgspec.to_builtins(getattr(ws.suite, name)) for name in _POLICY}


_POLICY = tuple(sorted(Policy.__struct_fields__))


def _runtime(seed: int) -> Runtime:
    import numpy
    import scipy
    import scipy.linalg  # each brings a BLAS of its own, which is only there once it is loaded
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    blas = sorted({f"{pool['internal_api']} {pool.get('version') or ''}".strip() for pool in pools})
    return Runtime(
        titleholder=__version__,
        python=platform.python_version(),
        numpy=numpy.__version__,
        scipy=scipy.__version__,
        blas=", ".join(blas) or "none",
        threads=max((int(pool["num_threads"]) for pool in pools), default=1),
        seed=seed,
    )
