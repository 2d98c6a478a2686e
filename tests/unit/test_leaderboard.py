"""The leaderboard: the Pareto set, constraints, and whom to take."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.comparison.standings import Pair, Standing, Standings
from titleholder.leaderboard import Contender, Leaderboard, decided, lead
from titleholder.params.constraints import Constraint, parsed
from titleholder.report import leaderboard as told
from titleholder.types import Estimate, Outcome

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def estimate(value: float | None, half: float = 0.0) -> Estimate:
    """A value with its interval; none for None."""
    return Estimate() if value is None else Estimate(value, value - half, value + half)


def board(
    half: float = 0.01,
    constraints: tuple[str, ...] = (),
    usual: tuple[float, ...] = (),
    outcomes: dict[str, Outcome] | None = None,
    **said: tuple[float, float | None, float | None],
) -> Leaderboard:
    """Models by name with quality, latency and size; the first is the champion.

    Two qualities are shown apart where they differ by more than ``half``. ``usual`` are the
    median latencies, where there are any.
    """
    names = list(said)
    pairs = tuple(
        Pair("auc", a, b, 1000, estimate(said[b][0] - said[a][0], half), 0.001, 0.001,
             shown=abs(said[b][0] - said[a][0]) > half)
        for a, b in combinations(names, 2)
    )  # fmt: skip
    order = sorted(names, key=lambda n: -said[n][0])
    models = tuple(
        Standing(n, n == names[0], 1.0 + order.index(n), (estimate(said[n][0], half),))
        for n in names
    )
    best = tuple(n for n in order if said[order[0]][0] - said[n][0] <= half)
    standings = Standings({}, "suite", 0.95, ("auc",), models, pairs, best)
    contenders = [
        Contender(
            n,
            None if n == names[0] else (outcomes or {}).get(n, PASS),
            {
                "p95_latency_ms": estimate(said[n][1], 1.0),
                "size_mb": estimate(said[n][2]),
                **({"p50_latency_ms": estimate(usual[i], 0.5)} if usual else {}),
            },
        )
        for i, n in enumerate(names)
    ]
    limits = [one for text in constraints if (one := parsed(text))]
    return lead(standings, contenders, limits, {})


def test_the_best_that_may_be_taken_is_recommended() -> None:
    """Shown better than the champion, verdict PASS, constraints kept."""
    found = board(champion=(0.8, 10, 5), a=(0.9, 10, 5), b=(0.85, 10, 5))
    assert found.recommended == "a"
    assert "best rank" in found.why and "shown better than" in found.why
    assert [e.model for e in found.entries] == ["a", "b", "champion"]


def test_the_champion_stays_where_nobody_was_shown_better() -> None:
    """A tie is no reason to change."""
    found = board(champion=(0.8, 10, 5), a=(0.805, 10, 5), b=(0.795, 10, 5))
    assert found.recommended == "champion"
    assert "nobody was shown better" in found.why


def test_among_equals_the_cheaper_is_taken() -> None:
    """Alike in quality, and shown to be faster, with no larger a file."""
    found = board(champion=(0.8, 30, 5), a=(0.805, 10, 5))
    assert found.recommended == "a"
    assert "cheaper than champion" in found.why


@pytest.mark.parametrize("latency", [9.2, 10.0, 10.8])
def test_a_clocks_noise_does_not_turn_the_recommendation(latency: float) -> None:
    """A smaller file is shown; latencies that cannot be told apart speak neither way."""
    found = board(champion=(0.8, 10, 5), a=(0.805, latency, 3))
    assert found.recommended == "a"


def test_costs_that_overlap_are_no_reason_and_are_said_to_be_alike() -> None:
    """The recommendation says so in words, whoever it is."""
    found = board(champion=(0.8, 10, 5), a=(0.805, 9.5, 5))
    assert found.recommended == "champion"
    assert "what it costs cannot be told apart from a" in found.why
    assert "cheaper" not in found.why


@pytest.mark.parametrize(("usual", "recommended"), [((6.0, 6.0), "champion"), ((6.0, 2.0), "a")])
def test_a_tail_of_slow_calls_alone_is_no_reason(
    usual: tuple[float, float], recommended: str
) -> None:
    """The intervals of the 95% quantile lie apart by an outlier: the median has to as well."""
    found = board(usual=usual, champion=(0.8, 10.0, 5), a=(0.805, 6.5, 5))
    assert found.recommended == recommended
    assert ("cheaper than champion (latency)" in found.why) is (recommended == "a")
    assert set(found.pareto) == ({"champion", "a"} if recommended == "champion" else {"a"})


@pytest.mark.parametrize(("latency", "recommended"), [(80.0, "champion"), (70.0, "a")])
def test_what_a_clock_drifts_from_one_model_to_the_next_is_no_reason(
    latency: float, recommended: str
) -> None:
    """The intervals lie apart, and the same model would be as far from itself a minute later."""
    found = board(champion=(0.8, 100, 5), a=(0.805, latency, 5))
    assert found.recommended == recommended


def test_who_is_taken_in_the_champions_place_is_the_one_that_is_shown_cheaper() -> None:
    """Not another one of a better rank that is no cheaper than the champion."""
    found = board(champion=(0.8, 10, 5), a=(0.806, 10, 6), b=(0.804, 20, 3))
    assert found.recommended == "champion"
    found = board(champion=(0.8, 10, 5), a=(0.806, 11.5, 5), b=(0.804, 8.5, 5.01))
    assert found.recommended == "champion"
    found = board(half=0.02, champion=(0.8, 10, 5), a=(0.806, 8.5, 5), b=(0.804, 7, 5))
    assert found.recommended == "b"


def test_a_byte_is_no_reason() -> None:
    """A file that is shorter by less than one part in a hundred undercuts nobody."""
    found = board(champion=(0.8, 10, 5.0), a=(0.805, 10, 4.96))
    assert found.recommended == "champion"
    assert "cheaper" not in found.why
    assert board(champion=(0.8, 10, 5.0), a=(0.805, 10, 4.9)).recommended == "a"


def test_what_is_cheaper_here_and_dearer_there_undercuts_nobody() -> None:
    """A smaller file that is shown slower is no reason to change."""
    assert board(champion=(0.8, 10, 5), a=(0.805, 20, 3)).recommended == "champion"


@pytest.mark.parametrize("outcome", [FAIL, OPEN, Outcome.ERROR])
def test_nobody_is_recommended_past_a_verdict(outcome: Outcome) -> None:
    """However good it looks on the board."""
    found = board(champion=(0.8, 10, 5), a=(0.9, 1, 1), outcomes={"a": outcome})
    assert found.recommended == "champion"
    assert f"a is not: its verdict is {outcome}" in found.why


@pytest.mark.parametrize(
    ("latency", "outcome"),
    [(28.0, PASS), (29.0, PASS), (29.5, OPEN), (30.5, OPEN), (31.5, FAIL), (None, Outcome.ERROR)],
)
def test_a_constraint_is_kept_with_the_whole_interval(
    latency: float | None, outcome: Outcome
) -> None:
    """Half a millisecond too near is not kept, and what was not measured is not either."""
    limit = ("p95_latency_ms <= 30",)
    found = board(constraints=limit, champion=(0.8, 10, 5), a=(0.9, latency, 5))
    (entry,) = (e for e in found.entries if e.model == "a")
    assert [k.outcome for k in entry.kept] == [outcome]
    assert found.recommended == ("a" if outcome is PASS else "champion")


def test_a_floor_is_kept_from_above() -> None:
    """Quality may be constrained as well."""
    found = board(constraints=("auc >= 0.85",), champion=(0.8, 10, 5), a=(0.9, 10, 5))
    assert {e.model: e.kept[0].outcome for e in found.entries} == {"a": PASS, "champion": FAIL}


def test_where_nobody_may_be_taken_nobody_is() -> None:
    """Not even the champion, and each one's reason is told."""
    found = board(constraints=("size_mb <= 1",), champion=(0.8, 10, 5), a=(0.9, 10, None))
    assert found.recommended is None
    assert "champion: it misses size_mb <= 1" in found.why
    assert "a: it is not shown to keep size_mb <= 1 (size_mb was not measured, or" in found.why


def test_what_publishing_withheld_is_not_recommended() -> None:
    """A spent budget takes the recommendation with it."""
    found = board(champion=(0.8, 10, 5), a=(0.9, 10, 5), b=(0.88, 10, 5))
    assert decided(found, {"a": OPEN}).recommended == "b"
    assert decided(found, {"a": OPEN, "b": OPEN}).recommended == "champion"
    assert decided(found, {}) == found


def test_the_pareto_set_has_no_dominated_model() -> None:
    """Worse and shown slower than another: out, with that one's name."""
    found = board(champion=(0.8, 10, 5), slow=(0.8, 30, 5), small=(0.7, 10, 1), top=(0.9, 40, 9))
    assert set(found.pareto) == {"champion", "small", "top"}
    (slow,) = (e for e in found.entries if e.model == "slow")
    assert slow.dominated_by == "champion"


def test_noise_dominates_nobody() -> None:
    """A hair better and a hair faster is no proof."""
    found = board(champion=(0.8, 10, 5), a=(0.805, 9.5, 5))
    assert set(found.pareto) == {"champion", "a"}


def test_what_was_not_measured_has_no_place_on_the_front() -> None:
    """It neither dominates nor stands among those that are not dominated."""
    found = board(champion=(0.8, 10, 5), a=(0.9, None, None))
    assert found.pareto == ("champion",)
    (a,) = (e for e in found.entries if e.model == "a")
    assert not a.dominated_by


def test_where_nothing_costs_anything_quality_decides() -> None:
    """Ready predictions have neither size nor latency."""
    found = board(champion=(0.8, None, None), a=(0.9, None, None))
    assert found.pareto == ("a",)


FIGURES = st.tuples(
    st.floats(0.5, 1).map(lambda v: round(v, 2)),
    st.integers(1, 60).map(float),
    st.sampled_from([1.0, 5.0, 20.0]),
)


@given(st.lists(FIGURES, min_size=2, max_size=7), st.floats(0.001, 0.1))
def test_the_front_is_never_empty_and_is_within_that_of_values(
    figures: list[tuple[float, float, float]], half: float
) -> None:
    """No circle of models beats itself empty, and nobody is out who leads in every value."""
    found = board(half, **{f"m{i}": f for i, f in enumerate(figures)})
    assert found.pareto
    assert found.recommended is not None
    for i, mine in enumerate(figures):
        others = [o for j, o in enumerate(figures) if j != i]
        leads = all(
            (mine[0], -mine[1], -mine[2]) > (o[0], -o[1], -o[2])
            and mine[0] >= o[0]
            and mine[1] <= o[1]
            and mine[2] <= o[2]
            for o in others
        )
        if leads:
            assert f"m{i}" in found.pareto


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("size_mb <= 20", Constraint("size_mb", "<=", 20)),
        ("  f_beta[3]>=0.5 ", Constraint("f_beta[3]", ">=", 0.5)),
        ("cost_usd_per_1000 <= 1e-3", Constraint("cost_usd_per_1000", "<=", 1e-3)),
    ],
)
def test_a_constraint_is_read_from_its_line(text: str, found: Constraint) -> None:
    """A metric, a sign, a number."""
    assert parsed(text) == found


@pytest.mark.parametrize(
    "text", ["", "size_mb", "size_mb < 20", "size_mb <= big", "size_mb <= 1e999", "<= 3", "a <= ."]
)
def test_what_is_no_constraint_is_none(text: str) -> None:
    """Never half a constraint."""
    assert parsed(text) is None


def test_it_is_shown_where_it_says_more_than_the_verdict() -> None:
    """Several candidates, or constraints; not a pair without any."""
    pair: dict[str, Any] = {"champion": (0.8, 10, 5), "a": (0.9, 10, 5)}
    assert not told.shown(board(**pair))
    assert told.shown(board(constraints=("size_mb <= 9",), **pair))
    assert told.shown(board(**pair, b=(0.7, 10, 5)))
    assert not told.shown(None)


def test_the_table_has_a_star_at_the_recommended() -> None:
    """In a terminal and in Markdown, with what others miss."""
    found = board(
        constraints=("size_mb <= 9",), champion=(0.8, 10, 5), a=(0.9, 10, 5), b=(0.95, 10, 50)
    )
    text, page = told.plain(found), told.markdown(found)
    assert "★ a" in text and "★ a" in page
    assert "misses size_mb <= 9" in text
    assert all(len(line.split(" | ")) == 9 for line in page.splitlines() if line.startswith("| "))
