"""Many nights of one suite, published as they come: good ones, bad ones, missing ones.

The findings come from the judge itself and the verdicts go through `publish`, so that what is
made of them has met everything a real chain holds.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from tests.support import cards, verdicts
from tests.support.cards import Moved, comparison
from titleholder import records
from titleholder.conclude import conclude
from titleholder.drift import Drift
from titleholder.judge import judge
from titleholder.params.schema import Policy
from titleholder.store import Store
from titleholder.trust.publication import Receipt, publish
from titleholder.trust.statement import Exposure, subject_of
from titleholder.types import Check, Comparison, Outcome, Severity, Source, Task, Verdict

FIRST = date(2026, 1, 5)
SLICES = (
    *(f"region={name}" for name in ("north", "south", "east", "west")),
    "segment=new & age=[18, 30)",
    "segment=old & age=[65, 120)",
)
COLUMNS = ("income", "age", "tenure", "region", "segment", "balance")
BUDGET = 80
REIGN = 40  # nights between two champions


@dataclass(frozen=True)
class Night:
    """One night to be published, and what the drift of it was."""

    day: date
    verdict: Verdict
    drift: Drift
    model: str
    champion: str


def nights(
    count: int, *, suite: str = "credit", first: date = FIRST, seed: int = 1
) -> Iterator[Night]:
    """``count`` verdicts on successive nights, of which a few have none."""
    rng = np.random.default_rng(seed)
    day = first
    for number in range(count):
        yield _night(number, day, suite, rng)
        day += timedelta(days=int(rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4))))


def publish_nights(store: Store, found: Iterator[Night], scratch: Path) -> list[Receipt]:
    """Publish each at a quarter past two of its night, with its drift as evidence."""
    told = []
    for number, night in enumerate(found, start=1):
        suite = scratch / "suite.json"
        records.write(suite, {"holdout": {"budget": BUDGET}})
        path = scratch / "drift.json"
        records.write(path, night.drift)
        card = scratch / "report.html"
        card.write_text(f"<!DOCTYPE html>\n<title>Report card of {night.day}</title>\n")
        told.append(
            publish(
                store, "dev", night.verdict,
                subject_of("candidate.skops", night.model),
                {
                    "drift/drift.json": path,
                    "report/candidate/report.html": card,
                    "publish/suite.json": suite,
                },
                exposure=Exposure(
                    f"sha256:{'ab' * 32}", number, f"sha256:{'cd' * 32}", 0.025 * number
                ),
                provenance=verdicts.provenance(),
                valid_for=timedelta(days=7),
                logical_date=night.day,
                now=moment_of(night.day),
            )
        )  # fmt: skip
    return told


def moment_of(day: date) -> datetime:
    """When the verdict of a night is published."""
    return datetime.combine(day, time(2, 15), UTC)


def _night(number: int, day: date, suite: str, rng: np.random.Generator) -> Night:
    reign = number // REIGN
    ageing = (number % REIGN) / REIGN
    found = _compared(0.012 - 0.034 * ageing**2, rng)
    policy = Policy(task=Task.BINARY, rules=cards.RULES)
    shift = _drift(0.08 + 0.16 * ageing, rng)
    checks = (
        Check("data", "data", Severity.BLOCK, Outcome.PASS, "all 25 expectations hold"),
        Check("drift", "drift", Severity.WARN, shift.outcome, shift.reason),
    )
    model, champion = f"{number % 7 + 1:x}{reign % 16:x}" * 32, f"c{reign % 16:x}" * 32
    verdict = conclude(
        suite=suite,
        policy=policy,
        candidate="candidate",
        findings=judge(policy, found),
        declared=tuple(check.name for check in checks),
        checks=checks,
        inputs=(
            Source("current", f"data/{calendar.month_name[day.month]}.parquet", "ef" * 32, 10),
            Source("champion", "models/champion.skops", champion, 10),
            Source("candidate:candidate", "models/candidate.skops", model, 10),
        ),
    )
    return Night(day, verdict, shift, model, champion)


def _compared(by: float, rng: np.random.Generator) -> list[Comparison]:
    def near(value: float, spread: float) -> float:
        return float(value + rng.normal(0, spread))

    recall = [Moved(0.7, near(by, 0.014), near(0.026, 0.002), 900) for _ in SLICES]
    return [
        comparison("roc_auc", moved=Moved(near(0.86, 0.004), near(by, 0.004), 0.006)),
        comparison("log_loss", moved=Moved(near(0.29, 0.003), near(0.004, 0.002), 0.003)),
        comparison("f1", moved=Moved(0.6, near(0.01, 0.004), 0.01)),
        comparison("recall", moved=Moved(0.7, near(by, 0.006), 0.012)),
        *(comparison("recall", s, m) for s, m in zip(SLICES, recall, strict=True)),
        comparison(
            "demographic_parity_difference", over="sex", moved=Moved(0.14, near(-0.02, 0.02), 0.03)
        ),
        comparison("size_mb", moved=Moved(1.2, -0.4, 0.0, 1)),
    ]


def _drift(size: float, rng: np.random.Generator) -> Drift:
    columns = tuple(
        replace(cards._column(name, float(size * rng.gamma(9, 1 / 9) / (k + 1))), bins=())
        for k, name in enumerate(COLUMNS)
    )
    moved = [column.name for column in columns if column.outcome == "SHIFTED"]
    return Drift(
        inputs={},
        outcome=Outcome.FAIL if moved else Outcome.PASS,
        reason=f"{moved[0]}: PSI above 0.2" if moved else "none of 6 scored columns shifted",
        columns=columns,
    )
