"""Names and values from data are hostile: what makes them safe to look at, in one place.

HTML escaping is the template engine's; what is neutralised here no escaping would touch: control
characters that drive a terminal, marks that turn the direction of the text, sizes without end.
"""

import re
import unicodedata

LONGEST = 120

# Format characters (Cf) that carry no meaning of their own here but can hide or turn text are
# shown as escapes; the joiners that scripts and emoji need are left alone.
_JOINERS = {"\u200c", "\u200d"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_PLAIN = re.compile(r"[ -~]*")


def visible(text: object, longest: int = LONGEST) -> str:
    r"""Text on one line, in which nothing is hidden, turned round or endless.

    Control and direction marks become visible escapes; what is longer than ``longest``
    characters loses its middle.

    >>> visible("a\x1b[31mb\u202ec")
    'a\\x1b[31mb\\u202ec'
    >>> visible("x" * 50, longest=11)
    'xxxxxx…xxxx'
    """
    raw = str(text)
    # Cut before escaping, so that a megabyte costs nothing; again after, since escapes are long.
    shown = _shorten(raw, longest)
    if not _PLAIN.fullmatch(shown):
        shown = _shorten("".join(_shown(char) for char in shown), longest)
    return shown


def _shown(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in _HIDDEN:
        return char
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _shorten(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = (longest - 1) * 2 // 5
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, combining ones none."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or char in _JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
