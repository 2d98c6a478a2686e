"""What a person or a program is shown when suites have run."""

import sys
from collections.abc import Sequence

from titleholder import records
from titleholder.errors import Exit
from titleholder.runner import Ending, Judged


def show(endings: Sequence[Ending], *, as_json: bool, quiet: bool) -> int:
    """Print the endings and return the exit code of the run.

    JSON goes to standard output as one document, and errors to standard error as well. Otherwise
    each suite has its outcome, its findings and where to look; ``quiet`` keeps the outcome alone.
    """
    if as_json:
        sys.stdout.write(records.encode(list(endings)).decode())
        for ending in endings:
            _tell_error(ending)
    else:
        for ending in endings:
            _show_one(ending, quiet=quiet)
    for ending in endings:
        for warning in ending.warnings:
            print(f"titleholder: {ending.suite}: warning: {warning}", file=sys.stderr, flush=True)
    return max((ending.exit_code for ending in endings), default=Exit.ALLOW)


def _show_one(ending: Ending, *, quiet: bool) -> None:
    if ending.error:
        print(f"{ending.suite}: no judgement", flush=True)
        _tell_error(ending)
        return
    for one in ending.judged:
        from titleholder.report import sentences

        if quiet:
            told = sentences.headline(one.verdict)
            print(f"{ending.suite}: {one.verdict.candidate}: {told} ({signed(one)})")
            continue
        from titleholder.report import terminal
        from titleholder.report.text import visible

        print()
        terminal.print_findings(one.verdict)
        terminal.print_line(one.costs)
        print(f"  panel        {visible(one.overlap, 200)}")
        print(f"  report card  {one.report}")
        if one.bias:
            print(f"  bias audit   {one.bias}")
        print(f"  verdict      {one.published} ({signed(one)})", flush=True)
        if not one.created:
            print("               published before: the same question again adds no evidence")
    if not quiet:
        _show_leaderboard(ending)


def _tell_error(ending: Ending) -> None:
    if ending.error:
        print(f"titleholder: {ending.suite}: {ending.error}", file=sys.stderr, flush=True)


def _show_leaderboard(ending: Ending) -> None:
    from titleholder.report import leaderboard, tables

    if ending.leaderboard is not None and leaderboard.shown(ending.leaderboard):
        print()
        sys.stdout.write(tables.encodable(leaderboard.plain(ending.leaderboard), sys.stdout))
        for one in ending.judged[:1]:  # every candidate's card shows the same
            print(f"  as a page    {one.report}#leaderboard", flush=True)


def signed(one: Judged) -> str:
    """Whose signature the published verdict has, in words."""
    if one.signature.startswith("sha256:"):
        return f"signed by key {one.signature[:19]}"
    return one.signature
