"""Where engineers already look: files of the findings, and what GitHub and GitLab show of a job."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder.errors import UsageError

if TYPE_CHECKING:
    from titleholder.leaderboard import Leaderboard
    from titleholder.runner import Judged
    from titleholder.types import Verdict

SUMMARY = "GITHUB_STEP_SUMMARY"  # the file that GitHub shows beside a job
IN_ACTIONS = "GITHUB_ACTIONS"
JOB = "CI_JOB_URL"  # GitLab's address of the job, below which its artifacts are


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the files that a command can write of its findings."""
    group = parser.add_argument_group("files of the findings")
    group.add_argument("--junit", type=Path, metavar="FILE", help="JUnit XML, a testcase a rule")
    group.add_argument("--csv", type=Path, metavar="FILE", help="every finding as a row")
    group.add_argument("--markdown", type=Path, metavar="FILE", help="a summary to be read")
    group.add_argument("--comment", type=Path, metavar="FILE", help="one comment on a request")
    group.add_argument("--codequality", type=Path, metavar="FILE", help="for GitLab's widget")
    group.add_argument("--annotations", type=Path, metavar="FILE", help="for GitLab's job page")
    group.add_argument("--openmetrics", type=Path, metavar="FILE", help="for a monitoring system")


def require_writable(args: argparse.Namespace) -> None:
    """UsageError, before any work is done, for a place that no file of findings can be put in."""
    for path in (args.junit, args.csv, args.markdown):
        if path is not None:
            if path.is_dir():
                raise UsageError(f"{path}: is a directory", cure="name a file")
            require_room(path.parent)


def require_room(directory: Path) -> None:
    """UsageError where a directory is, or would lie below, a file or a link to nothing."""
    for place in (directory, *directory.parents):
        if place.is_dir():
            return
        if place.exists() or place.is_symlink():
            what = "a file, not a directory" if place.exists() else "a link that leads nowhere"
            raise UsageError(f"{place}: is {what}", cure="name another place")


def write(
    args: argparse.Namespace,
    verdicts: Sequence["Verdict"],
    errors: Mapping[str, str] | None = None,
    boards: Sequence["Leaderboard"] = (),
    judged: "Sequence[Judged]" = (),
    declared: str = "params.yaml",
) -> None:
    """Write the files that were asked for, and what GitHub Actions reads by itself.

    ``errors`` are suites that came to no verdict, with the message; ``boards`` are leaderboards,
    for the summary; ``judged`` says where and when verdicts were published, ``declared`` in which
    file their rules stand.
    """
    _write_for_requests(args, verdicts, errors, judged, declared)
    if args.openmetrics is not None:
        from titleholder.report.openmetrics import openmetrics, told

        published = [one.watched() for one in judged] or [told(verdict) for verdict in verdicts]
        _put(args.openmetrics, openmetrics(published, errors))
    if args.junit is not None:
        from titleholder.report.junit import junit

        _put(args.junit, junit(verdicts, errors or {}))
    if args.csv is not None:
        from titleholder.report.spreadsheet import findings_csv

        _put(args.csv, findings_csv(verdicts))
    summary = os.environ.get(SUMMARY)
    if args.markdown is not None or summary:
        from titleholder.report.markdown import summary as written

        text = "\n".join([*(written(verdict) for verdict in verdicts), *_boards(boards)])
        if args.markdown is not None:
            _put(args.markdown, text)
        if summary:
            with Path(summary).open("a", encoding="utf-8") as handle:
                handle.write(text)
    if os.environ.get(IN_ACTIONS) == "true" and not args.json:
        from titleholder.report.annotations import annotations

        for verdict in verdicts:
            print(annotations(verdict), end="")


def _boards(boards: Sequence["Leaderboard"]) -> list[str]:
    from titleholder.report import leaderboard

    return [leaderboard.markdown(board) for board in boards if leaderboard.shown(board)]


def _write_for_requests(
    args: argparse.Namespace,
    verdicts: Sequence["Verdict"],
    errors: Mapping[str, str] | None,
    judged: "Sequence[Judged]",
    declared: str,
) -> None:
    """What stands beside a pull or merge request."""
    if args.comment is not None:
        from titleholder.report.comment import comment

        _put(args.comment, comment(verdicts, errors))
    if args.codequality is not None:
        from titleholder.report.gitlab import code_quality

        _put(args.codequality, code_quality(verdicts, errors, declared))
    if args.annotations is not None:
        from titleholder.report.gitlab import links

        _put(args.annotations, links(_pages(judged)))


def _pages(judged: "Sequence[Judged]") -> dict[str, str]:
    """The report cards among the job's artifacts, by what they are about."""
    job = os.environ.get(JOB, "")
    return {
        f"{one.verdict.outcome} {one.verdict.suite}: {one.verdict.candidate}": (
            f"{job}/artifacts/file/{one.report}"
        )
        for one in judged
        if job
    }


def _put(path: Path, text: str) -> None:
    from titleholder import records

    records.write_bytes(path, text.encode())
