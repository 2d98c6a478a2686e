"""Pages that are made of the code say what the code says; the site holds together."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from titleholder.cli import reference as commands
from titleholder.params import reference as params

ROOT = Path(__file__).parents[2]
MADE: dict[str, Callable[[], str]] = {
    "docs/reference/commands.md": commands.page,
    "docs/reference/params.md": params.page,
}


@pytest.mark.parametrize("path", MADE)
def test_a_made_page_is_what_its_module_prints(path: str) -> None:
    """`make pages` makes all of them anew."""
    assert (ROOT / path).read_text(encoding="utf-8") == MADE[path](), "stale: make pages"


def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    """Strictly: links, anchors, and pages that nothing leads to."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    fetched = re.compile(r"(?:src|href)=\"(https?:)?//[^\"]*\.(?:js|css|woff2?)\"")
    for page in tmp_path.rglob("*.html"):
        assert not fetched.search(page.read_text(encoding="utf-8")), page.name


@pytest.mark.parametrize(
    "page", [p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "docs").rglob("*.md"))]
)
def test_a_page_names_only_files_that_there_are(page: str) -> None:
    """Paths in backticks that begin as this repository's folders do; DVC may hold the file."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|benchmarks|deploy|flows|models|data)/[\w./-]+)`", text)
    missing = [p for p in named if not any((ROOT / n).exists() for n in (p, f"{p}.dvc"))]
    assert not missing
