"""Git: which commit a file as it lies belongs to."""

import os
import subprocess
from pathlib import Path

from titleholder.environment import without_secrets

TIMEOUT_S = 60


def revision_of(root: Path, path: str) -> str | None:
    """The commit that last changed ``path``, with ``-dirty`` if it was changed since.

    None outside a repository, or for a file that git does not know.
    """
    commit = _git(root, "log", "-1", "--format=%H", "--", path)
    if not commit:
        return None
    return f"{commit}-dirty" if _git(root, "status", "--porcelain", "--", path) else commit


def checked_out(root: Path) -> tuple[str | None, bool]:
    """The commit that is checked out, and whether tracked files differ from it.

    None and false outside a repository.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = commit and _git(root, "status", "--porcelain", "--untracked-files=no")
    return commit, bool(changed)


def is_repository(root: Path) -> bool:
    """Whether ``root`` lies in a repository, with or without a commit."""
    return _git(root, "rev-parse", "--git-dir") is not None


def resolve(root: Path, rev: str) -> str | None:
    """The full name of the commit that ``rev`` means; None when this clone has no such commit."""
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")


def last_change(root: Path, rev: str, path: str) -> str | None:
    """The commit that last changed ``path`` as ``rev`` sees it."""
    return _git(root, "log", "-1", "--format=%H", rev, "--", path)


def changed_since(root: Path, rev: str) -> set[str] | None:
    """Files below ``root``, relative to it, that differ from where this branch left ``rev``.

    What is not committed counts. None where this clone cannot tell.
    """
    fork = _fork(root, rev)
    if fork is None:
        return None
    named = _git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", fork) or ""
    return set(filter(None, named.split("\0")))


def at_fork(root: Path, rev: str, path: str) -> str | None:
    """A file below ``root`` as it was where this branch left ``rev``; None where it was not."""
    return _git(root, "show", f"{_fork(root, rev)}:./{path}")


def _fork(root: Path, rev: str) -> str | None:
    return _git(root, "merge-base", "--end-of-options", rev, "HEAD")


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, stripped; None when it says no or is not installed."""
    environment = {**without_secrets(os.environ), "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
