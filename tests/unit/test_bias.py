"""The bias audit: whose rates, against whom, and what could be done at which price."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support import audits
from titleholder import records
from titleholder.adapters import mitigations, proxies
from titleholder.arrays import Ints
from titleholder.bias import Audit, Gap, audit, definitions, mitigation, protected_of
from titleholder.bias.rates import Models
from titleholder.comparison.slices import grouping
from titleholder.params.schema import BiasParams, Binned
from titleholder.report.bias import build, summary

PARAMS = BiasParams(protected=("group",), small=40)


def gaps(found: Models, params: BiasParams = PARAMS) -> dict[str, Gap]:
    """The gaps of the first column: by definition, and for AIF360's by group too."""
    axis = audit(found, params.protected or (), params)[0]
    return {f"{g.source} {g.definition}": g for g in axis.gaps}


def table(group: Ints, y: Ints, call: Ints, which: int) -> dict[str, float]:
    """Rates of one group as AIF360 defines them, with 1 the favourable label."""
    of = group == which
    return {
        "selected": float(call[of].mean()),
        "tpr": float(call[of & (y == 1)].mean()),
        "fpr": float(call[of & (y == 0)].mean()),
    }


@pytest.mark.parametrize("favourable", [True, False])
def test_signed_gaps_are_those_of_the_group_less_the_reference(favourable: bool) -> None:
    """Against the formulas written out, whichever decision is the favourable one."""
    found = audits.models(positive=favourable)
    y, call = np.asarray(found.panel.y_true), np.asarray(found.candidate.label)
    if not favourable:
        y, call = 1 - y, 1 - call
    group = (found.panel.columns["group"] == "b").astype(np.int64)
    b, a = table(group, y, call, 1), table(group, y, call, 0)
    expected = {
        "statistical_parity_difference": b["selected"] - a["selected"],
        "disparate_impact": b["selected"] / a["selected"],
        "equal_opportunity_difference": b["tpr"] - a["tpr"],
        "average_odds_difference": ((b["fpr"] - a["fpr"]) + (b["tpr"] - a["tpr"])) / 2,
    }
    said = {g.definition: g.candidate.value for g in gaps(found).values() if g.group}
    assert said == pytest.approx(expected, abs=1e-12)


def test_aif360_says_the_same() -> None:
    """Its own classes, where it is installed, agree to 1e-12."""
    datasets = pytest.importorskip("aif360.datasets")
    metrics = pytest.importorskip("aif360.metrics")
    import pandas as pd

    found = audits.models()
    frame = pd.DataFrame({
        "group": (found.panel.columns["group"] == "a").astype(float),
        "y": np.asarray(found.panel.y_true, dtype=float),
    })  # fmt: skip
    names = {"label_names": ["y"], "protected_attribute_names": ["group"]}
    true = datasets.BinaryLabelDataset(df=frame, **names)
    said = datasets.BinaryLabelDataset(
        df=frame.assign(y=np.asarray(found.candidate.label, dtype=float)), **names
    )
    theirs = metrics.ClassificationMetric(
        true, said, unprivileged_groups=[{"group": 0.0}], privileged_groups=[{"group": 1.0}]
    )
    ours = {g.definition: g.candidate.value for g in gaps(found).values() if g.group}
    assert ours == pytest.approx(
        {
            "statistical_parity_difference": theirs.statistical_parity_difference(),
            "disparate_impact": theirs.disparate_impact(),
            "equal_opportunity_difference": theirs.equal_opportunity_difference(),
            "average_odds_difference": theirs.average_odds_difference(),
        },
        abs=1e-12,
    )


def test_improvement_is_a_smaller_distance_from_equal() -> None:
    """A gap that shrinks from either side of zero is better, one that grows is worse."""
    found = audits.models()
    calls = np.asarray(found.candidate.label).copy()
    calls[found.panel.columns["group"] == "b"] = 1
    worse = replace(found, candidate=replace(found.candidate, label=calls))
    gap = gaps(worse)["AIF360 statistical_parity_difference"]
    assert gap.improvement.high is not None and gap.improvement.high < 0


def test_four_fifths_is_about_the_decision_that_people_want() -> None:
    """With a denial as the positive class, the ratio is that of approvals."""
    found = audits.models(positive=False)
    call = np.asarray(found.candidate.label)
    rates = [1 - call[found.panel.columns["group"] == g].mean() for g in ("a", "b")]
    ratio = gaps(found)[f"{definitions.FOUR_FIFTHS} four_fifths"].candidate.value
    assert ratio == pytest.approx(min(rates) / max(rates), abs=1e-12)


def test_small_groups_are_named_and_left_out_of_gaps_over_all() -> None:
    """Three rows without a positive would leave every gap undefined; they stand by themselves."""
    found = audits.models()
    values = found.panel.columns["group"].copy()
    values[:3] = "tiny"
    columns = {**found.panel.columns, "group": values}
    axis = audit(replace(found, panel=replace(found.panel, columns=columns)), ("group",), PARAMS)[0]
    assert [g.name for g in axis.groups if g.small] == ["group=tiny"]
    over = [g for g in axis.gaps if not g.group]
    assert over and all(g.candidate.value is not None for g in over)
    assert {g.group for g in axis.gaps if g.group} == {"group=b", "group=tiny"}


def test_a_declared_reference_that_has_no_rows_is_said_and_not_replaced() -> None:
    """A misspelt group must not silently become the largest one."""
    params = BiasParams(protected=("group",), privileged={"group": "A"}, small=40)
    axis = audit(audits.models(), ("group",), params)[0]
    assert axis.reason == "no row has group=A, which privileged: names"
    assert not [g for g in axis.gaps if g.group]


def test_a_lone_group_has_rates_and_no_gaps() -> None:
    """There is nothing to compare, and that is said."""
    axis = audits.lone().axes[0]
    assert axis.gaps == () and "no two groups" in axis.reason


def test_two_protected_columns_are_crossed() -> None:
    """Every pair of their values that has rows is a group."""
    found = audit(audits.models(), ("group", "site"), BiasParams(small=5))
    assert [axis.columns for axis in found] == [("group",), ("site",), ("group", "site")]
    assert [g.name for g in found[2].groups][:2] == [
        "group=a & site=north", "group=a & site=south",
    ]  # fmt: skip
    assert sum(g.n for g in found[2].groups) == 600


def test_protected_columns_come_from_rules_unless_declared() -> None:
    """A rule over a column protects it, binned as the slices bin it; a declaration overrules."""
    binned = Binned("age", (0, 18, 65))
    over = ["sex", None, "age", "sex"]
    assert protected_of(BiasParams(), over, [binned]) == ("sex", binned)
    assert protected_of(BiasParams(protected=()), over, [binned]) == ()


def test_a_record_is_read_as_it_was_written(tmp_path: Any) -> None:
    """Strict canonical JSON, there and back."""
    made = audits.plain()
    records.write(tmp_path / "bias.json", made)
    assert records.read(tmp_path / "bias.json", Audit) == made


# ---------------------------------------------------------------------------- proxies


def test_a_column_that_is_the_group_gives_it_away() -> None:
    """Its area is 1; that of noise has 0.5 in its interval."""
    found = audits.models()
    member = found.panel.columns["group"] == "b"
    columns = {"copy": found.panel.columns["group"], "noise": found.panel.columns["noise"]}
    scores = proxies.out_of_fold(columns, member, None, 1)
    from titleholder.bias.proxies import measured

    told = measured(
        "group", "group=b", member, {("column", k): v for k, v in scores.items()}, None,
        audits.DRAW, 0.95,
    )  # fmt: skip
    by_name = {p.what: p.auc for p in told.found}
    assert by_name["copy"].value == pytest.approx(1.0)
    assert by_name["noise"].low is not None and by_name["noise"].low < 0.5
    assert by_name[""].value == pytest.approx(1.0)


def test_rows_of_one_cluster_never_tell_on_each_other() -> None:
    """A column that only names the cluster tells nothing of rows in clusters never seen."""
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(150), 4)
    member = rng.random(150)[cluster] < 0.5
    columns = {"id": np.array([f"c{c}" for c in cluster], dtype=object)}
    score = proxies.out_of_fold(columns, member, cluster, 1)["id"]
    apart = [score[member].mean(), score[~member].mean()]
    assert abs(apart[0] - apart[1]) < 0.05


# ------------------------------------------------------------------------- mitigations


def test_halves_share_no_row_and_no_cluster() -> None:
    """What fits never measures, not even through a household."""
    found = audits.models()
    cluster = np.repeat(np.arange(200), 3)
    halves = mitigation.halves(replace(found.panel, cluster=cluster), 3)
    assert not set(cluster[halves.fit]) & set(cluster[halves.measure])
    assert len(halves.fit) + len(halves.measure) == 600


@pytest.fixture(scope="module")
def answered() -> dict[tuple[str, str], Ints | str]:
    """What every mitigation answers on the measuring half."""
    given = audits.problem(audits.models(2000))
    return {(kind, constraint): label for kind, constraint, label in mitigations.answers(given)}


def test_every_option_answers_each_measuring_row(
    answered: dict[tuple[str, str], Ints | str],
) -> None:
    """Six options, each with a decision for each row."""
    assert len(answered) == 6
    for label in answered.values():
        assert not isinstance(label, str)
        assert set(np.unique(label)) <= {0, 1}
        assert len(label) == 1000


def test_thresholds_by_group_close_the_gap_in_selection(
    answered: dict[tuple[str, str], Ints | str],
) -> None:
    """On rows that it was not fitted on, the gap is a fraction of what it was."""
    found = audits.models(2000)
    given = audits.problem(found)
    group = grouping(found.panel, "group").code[given.measure]

    def gap(label: Ints) -> float:
        return abs(float(label[group == 0].mean() - label[group == 1].mean()))

    label = answered["thresholds", "demographic_parity"]
    assert not isinstance(label, str)
    assert gap(label) < gap(np.asarray(found.candidate.label)[given.measure]) / 2


def test_mitigations_are_repeatable() -> None:
    """Decisions by lot are drawn from the suite's seed."""
    given = audits.problem(audits.models())

    def once() -> Iterator[bytes]:
        for _, _, label in mitigations.answers(given):
            yield label.encode() if isinstance(label, str) else label.tobytes()

    assert list(once()) == list(once())


@pytest.mark.parametrize("rule", ["DemographicParity", "EqualizedOdds"])
def test_a_constraint_on_plain_arrays_says_what_fairlearn_s_own_does(rule: str) -> None:
    """How far it is broken, and the least prices; whatever order the prices come in."""
    pd, reductions = pytest.importorskip("pandas"), pytest.importorskip("fairlearn.reductions")
    rng = np.random.default_rng(1)
    x, y, group = rng.normal(size=(200, 1)), rng.integers(0, 2, 200), rng.integers(0, 3, 200)
    own = getattr(reductions, rule)
    theirs, ours = own(difference_bound=0.01), mitigations.quick(own)(difference_bound=0.01)
    for one in (theirs, ours):
        one.load_data(x, pd.Series(y), sensitive_features=pd.Series(group))

    def called(rows: Any) -> Any:
        return (rows[:, 0] > 0.3).astype(float)

    pd.testing.assert_series_equal(ours.gamma(called), theirs.gamma(called))
    for _ in range(5):
        price = pd.Series(rng.exponential(size=len(ours.index)), index=theirs.index)
        expected = theirs.project_lambda(price)
        for asked in (price, price.sample(frac=1, random_state=2)):
            pd.testing.assert_series_equal(ours.project_lambda(asked), expected)


def test_a_group_of_one_truth_leaves_a_reason_and_no_figures() -> None:
    """fairlearn refuses such a group; the option says why instead of vanishing."""
    found = audits.models()
    y = np.asarray(found.panel.y_true).copy()
    y[found.panel.columns["group"] == "b"] = 0
    given = audits.problem(replace(found, panel=replace(found.panel, y_true=y)))
    told = {(k, c): label for k, c, label in mitigations.answers(given)}
    assert isinstance(told["thresholds", "equalized_odds"], str)
    assert told["thresholds", "equalized_odds"]


# ------------------------------------------------------------------------------- page


@pytest.mark.parametrize("make", audits.AUDITS, ids=lambda make: make.__name__)
def test_the_same_audit_gives_the_same_page(make: Callable[[], Audit]) -> None:
    """To the byte, and without a clock or an address of anything outside."""
    page = build(make())
    assert page == build(make())
    assert "http" not in page.replace("http-equiv", "")


def test_without_fairlearn_the_page_says_how_to_get_it() -> None:
    """Mitigations are an extra; nothing else of the audit is missing."""
    page = build(audits.without_fairlearn())
    assert "titleholder[fairness]" in page
    assert "What gives the group away" in page


def test_hostile_names_stay_text() -> None:
    """No name out of the data becomes markup."""
    page = build(audits.hostile())
    assert "<img" not in page
    assert page.count("<script") == 1


def test_the_headline_claims_no_more_than_the_rows_support() -> None:
    """Different rates are called different, and four fifths broken only beyond chance."""
    assert summary(audits.lone()) == "There are no two groups to compare"
    small, large = audits.made(audits.models(150)), audits.made(audits.models(20_000))
    assert "cannot" in summary(small) or "No group" in summary(small)
    assert "below four fifths" in summary(large) and "cannot" not in summary(large)
