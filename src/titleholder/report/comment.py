"""One comment on a pull or merge request, written anew at each run.

A hidden mark at its beginning lets whoever posts it find the one that is there already; posting is
left to the platform's own tool (see docs/ci.md). GitHub refuses comments above 64 KiB.
"""

from collections.abc import Mapping, Sequence

from titleholder.report import markdown
from titleholder.rounding import plural
from titleholder.types import Verdict

MARK = "<!-- titleholder: verdict -->"
_LEAST = 1_500  # bytes; less shows no finding at all


def comment(
    verdicts: Sequence[Verdict], errors: Mapping[str, str] | None = None, *, report: str = ""
) -> str:
    """The mark and a summary of each verdict, in at most `markdown.COMMENT` bytes together.

    ``report`` is where the report cards are. Verdicts that there is no room for are counted.
    """
    parts = [MARK]
    parts += [
        f"## ⚠️ {markdown.escape(suite)}: no judgement\n\n{markdown.escape(message, 600)}\n"
        for suite, message in (errors or {}).items()
    ]
    room = markdown.COMMENT - len("\n".join(parts).encode()) - 200
    shown = 0
    for left, verdict in zip(range(len(verdicts), 0, -1), verdicts, strict=True):
        share = room // left
        if share < _LEAST:
            break
        text = markdown.summary(verdict, share, report=report)
        room -= len(text.encode()) + 1
        parts.append(text)
        shown += 1
    if shown < len(verdicts):
        parts.append(f"_{plural(len(verdicts) - shown, 'more verdict')} on the report cards._\n")
    whole = "\n".join(parts).encode()[: markdown.COMMENT]
    return whole.decode(errors="ignore")
