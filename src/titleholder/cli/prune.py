"""`titleholder prune`: evidence that has had its time may go; verdicts stay."""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder.cli.address import PARAMS_FILE, address
from titleholder.cli.declaring import Commands, add_store, declare
from titleholder.errors import Busy, Exit, UsageError

if TYPE_CHECKING:
    from titleholder.trust.prune import Plan

HELP = "what evidence may go, of all suites in the store; --remove removes it"
EPILOG = """\
Verdicts, titles, waivers and the ledger are never removed. The evidence stays of a suite's newest
--runs verdicts, of all of the last --days days, of those that still hold, and of those that a title
rests on or that are of the present champion. Everything else is told with its bytes, and removed
only with --remove. Publishing at the same time is safe. `verify` says of a verdict whose evidence
is gone that it was pruned, and when; gate and history need none.

A bucket keeps what is removed as older versions: its lifecycle rule for noncurrent versions frees
the bytes. Here, the directories of runs of suites that params.yaml has no more go, too, and the
private copies of data and models that a run left which was cut short.

exit codes: 0 told or done, 2 usage or configuration, 4 a chain of verdicts cannot be read, so that
nothing is removed, 5 the store could not be read or written
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "prune", HELP, EPILOG)
    add_store(parser)
    parser.add_argument("--days", type=int, default=90, metavar="N", help="stay whole (90)")
    parser.add_argument("--runs", type=int, default=30, metavar="N", help="of each suite (30)")
    parser.add_argument(
        "--orphans", action="store_true",
        help="files that no verdict names, too: while nobody publishes",
    )  # fmt: skip
    parser.add_argument("--remove", action="store_true", help="do it, and not only tell of it")
    parser.add_argument("--json", action="store_true", help="print it as a line of JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tell what may go, and remove it if that is asked for."""
    from titleholder.adapters.stores import store_at
    from titleholder.trust import prune

    if args.days < 0 or args.runs < 1:
        raise UsageError("--days is at least 0, and --runs at least 1")
    store = store_at(address(args.store, args.endpoint, args.credentials), Path())
    planned = prune.plan(store, prune.Rule(args.days, args.runs))
    here = _stray_runs(Path())
    copies = _left_copies(Path(), here)
    said = _said(planned, here, copies, orphans=args.orphans)
    if args.remove:
        restored = prune.carry_out(store, planned, orphans=args.orphans)
        for directory in (*here, *copies):
            shutil.rmtree(directory)
        said |= {"removed": True, "restored": len(restored)}
    if args.json:
        print(json.dumps({**said, "store": store.url}, sort_keys=True))
    else:
        _print(said, store.url)
    return int(Exit.ALLOW)


def _said(
    planned: "Plan", here: list[Path], copies: list[Path], *, orphans: bool
) -> dict[str, Any]:
    """All that is told, before anything is done."""
    return {
        "rule": str(planned.rule),
        "verdicts": planned.verdicts,
        "verdicts_without_evidence": planned.bare,
        "files": len(planned.removed),
        "bytes": sum(planned.removed.values()),
        "files_kept": len(planned.kept),
        "bytes_kept": sum(planned.kept.values()),
        "orphans": len(planned.orphans),
        "orphans_too": orphans,
        "runs": [path.as_posix() for path in here],
        "runs_bytes": sum(_bytes(path) for path in here),
        "copies": [path.as_posix() for path in copies],
        "copies_bytes": sum(_bytes(path) for path in copies),
        "restored": 0,
        "removed": False,
    }


def _print(said: dict[str, Any], url: str) -> None:
    done = "removed" if said["removed"] else "would remove"
    print(f"{url}: {said['rule']}")
    print(f"  {said['verdicts']:,} verdicts: all stay")
    print(f"  evidence that stays: {said['files_kept']:,} files, {_mb(said['bytes_kept'])}")
    print(
        f"  {done}: {said['files']:,} files, {_mb(said['bytes'])}, "
        f"of {said['verdicts_without_evidence']:,} verdicts"
    )
    if said["orphans"]:
        what = done if said["orphans_too"] else "stay without --orphans"
        print(f"  named by no verdict: {said['orphans']:,} files ({what})")
    if said["runs"]:
        runs = ", ".join(said["runs"])
        print(f"  {done}: {runs} ({_mb(said['runs_bytes'])}), of suites that {PARAMS_FILE} lacks")
    if said["copies"]:
        copies = ", ".join(said["copies"])
        print(f"  {done}: {copies} ({_mb(said['copies_bytes'])}), of runs that were cut short")
    if said["restored"]:
        print(f"  put back for a verdict that came meanwhile: {said['restored']:,} files")
    if not said["removed"]:
        print("nothing was removed: --remove does it", file=sys.stderr)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _stray_runs(root: Path) -> list[Path]:
    """Directories of runs of suites that are no more; Busy when one is at work all the same."""
    from titleholder.stages.workspace import RUNS, at_work

    there = root / RUNS
    if not (root / PARAMS_FILE).is_file() or not there.is_dir():
        return []
    from titleholder.stages.workspace import open_params

    known = open_params(root).suites
    stray = sorted(path for path in there.iterdir() if path.is_dir() and path.name not in known)
    for path in stray:
        if at_work(path):
            raise Busy(f"a run is at work in {path}", cure="wait until it has ended")
    return stray


def _left_copies(root: Path, stray: list[Path]) -> list[Path]:
    """Private copies of inputs that a run left which was cut short; one that goes on makes its own.

    Those of a run that is at work stay.
    """
    from titleholder.stages.workspace import COPIES, RUNS, at_work

    there = root / RUNS
    runs = sorted(there.iterdir()) if (root / PARAMS_FILE).is_file() and there.is_dir() else []
    left = [run for run in runs if run not in stray and (run / COPIES).is_dir()]
    return [run / COPIES for run in left if not at_work(run)]


def _bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
