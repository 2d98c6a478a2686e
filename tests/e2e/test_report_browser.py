"""The report card in a real browser: it runs nothing of the data, asks the network for nothing,
and can be read, sorted, filtered, printed and walked through with a keyboard.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import cards, markup
from tests.support.browser import DESK, PHONE, SHIFT, TORN, Seen, grave_faults
from titleholder.report.card import build

pytestmark = pytest.mark.browser

NAMES = [make.__name__ for make in cards.CARDS]
ROWS = "#findings-table tbody tr"
IN_DARK = ("failing", "inconclusive", "regression")
CONTROLS = "a[href],button,input,summary,[tabindex='0']"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every card as a page."""
    there = tmp_path_factory.mktemp("cards")
    for make in cards.CARDS:
        (there / f"{make.__name__}.html").write_text(build(make()), encoding="utf-8")
    return there


def address(folder: Path, name: str) -> str:
    """Where a card's page is."""
    return (folder / f"{name}.html").resolve().as_uri()


def style(page: Any, selector: str, name: str) -> str:
    """A computed style of the first element."""
    said: str = page.eval_on_selector(selector, "(e, name) => getComputedStyle(e)[name]", name)
    return said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_is_wider_than_its_window(
    page: Any, seen: Seen, folder: Path, name: str, size: dict[str, int]
) -> None:
    """Wide tables scroll in themselves, on a phone as on a desk; nothing is complained of."""
    page.set_viewport_size(size)
    page.goto(address(folder, name))
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert seen.complaints == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
def test_no_word_is_broken_on_a_phone(page: Any, folder: Path, name: str) -> None:
    """Whatever would fit on a line of its own is on one line: labels wrap between words."""
    page.set_viewport_size(PHONE)
    page.goto(address(folder, name))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(TORN) == []


@pytest.mark.parametrize(
    ("scheme", "name"), [("light", n) for n in NAMES] + [("dark", n) for n in IN_DARK]
)
def test_nobody_is_kept_out(page: Any, folder: Path, scheme: str, name: str) -> None:
    """axe-core finds no serious fault, light or dark, with everything unfolded."""
    page.emulate_media(color_scheme=scheme)
    page.goto(address(folder, name))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert grave_faults(page) == []


def test_every_page_is_valid_html(folder: Path) -> None:
    """The Nu Html Checker finds no fault in the markup of any card, hostile names included."""
    if markup.checker() is None:
        pytest.skip("no Nu Html Checker, or no Java, on this machine")
    assert markup.faults(sorted(folder.glob("*.html"))) == []


def test_hostile_names_run_nothing_and_fetch_nothing(page: Any, seen: Seen, folder: Path) -> None:
    """With the corpus in every name the page makes no request but for itself, and stays itself."""
    page.goto(address(folder, "hostile"))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(
        "document.querySelectorAll('*').forEach(e => e.dispatchEvent(new Event('mouseover')))"
    )
    assert seen.requests == [address(folder, "hostile")]
    assert page.title().startswith("FAIL · ")
    assert "owned" not in page.title().split(" · ")[0]
    assert page.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert seen.complaints == []


def test_the_policy_of_the_page_stops_what_would_slip_in(
    page: Any, seen: Seen, folder: Path
) -> None:
    """A script or an image put into the page afterwards is refused by its own content policy."""
    page.goto(address(folder, "passing"))
    with page.expect_event("requestfailed"):
        page.evaluate("""() => {
          const script = document.createElement('script');
          script.textContent = 'window.slipped = 1';
          const image = new Image(); image.src = 'http://198.51.100.7/x.png';
          document.body.append(script, image);
        }""")
    assert page.evaluate("window.slipped === undefined")
    assert seen.refused == ["csp"]
    assert len(seen.complaints) == 2


def test_everything_can_be_read_without_scripts(browser: Any, folder: Path) -> None:
    """Every finding stands in the page; only sorting and filtering are missing."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address(folder, "failing"))
        assert page.locator(f"{ROWS}:visible").count() == len(cards.failing().verdict.findings)
        assert page.locator("#filter").is_hidden()


def column(page: Any, at: int) -> list[float]:
    """The sort keys of a column of the findings, from top to bottom, where there are any."""
    keys = page.eval_on_selector_all(ROWS, "(rows, at) => rows.map(r => r.cells[at].dataset.s)", at)
    return [float(key) for key in keys if key]


def test_findings_sort_by_a_column_both_ways(page: Any, folder: Path) -> None:
    """First upwards, then downwards, by number and not by text; screen readers are told."""
    page.goto(address(folder, "large"))
    head = page.locator("#findings-table thead th:nth-child(6)")
    head.get_by_role("button").click()
    up = column(page, 5)
    assert up == sorted(up)
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert column(page, 5) == up[::-1]
    assert head.get_attribute("aria-sort") == "descending"


def test_findings_filter_by_outcome_and_by_text(page: Any, folder: Path) -> None:
    """Buttons and text narrow down together, and the number shown is announced."""
    page.goto(address(folder, "failing"))
    findings = cards.failing().verdict.findings
    open_ones = [f for f in findings if f.outcome == "INCONCLUSIVE"]
    shown = page.locator(f"{ROWS}:visible")
    only_open = page.locator("#filter button[value=INCONCLUSIVE]")
    only_open.click()
    assert shown.count() == len(open_ones)
    page.locator("#filter input").fill("AGE=")
    aged = [f for f in open_ones if "age=" in f.slice]
    assert shown.count() == len(aged)
    said = page.locator("#filter output").text_content()
    assert said == f"{len(aged)} of {len(findings)} shown"
    only_open.click()
    assert shown.count() == sum("age=" in f.slice for f in findings)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Any, folder: Path) -> None:
    """Tab goes to the skip link first, then to all controls, each with a visible outline."""
    page.goto(address(folder, "failing"))
    wanted = page.eval_on_selector_all(
        CONTROLS,
        "found => found.filter(e => e.checkVisibility() && "
        "!e.closest('details:not([open]) > :not(summary)')).length",
    )
    reached, outlined = 0, 0
    for step in range(wanted):
        page.keyboard.press("Tab")
        if step == 0:
            assert page.evaluate("document.activeElement.className") == "skip"
        reached += page.evaluate(
            "document.activeElement !== document.body && !document.activeElement.seen"
        )
        page.evaluate("document.activeElement.seen = true")
        outlined += page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        )
    assert reached == wanted
    assert outlined == wanted


def test_a_finding_can_be_sorted_with_the_keyboard(page: Any, folder: Path) -> None:
    """Enter on a focused heading sorts by it."""
    page.goto(address(folder, "failing"))
    head = page.locator("#findings-table thead th:nth-child(7)")
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"


def luminance(colour: str) -> float:
    """Relative luminance of an ``rgb(r, g, b)`` colour (WCAG 2.2)."""
    parts = [float(p) / 255 for p in colour.strip("rgba()").split(",")[:3]]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_preferred_scheme(
    page: Any, folder: Path, scheme: str, dark: bool
) -> None:
    """Ground and ink change places, and stay at least 7:1 apart (WCAG 1.4.6)."""
    page.emulate_media(color_scheme=scheme)
    page.goto(address(folder, "passing"))
    ground = luminance(style(page, "body", "backgroundColor"))
    ink = luminance(style(page, "body", "color"))
    assert (ground < ink) is dark
    light, deep = max(ground, ink), min(ground, ink)
    assert (light + 0.05) / (deep + 0.05) >= 7
    assert style(page, "svg.plot text", "fill") in (
        style(page, "body", "color"),
        style(page, ".muted", "color"),
    )


@pytest.mark.parametrize("name", ["failing", "hostile", "large", "multiclass"])
def test_paper_has_no_controls_and_no_cut_tables(page: Any, folder: Path, name: str) -> None:
    """Printed, filter and navigation are gone, ink is black, and tables keep to their place."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 702, "height": 900})  # A4 less its margins, in CSS pixels
    page.goto(address(folder, name))
    for selector in ("#filter", "nav", ".skip"):
        assert style(page, selector, "display") == "none", selector
    assert style(page, "body", "color") == "rgb(0, 0, 0)"
    wide = page.eval_on_selector_all(
        "table",
        "found => found.filter(t => t.checkVisibility() && "
        "t.offsetWidth > t.parentElement.offsetWidth).map(t => t.id || t.className || t.innerText)",
    )
    assert wide == []
    assert page.pdf(print_background=True, prefer_css_page_size=True).startswith(b"%PDF-")


def test_links_to_evidence_open_the_files_of_the_run(page: Any, tmp_path: Path) -> None:
    """From where the stage writes the page, the relative link leads to the evidence."""
    card = tmp_path / "report" / "candidate" / "report.html"
    evidence = tmp_path / "drift" / "evidence" / "evidently.html"
    for path in (card, evidence):
        path.parent.mkdir(parents=True)
    card.write_text(build(cards.passing()), encoding="utf-8")
    evidence.write_text("<title>evidence</title>", encoding="utf-8")
    page.goto(card.resolve().as_uri())
    page.locator(".evidence a").first.click()
    page.wait_for_url(evidence.resolve().as_uri())
    assert page.title() == "evidence"


@pytest.mark.parametrize(
    "place",
    [f"evidence/sha256/ab/{'ab' * 32}", "dashboard/suites/prod/credit/runs/00000007-card.html"],
)
def test_links_of_a_published_card_open_the_evidence_in_the_store(page: Any, place: str) -> None:
    """Under its digest or on a dashboard, the card leads to evidence under its digest."""
    card = replace(cards.passing(), published={"Evidently's report": "cd" * 32})
    text = build(card)
    page.route("**/*", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(f"http://store.test/bucket/{place}")
    link = page.locator("a[data-sha256]")
    wanted = f"http://store.test/bucket/evidence/sha256/cd/{'cd' * 32}"
    assert link.evaluate("a => a.href") == wanted


def test_a_dashboard_leads_from_the_card_to_the_audit_of_the_same_run(page: Any) -> None:
    """Both pages lie there under the run's number."""
    text = build(replace(cards.passing(), evidence={"bias_page": "bias.html"}))
    page.route("**/*", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto("http://store.test/dashboard/suites/prod/credit/runs/00000007-card.html")
    link = page.locator("a[data-beside]").first
    runs = "http://store.test/dashboard/suites/prod/credit/runs"
    assert link.evaluate("a => a.href") == f"{runs}/00000007-bias.html"


def test_from_a_finding_to_its_rows_is_one_click(page: Any, folder: Path) -> None:
    """The rows of a broken slice are folded away until their link is followed."""
    page.goto(address(folder, "explained"))
    page.get_by_role("link", name="Rows that explain it").first.click()
    rows = page.locator("#rows-1")
    assert rows.is_visible()
    assert rows.locator("tbody tr").count() >= 1


def test_the_layout_does_not_shift(page: Any, folder: Path) -> None:
    """Nothing moves after it was painted (cumulative layout shift 0)."""
    page.goto(address(folder, "large"))
    assert page.evaluate(SHIFT) < 0.01
