"""The bias audit in a real browser: the same promises as the report card's."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import audits, markup
from tests.support.browser import DESK, PHONE, SHIFT, Seen, grave_faults
from titleholder.report.bias import Links, build

pytestmark = pytest.mark.browser

NAMES = [make.__name__ for make in audits.AUDITS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every audit as a page."""
    there = tmp_path_factory.mktemp("audits")
    for make in audits.AUDITS:
        (there / f"{make.__name__}.html").write_text(build(make()), encoding="utf-8")
    return there


def address(folder: Path, name: str) -> str:
    """Where an audit's page is."""
    return (folder / f"{name}.html").resolve().as_uri()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_is_wider_than_its_window(
    page: Any, seen: Seen, folder: Path, name: str, size: dict[str, int]
) -> None:
    """On a phone as on a desk; it asks for nothing but itself, and complains of nothing."""
    page.set_viewport_size(size)
    page.goto(address(folder, name))
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert seen.requests == [address(folder, name)]
    assert seen.complaints == []
    assert page.evaluate(SHIFT) < 0.01


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(page: Any, folder: Path, name: str, scheme: str) -> None:
    """axe-core finds no serious fault, light or dark, with everything unfolded."""
    page.emulate_media(color_scheme=scheme)
    page.goto(address(folder, name))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert grave_faults(page) == []


def test_every_page_is_valid_html(folder: Path) -> None:
    """The Nu Html Checker finds no fault, hostile names included."""
    if markup.checker() is None:
        pytest.skip("no Nu Html Checker, or no Java, on this machine")
    assert markup.faults(sorted(folder.glob("*.html"))) == []


def test_the_report_card_is_one_click_away(page: Any, tmp_path: Path) -> None:
    """And comes back by the link in its evidence."""
    (tmp_path / "report.html").write_text("<title>card</title>", encoding="utf-8")
    audit = tmp_path / "bias.html"
    text = build(audits.plain(), links=Links({"report_card": "report.html"}))
    audit.write_text(text, encoding="utf-8")
    page.goto(audit.as_uri())
    page.get_by_role("link", name="the report card").click()
    assert page.title() == "card"


def test_paper_has_no_navigation_and_no_cut_tables(page: Any, folder: Path) -> None:
    """Printed, tables keep to their place."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 702, "height": 900})  # A4 less its margins, in CSS pixels
    page.goto(address(folder, "plain"))
    wide = page.eval_on_selector_all(
        "table",
        "found => found.filter(t => t.checkVisibility() && "
        "t.offsetWidth > t.parentElement.offsetWidth).map(t => t.className || t.innerText)",
    )
    assert wide == []
    assert page.pdf(print_background=True).startswith(b"%PDF-")
