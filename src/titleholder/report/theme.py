"""One look for all plots: colours, sizes, and how a matplotlib figure becomes part of a page.

Figures are drawn in stand-in colours that are replaced by CSS variables when they are written,
so that one drawing serves light pages, dark pages and paper. Text stays text. The same figure
gives the same bytes.
"""

import io
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Stand-ins: each is a colour that nothing else uses, and names the CSS variable it becomes.
INK = "#010203"
MUTED = "#010204"
GRID = "#010205"
SURFACE = "#010206"
CHAMPION = "#010207"
CANDIDATE = "#010208"
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    SURFACE: "var(--surface)",
    CHAMPION: "var(--champion)",
    CANDIDATE: "var(--candidate)",
}

WIDTH, HEIGHT = 4.2, 3.3  # inches; about 400 pixels, so that it stays legible on a phone
_SVG = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_ID = re.compile(r'\sid="([^"]*)"')
_USED = re.compile(r'(?:url\(#|href="#)([^)"]+)')
_FONT = re.compile(r"font-family: [^;\"]*;?\s*")
_PLACES = re.compile(r'\s(?:d|x|y|points|transform)="[^"]*"')

_RC: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "titleholder",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "text.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    # matplotlib would read these two as markup of its own, out of names that data gave.
    "text.usetex": False,
    "text.parse_math": False,
}

# matplotlib keeps its settings in one global place; drawing from several threads takes turns.
_ONE_AT_A_TIME = threading.Lock()


def draw(
    name: str,
    title: str,
    description: str,
    paint: "Callable[[Axes], None]",
    height: float = HEIGHT,
) -> Markup | None:
    """What ``paint`` draws, as an inline ``<svg>`` with title and description for screen readers.

    ``name`` keeps the ids of several figures on one page apart. No pyplot, and no setting of
    matplotlib is left changed. None where matplotlib is not installed: the light install of
    ``compare`` has none.
    """
    try:
        import matplotlib
    except ModuleNotFoundError:
        return None
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    out = io.StringIO()
    with _ONE_AT_A_TIME, matplotlib.rc_context(_RC):
        drawn = Figure(figsize=(WIDTH, height), layout="constrained")
        paint(drawn.add_subplot())
        FigureCanvasSVG(drawn).print_svg(
            out, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return _inlined(out.getvalue(), name, title, description)


def _inlined(text: str, name: str, title: str, description: str) -> Markup:
    """What matplotlib wrote, as part of a page: CSS colours, inherited font, ids of its own."""
    body = text[text.index("<svg") :].strip()
    body = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", body, flags=re.DOTALL)
    used = set(_USED.findall(body))
    body = _ID.sub(lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", body)
    body = _USED.sub(lambda m: m[0].replace(f"#{m[1]}", f"#{name}-{m[1]}"), body)
    body = body.replace("xlink:href", "href")
    body = _FONT.sub("", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    box = re.search(r'viewBox="([^"]*)"', body)
    width = float(box[1].split()[2]) if box else 300.0
    head = (
        f'<svg viewBox="{box[1] if box else "0 0 300 240"}" role="img" class="plot" '
        f'style="max-width:{width * 4 / 3:.0f}px" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>'
    )
    body = _SVG.sub(lambda _: head, body, count=1)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = _PLACES.sub(_shorter, body).replace("<defs>\n</defs>\n", "")
    return Markup(re.sub(r"\s*\n\s*", "\n", body))  # matplotlib has escaped the texts


def _shorter(attribute: "re.Match[str]") -> str:
    """Coordinates to a hundredth of a point, on one line."""
    rounded = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", attribute[0])
    return re.sub(r"(?<!^)\s*\n\s*", " ", rounded)
