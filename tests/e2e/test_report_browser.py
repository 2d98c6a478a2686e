"""The report card in a real browser: it runs nothing of the data, asks the network for nothing,
and can be read, sorted, filtered, printed and walked through with a keyboard.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import cards, chromium
from titleholder.report.card import build

CHROMIUM = chromium.find()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

NAMES = [make.__name__ for make in cards.CARDS]
ROWS = "[...document.querySelectorAll('#findings-table tbody tr')]"
SHOWN = f"{ROWS}.filter(r => !r.hidden)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every card as a page."""
    there = tmp_path_factory.mktemp("cards")
    for make in cards.CARDS:
        (there / f"{make.__name__}.html").write_text(build(make()), encoding="utf-8")
    return there


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    """One browser for all tests of this module."""
    assert CHROMIUM is not None
    with chromium.running(CHROMIUM) as running:
        yield running


@pytest.fixture
def page(browser: chromium.Browser) -> chromium.Page:
    """A fresh tab at desktop width, light."""
    tab = browser.page()
    tab.resize(1280)
    tab.prefer("light")
    return tab


def complaints(page: chromium.Page) -> list[Any]:
    """Exceptions, console messages and log entries of the page."""
    thrown = page.events("Runtime.exceptionThrown")
    logged = page.events("Log.entryAdded") + page.events("Runtime.consoleAPICalled")
    return thrown + logged


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(
    page: chromium.Page, folder: Path, name: str, width: int
) -> None:
    """Wide tables scroll in themselves, on a phone as on a desk; nothing is complained of."""
    page.resize(width)
    page.open(folder / f"{name}.html")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert complaints(page) == []


def test_hostile_names_run_nothing_and_fetch_nothing(page: chromium.Page, folder: Path) -> None:
    """With the corpus in every name the page makes no request but for itself, and stays itself."""
    path = folder / "hostile.html"
    page.open(path)
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.run("document.querySelectorAll('*').forEach(e => e.dispatchEvent(new Event('mouseover')))")
    assert page.requests == [path.resolve().as_uri()]
    assert "owned" not in page.run("document.title").split(" · ")[0]
    assert page.run("document.title").startswith("FAIL · ")
    assert page.run("document.scripts.length") == 1
    assert page.run("document.images.length") == 0
    assert complaints(page) == []


def test_the_policy_of_the_page_stops_what_would_slip_in(page: chromium.Page, folder: Path) -> None:
    """A script or an image put into the page afterwards is refused by its own content policy."""
    path = folder / "passing.html"
    page.open(path)
    page.run("""{
      const script = document.createElement('script'); script.textContent = 'window.slipped = 1';
      const image = new Image(); image.src = 'http://198.51.100.7/x.png';
      document.body.append(script, image);
    }""")
    assert page.run("window.slipped === undefined")
    refused = [e["blockedReason"] for e in page.events("Network.loadingFailed")]
    assert refused == ["csp"] * (len(page.requests) - 1)
    assert len(page.events("Network.responseReceived")) == 1


def test_everything_can_be_read_without_scripts(page: chromium.Page, folder: Path) -> None:
    """Every finding stands in the page; only sorting and filtering are missing."""
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(folder / "failing.html")
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert page.run(f"{SHOWN}.length") == len(cards.failing().verdict.findings)
    assert page.run("getComputedStyle(document.getElementById('filter')).display") == "none"


def click(page: chromium.Page, selector: str) -> None:
    """Press what the selector finds first."""
    page.run(f"document.querySelector({selector!r}).click()")


def column(page: chromium.Page, at: int) -> list[float]:
    """The sort keys of a column of the findings, from top to bottom, where there are any."""
    keys = page.run(f"{ROWS}.map(r => r.cells[{at}].dataset.s)")
    return [float(key) for key in keys if key]


def test_findings_sort_by_a_column_both_ways(page: chromium.Page, folder: Path) -> None:
    """First upwards, then downwards, by number and not by text; screen readers are told."""
    page.open(folder / "large.html")
    head = "#findings-table thead th:nth-child(6)"
    click(page, f"{head} button")
    up = column(page, 5)
    assert up == sorted(up)
    assert page.run(f"document.querySelector({head!r}).ariaSort") == "ascending"
    click(page, f"{head} button")
    assert column(page, 5) == up[::-1]
    assert page.run(f"document.querySelector({head!r}).ariaSort") == "descending"


def test_findings_filter_by_outcome_and_by_text(page: chromium.Page, folder: Path) -> None:
    """Buttons and text narrow down together, and the number shown is announced."""
    page.open(folder / "failing.html")
    findings = cards.failing().verdict.findings
    open_ones = [f for f in findings if f.outcome == "INCONCLUSIVE"]
    click(page, "#filter button[value=INCONCLUSIVE]")
    assert page.run(f"{SHOWN}.length") == len(open_ones)
    page.run("""{
      const box = document.querySelector('#filter input');
      box.value = 'AGE='; box.dispatchEvent(new Event('input'));
    }""")
    aged = [f for f in open_ones if "age=" in f.slice]
    assert page.run(f"{SHOWN}.length") == len(aged)
    said = page.run("document.querySelector('#filter output').textContent")
    assert said == f"{len(aged)} of {len(findings)} shown"
    click(page, "#filter button[value=INCONCLUSIVE]")
    assert page.run(f"{SHOWN}.length") == sum("age=" in f.slice for f in findings)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    page: chromium.Page, folder: Path
) -> None:
    """Tab goes to the skip link first, then to all controls, each with a visible outline."""
    page.open(folder / "failing.html")
    wanted = page.run(
        "[...document.querySelectorAll('a[href],button,input,summary,[tabindex=\"0\"]')]"
        ".filter(e => e.checkVisibility() && !e.closest('details:not([open]) > :not(summary)'))"
        ".length"
    )
    reached, outlined = 0, 0
    for step in range(wanted):
        for kind in ("rawKeyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
        if step == 0:
            assert page.run("document.activeElement.className") == "skip"
        reached += page.run(
            "document.activeElement !== document.body && !document.activeElement.seen"
        )
        page.run("document.activeElement.seen = true")
        outlined += page.run("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
    assert reached == wanted
    assert outlined == wanted


def test_a_finding_can_be_sorted_with_the_keyboard(page: chromium.Page, folder: Path) -> None:
    """Enter on a focused heading sorts by it."""
    page.open(folder / "failing.html")
    head = "#findings-table thead th:nth-child(7)"
    page.run(f"document.querySelector('{head} button').focus()")
    enter = {"key": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
    page.call("Input.dispatchKeyEvent", type="keyDown", **enter)
    assert page.run(f"document.querySelector({head!r}).ariaSort") == "ascending"


def luminance(colour: str) -> float:
    """Relative luminance of an ``rgb(r, g, b)`` colour (WCAG 2.2)."""
    parts = [float(p) / 255 for p in colour.strip("rgba()").split(",")[:3]]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_preferred_scheme(
    page: chromium.Page, folder: Path, scheme: str, dark: bool
) -> None:
    """Ground and ink change places, and stay at least 7:1 apart (WCAG 1.4.6)."""
    page.prefer(scheme)
    page.open(folder / "passing.html")
    ground = luminance(page.run("getComputedStyle(document.body).backgroundColor"))
    ink = luminance(page.run("getComputedStyle(document.body).color"))
    assert (ground < ink) is dark
    light, deep = max(ground, ink), min(ground, ink)
    assert (light + 0.05) / (deep + 0.05) >= 7
    assert page.run("getComputedStyle(document.querySelector('svg.plot text')).fill") in (
        page.run("getComputedStyle(document.body).color"),
        page.run("getComputedStyle(document.querySelector('.muted')).color"),
    )


@pytest.mark.parametrize("name", ["failing", "hostile", "large", "multiclass"])
def test_paper_has_no_controls_and_no_cut_tables(
    page: chromium.Page, folder: Path, name: str
) -> None:
    """Printed, filter and navigation are gone, ink is black, and tables keep to their place."""
    page.call("Emulation.setEmulatedMedia", media="print")
    page.resize(702)  # A4 less its margins, in CSS pixels
    page.open(folder / f"{name}.html")
    for selector in ("#filter", "nav", ".skip"):
        shown = page.run(f"getComputedStyle(document.querySelector({selector!r})).display")
        assert shown == "none", selector
    assert page.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    wide = page.run(
        "[...document.querySelectorAll('table')].filter(t => t.checkVisibility() && "
        "t.offsetWidth > t.parentElement.offsetWidth).map(t => t.id || t.className || t.innerText)"
    )
    assert wide == []
    assert page.pdf().startswith(b"%PDF-")


def test_links_to_evidence_open_the_files_of_the_run(page: chromium.Page, tmp_path: Path) -> None:
    """From where the stage writes the page, the relative link leads to the evidence."""
    card = tmp_path / "report" / "candidate" / "report.html"
    evidence = tmp_path / "drift" / "evidence" / "evidently.html"
    for path in (card, evidence):
        path.parent.mkdir(parents=True)
    card.write_text(build(cards.passing()), encoding="utf-8")
    evidence.write_text("<title>evidence</title>", encoding="utf-8")
    page.open(card)
    address = page.run("document.querySelector('.evidence a').href")
    assert address == evidence.resolve().as_uri()


def test_the_layout_does_not_shift(page: chromium.Page, folder: Path) -> None:
    """Nothing moves after it was painted (cumulative layout shift 0)."""
    page.open(folder / "large.html")
    shift = """new Promise(done => {
      let sum = 0;
      const watch = new PerformanceObserver(list => {
        for (const entry of list.getEntries()) sum += entry.value; });
      watch.observe({type: 'layout-shift', buffered: true});
      setTimeout(() => done(sum), 300);
    })"""
    said = page.call("Runtime.evaluate", expression=shift, awaitPromise=True, returnByValue=True)
    assert said["result"]["value"] < 0.01
