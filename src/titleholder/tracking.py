"""One candidate's result as experiment trackers take it: a name, tags, parameters and figures."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from titleholder.trust.publication import Receipt
from titleholder.types import OVERALL, Comparison, Verdict


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a tracker is told. ``digest`` names the published verdict, for good."""

    name: str
    digest: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    figures: Mapping[str, float]
    files: tuple[Path, ...]


def tracked(
    verdict: Verdict, receipt: Receipt, comparisons: Iterable[Comparison], files: tuple[Path, ...]
) -> Tracked:
    """The verdict, and every metric that was measured on all rows."""
    tags = {
        "titleholder.suite": verdict.suite,
        "titleholder.candidate": verdict.candidate,
        "titleholder.outcome": verdict.outcome.value,
        "titleholder.reason": verdict.reason,
        "titleholder.environment": receipt.environment,
        "titleholder.model": f"sha256:{receipt.subject.digest.sha256}",
        "titleholder.location": receipt.location,
        "titleholder.signature": receipt.signature,
    }
    params = {"task": verdict.task.value, "level": f"{verdict.level:g}"}
    params |= {s.role: s.revision or s.sha256[:12] for s in verdict.inputs}
    counts = {
        f"findings.{outcome}": float(sum(f.outcome == outcome for f in verdict.findings))
        for outcome in ("PASS", "FAIL", "INCONCLUSIVE", "ERROR")
    }
    return Tracked(
        name=f"{verdict.suite}/{verdict.candidate}",
        digest=receipt.digest,
        tags=tags,
        params={name.replace(":", "."): value for name, value in params.items()},
        figures={**counts, **dict(_figures(comparisons))},
        files=files,
    )


def _figures(comparisons: Iterable[Comparison]) -> Iterator[tuple[str, float]]:
    """Both models' values and the improvement with its interval; what is undefined is left out."""
    for one in comparisons:
        if one.slice != OVERALL or one.over is not None:
            continue
        named = {
            one.metric: one.candidate.value,
            f"{one.metric}.champion": one.champion.value,
            f"{one.metric}.improvement": one.improvement.value,
            f"{one.metric}.improvement_low": one.improvement.low,
            f"{one.metric}.improvement_high": one.improvement.high,
        }
        yield from ((name, value) for name, value in named.items() if value is not None)
