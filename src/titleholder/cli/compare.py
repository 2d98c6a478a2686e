"""`titleholder compare`: two models on the same rows, judged by a policy; no pipeline.

The rows are a panel with two files of predictions, or two logs of an evaluation harness.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.cli import outputs
from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

if TYPE_CHECKING:
    from titleholder.oneoff import OneOff

HARNESSES = ("lm-eval", "inspect", "helm", "promptfoo", "deepeval")
HELP = "judge two prediction files, or two logs of a harness, without git, DVC or Prefect"
EPILOG = """\
Tables are .parquet, .csv or .jsonl. The panel has row_id and y_true, optionally cluster and
weight; any other column can be a slice. Predictions have row_id and y_pred or y_score (binary),
y_score_<class> (multiclass), y_pred (regression) or score_<metric> (scored items).

--from takes per-item logs as a harness leaves them: lm-eval (--log_samples), inspect, helm,
promptfoo, deepeval. Without a policy each task's official metric may lose less than --margin.

  titleholder compare --panel P --champion A --candidate B --policy Y
  titleholder compare --from lm-eval runs/old runs/new

exit codes: 0 ALLOW, 1 a blocking rule failed, 2 usage or configuration, 3 inconclusive or not
comparable, 5 could not decide
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "compare", HELP, EPILOG)
    parser.add_argument("logs", type=Path, nargs="*", metavar="LOG", help="two logs, with --from")
    parser.add_argument("--from", dest="harness", choices=HARNESSES, help="whose logs they are")
    parser.add_argument(
        "--margin", type=float, help="what a task may lose, without a policy (0.02)"
    )
    parser.add_argument("--panel", type=Path, help="the evaluation rows")
    parser.add_argument("--champion", type=Path, help="the champion's predictions")
    parser.add_argument("--candidate", type=Path, help="the candidate's predictions")
    parser.add_argument("--policy", type=Path, help="task, slices and rules (YAML)")
    parser.add_argument("--out", type=Path, help="directory for verdict.json and report.html")
    parser.add_argument("--json", action="store_true", help="print verdict.json on one line")
    parser.add_argument("--quiet", action="store_true", help="print the outcome alone")
    outputs.add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge, print, and map the outcome to an exit code."""
    from titleholder import memory, oneoff
    from titleholder.verdict import EXIT_OF

    memory.keep_freed()
    outputs.require_writable(args)
    if args.out is not None:
        outputs.require_room(args.out)
    found = _judged(args)
    if args.out is not None:
        oneoff.write(found, args.out)
    outputs.write(args, [found.verdict], declared=str(args.policy))
    _print(found, args)
    code = EXIT_OF[found.verdict.outcome]
    if code is Exit.ALLOW:
        candidate = next(s for s in found.verdict.inputs if s.role == "candidate")
        print(f"ALLOW sha256:{candidate.sha256}")
    return code


def _judged(args: argparse.Namespace) -> "OneOff":
    """The verdict on two files of predictions or two logs, as the flags say."""
    from titleholder import harnessed, oneoff

    given = {f"--{n}": getattr(args, n) for n in ("panel", "champion", "candidate")}
    if args.harness is None:
        missing = [name for name, path in {**given, "--policy": args.policy}.items() if not path]
        if missing or args.logs or args.margin is not None:
            raise UsageError(
                f"{', '.join(missing)} missing" if missing else "logs and --margin go with --from",
                cure="compare --panel P --champion A --candidate B --policy Y, "
                "or compare --from HARNESS LOG LOG",
            )
        return oneoff.judge_files(args.panel, args.champion, args.candidate, args.policy)
    extra = [name for name, path in given.items() if path]
    if len(args.logs) != 2 or extra:
        told = (
            f"takes two logs, and {len(args.logs)} are given" if not extra else "has no " + extra[0]
        )
        raise UsageError(f"--from {args.harness} {told}", cure="compare --from HARNESS LOG LOG")
    if args.margin is not None and (args.policy or not args.margin > 0):
        raise UsageError(
            "--margin is above 0, and goes without a policy, whose rules have their own"
        )
    margin = harnessed.MARGIN if args.margin is None else args.margin
    one, two = args.logs
    return harnessed.judge_logs(args.harness, one, two, args.policy, margin)


def _print(found: "OneOff", args: argparse.Namespace) -> None:
    verdict = found.verdict
    if args.json:
        import msgspec

        print(msgspec.json.encode(verdict, order="sorted").decode())
    elif args.quiet:
        print(f"{verdict.outcome}: {verdict.reason}")
    else:
        from titleholder import oneoff
        from titleholder.report import terminal

        terminal.print_findings(verdict)
        _tell_costs(found)
        if oneoff.same_bytes(found.verdict.inputs):
            terminal.print_line(
                "Note: candidate and champion are the same bytes: is one of them the wrong file?"
            )


def _tell_costs(found: "OneOff") -> None:
    """What the change is worth per 1,000 decisions, where the policy says what they cost."""
    if found.policy.costs is None:
        return
    from titleholder.report import terminal, tradeoff

    terminal.print_line(tradeoff.in_costs(found.comparisons.comparisons, found.policy.costs.unit))
