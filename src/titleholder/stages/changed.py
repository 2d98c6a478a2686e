"""Which suites read what has changed since a revision: what a pull request has to be judged by."""

from pathlib import Path
from typing import Any

from titleholder.adapters import git
from titleholder.errors import ConfigError, UsageError
from titleholder.params.document import parse
from titleholder.params.schema import Params, Suite
from titleholder.stages.pull import roles
from titleholder.stages.workspace import PARAMS_FILE


def suites(root: Path, params: Params, rev: str) -> list[str]:
    """The suites whose data, models, expectations or own part of params.yaml are other than they
    were where this branch left ``rev``, in the order of params.yaml.

    A file that DVC tracks has changed when its ``.dvc`` file has. UsageError for a revision that
    this clone does not have.
    """
    changed = git.changed_since(root, rev)
    if changed is None:
        raise UsageError(
            f"--changed {rev}: this clone has no such revision, or nothing in common with it",
            cure="fetch it (in GitHub's checkout: fetch-depth: 0), or name another",
        )
    before, now = _declared(root, rev), _plain((root / PARAMS_FILE).read_bytes())
    return [
        name
        for name, suite in params.suites.items()
        if before.get(name) != now.get(name) or _reads(suite, changed)
    ]


def _reads(suite: Suite, changed: set[str]) -> bool:
    return any(
        file in (path, f"{path}.dvc") or file.startswith(f"{path}/")
        for _, path in roles(suite)
        for file in changed
    )


def _declared(root: Path, rev: str) -> dict[str, Any]:
    """The suites as they stood where this branch left the revision; none where nothing did."""
    text = git.at_fork(root, rev, PARAMS_FILE)
    return {} if text is None else _plain(text.encode())


def _plain(text: bytes) -> dict[str, Any]:
    """What a params.yaml declares as suites; nothing for one that nobody could have run."""
    try:
        found = parse(text.decode(), PARAMS_FILE).data["suites"]
    except (ConfigError, UnicodeDecodeError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
