"""What is left in the stores of publishers that were killed, and what becomes of it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import kills, verdicts
from tests.support.keys import key, trust
from tests.support.project import REPOSITORY
from titleholder import gate
from titleholder.adapters.stores.local import LocalStore
from titleholder.errors import Exit


def killed(base: Path, count: int, seed: int) -> int:
    """Run ``count`` publishers and kill them; how many had not finished."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.kills", str(base), str(count), str(seed)],
        cwd=REPOSITORY, env={**os.environ}, capture_output=True, text=True, check=True, timeout=900,
    )  # fmt: skip
    return int(done.stdout)


def wrong_with(directory: Path) -> str:
    """What is wrong in the end with what one killed publisher left; empty if nothing is."""
    store = LocalStore(directory / "store")
    model = f"sha256:{verdicts.MODEL}"
    told = directory / kills.ACKNOWLEDGED
    acknowledged = told.read_text() if told.is_file() else ""
    before = gate.ask(store, "dev", "credit", model, trust=trust(key()))
    if before.exit not in (Exit.ALLOW, Exit.NO_VERDICT):
        return f"the gate said {before}"
    if acknowledged and before.exit is not Exit.ALLOW:
        return "an acknowledged verdict is lost"
    receipt = kills.published(directory)
    if acknowledged and receipt.digest != acknowledged:
        return "an acknowledged verdict is another"
    numbers = [k for k in store.keys("verdicts/") if not k.endswith("head.json")]
    if len(numbers) != 1:
        return f"{len(numbers)} verdicts for one question"
    if gate.ask(store, "dev", "credit", model, trust=trust(key())).exit is not Exit.ALLOW:
        return "the verdict does not open the gate in the end"
    return ""
