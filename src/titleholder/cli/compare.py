"""`titleholder compare`: two prediction files on one panel, judged by a policy; no pipeline."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli import outputs
from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit

if TYPE_CHECKING:
    from titleholder.types import Verdict

HELP = "judge two prediction files on one panel, without git, DVC or Prefect"
EPILOG = """\
Tables are .parquet, .csv or .jsonl. The panel has row_id and y_true, optionally cluster and
weight; any other column can be a slice. Predictions have row_id and y_pred or y_score (binary),
y_score_<class> (multiclass), y_pred (regression) or score_<metric> (scored items).

exit codes: 0 ALLOW, 1 a blocking rule failed, 2 usage or configuration, 3 inconclusive or not
comparable, 5 could not decide
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "compare", HELP, EPILOG)
    parser.add_argument("--panel", type=Path, required=True, help="the evaluation rows")
    parser.add_argument("--champion", type=Path, required=True, help="the champion's predictions")
    parser.add_argument("--candidate", type=Path, required=True, help="the candidate's predictions")
    parser.add_argument("--policy", type=Path, required=True, help="task, slices and rules (YAML)")
    parser.add_argument("--out", type=Path, help="directory for verdict.json and report.html")
    parser.add_argument("--json", action="store_true", help="print verdict.json on one line")
    parser.add_argument("--quiet", action="store_true", help="print the outcome alone")
    outputs.add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge, print, and map the outcome to an exit code."""
    from titleholder import oneoff, records
    from titleholder.verdict import EXIT_OF

    found = oneoff.judge_files(args.panel, args.champion, args.candidate, args.policy)
    if args.out is not None:
        oneoff.write(found, args.out)
    outputs.write(args, [found.verdict])
    _print(found.verdict, args)
    code = EXIT_OF[found.verdict.outcome]
    if code is Exit.ALLOW:
        print(f"ALLOW sha256:{records.sha256_file(args.candidate)}")
    return code


def _print(verdict: "Verdict", args: argparse.Namespace) -> None:
    if args.json:
        import msgspec

        print(msgspec.json.encode(verdict, order="sorted").decode())
    elif args.quiet:
        print(f"{verdict.outcome}: {verdict.reason}")
    else:
        from titleholder.report import terminal

        terminal.print_findings(verdict)
