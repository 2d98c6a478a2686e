"""What each part of the campaign found, kept as it ends, for the table to be made of.

A part that was not run leaves its line of the last time, which says when and of what commit; so
the lines are committed with the page. What a part found wrong is kept word for word.
"""

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

KEPT = Path(__file__).parent / "kept"
# More messages than this of one part say nothing new.
MOST = 40
# What must never happen, and the words of a finding that tell which it is.
BARS = {
    "false ALLOW": ("ALLOW",),
    "lost": ("lost", "another", "does not open", "is not where", "promoting again"),
    "doubled": ("for one question", "waivers of one", "titles of one"),
    "false block": ("clean control", "no line ALLOW"),
    "undocumented ending": ("ended in", "fault of ours", "called ", "does not say", "left ",
                            "says no cure", "HARNESS"),
    "late": ("took ",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One part: how many of what, in how many kinds, and what went wrong among them."""

    part: str
    what: str
    count: int
    kinds: int = 0
    slowest_s: float | None = None
    note: str = ""
    wrong: dict[str, int] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    commit: str = ""
    day: str = ""


def note(
    part: str, what: str, count: int, *, wrong: Iterable[str], kinds: int = 0,
    slowest_s: float | None = None, more: str = "",
) -> None:  # fmt: skip
    """Keep the line of a part, in the place of what it found before."""
    found, messages = dict.fromkeys(BARS, 0), tuple(wrong)
    for one in messages:
        found[kind_of(one)] += 1
    line = Line(
        part, what, count, kinds, slowest_s, more, found, messages[:MOST], commit(),
        f"{datetime.now(UTC):%Y-%m-%d}",
    )  # fmt: skip
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{part}.json").write_text(json.dumps(asdict(line), indent=2) + "\n")


def kind_of(wrong: str) -> str:
    """Which bar a finding breaks; the gravest that its words fit, and never none."""
    said = re.sub(r"^.*?, request \d+: ", "", wrong)
    fitting = [bar for bar, words in BARS.items() if any(word in said for word in words)]
    return fitting[0] if fitting else "undocumented ending"


def lines() -> dict[str, Line]:
    """What was kept, by part."""
    found = (Line(**json.loads(path.read_text())) for path in sorted(KEPT.glob("*.json")))
    return {line.part: line for line in found}


def commit() -> str:
    """The commit that is checked out, short."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=KEPT.parent, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"
