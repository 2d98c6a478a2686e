"""What every page is built with: templates, the house style, and a policy that lets nothing in.

The same values give the same bytes: no clock, no random ids. Nothing is fetched from anywhere;
a page forbids it to itself, and runs no script but its own.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from titleholder.report import findings, numbers, sentences
from titleholder.report.text import visible
from titleholder.report.titles import title_of, unit_of
from titleholder.rounding import plural
from titleholder.types import Outcome

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
THEME = TEMPLATES / "card.css"
LONGEST_ADDRESS = 300

# What the pipeline calls its evidence, in words.
EVIDENCE = {
    "bias_page": "Bias audit",
    "bias": "Bias audit as JSON",
    "data_docs": "Great Expectations data docs",
    "evidently_html": "Evidently report",
    "evidently_json": "Evidently report as JSON",
    "comparisons": "Every comparison as JSON",
    "report_card": "Report card",
    "results": "Great Expectations results as JSON",
    "verdict": "The verdict's record as JSON",
}

# A link may lead to a file beside the page, never to another place.
_RELATIVE = re.compile(r"(?:\.\./)*\w[\w. =+-]*(?:/\w[\w. =+-]*)*", re.ASCII)


def rendered(template: str, **values: Any) -> str:
    """A template of this package as a page."""
    return framed(_environment(), template, asset(THEME), script(TEMPLATES / "card.js"), values)


def framed(
    environment: "Environment", template: str, style: str, code: str, values: Mapping[str, Any]
) -> str:
    """A template as a page, with its style and its one script, which its policy names by hash."""
    page = environment.get_template(template).render(
        style=Markup(style), script=Markup(code), script_hash=_csp_hash(code), **values
    )
    return tight(page) + "\n"


def script(path: Path) -> str:
    """A page's script: the house's own first, then the page's."""
    return f"{asset(TEMPLATES / 'house.js')}\n{asset(path)}"


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    return house(TEMPLATES)


def house(templates: Path) -> "Environment":
    """Jinja with autoescaping for the templates in a directory, and what all of them may call."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "name": visible,
        "breakable": breakable,
        "long": lambda text: visible(text, 700),
        "point": numbers.point,
        "interval": numbers.interval,
        "plain": numbers.plain,
        "percent": numbers.percent,
        "href": href,
        "digest": lambda text: text.removeprefix("md5:").removeprefix("sha256:")[:12],
        "sortable": lambda value: "" if value is None else f"{value:.6g}",
        "metric": title_of,
        "unit": unit_of,
        "effect": numbers.effect,
        "evidence": lambda name: EVIDENCE.get(name, name),
    }
    environment.globals |= {
        "said": findings,
        "sentences": sentences,
        "plural": plural,
        "Outcome": Outcome,
    }
    return environment


def breakable(text: str) -> Markup:
    """A name that may wrap after an underscore, a slash or a colon, and so need not within a word.

    >>> breakable("to_be <b>")
    Markup('to_<wbr>be &lt;b&gt;')
    """
    return Markup("<wbr>").join(re.split(r"(?<=[_/:])", text))


def href(address: str) -> str:
    """The address of a file beside the page, or nothing where it would lead elsewhere.

    >>> href("../../validate/evidence/index.html"), href("javascript:alert(1)"), href("//host/x")
    ('../../validate/evidence/index.html', '', '')
    """
    if len(address) > LONGEST_ADDRESS or not _RELATIVE.fullmatch(address):
        return ""
    return address.replace(" ", "%20")


@lru_cache(maxsize=8)
def asset(path: Path) -> str:
    """A style sheet or script, without its indentation."""
    return tight(path.read_text(encoding="utf-8"))


def tight(text: str) -> str:
    """Without indentation and blank lines. The script is hashed in this form."""
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _csp_hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
