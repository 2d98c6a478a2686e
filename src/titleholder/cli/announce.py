"""`titleholder announce --model FILE`: a model is new, so its suites are to be judged."""

import argparse
import os
from pathlib import Path

from titleholder.cli.address import PARAMS_FILE
from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

HELP = "tell the Prefect server that a model is new: a deployment judges its suites"
EPILOG = """\
For the end of a training job or a registry's webhook. The suites are those of params.yaml that
read the model; the event is titleholder.model.updated, which prefect.yaml's deployment
on-model-update waits for.

exit codes: 0 announced, 2 no suite reads this model, 5 the server did not take it
"""
API = "PREFECT_API_URL"


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "announce", HELP, EPILOG)
    parser.add_argument("--model", metavar="FILE", required=True, help="the model's file")
    parser.add_argument("--server", metavar="URL", help=f"of Prefect's API (${API})")
    parser.add_argument(
        "--timeout",
        type=float,
        default=10.0,
        metavar="S",
        help="for the server to answer, however often it is asked (10)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Find the suites that read the model, and announce it to each."""
    api = args.server or os.environ.get(API)
    if not api:
        raise UsageError(f"no --server, and no ${API}", cure="name Prefect's API: --server URL")
    from titleholder import records
    from titleholder.adapters.events import Announcement, announce

    path = Path(args.model)
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    digest = records.sha256_file(path)
    found = [Announcement(suite, args.model, digest) for suite in _readers(path)]
    announce(api, found, args.timeout)
    for one in found:
        print(f"announced {one.path} to {one.suite}: sha256:{one.sha256}")
    return Exit.ALLOW


def _readers(model: Path) -> list[str]:
    """The suites whose champion or candidate the model is; UsageError if there is none."""
    from titleholder.stages.workspace import open_params

    suites = open_params(Path()).suites
    named = {
        suite: (said.models.champion, *said.models.candidates) for suite, said in suites.items()
    }
    found = [
        suite for suite, paths in named.items()
        if any(Path(path).resolve() == model.resolve() for path in paths)
    ]  # fmt: skip
    if not found:
        raise UsageError(
            f"{model}: no suite of {PARAMS_FILE} reads this model",
            cure=f"its models are: {', '.join(sorted({p for ps in named.values() for p in ps}))}",
        )
    return found
