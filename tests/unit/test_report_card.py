"""The report card as a file: self-contained, repeatable, small, well formed, fit for every task."""

import base64
import hashlib
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support import cards
from titleholder.report import card, theme
from titleholder.types import Outcome

CARDS = {make.__name__: make() for make in cards.CARDS}
LIMIT = 1_500_000
VOID = {"meta", "br", "wbr", "input", "col", "link", "img", "hr"}


class Document(HTMLParser):
    """A page read strictly: every element is closed in order, ids and references are kept."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.references: set[str] = set()
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert self.open == [], "an element is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, its id, and what it refers to."""
        told = dict(attrs)
        if "id" in told:
            self.ids[told["id"] or ""] += 1
        self.references |= set((told.get("aria-labelledby") or "").split())
        self.references |= {v[1:] for k, v in attrs if k == "href" and v and v.startswith("#")}
        for value in filter(None, told.values()):
            self.references |= set(re.findall(r"url\(#([^)]+)\)", value))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Shapes of a drawing close themselves."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Only the innermost element may be closed."""
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        """Keep the text by its element."""
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


PAGES = {name: card.build(made) for name, made in CARDS.items()}


@pytest.fixture(params=PAGES, scope="module")
def page(request: pytest.FixtureRequest) -> str:
    """The page of every card in turn."""
    return PAGES[request.param]


def test_the_same_card_gives_the_same_bytes() -> None:
    """No clock, no random id: made again of the same records, a page is equal to the byte."""
    for make in (cards.failing, cards.hostile, cards.regression):
        assert card.build(make()) == PAGES[make.__name__]


def test_another_process_gives_the_same_bytes() -> None:
    """Nor does anything hang on the order of sets, which differs from process to process."""
    script = (
        "import hashlib; from tests.support import cards; from titleholder.report import card;"
        "print(hashlib.sha256(card.build(cards.failing()).encode()).hexdigest())"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert said.stdout.strip() == hashlib.sha256(PAGES["failing"].encode()).hexdigest()


def test_every_page_is_well_formed(page: str) -> None:
    """Elements nest, ids are unique, and every reference leads to one."""
    document = Document(page)
    assert [name for name, count in document.ids.items() if count > 1] == []
    assert document.references <= set(document.ids)


def test_a_page_forbids_itself_all_but_its_own(page: str) -> None:
    """Its content policy allows no fetch, and of scripts only the one it holds, by its hash."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)
    assert policy and script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    allowed = dict(part.strip().partition(" ")[::2] for part in policy[1].split(";"))
    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"].replace("&#39;", "'") == f"'sha256-{digest}'"
    assert "connect-src" not in allowed and "font-src" not in allowed


@pytest.mark.parametrize("name", [n for n in PAGES if n != "hostile"])
def test_a_page_names_no_address(name: str) -> None:
    """No scheme, no host: everything that it shows it holds, but the evidence beside it."""
    assert not re.search(r"\b(?:https?|ftp|file|wss?)://|\bsrc=|@import", PAGES[name])


def test_a_page_stays_small_at_thirty_columns_and_fifty_slices() -> None:
    """Below 1.5 MB, with twelve metrics, a rule for each, and 20,000 rows."""
    made = CARDS["large"]
    assert made.drift is not None and len(made.drift.columns) >= 30
    assert len({c.slice for c in made.comparisons.comparisons}) > 50
    assert len(PAGES["large"].encode()) < LIMIT


def test_no_more_rows_than_a_sample_are_shown() -> None:
    """Of all the rows that changed, six each way are named."""
    text = PAGES["regression"]
    assert "Clearest losses <small>6 of " in text
    assert text.count("<tbody>") < 40


def test_the_title_starts_with_the_outcome(page: str) -> None:
    """A row of browser tabs tells which suite failed."""
    title = Document(page).texts["title"][0]
    assert title.split(" · ")[0] in set(Outcome)


def test_the_answer_is_the_heading(page: str) -> None:
    """One h1, and it is the answer to the question that people came with."""
    assert len(re.findall(r"<h1\b", page)) == 1
    assert re.search(r"<h1>[^<]*(title|settled|judgement)[^<]*</h1>", page)


def test_every_finding_stands_in_the_table() -> None:
    """None is hidden behind a plot."""
    for name in ("failing", "erring", "skipped", "regression"):
        count = len(CARDS[name].verdict.findings)
        assert PAGES[name].count("<tr data-o=") == count


def test_a_long_table_of_findings_says_what_it_leaves_out() -> None:
    """Beyond 400 the least pressing are left to the record, and counted."""
    left = len(CARDS["large"].verdict.findings) - card.MOST_FINDINGS
    assert left > 0
    assert f"{left} more findings, less pressing than these" in PAGES["large"]


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        ("passing", ["decisive", "answers", "drift", "validation", "running"], []),
        ("bare", ["answers", "findings", "method"], ["drift", "validation"]),
        ("regression", ["answers", "slices", "flips"], ["drift"]),
        ("multiclass", ["answers", "slices"], ["drift", "running"]),
        ("scored", ["flips", "slices"], ["answers"]),
        ("skipped", ["decisive", "findings", "validation"], ["forest", "answers", "slices"]),
        ("unjudged", ["inputs", "method"], ["findings", "forest", "decisive", "answers"]),
    ],
)
def test_each_task_has_its_sections_and_no_empty_ones(
    name: str, there: list[str], absent: list[str]
) -> None:
    """What has nothing to show has neither a section nor a place in the navigation."""
    ids = set(Document(PAGES[name]).ids)
    assert ids >= set(there)
    assert not ids & set(absent)


def test_where_no_model_was_run_the_broken_check_is_what_decides() -> None:
    """The page says so on top, and names the check and its reason."""
    page = PAGES["skipped"]
    assert "No model was run: the data check did not pass." in page
    decisive = page[page.index('id="decisive"') : page.index('id="findings"')]
    assert "1 of 2 expectations does not hold" in decisive


def test_warnings_are_told_with_the_verdict() -> None:
    """Drift that does not block is in the banner, not only far below."""
    banner = PAGES["failing"].partition("</header>")[0]
    assert "2 warnings" in banner
    assert "income: PSI 0.41 is above 0.2" in banner


def test_a_page_without_matplotlib_keeps_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The light install of `compare` draws no plots; their tables stand open instead."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = card.build(cards.bare())
    assert "<details open><summary>Figures" in page
    assert 'class="plot"' not in page
    Document(page)


def test_champion_and_candidate_of_the_same_bytes_are_pointed_out() -> None:
    """Else a comparison with itself would look like a close race."""
    made = CARDS["passing"]
    twin = made.verdict.inputs[1].sha256
    inputs = tuple(
        type(s)(role=s.role, path=s.path, sha256=twin, bytes=s.bytes) for s in made.verdict.inputs
    )
    verdict = type(made.verdict)(
        **{f: getattr(made.verdict, f) for f in made.verdict.__struct_fields__} | {"inputs": inputs}
    )
    assert "same file, byte for byte" in card.build(replace(made, verdict=verdict))


def test_drawings_leave_matplotlib_as_they_found_it() -> None:
    """No global setting is changed by drawing."""
    import matplotlib

    before = dict(matplotlib.rcParams)
    theme.draw("x", "title", "description", lambda axes: axes.plot([0, 1], [0, 1]))
    assert dict(matplotlib.rcParams) == before
