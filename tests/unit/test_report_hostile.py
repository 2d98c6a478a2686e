"""Names from data are hostile: they are shown, and never obeyed, by anything that reads them."""

import csv
import io
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.support import cards
from titleholder.report import annotations, card, junit, markdown, spreadsheet, terminal
from titleholder.report.page import href
from titleholder.report.text import LONGEST, cells, visible

HOSTILE = cards.hostile()
VERDICT = HOSTILE.verdict
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Tags(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one tag."""
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def page() -> str:
    """The card on which every name is hostile."""
    return card.build(HOSTILE)


@given(st.text())
def test_visible_text_hides_and_turns_nothing(text: str) -> None:
    """No control, format, surrogate or unassigned character is left but the two joiners."""
    shown = visible(text)
    assert len(shown) <= LONGEST
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    left = {c for c in shown if unicodedata.category(c) in hidden}
    assert left <= {"\u200c", "\u200d"}


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=100))
def test_plain_text_is_left_alone(text: str) -> None:
    """Printable ASCII of ordinary length is shown as it is."""
    assert visible(text) == text


def test_the_page_has_no_script_but_its_own(page: str) -> None:
    """One script element, no event handler, and no element that loads anything."""
    tags = Tags(page).found
    assert [attrs for tag, attrs in tags if tag == "script"] == [{}]
    assert not {tag for tag, _ in tags} & {"img", "iframe", "object", "embed", "link", "base"}
    handlers = {name for _, attrs in tags for name in attrs if name.startswith("on")}
    assert not handlers


def test_links_lead_to_anchors_and_to_files_beside_the_page(page: str) -> None:
    """No address from data becomes a link out of the run's own files."""
    links = [attrs["href"] or "" for _, attrs in Tags(page).found if "href" in attrs]
    assert "../../validate/evidence/index.html" in links
    for link in links:
        assert link.startswith("#") or re.fullmatch(r"(\.\./)*\w[\w./ %=+-]*", link), link


def test_no_markup_of_the_data_reaches_the_page(page: str) -> None:
    """Tags and template syntax of the corpus stand there as text, and nothing was computed."""
    assert "<script>document" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;document" in page
    assert "{{ 7 * 7 }}" in page
    assert not CONTROLS.search(page)


def test_names_without_end_are_cut(page: str) -> None:
    """A name of ten thousand characters takes no more room than a few lines."""
    assert "long-" * 10 in page
    assert "long-" * 150 not in page


def test_markdown_keeps_one_row_a_finding() -> None:
    """Line breaks and bars of the data make no rows and no columns."""
    table = markdown.findings_table(VERDICT).splitlines()
    assert len(table) == len(VERDICT.findings) + 2
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in table} == {10}


def test_markdown_calls_nobody_and_links_nowhere() -> None:
    """No mention, address, image, link or tag of the data is one for a renderer."""
    text = markdown.summary(VERDICT)
    assert "@everyone" not in text
    assert "http://" not in text and "www.example" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    assert set(re.findall(r"<[^>]*>", text)) <= {"<sub>", "</sub>"}
    assert not re.search(CONTROLS.pattern.replace("\\u200b", ""), text)


def test_a_terminal_is_not_driven_by_names() -> None:
    """No escape sequence or direction mark of the data is written, plainly or with colours."""
    assert not CONTROLS.search(terminal.plain(VERDICT))
    recorded = Console(file=io.StringIO(), force_terminal=True, width=200, color_system="truecolor")
    terminal.print_rich(VERDICT, recorded)
    written = recorded.file.getvalue()  # type: ignore[attr-defined]
    ours = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert not CONTROLS.search(ours)
    assert "\x1b]" not in written


def test_a_spreadsheet_runs_no_formula() -> None:
    """Every text cell that could be taken for a formula has an apostrophe in front."""
    rows = list(csv.DictReader(io.StringIO(spreadsheet.findings_csv([VERDICT]))))
    assert len(rows) == len(VERDICT.findings)
    for row in rows:
        for name, cell in row.items():
            if cell.lstrip()[:1] in "=@＝＋－＠|%" and cell:
                pytest.fail(f"{name}: {cell}")
            if cell[:1] in ("+", "-"):
                float(cell)  # a number, not a formula
    assert any(row["rule"].startswith("'=cmd") for row in rows)


def test_junit_survives_every_name() -> None:
    """The document parses as XML, and holds a testcase for each finding and check."""
    root = ET.fromstring(junit.junit([VERDICT], {cards.HOSTILE[0]: cards.HOSTILE[6]}))
    count = len(VERDICT.findings) + len(VERDICT.checks) + 2
    assert len(root.findall(".//testcase")) == count


def test_annotations_stay_commands_of_our_own() -> None:
    """Each line is a command or a plain remark of ours; names start no command of their own."""
    lines = annotations.annotations(VERDICT).splitlines()
    for line in lines[:-1]:
        assert re.match(r"::(error|warning|notice) title=titleholder [^:,]*::", line), line
    assert re.fullmatch(r"\d+ more on the report card", lines[-1])


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("名前", 4), ("e\u0301", 1)])
def test_cells_are_what_a_terminal_gives(text: str, width: int) -> None:
    """Wide characters take two cells, combining ones none."""
    assert cells(text) == width


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "//host/x", "http://host/x", "/etc/passwd", "a/../../../x", "data:,x",
     "\\\\host\\x", "a b?c#d", "", "%2e%2e/x"],
)  # fmt: skip
def test_addresses_that_lead_elsewhere_become_no_link(address: str) -> None:
    """Only a path below or beside the run's directory is linked."""
    assert href(address) == ""
