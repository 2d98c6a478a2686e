"""The dashboard in a real browser, from a directory: every way through it, and nothing else."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support import cards, markup, nights, verdicts
from tests.support.browser import DESK, PHONE, SHIFT, Seen, grave_faults
from titleholder.adapters.loopback import serving
from titleholder.adapters.stores.local import LocalStore
from titleholder.dashboard import shelf
from titleholder.trust.publication import publish

pytestmark = pytest.mark.browser

COUNT = 65
SUITE = "dashboard/suites/dev/credit"
PAGES = {
    "front": "dashboard/index.html",
    "suite": f"{SUITE}/index.html",
    "month": f"{SUITE}/months/2026-02.html",
    "run": f"{SUITE}/runs/00000064.html",
    "hostile": "dashboard/suites/dev/hostile/index.html",
    "hostile-run": "dashboard/suites/dev/hostile/runs/00000001.html",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """Two months of one suite, one night of a suite whose every name is hostile, and the pages."""
    there = tmp_path_factory.mktemp("dashboard")
    store = LocalStore(there / "store")
    nights.publish_nights(store, nights.nights(COUNT), there)
    publish(
        store, "dev", replace(cards.hostile().verdict, suite="hostile"), verdicts.subject(), {},
        provenance=verdicts.provenance(), valid_for=timedelta(days=7),
        now=nights.moment_of(last_night(store)),
    )  # fmt: skip
    shelf.rebuild(store, store)
    return store


def last_night(store: LocalStore) -> Any:
    """The newest night of the good suite."""
    tip = shelf.verdicts(store, "dev", "credit").tip()
    assert tip
    return datetime.fromisoformat(tip.statement.predicate.logical_date).date()


@pytest.fixture
def tonight(page: Any, kept: LocalStore) -> Any:
    """A page whose clock says some hours after the newest verdict."""
    page.clock.set_fixed_time(nights.moment_of(last_night(kept)) + timedelta(hours=6))
    return page


def address(kept: LocalStore, name: str) -> str:
    """Where a page lies."""
    return Path(kept.locate(PAGES[name])).resolve().as_uri()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_is_wider_than_its_window(
    tonight: Any, seen: Seen, kept: LocalStore, name: str, size: dict[str, int]
) -> None:
    """On a phone as on a desk; nothing is complained of, nothing is fetched, nothing shifts."""
    tonight.set_viewport_size(size)
    tonight.goto(address(kept, name))
    tonight.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tonight.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert seen.complaints == []
    assert seen.requests == [address(kept, name)]


@pytest.mark.parametrize(
    ("scheme", "name"), [("light", n) for n in PAGES] + [("dark", n) for n in ("front", "suite")]
)
def test_nobody_is_kept_out(page: Any, kept: LocalStore, scheme: str, name: str) -> None:
    """axe-core finds no serious fault, with everything unfolded and every alarm raised."""
    page.emulate_media(color_scheme=scheme)
    page.goto(address(kept, name))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert grave_faults(page) == []


def test_every_page_is_valid_html(kept: LocalStore) -> None:
    """The Nu Html Checker finds no fault, hostile names included."""
    if markup.checker() is None:
        pytest.skip("no Nu Html Checker, or no Java, on this machine")
    assert markup.faults([Path(kept.locate(key)) for key in PAGES.values()]) == []


@pytest.mark.parametrize("name", ["hostile", "hostile-run"])
def test_hostile_names_run_nothing(tonight: Any, seen: Seen, kept: LocalStore, name: str) -> None:
    """The page keeps its title, has its one script and no image, and asks for nothing."""
    tonight.goto(address(kept, name))
    tonight.evaluate(
        "document.querySelectorAll('*').forEach(e => e.dispatchEvent(new Event('mouseover')))"
    )
    assert "owned" not in tonight.title()
    assert tonight.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert seen.requests == [address(kept, name)] and seen.complaints == []


def test_one_gets_from_the_front_page_to_the_report_card_in_three_clicks(
    tonight: Any, kept: LocalStore
) -> None:
    """Suite, run, report card: from files alone, the card shown as a page."""
    tonight.goto(address(kept, "front"))
    tonight.get_by_role("link", name="credit").click()
    tonight.get_by_role("link", name=f"Run {COUNT}", exact=True).first.click()
    assert f"run {COUNT} · credit in dev" in tonight.title()
    tonight.get_by_role("link", name="Report card").click()
    assert tonight.title().startswith("Report card of 2026-")


def test_a_fresh_dashboard_raises_no_alarm(tonight: Any, kept: LocalStore) -> None:
    """The age stands there; no suite is called stale."""
    tonight.goto(address(kept, "front"))
    assert tonight.locator(".alarm:visible").count() == 0
    assert tonight.locator(".ago").first.text_content() == ", 6 hours ago"


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (timedelta(days=2, hours=1), "Stale: no verdict for 2 days, where one comes every night."),
        (timedelta(days=8), "Expired 24 hours ago: the gate lets nothing through on it."),
        (-timedelta(hours=1), "Published in the future: a clock is wrong."),
    ],
)
def test_a_page_that_grew_old_says_so_loudly(
    page: Any, kept: LocalStore, later: timedelta, says: str
) -> None:
    """When it is opened, not when it was written: on the suite's page and on the front page."""
    page.clock.set_fixed_time(nights.moment_of(last_night(kept)) + later)
    page.goto(address(kept, "suite"))
    alarm = page.locator(".alarm:visible")
    assert says in alarm.inner_text()
    page.goto(address(kept, "front"))
    assert "Look after hostile, credit" in page.locator(".alarm.all").inner_text()


def test_a_chart_can_be_walked_through_with_the_keyboard(tonight: Any, kept: LocalStore) -> None:
    """Arrows read night after night out, Enter leads to that run."""
    tonight.goto(address(kept, "suite"))
    figure = tonight.locator("[data-history]").first
    figure.locator(".area").focus()
    tonight.keyboard.press("End")
    newest = figure.locator(".read").text_content()
    tonight.keyboard.press("ArrowLeft")
    assert figure.locator(".read").text_content() != newest
    rows = figure.locator("tr[data-x]")
    night = rows.nth(rows.count() - 2).locator("th").text_content()
    assert figure.locator(".read").text_content().startswith(f"{night}: ")
    tonight.keyboard.press("Enter")
    tonight.wait_for_url(f"**/{COUNT - 1:08d}.html")
    assert f"run {COUNT - 1} · credit in dev" in tonight.title()


def test_pointing_at_a_chart_reads_the_nearest_night(tonight: Any, kept: LocalStore) -> None:
    """The line stands at its mark; leaving takes both away."""
    tonight.goto(address(kept, "suite"))
    figure = tonight.locator("[data-history]").first
    figure.locator(".area").hover(position={"x": 3, "y": 40})
    first = figure.locator("tr[data-x] th").first.text_content()
    assert figure.locator(".read").text_content().startswith(f"{first}: ")
    assert figure.locator(".cross").is_visible()
    tonight.mouse.move(0, 0)
    assert not figure.locator(".cross").is_visible()


def test_everything_can_be_read_without_scripts(browser: Any, kept: LocalStore) -> None:
    """Charts, tables and links stand there; the page says that it cannot tell its age."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address(kept, "suite"))
        assert page.locator("[data-history] use").count() > 100
        assert page.locator("noscript").first.inner_text().startswith("Without scripts")
        page.get_by_role("link", name="2026-02").click()
        assert page.title().startswith("2026-02 · credit")


def test_runs_sort_by_number_and_by_word(tonight: Any, kept: LocalStore) -> None:
    """Upwards first, and screen readers are told."""
    tonight.goto(address(kept, "month"))
    head = tonight.locator("table.runs thead th").first
    head.locator("button").click()
    numbers = tonight.locator("table.runs tbody td:first-child").all_text_contents()
    assert [int(n) for n in numbers] == sorted(int(n) for n in numbers)
    assert head.get_attribute("aria-sort") == "ascending"


def test_the_layout_does_not_shift(page: Any, kept: LocalStore) -> None:
    """Not even where alarms are raised as the page opens."""
    page.goto(address(kept, "front"))
    assert page.evaluate(SHIFT) < 0.01


def test_paper_keeps_what_matters(tonight: Any, kept: LocalStore) -> None:
    """Black on white, no controls, and nothing cut."""
    tonight.emulate_media(media="print")
    tonight.set_viewport_size({"width": 702, "height": 900})
    tonight.goto(address(kept, "suite"))
    assert tonight.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not tonight.locator(".door").first.is_visible()
    assert tonight.evaluate("document.documentElement.scrollWidth") <= 702
    assert tonight.pdf().startswith(b"%PDF-")


# ---------------------------------------------------------------------------- the server


@pytest.fixture(scope="module")
def served(kept: LocalStore) -> Iterator[str]:
    """The store on this machine's own address."""
    with serving(kept, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_server_shows_the_same_pages(page: Any, seen: Seen, served: str) -> None:
    """The address alone leads to the front page, and on to the runs."""
    page.goto(f"{served}/")
    assert page.url == f"{served}/dashboard/index.html"
    page.get_by_role("link", name="credit").click()
    page.get_by_role("link", name="Report card").first.click()
    assert page.title().startswith("Report card of 2026-")
    assert all(url.startswith(served) for url in seen.requests)


@pytest.mark.parametrize(
    ("path", "host", "code"),
    [
        ("/dashboard/index.html", "evil.example", 403),
        ("/dashboard/index.html", "", 403),
        ("/dashboard/none.html", None, 404),
        ("/waivers/x", None, 404),
        ("/../../etc/passwd", None, 404),
        ("/dashboard/%2e%2e/%2e%2e/etc/passwd", None, 404),
        ("/dashboard//index.html", None, 404),
        ("/.lock", None, 404),
    ],
)
def test_the_server_gives_away_nothing_else(
    served: str, path: str, host: str | None, code: int
) -> None:
    """Other names, other keys and ways out of the store end in a refusal of one line."""
    headers = {} if host is None else {"Host": host}
    request = urllib.request.Request(served + path, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    with refused.value as answer:
        assert answer.code == code
        assert len(answer.read()) < 200


def test_evidence_is_served_into_a_sandbox(served: str, kept: LocalStore) -> None:
    """Pages of vendors may run their scripts, but speak for nobody."""
    key = next(k for k in kept.keys("evidence/") if kept.get(k).data.startswith(b"<!DOCTYPE"))
    with urllib.request.urlopen(f"{served}/{key}", timeout=60) as answer:
        assert answer.headers["Content-Security-Policy"] == "sandbox allow-scripts"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
