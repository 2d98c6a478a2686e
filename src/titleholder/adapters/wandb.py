"""Weights & Biases: results as its runs, online or, with WANDB_MODE=offline, into a directory."""

import os

from titleholder.errors import TrackerError, UsageError
from titleholder.tracking import Tracked

MODE = "WANDB_MODE"


def log(tracked: Tracked, project: str) -> str:
    """Log one candidate's verdict as a run, and say where.

    The run's id is made of the verdict's digest, so that the same verdict is the same run.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    try:
        import wandb
    except ModuleNotFoundError:
        raise UsageError(
            "Weights & Biases is not installed here", cure='pip install "titleholder[wandb]"'
        ) from None
    try:
        run = wandb.init(
            project=project, name=tracked.name, id=tracked.digest.removeprefix("sha256:")[:32],
            resume="allow", config={**tracked.params, **tracked.tags}, job_type="verdict",
            settings=wandb.Settings(
                disable_git=True, disable_code=True, save_code=False, console="off",
                x_disable_stats=True, x_disable_meta=True, silent=True,
            ),
        )  # fmt: skip
        run.summary.update(dict(tracked.figures))
        for file in tracked.files:
            run.save(str(file), base_path=str(file.parent), policy="now")
        where = run.url or run.dir
        run.finish()
    except (wandb.Error, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise TrackerError(
            f"Weights & Biases: {first}", cure=f"log in (WANDB_API_KEY), or set {MODE}=offline"
        ) from None
    return str(where)
