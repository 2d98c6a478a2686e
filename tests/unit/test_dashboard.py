"""The dashboard: made of the chain, one night at a time, and never in the way of a verdict."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import cards, nights, verdicts
from titleholder import records
from titleholder.adapters.stores.local import LocalStore
from titleholder.cli import main
from titleholder.dashboard import calendar, chart, shelf
from titleholder.dashboard.entries import MOST_MARKS, Entry, entry_of
from titleholder.dashboard.months import Month, encode
from titleholder.dashboard.overview import RECENT, Index, Overview
from titleholder.errors import NoVerdict, StoreError
from titleholder.store import Store, Stored
from titleholder.trust.pins import Trust
from titleholder.trust.promotion import Book, bootstrap
from titleholder.trust.publication import publish
from titleholder.types import Outcome, Verdict

BASE = "dashboard/suites/dev/credit/"
PASS, FAIL = Outcome.PASS, Outcome.FAIL


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


def put(store: Store, scratch: Path, count: int, first: date = nights.FIRST, seed: int = 1) -> None:
    """Publish so many nights, each followed by the dashboard, as the stage does it."""
    for night in nights.nights(count, first=first, seed=seed):
        nights.publish_nights(store, iter([night]), scratch)
        shelf.update(store, "dev", "credit")


def pages(store: MemoryStore) -> dict[str, bytes]:
    """Everything that the dashboard keeps."""
    return {k: v.data for k, v in store.objects.items() if k.startswith("dashboard/")}


def text(store: Store, key: str) -> str:
    """A page as text."""
    return store.get(key).data.decode()


# ------------------------------------------------------------------- made of the chain


def test_a_rebuilt_dashboard_is_the_one_that_grew(store: MemoryStore, tmp_path: Path) -> None:
    """Page for page and byte for byte: nothing on it comes from anywhere but the chain."""
    put(store, tmp_path, 45)
    grown = pages(store)
    for key in grown:
        del store.objects[key]
    assert shelf.rebuild(store, store) == {("dev", "credit"): 45}
    assert pages(store) == grown


def test_a_night_costs_as_much_after_many_nights_as_after_few(
    store: MemoryStore, tmp_path: Path
) -> None:
    """Reads and writes of the store do not grow with the history, nor do the bytes of a month."""

    def cost() -> tuple[int, int]:
        calls: Counter[str] = Counter()
        honest = store.get

        def counting(key: str) -> Stored:
            found = honest(key)
            calls["reads"] += 1
            calls["bytes"] += len(found.data)
            return found

        store.get = counting  # type: ignore[method-assign]
        shelf.update(store, "dev", "credit")
        store.get = honest  # type: ignore[method-assign]
        return calls["reads"], calls["bytes"]

    first = date(2026, 1, 1)
    costs = []
    for count in (65, 130):
        store.objects.clear()
        made = list(nights.nights(count, first=first))
        nights.publish_nights(store, iter(made[:-1]), tmp_path)
        shelf.rebuild(store, store)
        nights.publish_nights(store, iter(made[-1:]), tmp_path)
        costs.append(cost())
    assert costs[1][0] <= costs[0][0] + 1
    assert costs[1][1] <= 1.5 * costs[0][1]


def test_updating_twice_changes_nothing(store: MemoryStore, tmp_path: Path) -> None:
    """The same state gives the same bytes: no clock and no chance is on a page."""
    put(store, tmp_path, 3)
    before = dict(store.objects)
    shelf.update(store, "dev", "credit")
    assert store.objects == before


def test_what_a_killed_publisher_left_out_is_caught_up_with(
    store: MemoryStore, tmp_path: Path
) -> None:
    """The next one brings every run since, whichever pages were written."""
    made = list(nights.nights(12))
    nights.publish_nights(store, iter(made), tmp_path)
    shelf.update(store, "dev", "credit")
    whole = pages(store)
    for gone in range(0, len(whole), 7):
        for key in sorted(whole)[gone:]:
            store.objects.pop(key, None)
        shelf.update(store, "dev", "credit")
        kept = pages(store)
        assert {k: kept[k] for k in kept if k in whole} == {k: whole[k] for k in kept}


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_a_publisher_that_dies_on_the_way_loses_nothing(
    store: MemoryStore, tmp_path: Path, dies_at: int
) -> None:
    """After any number of its writes, another update makes what it would have made."""
    made = list(nights.nights(6))
    nights.publish_nights(store, iter(made[:5]), tmp_path)
    shelf.update(store, "dev", "credit")
    nights.publish_nights(store, iter(made[5:]), tmp_path)
    writes = 0
    honest_new, honest_if = store.put_new, store.put_if

    def counted() -> None:
        nonlocal writes
        writes += 1
        if writes == dies_at:
            raise KeyboardInterrupt

    def put_new(key: str, data: bytes) -> str:
        counted()
        return honest_new(key, data)

    def put_if(key: str, data: bytes, tag: str) -> str:
        counted()
        return honest_if(key, data, tag)

    store.put_new, store.put_if = put_new, put_if  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        shelf.update(store, "dev", "credit")
    store.put_new, store.put_if = honest_new, honest_if  # type: ignore[method-assign]
    shelf.update(store, "dev", "credit")
    grown = pages(store)
    shelf.rebuild(store, store)
    assert pages(store) == grown


def test_many_publishers_at_once_lose_no_run(store: MemoryStore, tmp_path: Path) -> None:
    """Eight suites and nights at once: every run, every suite and every page is there."""
    made = [list(nights.nights(2, suite=f"suite-{n}", seed=n)) for n in range(8)]

    def work(number: int) -> None:
        scratch = tmp_path / str(number)
        scratch.mkdir()
        for night in made[number]:
            nights.publish_nights(store, iter([night]), scratch)
            shelf.update(store, "dev", night.verdict.suite)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    index = records.decode(store.get(shelf.INDEX).data, Index)
    assert [(s.suite, s.newest[0].sequence) for s in index.suites] == [
        (f"suite-{n}", 2) for n in range(8)
    ]
    front = text(store, shelf.FRONT)
    assert all(f"suites/dev/suite-{n}/index.html" in front for n in range(8))


def test_two_who_publish_the_same_suite_at_once_both_appear(
    store: MemoryStore, tmp_path: Path
) -> None:
    """The page that is written last holds the runs of both."""
    made = list(nights.nights(16))
    nights.publish_nights(store, iter(made), tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shelf.update(store, "dev", "credit"), range(8)))
    grown = pages(store)
    shelf.rebuild(store, store)
    assert pages(store) == grown


@pytest.mark.parametrize("name", ["overview.json", "history/2026-01.json"])
def test_a_damaged_piece_is_told_with_its_cure(
    store: MemoryStore, tmp_path: Path, name: str
) -> None:
    """Nothing is made of it; a rebuild replaces it, and all is as it was."""
    put(store, tmp_path, 3)
    grown = pages(store)
    held = store.get(BASE + name)
    store.put_if(BASE + name, b'{"version": NaN}', held.tag)
    nights.publish_nights(store, nights.nights(1, first=date(2026, 1, 20), seed=5), tmp_path)
    with pytest.raises(StoreError, match="damaged") as told:
        shelf.update(store, "dev", "credit")
    assert "--rebuild" in told.value.cure
    shelf.rebuild(store, store)
    assert BASE + "runs/00000004.html" in pages(store)
    assert {k: v for k, v in pages(store).items() if "/runs/" in k}.items() >= {
        k: v for k, v in grown.items() if "/runs/" in k
    }.items()


def test_a_damaged_index_is_made_again(store: MemoryStore, tmp_path: Path) -> None:
    """From the chains, like everything else."""
    put(store, tmp_path, 2)
    grown = pages(store)
    store.put_if(shelf.INDEX, b"[]", store.get(shelf.INDEX).tag)
    with pytest.raises(StoreError, match="damaged"):
        shelf.update(store, "dev", "credit")
    shelf.rebuild(store, store)
    assert pages(store) == grown


def test_a_dashboard_ahead_of_its_chain_says_so(store: MemoryStore, tmp_path: Path) -> None:
    """A chain that lost verdicts is not quietly drawn shorter."""
    put(store, tmp_path, 3)
    key = BASE + "overview.json"
    known = records.decode(store.get(key).data, Overview)
    store.put_if(key, encode(replace(known, sequence=9)), store.get(key).tag)
    with pytest.raises(StoreError, match="knows of verdict 9"):
        shelf.update(store, "dev", "credit")


def test_a_dashboard_that_lags_too_far_wants_a_rebuild(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No publisher is made to walk through years."""
    monkeypatch.setattr(shelf, "LONGEST_WALK", 3)
    nights.publish_nights(store, nights.nights(5), tmp_path)
    with pytest.raises(StoreError, match="lags by 5"):
        shelf.update(store, "dev", "credit")


def test_nothing_is_drawn_of_a_broken_chain(store: MemoryStore, tmp_path: Path) -> None:
    """The update ends with the chain's own error."""
    put(store, tmp_path, 3)
    store.objects["verdicts/dev/credit/00000002.json"] = store.get(
        "verdicts/dev/credit/00000001.json"
    )
    with pytest.raises(NoVerdict, match="broken"):
        shelf.rebuild(store, store)


def test_without_verdicts_there_is_nothing_to_draw(store: MemoryStore) -> None:
    """No page is written, and nobody is bothered."""
    shelf.update(store, "dev", "credit")
    assert shelf.rebuild(store, store) == {}
    assert set(pages(store)) <= {shelf.INDEX}


# ------------------------------------------------------------------------- what it shows


def test_the_pages_say_what_the_chain_says(store: MemoryStore, tmp_path: Path) -> None:
    """Every run has its page with its outcome, and its line in its month."""
    receipts = nights.publish_nights(store, nights.nights(50), tmp_path)
    shelf.rebuild(store, store)
    for receipt in receipts:
        page = text(store, f"{BASE}runs/{receipt.sequence:08d}.html")
        assert f"<title>{receipt.outcome} · run {receipt.sequence} · credit in dev" in page
        assert f"titleholder verify dev/credit/{receipt.sequence} " in page
        month = text(store, f"{BASE}months/{receipt.published_at[:7]}.html")
        assert f"../runs/{receipt.sequence:08d}.html" in month


def test_a_champion_that_changed_is_a_mark_where_it_changed(
    store: MemoryStore, tmp_path: Path
) -> None:
    """Between the two runs that met different ones, and no line leads from one to the other."""
    put(store, tmp_path, nights.REIGN + 5)
    entries = _entries(store)
    (series, *_) = chart.series_of(entries, "candidate")
    drawn = chart.draw(series)
    changed = [
        dot.x
        for before, after, dot in zip(
            series.nights, series.nights[1:], drawn.dots[1:], strict=False
        )
        if before.entry.run.champion != after.entry.run.champion
    ]
    assert list(drawn.stars) == changed and len(changed) == 1
    x = f"{changed[0] * 10:.0f} "
    assert re.search(rf"M{x}", drawn.line) and not re.search(rf"L{x}", drawn.line)


def test_titles_stand_on_the_page_of_the_suite(store: MemoryStore, tmp_path: Path) -> None:
    """Who was crowned when, and why; also what came after the last night."""
    model = tmp_path / "first.skops"
    model.write_bytes(b"champion")
    put(store, tmp_path, 2)
    bootstrap(Book(store, "dev", "credit", Trust(), None), model, "the first one")
    nights.publish_nights(store, nights.nights(1, first=date(2026, 2, 1), seed=3), tmp_path)
    shelf.update(store, "dev", "credit")
    page = text(store, BASE + "index.html")
    assert "★ bootstrap" in page and "the first one" in page and "first.skops" in page


def test_missing_nights_are_loud(store: MemoryStore, tmp_path: Path) -> None:
    """On the suite's page, in the calendar, and on the front page."""
    (one, two, three) = list(nights.nights(3))
    late = [one, two, replace_day(three, two.day + timedelta(days=4))]
    nights.publish_nights(store, iter(late), tmp_path)
    shelf.update(store, "dev", "credit")
    page = text(store, BASE + "index.html")
    assert "! 3 nights without a verdict before" in page
    assert "3 nights without a verdict" in page.split('class="days"')[1]
    assert "! 3 nights" in text(store, shelf.FRONT)


def test_a_night_that_has_two_verdicts_is_named(store: MemoryStore, tmp_path: Path) -> None:
    """Beside the calendar, where its mark shows the worse of them."""
    (one, two, three) = list(nights.nights(3))
    again = nights.Night(two.day, three.verdict, three.drift, two.model, two.champion)
    nights.publish_nights(store, iter([one, two, again]), tmp_path)
    shelf.update(store, "dev", "credit")
    assert f"{two.day} has 2 verdicts on one model" in text(store, BASE + "index.html")


def replace_day(night: nights.Night, day: date) -> nights.Night:
    """The same night on another day."""
    return nights.Night(day, night.verdict, night.drift, night.model, night.champion)


def test_drift_is_drawn_from_the_evidence_and_from_nothing_else(
    store: MemoryStore, tmp_path: Path
) -> None:
    """An object that is not the one that the verdict names is not drawn."""
    (night,) = nights.nights(1)
    nights.publish_nights(store, iter([night]), tmp_path)
    named = {c.name: c.psi for c in night.drift.columns}
    shelf.update(store, "dev", "credit")
    (entry,) = _entries(store)
    assert {s.column: s.psi for s in entry.shifts} == {
        name: float(f"{psi:.6g}") for name, psi in named.items() if psi is not None
    }
    for key in [k for k in store.objects if k.startswith("evidence/")]:
        store.objects[key] = Stored(store.get(key).data + b" ", "other")
    for key in pages(store):
        del store.objects[key]
    shelf.update(store, "dev", "credit")
    assert _entries(store)[0].shifts == ()


def test_a_page_holds_no_more_than_its_share(store: MemoryStore, tmp_path: Path) -> None:
    """600 findings a night: 80 marks are kept of each run, and the page says what it left out."""
    huge = cards.large().verdict
    assert len(huge.findings) > MOST_MARKS
    _publish(store, replace(huge, suite="credit"))
    shelf.update(store, "dev", "credit")
    (entry,) = _entries(store)
    assert len(entry.marks) == MOST_MARKS
    assert entry.left_out == len(huge.findings) - MOST_MARKS
    assert f"{entry.left_out} more findings" in text(store, BASE + "index.html")
    assert max(len(data) for data in pages(store).values()) < 400_000


class Links(HTMLParser):
    """Addresses that a page leads to, and what would be fetched for it."""

    def __init__(self) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.fetched: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note every address."""
        for name, value in attrs:
            self.attributes.add(name)
            if name == "src" or (tag == "link" and name == "href"):
                self.fetched.append(value or "")
            elif name == "href" and tag == "a":
                self.leads.append(value or "")


def test_every_link_leads_to_an_object_of_the_store(store: MemoryStore, tmp_path: Path) -> None:
    """Relative, and there: pages, verdicts and evidence. Nothing is fetched for a page."""
    put(store, tmp_path, 35)
    for key in [k for k in pages(store) if k.endswith(".html")]:
        found = Links()
        found.feed(text(store, key))
        assert found.fetched == []
        for address in found.leads:
            assert "://" not in address and not address.startswith("/")
            there = urljoin(f"https://x/{key}", address.partition("#")[0])
            assert there.removeprefix("https://x/") in store.objects, (key, address)


def test_hostile_names_are_text_on_every_page(store: MemoryStore) -> None:
    """No tag, attribute or script comes out of any name that data can give."""
    _publish(store, replace(cards.hostile().verdict, suite="credit"))
    shelf.update(store, "dev", "credit")
    for key, data in pages(store).items():
        if key.endswith(".html"):
            page = data.decode()
            found = Links()
            found.feed(page)
            assert page.count("<script>") == 1 and "<img" not in page, key
            assert not [name for name in found.attributes if name.startswith("on")], key
            assert "\x1b" not in page and "\u202e" not in page


def test_hand_made_state_is_text_too(store: MemoryStore, tmp_path: Path) -> None:
    """Whoever writes to the store's state puts no markup on a page, and no address either."""
    put(store, tmp_path, 1)
    key = BASE + "history/2026-01.json"
    evil = store.get(key).data.replace(b'"candidate":"candidate"', b'"candidate":"<script>x()"')
    store.put_if(key, evil, store.get(key).tag)
    shelf.update(store, "dev", "credit")
    page = text(store, BASE + "index.html")
    assert "<script>x()" not in page


def test_the_numbers_beside_the_pages_are_openmetrics(store: MemoryStore, tmp_path: Path) -> None:
    """The reference parser reads them: outcome, moments and bounds of the newest night."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    put(store, tmp_path, 2)
    entry = _entries(store)[-1]
    families = {
        f.name: f for f in text_string_to_metric_families(text(store, BASE + "metrics.txt"))
    }
    (said,) = [
        s.labels["titleholder_verdict_outcome"]
        for s in families["titleholder_verdict_outcome"].samples
        if s.value == 1
    ]
    assert said == entry.run.outcome
    (at,) = families["titleholder_verdict_published_timestamp_seconds"].samples
    assert at.value == nights.moment_of(date.fromisoformat(entry.run.night)).timestamp()
    bounds = {
        (s.labels["rule"], s.labels["on"]): s.value
        for s in families["titleholder_rule_bound"].samples
    }
    assert bounds == {(m.rule, m.where): m.bound for m in entry.marks}


# ---------------------------------------------------------------------------- geometry


@given(st.lists(st.sampled_from("PFIE."), min_size=1, max_size=40))
def test_every_day_is_drawn_once(letters: list[str]) -> None:
    """A shape for each verdict and for each night that has none, between the first and last."""
    drawn = calendar.days("".join(letters), expected=True)
    shapes = {kind: d.count("M") for kind, d in drawn.paths}
    assert shapes == Counter(
        {"P": "o-pass", "F": "o-fail", "I": "o-inconclusive", "E": "o-error", ".": "silent"}[one]
        for one in letters
    )


@settings(max_examples=20)
@given(st.integers(1, 8), st.integers(0, 10_000))
def test_marks_stand_on_their_side_of_the_bound(count: int, seed: int) -> None:
    """A PASS is drawn outside the tinted side, a FAIL inside it, whatever the scale."""
    entries = [
        _entry(night, number) for number, night in enumerate(nights.nights(count, seed=seed))
    ]
    for series in chart.series_of(entries, "candidate"):
        drawn = chart.draw(series)
        at = float(re.findall(r" ([\d.]+)", drawn.bound)[-1])
        for dot in drawn.dots:
            assert dot.y is not None and 0 <= dot.y <= 100 and 0 <= dot.x <= 100
            if dot.mark.outcome in (PASS, FAIL):
                good_above = dot.mark.above is (dot.mark.outcome is PASS)
                assert dot.y <= at + 0.06 if good_above else dot.y >= at - 0.06


@given(st.lists(st.integers(1, 60), unique=True, min_size=1), st.integers(1, 60))
def test_joining_is_the_same_in_any_order_and_twice(numbers: list[int], extra: int) -> None:
    """A month knows each run once, in the order of the chain."""
    entries = {n: replace(ONE, run=replace(ONE.run, sequence=n)) for n in {*numbers, extra}}
    one = Month().joined([entries[n] for n in numbers]).joined([entries[extra]])
    two = Month().joined([entries[extra]]).joined([entries[n] for n in reversed(numbers)])
    assert one == two == one.joined(one.entries)
    assert [e.run.sequence for e in one.entries] == sorted({*numbers, extra})


# --------------------------------------------------------------------------- the command


def test_the_command_makes_pages_again_and_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--rebuild in the store, --out in a directory; both say where the first page is."""
    store = LocalStore(tmp_path / "store")
    nights.publish_nights(store, nights.nights(3), tmp_path)
    for flags, there in (
        (["--rebuild"], tmp_path / "store"), (["--out", str(tmp_path / "out")], tmp_path / "out")
    ):  # fmt: skip
        assert main(["dashboard", "--store", store.url, *flags]) == 0
        said = capsys.readouterr().out
        assert f"{there}/dashboard/index.html" in said and "credit in dev: 3 verdicts" in said
        assert (there / "dashboard/suites/dev/credit/runs/00000003.html").is_file()
    out = tmp_path / "out"
    page = (out / BASE / "runs/00000003.html").read_text()
    door = re.search(r'<a class="door" href="([^"]+)">Report card', page)
    assert door and (out / BASE / "runs" / door[1]).is_file()
    assert (out / "verdicts/dev/credit/00000003.json").is_file()


@pytest.mark.parametrize("flags", [["--rebuild"], ["--out", "x"], []])
def test_a_store_without_verdicts_has_no_dashboard(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit 4 with the cure; a store that is not there is told as such."""
    monkeypatch.chdir(tmp_path)
    LocalStore(tmp_path / "store").prepare()
    code = main(["dashboard", "--store", f"file://{tmp_path}/store", *flags])
    said = capsys.readouterr().err
    assert code == 4
    assert "cure:" in said and "Traceback" not in said


def _publish(store: Store, verdict: Verdict) -> None:
    publish(
        store, "dev", verdict, verdicts.subject(), {},
        provenance=verdicts.provenance(), valid_for=timedelta(days=7),
    )  # fmt: skip


def _entries(store: Store) -> list[Entry]:
    there = shelf.Shelf(store, store, "dev", "credit")
    return there.newest(there.overview(), RECENT)


def _entry(night: nights.Night, number: int) -> Entry:
    """What the dashboard keeps of a night, as if it had this number."""
    store = MemoryStore()
    _publish(store, night.verdict)
    tip = shelf.verdicts(store, "dev", "credit").tip()
    assert tip
    entry = entry_of(tip, night.drift)
    return replace(entry, run=replace(entry.run, sequence=number, night=f"{night.day}"))


def test_a_record_of_the_dashboard_survives_the_way_there_and_back(
    store: MemoryStore, tmp_path: Path
) -> None:
    """What is written is what is read."""
    put(store, tmp_path, 2)
    data = store.get(BASE + "history/2026-01.json").data
    assert encode(records.decode(data, Month)) == data
    assert json.loads(data)["version"] == 1


ONE = _entry(next(nights.nights(1)), 1)


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        (["--port", "99999"], 2, "a port is 0 to 65535"),
        (["--out", "taken"], 2, "taken: is a file"),
        (["--rebuild", "--store", "file://absent"], 5, "absent"),
    ],
)
def test_what_the_command_cannot_do_is_told_and_nothing_is_made(
    words: list[str],
    exit_code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No port that is none, no file written over, no store made by looking at it."""
    from titleholder import cli

    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("mine")
    given = words if "--store" in words else [*words, "--store", "file://store"]
    assert cli.main(["dashboard", *given]) == exit_code
    assert says in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
